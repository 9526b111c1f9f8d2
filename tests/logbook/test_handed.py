"""Marks of who has had one: with their entries or not at all, through epochs and damage, and gone when a campaign is over."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.core.clock import Quality
from kiosk.core.desk.handing import CutOff, Forget, KeepMarks
from kiosk.core.entries import (
    Counted,
    Denied,
    Entry,
    Filled,
    HandedOut,
    Locked,
    NotTaken,
    Stamp,
    Started,
    Stopped,
    Taken,
)
from kiosk.core.events import CommitFailed, Record
from kiosk.logbook import salvage
from kiosk.logbook.handed import taken_of
from kiosk.logbook.reader import FILE, Damaged, Reader, Row
from kiosk.logbook.store import Logbook
from kiosk.station.cut_off import cut_off
from tests.core.supplied import mark
from tests.logbook.test_writer import Desk, until

STAMP = Stamp(1.0, 1e9, Quality.SYNCED)
GRANTED = HandedOut("rain", "raincoat", "locker3", mark(7))
GIVEN = replace(GRANTED, taken=True)
OTHER = HandedOut("sun", "hat", "", mark(8), "2026-W48", taken=True)


def give(book: Logbook, *entries: HandedOut | Counted | Filled, boot: float = 1.0) -> None:
    book.append([(replace(STAMP, boot=boot), each) for each in entries])


def bodies(folder: Path) -> list[HandedOut]:
    with closing(Reader(folder)) as reader:
        rows = list(reader.rows("services"))
        assert all(row.intact for row in rows)
        return [msgspec.json.decode(row.body, type=HandedOut) for row in rows]


def test_a_mark_counts_once_it_was_taken_and_stays_so(tmp_path: Path) -> None:
    book = Logbook(tmp_path, "boot")
    give(book, GRANTED)
    assert taken_of(book.handed()) == {}
    assert [(each.slot, each.item, each.boot_id) for each in book.handed()] == [("locker3", "raincoat", "boot")]
    give(book, GIVEN, OTHER, GRANTED)
    marks = {"rain": {"": {mark(7)}}, "sun": {"2026-W48": {mark(8)}}}
    assert taken_of(book.handed()) == marks
    book.close()
    again = Logbook(tmp_path, "later")
    assert taken_of(again.handed()) == marks
    again.close()


def test_neither_mark_nor_entry_is_there_without_the_other(tmp_path: Path) -> None:
    book = Logbook(tmp_path, "boot")
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("DROP TABLE handed")
        db.commit()
    with pytest.raises(sqlite3.Error):
        give(book, GIVEN)
    assert book.heads()["services"].newest == 0
    book.close()


def test_what_is_in_the_slots_is_stored_with_what_says_so(tmp_path: Path) -> None:
    book = Logbook(tmp_path, "boot")
    give(book, Filled(9, "locker3", "raincoat", 10), Filled(9, "", "raincoat", 5), GRANTED, GIVEN)
    book.close()
    again = Logbook(tmp_path, "later")
    assert again.stock() == {("", "raincoat"): 5, ("locker3", "raincoat"): 9}
    give(again, Counted(9, "raincoat", 12, 14))
    assert again.stock() == {("", "raincoat"): 3, ("locker3", "raincoat"): 9}
    again.close()


@pytest.mark.parametrize("count", [2**63 - 1, -5, "many", b"\xff", 1.5])
def test_a_count_that_is_none_is_not_known_and_stops_no_entry(tmp_path: Path, count: object) -> None:
    """A flipped bit: what is written next is written, and what was filled in then is what there is at least."""
    book = Logbook(tmp_path, "boot")
    give(book, Filled(9, "locker3", "raincoat", 10), Filled(9, "", "hat", 2))
    with closing(sqlite3.connect(tmp_path / FILE)) as db, db:
        db.execute("UPDATE stock SET count = ? WHERE item = 'raincoat'", (count,))
    assert book.stock() == {("", "hat"): 2}
    give(book, Filled(9, "locker3", "raincoat", 3))
    assert book.stock() == {("locker3", "raincoat"): 3, ("", "hat"): 2}
    book.close()


WRONG = [
    "token = 'x'",
    "token = CAST(x'FF' AS TEXT)",
    "taken = 0",
    "boot_time = 9e999",
    "slot = x'00'",
    "boot = 1 << 40",
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_mark_that_is_not_as_it_was_written_is_damage_and_not_passed_over(tmp_path: Path, wrong: str) -> None:
    book = Logbook(tmp_path, "boot")
    give(book, GIVEN, OTHER)
    with closing(sqlite3.connect(tmp_path / FILE)) as db, db:
        db.execute(f"UPDATE handed SET {wrong} WHERE campaign = 'rain'")
    with pytest.raises(Damaged):
        book.handed()
    book.replace("it was damaged")
    (broken,) = salvage.waiting(tmp_path)
    assert salvage.salvage(broken).marks["sun"] == {"2026-W48": {mark(8)}}
    book.close()


def test_a_new_epoch_takes_them_along(tmp_path: Path) -> None:
    book = Logbook(tmp_path, "boot")
    give(book, GIVEN, OTHER, Filled(9, "", "hat", 4))
    before = taken_of(book.handed()), book.stock()
    book.begin_epoch("services", 1)
    assert (taken_of(book.handed()), book.stock()) == before
    book.close()


def test_of_a_damaged_logbook_the_marks_come_back_and_none_that_was_not_written_so(tmp_path: Path) -> None:
    book = Logbook(tmp_path, "boot")
    give(book, *(HandedOut("rain", "raincoat", "", mark(index), taken=True) for index in range(300)))
    book.close()
    path = tmp_path / FILE
    data = bytearray(path.read_bytes())
    data[:100] = bytes(100)
    wrong = data.replace(mark(5).encode(), mark(999).encode())
    path.write_bytes(wrong)
    new = Logbook(tmp_path, "boot two")
    assert new.replaced
    assert taken_of(new.handed()) == {}
    (broken,) = salvage.waiting(tmp_path)
    found = salvage.salvage(broken).marks
    assert found["rain"][""] == {mark(index) for index in range(300) if index != 5}
    new.keep_marks(found, {("", "raincoat"): 2})
    assert (taken_of(new.handed()), new.stock()) == (found, {("", "raincoat"): 2})
    new.close()


def test_after_a_campaign_date_and_count_are_left(tmp_path: Path) -> None:
    """What the server has at once, and what it gets later when it has it."""
    book = Logbook(tmp_path, "boot")
    give(book, GRANTED, GIVEN, OTHER, replace(OTHER, campaign="rain", token=mark(9)))
    book.acknowledge("services", 2, 0.0, {1: "no"})
    book.forget("rain", None)
    assert taken_of(book.handed()) == {"sun": {"2026-W48": {mark(8)}}}
    plain, given = (replace(each, token="", period="") for each in (GRANTED, GIVEN))
    late = replace(OTHER, campaign="rain", token=mark(9))
    assert bodies(tmp_path) == [plain, given, OTHER, late], "what is not sent yet is sent as it was"
    book.acknowledge("services", 4, 0.0)
    assert bodies(tmp_path) == [plain, given, OTHER, replace(late, token="", period="")]
    book.close()
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = (tmp_path / FILE).read_bytes()
    assert [mark(index).encode() in data for index in (7, 9, 8)] == [False, False, True]


FLIPPED = [
    "body = replace(body, 'rain', CAST(x'FF' AS TEXT))", "body = replace(body, 'rain', 'rein')", "quality = x'FF'",
    "boot_time = 'abc'", "wall = x'00'", "checksum = 'x'",
]  # fmt: skip


@pytest.mark.parametrize("flipped", FLIPPED)
def test_an_entry_that_is_damaged_is_no_reason_not_to_go_on_and_gets_no_checksum_that_says_it_is_whole(
    tmp_path: Path, flipped: str
) -> None:
    """What the server has is acknowledged all the same; of whoever had something nothing is left in it."""
    book = Logbook(tmp_path, "boot")
    give(book, GIVEN, replace(GIVEN, token=mark(8)), replace(GIVEN, token=mark(9)))
    book.acknowledge("services", 1, 0.0, {1: "no"})
    with closing(sqlite3.connect(tmp_path / FILE)) as db, db:
        db.execute(f"UPDATE services SET {flipped} WHERE seq = 2")
        db.execute(f"UPDATE refused SET {flipped}")
    book.acknowledge("services", 3, 0.0)
    book.forget("rain", None)
    with closing(Reader(tmp_path)) as reader:
        rows = list(reader.rows("services"))
        refused = reader.refused()
    assert ([row.intact for row in rows], [each.row.intact for each in refused]) == ([True, False, True], [False])
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        left = db.execute("SELECT body FROM services UNION ALL SELECT body FROM refused").fetchall()
    assert not any(mark(index) in f"{left}" for index in (7, 8, 9))
    book.close()


def test_the_marks_of_a_day_go_alone(tmp_path: Path) -> None:
    book = Logbook(tmp_path, "boot")
    give(book, *(HandedOut("tea", "tea", "", mark(7), f"2026-11-{day}", taken=True) for day in (25, 26, 27)))
    book.acknowledge("services", 3, 0.0)
    book.forget("tea", "2026-11-25")
    assert list(taken_of(book.handed())["tea"]) == ["2026-11-26", "2026-11-27"]
    assert all(each.token for each in bodies(tmp_path))
    book.close()


def test_the_writer_does_what_the_rules_ask_for(desk: Desk) -> None:
    desk.writer.put(Record((GIVEN, OTHER), STAMP, -1000))
    desk.writer.put(KeepMarks({"rain": {"": frozenset({mark(3)})}}, {("", "hat"): 1}))
    desk.writer.put(Forget("sun"))
    until(lambda: taken_of(desk.writer._book.handed()) == {"rain": {"": {mark(7), mark(3)}}})
    assert desk.writer._book.stock() == {("", "hat"): 1}


FILLED, RAINCOATS = Filled(9, "", "raincoat", 5), ("", "raincoat")


def put(desk: Desk, *entries: Entry) -> None:
    desk.writer.put(Record(entries, STAMP, -1000))


def test_what_comes_behind_the_stock_of_a_lost_logbook_counts_once(desk: Desk) -> None:
    """Before it, the rules had counted it in already; all is gathered at once, as it is after a commit that took its time."""
    with desk.writer._turning:
        put(desk, FILLED)
        desk.writer.put(KeepMarks({}, {RAINCOATS: 7}))
        put(desk, FILLED, replace(OTHER, item="raincoat"))
        put(desk, FILLED)
    until(lambda: desk.writer._book.stock() == {RAINCOATS: 16})


def test_the_stock_of_a_lost_logbook_waits_for_what_a_full_disk_has_not_taken(desk: Desk) -> None:
    """A campaign whose marks it holds may be over before they are written: of those nothing is left."""
    desk.writer._book._db.set_authorizer(takes_no_entry)
    put(desk, FILLED)
    assert isinstance(desk.answers.get(timeout=30), CommitFailed)
    desk.writer.put(KeepMarks({"rain": {"": frozenset({mark(3)})}}, {RAINCOATS: 7}))
    desk.writer.put(Forget("rain"))
    put(desk, replace(OTHER, item="raincoat"))
    until(lambda: desk.answers.get(timeout=30) == CommitFailed(-1000, "not authorized"))
    assert (desk.writer._book.stock(), (desk.writer._wait() or 0.0) > 0.5) == ({}, True), "and there is no busy loop"
    desk.writer._book._db.set_authorizer(None)
    until(lambda: desk.writer._book.stock() == {RAINCOATS: 6})
    until(lambda: taken_of(desk.writer._book.handed()) == {"sun": {"2026-W48": {mark(8)}}})


def takes_no_entry(act: int, of: str | None, *_: object) -> int:
    return sqlite3.SQLITE_DENY if (act, of) == (sqlite3.SQLITE_INSERT, "services") else sqlite3.SQLITE_OK


def row(boot: float, entry: Entry, boot_id: str = "boot") -> Row:
    return Row(1, boot_id, boot, 1e9, "synced", msgspec.json.encode(entry).decode())


BEGUN = row(0.5, Started("1"))


@pytest.mark.parametrize(
    ("rows", "became"),
    [
        ([row(2.0, Taken("locker3")), BEGUN], "taken"),
        ([row(2.0, NotTaken("locker3")), BEGUN], "unsure"),
        ([row(3.4, Locked("main")), row(2.0, NotTaken("locker3")), BEGUN], "unsure"),
        ([row(3.6, Locked("main")), row(2.0, NotTaken("locker3")), BEGUN], "not_taken"),
        ([row(3.6, Locked("main")), row(3.0, Started("1")), row(2.0, NotTaken("locker3")), BEGUN], "unsure"),
        ([row(9.0, Taken("locker3")), row(2.0, NotTaken("locker3")), BEGUN], "not_taken"),
        ([row(9.0, NotTaken("locker3")), row(2.0, Taken("locker3")), BEGUN], "taken"),
        ([BEGUN], "unsure"),
        ([row(2.0, Stopped()), BEGUN], "unsure"),
        ([row(200.0, Started("1")), BEGUN], "unsure"),
        ([row(201.0, Taken("locker3")), row(200.0, Started("1")), BEGUN], "unsure"),
        ([row(200.0, Stopped()), BEGUN], "not_taken"),
        ([row(2.0, Taken("locker3")), row(0.7, Taken("locker3")), BEGUN], "taken"),
        ([row(0.7, Taken("locker3")), BEGUN], "unsure"),
        ([row(45.0, Taken("locker3")), BEGUN], "not_taken"),
        ([row(2.0, Taken("locker3"), "another"), BEGUN], "unsure"),
        ([row(2.0, Taken("main")), BEGUN], "unsure"),
        ([row(2.0, Taken("locker3"))], "not_taken"),
        ([], "not_taken"),
    ],
)
def test_what_a_cut_left_open_is_said_by_the_door(tmp_path: Path, rows: list[Row], became: str) -> None:
    """Of a mark whose time no entry reaches back to any more, nothing is open."""
    book = Logbook(tmp_path, "boot")
    give(book, GRANTED)
    found = cut_off(book.handed(), rows)
    said = {"taken": found.grants, "unsure": found.unsure}
    assert {word: [(each.campaign, each.slot, each.token) for each in of] for word, of in said.items()} == {
        word: [("rain", "locker3", mark(7))] * (word == became) for word in said
    }
    give(book, GIVEN)
    assert cut_off(book.handed(), rows) == CutOff()
    book.close()


def test_what_somebody_else_took_from_a_slot_is_not_theirs_who_went_without(tmp_path: Path) -> None:
    book = Logbook(tmp_path, "boot")
    give(book, GRANTED)
    for taken, at in ((False, 5.0), (True, 6.1)):
        book.append([(Stamp(at, 1e9, Quality.SYNCED), replace(GRANTED, token=mark(8), taken=taken))])
    assert cut_off(book.handed(), [row(6.0, Taken("locker3")), BEGUN]) == CutOff()
    book.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from(["", "2026-11-27"])), max_size=12))
def test_what_is_stored_is_what_was_taken_whatever_came_before_and_after(
    tmp_path: Path, visits: list[tuple[int, bool, str]]
) -> None:
    for old in tmp_path.iterdir():
        old.unlink()
    book = Logbook(tmp_path, "boot")
    for index, taken, period in visits:
        give(book, HandedOut("rain", "raincoat", "locker3", mark(index), period, taken=taken))
    book.append([(STAMP, Denied("main", "expired"))])
    found = {(period, token) for period, tokens in taken_of(book.handed()).get("rain", {}).items() for token in tokens}
    assert found == {(period, mark(index)) for index, taken, period in visits if taken}
    book.close()


def test_marks_of_a_broken_logbook_are_known_also_where_the_disk_takes_no_write(tmp_path: Path) -> None:
    book = Logbook(tmp_path, "boot")
    give(book, GIVEN, OTHER)
    book.replace("torn")
    book.close()
    (tmp_path / "salvage.tmp").mkdir()
    (broken,) = salvage.waiting(tmp_path)
    with pytest.raises(OSError, match="salvage"):
        salvage.salvage(broken)
    assert salvage.marks_in(broken) == {"rain": {"": {mark(7)}}, "sun": {"2026-W48": {mark(8)}}}
