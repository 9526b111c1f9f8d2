"""The logbook's file: order, marks, pruning, checksums, and what becomes of a broken file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.core.clock import Quality
from kiosk.core.entries import Absent, Denied, Entry, Locked, Measured, Stamp
from kiosk.logbook.cold import ColdState, read_cold
from kiosk.logbook.reader import FILE, Heads, Reader, read_back
from kiosk.logbook.store import Logbook

Keep = Callable[[Any], Any]
BOOT = "8a2f0c1e-0000-4000-8000-000000000001"


def stamp(at: float = 5.0, wall: float = 1_000.0) -> Stamp:
    return Stamp(at, wall, Quality.SYNCED)


def fill(book: Logbook, count: int, wall: float = 1_000.0) -> None:
    entries: list[Entry] = [Denied("main", f"reason {number}") for number in range(count)]
    book.append([(stamp(wall=wall), entry) for entry in entries])


def test_numbers_ascend_within_each_stream_and_come_back_in_order(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    book.append([(stamp(), Locked("main")), (stamp(), Measured("t", 4.5, "°C")), (stamp(), Locked("main"))])
    reader = keep(Reader(tmp_path))
    assert [row.seq for row in reader.batch("access", 0, 10, 10**6)] == [1, 2]
    (row,) = reader.batch("telemetry", 0, 10, 10**6)
    assert row.wire() == {
        "seq": 1, "boot_id": BOOT, "boot": 5.0, "wall": 1000.0, "quality": "synced",
        "kind": "measured", "sensor": "t", "value": 4.5, "unit": "°C",
    }  # fmt: skip
    assert row.intact


def test_a_batch_is_bounded_by_count_and_bytes_and_never_empty(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    fill(book, 20)
    reader = keep(Reader(tmp_path))
    assert len(reader.batch("access", 5, 7, 10**6)) == 7
    assert 1 < len(reader.batch("access", 0, 20, 1000)) < 10
    assert len(reader.batch("access", 0, 20, 1)) == 1


def test_whoever_waits_with_an_entry_as_a_pager_does_lets_the_wal_be_emptied(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    book._db.execute("PRAGMA busy_timeout=10")
    fill(book, 21)
    rows = keep(Reader(tmp_path)).rows("access", at_once=10)
    first = next(rows)
    fill(book, 1)
    assert book._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, "nobody reads"
    assert [first.seq, *(row.seq for row in rows)] == list(range(1, 23))


def test_a_row_goes_only_when_it_is_acknowledged_and_past_its_retention(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    fill(book, 3, wall=100.0)
    fill(book, 3, wall=900.0)
    book.acknowledge("access", 2, forget_before=500.0)
    assert [row.seq for row in reversed(book.last("access", 10))] == [3, 4, 5, 6]
    book.acknowledge("access", 6, forget_before=500.0)
    assert [row.seq for row in reversed(book.last("access", 10))] == [4, 5, 6]
    book.acknowledge("access", 4, forget_before=10_000.0)
    assert [row.seq for row in reversed(book.last("access", 10))] == [5, 6], "a server that went back lacks those"
    assert book.heads()["access"] == Heads(6, 4)


def test_a_row_of_an_unknown_time_goes_with_the_next_of_a_known_one(keep: Keep, tmp_path: Path) -> None:
    """A clock that was far behind, or far ahead, when it was made must not delete it, nor keep it for ever."""
    book = keep(Logbook(tmp_path, BOOT))
    for wall, quality in ((1.0, Quality.FLOOR), (9e9, Quality.UNSET), (900.0, Quality.SYNCED), (1.0, Quality.FLOOR)):
        book.append([(Stamp(5.0, wall, quality), Locked("main"))])
    book.acknowledge("access", 4, forget_before=500.0)
    assert len(book.last("access", 10)) == 4
    book.acknowledge("access", 4, forget_before=1000.0)
    assert [row.seq for row in book.last("access", 10)] == [4]


def test_what_the_server_refuses_is_kept_aside_with_its_reason_for_as_long(keep: Keep, tmp_path: Path) -> None:
    book, reader = keep(Logbook(tmp_path, BOOT)), keep(Reader(tmp_path))
    fill(book, 3, wall=100.0)
    fill(book, 1, wall=900.0)
    refused = {2: "no kind", 4: "too large", 99: "there is none"}
    for _ in range(2):
        book.acknowledge("access", 4, 50.0, refused)
        told = [(each.stream, each.row.seq, each.why, each.row.intact) for each in reader.refused()]
        assert told == [("access", 2, "no kind", True), ("access", 4, "too large", True)]
    assert reader.refused()[0].row == reader.batch("access", 1, 1, 999)[0]
    book.acknowledge("telemetry", 0, 10_000.0)
    book.acknowledge("access", 4, 500.0)
    assert [each.row.seq for each in reader.refused()] == [4]


def test_a_number_is_never_used_again_even_when_the_stream_was_emptied(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    fill(book, 3)
    book.acknowledge("access", 3, forget_before=10_000.0)
    book.close()
    book = keep(Logbook(tmp_path, BOOT))
    assert book.heads()["access"].newest == 3
    fill(book, 1)
    assert [row.seq for row in book.last("access", 10)] == [4]


def test_a_reader_knows_that_its_file_is_not_there_any_more(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    fill(book, 2)
    old = keep(Reader(tmp_path))
    assert old.is_current()
    book.replace("it is broken")
    assert not old.is_current()
    new = keep(Reader(tmp_path))
    assert (new.is_current(), new.epoch != old.epoch, new.count("access")) == (True, True, 0)
    assert (old.count("access"), book.replaced) == (2, "it is broken")


def test_a_failed_append_leaves_nothing_behind(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    with pytest.raises(sqlite3.Error):
        book.append([(stamp(), Locked("main")), (stamp(wall=float("nan")), Locked("main"))])
    assert book.heads()["access"].newest == 0
    fill(book, 1)


def test_a_changed_byte_is_seen_by_the_checksum(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    fill(book, 1)
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("UPDATE access SET body = replace(body, 'main', 'maim')")
    db.close()
    (row,) = keep(Reader(tmp_path)).batch("access", 0, 1, 10**6)
    assert not row.intact


def test_the_file_is_kept_and_its_epoch_with_it(keep: Keep, tmp_path: Path) -> None:
    first = keep(Logbook(tmp_path, BOOT))
    fill(first, 2)
    first.close()
    second = keep(Logbook(tmp_path, "another boot"))
    assert (second.epoch, second.replaced) == (first.epoch, "")
    assert [row.boot_id for row in second.last("access", 9)] == [BOOT, BOOT]


@pytest.mark.parametrize("damage", ["header", "half", "foreign"])
def test_a_broken_file_is_moved_aside_and_a_new_epoch_begins(keep: Keep, tmp_path: Path, damage: str) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    fill(book, 2000)
    book.close()
    path = tmp_path / FILE
    data = path.read_bytes()
    if damage == "header":
        path.write_bytes(b"rubbish!" * 512 + data[4096:])
    elif damage == "half":
        path.write_bytes(data[: len(data) // 2])
    else:
        path.unlink()
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE other (x)")
        db.close()
    again = keep(Logbook(tmp_path, BOOT))
    assert again.replaced
    assert again.epoch != book.epoch
    fill(again, 1)
    assert (tmp_path / f"{FILE}.broken-1").exists()
    again.close()
    assert keep(Logbook(tmp_path, BOOT)).replaced == "", "no loop at the next start"


def test_every_commit_is_synchronous_full_in_wal_mode(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    assert book._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert book._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert book._db.execute("PRAGMA page_size").fetchone() == (1024,)
    assert book._db.execute("PRAGMA auto_vacuum").fetchone() == (2,)


def test_opening_a_file_again_writes_nothing_to_the_card(keep: Keep, tmp_path: Path) -> None:
    keep(Logbook(tmp_path, BOOT)).close()
    before = (tmp_path / FILE).read_bytes()
    again = keep(Logbook(tmp_path, BOOT))
    assert not (tmp_path / f"{FILE}-wal").read_bytes()
    again.close()
    assert (tmp_path / FILE).read_bytes() == before


def test_there_is_nothing_to_read_before_there_is_a_file(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.Error):
        Reader(tmp_path)
    with pytest.raises(sqlite3.Error):
        read_cold(tmp_path)


def test_cold_state_keeps_the_newest_document_and_the_highest_floor(keep: Keep, tmp_path: Path) -> None:
    cold = keep(ColdState(tmp_path))
    cold.keep("status", 1, b"one")
    cold.keep("keyset", 1, b"keys")
    cold.keep("status", 2, b"two")
    cold.keep_floor(2000.5)
    cold.keep_floor(1000.0)
    cold.close()
    documents, floor = read_cold(tmp_path)
    assert list(documents.items()) == [("keyset", b"keys"), ("status", b"two")]
    assert floor == 2000.5
    cold = keep(ColdState(tmp_path))
    cold.keep_floor(1000.0, lowered=True)
    assert cold.floor() == 1000.0, "what was stored was refuted"


def test_an_absence_has_its_own_kind(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    book.append([(stamp(), Absent("t", "silent"))])
    assert book.last("telemetry", 1)[0].wire()["kind"] == "absent"


def test_a_file_that_is_too_large_lets_go_in_the_stated_order_and_never_silently(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    words = "x" * 300
    for _ in range(10):
        book.append([(stamp(), Denied("main", words)) for _ in range(200)])
        book.append([(stamp(), Absent("t", words)) for _ in range(200)])
    book.acknowledge("access", 500, forget_before=0.0)
    book.acknowledge("telemetry", 500, forget_before=0.0)
    reader = keep(Reader(tmp_path))

    def left() -> tuple[int, int]:
        return reader.count("telemetry"), reader.count("access")

    def first(stream: Any) -> int:
        return int(next(iter(reader.rows(stream))).seq)

    assert book.trim(reader.size(), stamp()) == 0, "it may be as large as that"
    small = 1
    assert book.trim(small, stamp()) == 500, "telemetry that the server has"
    assert left() == (1500, 2000)
    assert book.trim(small, stamp()) == 500, "then access that the server has"
    assert (left(), first("access")) == ((1500, 1500), 501)
    assert not [row for row in reader.rows("access") if "dropped" in row.body], (
        "what the server has goes without a word"
    )
    assert book.trim(small, stamp()) == 1000, "then telemetry that it does not have"
    (told,) = [row.wire() for row in reader.rows("access") if "dropped" in row.body]
    assert (told["stream"], told["first"], told["last"]) == ("telemetry", 501, 1500)
    assert book.trim(small, stamp()) == 500
    assert book.trim(small, stamp()) == 1000, "and access last"
    told = [row.wire() for row in reader.rows("access") if "dropped" in row.body][-1]
    assert (told["stream"], told["first"], told["last"]) == ("access", 501, 1500)
    assert reader.heads()["access"].newest == 2003, "numbers are never used again"


def test_the_size_falls_when_entries_go(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    book.append([(stamp(), Absent("t", "x" * 300)) for _ in range(3000)])
    reader = keep(Reader(tmp_path))
    before = reader.size()
    assert before > 1_000_000
    while book.trim(700_000, stamp()):
        pass
    assert reader.size() <= 700_000
    assert reader.check() == ""


def test_a_document_and_its_floor_are_kept_together_or_not_at_all(keep: Keep, tmp_path: Path) -> None:
    cold = keep(ColdState(tmp_path))

    def cut_off() -> None:
        with cold.transaction():
            cold.keep("status", 3, b"body")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cut_off()
    assert (cold.documents(), cold.floor()) == ({}, 0.0)
    with cold.transaction():
        cold.keep("status", 3, b"body")
        cold.keep_floor(5.0)
    assert read_cold(tmp_path) == ({"status": b"body"}, 5.0)


@pytest.mark.parametrize(
    "how",
    [
        "body = CAST(x'7b8000' AS TEXT)",
        "body = x'7b7d'",
        "body = 5",
        "quality = CAST(x'ff' AS TEXT)",
        "boot_time = 'soon'",
        "wall = CAST(x'ff' AS TEXT)",
        "wall = 9e999",
        "checksum = 'none'",
        "checksum = x'00'",
    ],
)
def test_a_row_that_is_not_as_it_was_written_is_told_by_its_number_and_hides_no_other(
    how: str, keep: Keep, tmp_path: Path
) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    fill(book, 3)
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute(f"UPDATE access SET {how} WHERE seq = 2")
    db.close()
    reader = keep(Reader(tmp_path))
    for rows in (list(reader.rows("access")), reader.batch("access", 0, 9, 10**6), book.last("access", 9)[::-1]):
        assert [row.seq for row in rows] == [1, 2, 3]
        assert [row.intact for row in rows] == [True, False, True]
        assert rows[1].wire()["kind"] == "damaged"
        msgspec.json.encode(rows[1].wire())
    book.acknowledge("access", 3, 0.0, {2: "damaged"})
    assert [(each.why, each.row.intact) for each in reader.refused()] == [("damaged", False)]


def test_a_row_outlives_the_boot_that_it_names(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    fill(book, 1)
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("UPDATE boots SET boot_id = CAST(x'41ff' AS TEXT)")
    assert keep(Reader(tmp_path)).batch("access", 0, 9, 10**6)[0].wire()["boot_id"] == "A\ufffd"
    with db:
        db.execute("DELETE FROM boots")
    db.close()
    (row,) = keep(Reader(tmp_path)).rows("access", at_once=10)
    assert (row.boot_id, row.intact) == ("unknown 1", True)


def test_a_page_that_cannot_be_read_costs_its_own_rows_alone(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    fill(book, 2000)
    book.close()
    pages = bytearray((tmp_path / FILE).read_bytes())
    place = next(at for at in range(40 * 1024, len(pages), 1024) if pages[at] == 0x0D)
    pages[place : place + 100] = b"\xa5" * 100
    (tmp_path / FILE).write_bytes(pages)
    reader = keep(Reader(tmp_path))
    found = [row.seq for row in reader.rows("access") if row.intact]
    assert 1900 < len(found) < 2000
    assert found[-1] == 2000
    assert len(reader.batch("access", 0, 5000, 10**9)) == len(found)


@pytest.mark.parametrize("end", [False, True])
def test_backwards_a_page_that_cannot_be_read_costs_its_own_rows_and_is_told(
    end: bool, keep: Keep, tmp_path: Path
) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    fill(book, 2000)
    book.close()
    pages = bytearray((tmp_path / FILE).read_bytes())
    places = [at for at in range(1024, len(pages), 1024) if pages[at] == 0x0D and b"reason" in pages[at : at + 1024]]
    place = places[-1] if end else places[len(places) // 2]
    pages[place : place + 100] = b"\xa5" * 100
    (tmp_path / FILE).write_bytes(pages)
    reader, left_out = keep(Reader(tmp_path)), list[range]()
    found = [row.seq for row in reader.backwards("access", left_out)]
    (gap,) = left_out
    assert found == [seq for seq in range(2000, 0, -1) if seq not in gap]
    assert 0 < len(gap) < 20
    assert list(read_back(tmp_path / FILE, "access"))[-1].seq == 1


def test_few_rows_behind_a_place_that_cannot_be_read_come_too(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    fill(book, 2000)
    book.close()
    pages = bytearray((tmp_path / FILE).read_bytes())
    last = [at for at in range(1024, len(pages), 1024) if pages[at] == 0x0D and b"reason 1999" in pages[at : at + 1024]]
    first = min(number for number in range(1900, 2000) if b"reason %d" % number in pages[last[0] : last[0] + 1024])
    place = next(at for at in range(1024, len(pages), 1024) if b"reason %d" % (first - 1) in pages[at : at + 1024])
    pages[place : place + 100] = b"\xa5" * 100
    (tmp_path / FILE).write_bytes(pages)
    assert [row.seq for row in keep(Reader(tmp_path)).rows("access", at_once=10)][-1] == 2000


def test_pages_that_changed_places_and_one_that_cannot_be_read_are_no_circle(keep: Keep, tmp_path: Path) -> None:
    book = keep(Logbook(tmp_path, BOOT))
    fill(book, 2000)
    book.close()
    pages = bytearray((tmp_path / FILE).read_bytes())
    one, two, bad = (place(pages, number) for number in (500, 1000, 1100))
    pages[one : one + 1024], pages[two : two + 1024] = pages[two : two + 1024], pages[one : one + 1024]
    pages[bad : bad + 100] = b"\xa5" * 100
    other = place(pages, 400)
    pages[other : other + 100] = b"\xa5" * 100
    (tmp_path / FILE).write_bytes(pages)
    reader = keep(Reader(tmp_path))
    found = [row.seq for row in islice(reader.rows("access"), 5000)]
    assert found == sorted(set(found))
    assert len(found) > 1900
    found = [row.seq for row in islice(reader.backwards("access"), 5000)]
    assert found == sorted(set(found), reverse=True)
    assert len(found) > 1900


def place(pages: bytearray, number: int) -> int:
    """Where the page is that has this entry."""
    word = b'reason %d"' % number
    return next(at for at in range(1024, len(pages), 1024) if pages[at] == 0x0D and word in pages[at : at + 1024])


@pytest.mark.parametrize("damage", [bytes(100), b""], ids=["torn", "emptied"])
def test_a_file_that_took_a_broken_ones_place_says_so_until_it_goes_back_far_enough(
    damage: bytes, keep: Keep, tmp_path: Path
) -> None:
    book = Logbook(tmp_path, BOOT)
    assert book.goes_back(60.0)
    book.close()
    (tmp_path / FILE).write_bytes(damage)
    for _ in range(3):  # at the start that finds it broken, and at those after it
        book = Logbook(tmp_path, BOOT)
        assert not book.goes_back(60.0)
        book.append([(stamp(100.0), Locked("main"))])
        book.begin_epoch("access", 1)
        book.close()
    book = keep(Logbook(tmp_path, BOOT))
    book.append([(stamp(159.0), Measured("t", 4.5, "°C"))])
    assert not book.goes_back(60.0)
    book.append([(stamp(160.0), Locked("main"))])
    assert book.goes_back(60.0)
    book.replace("torn")
    assert not book.goes_back(60.0)


def test_entries_of_two_boots_prove_nothing_of_how_far_it_goes_back(keep: Keep, tmp_path: Path) -> None:
    for boot, at in (("a", 10.0), ("b", 500.0)):
        book = keep(Logbook(tmp_path, boot))
        book.replace("torn") if boot == "a" else None
        book.append([(stamp(at), Locked("main"))])
    assert not book.goes_back(60.0)


@pytest.mark.parametrize("wall", ["abc", b"\0", -1e300, 1e-300])
def test_since_when_it_is_in_anothers_place_is_said_by_entries_that_are_whole(tmp_path: Path, wall: object) -> None:
    """A time that is none would be asked in each turn of the station, or say that nothing was lost."""
    Logbook(tmp_path, "boot").close()
    (tmp_path / FILE).unlink()
    with closing(Logbook(tmp_path, "boot", begun=True)) as book:
        book.append([(Stamp(1.0, 1e9 + number, Quality.SYNCED), Locked("main")) for number in range(2)])
        assert book.began_anew() == 1e9
        with closing(sqlite3.connect(tmp_path / FILE)) as db, db:
            db.execute("UPDATE access SET wall = ? WHERE seq = 1", (wall,))
        assert book.began_anew() == 1e9 + 1
