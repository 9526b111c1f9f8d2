"""Broken logbooks: flipped pages, a file cut in half, a lost end; what survives is whole and keeps its numbers."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.clock import Quality
from kiosk.core.entries import Absent, Denied, Stamp
from kiosk.logbook import salvage
from kiosk.logbook.cold import ColdState
from kiosk.logbook.pages import records
from kiosk.logbook.reader import FILE, Reader, survivors
from kiosk.logbook.store import Logbook
from tests.logbook.test_cold import spoil

COUNT = 2000


def filled(folder: Path, acked: int = 300) -> Logbook:
    """A logbook with two streams, closed in order."""
    book = Logbook(folder, "boot one")
    for begin in range(0, COUNT, 100):
        numbers = range(begin, begin + 100)
        book.append([(Stamp(float(n), 1e9 + n, Quality.SYNCED), Denied("main", f"reason {n}")) for n in numbers])
    book.append([(Stamp(1.0, 1e9, Quality.SYNCED), Absent("t", "silent")) for _ in range(50)])
    book.acknowledge("access", acked, forget_before=0.0)
    book.close()
    return book


def break_it(folder: Path, how: str) -> None:
    path = folder / FILE
    data = bytearray(path.read_bytes())
    match how:
        case "flipped pages":
            choose = random.Random(3)  # noqa: S311
            for _ in range(12):
                place = choose.randrange(20, len(data) // 1024) * 1024
                data[place : place + 64] = choose.randbytes(64)
        case "cut in half":
            del data[len(data) // 2 :]
        case "an end of zeroes":
            data[-60_000:] = bytes(60_000)
        case "no head":
            data[:100] = bytes(100)
    path.write_bytes(data)


def found_in(folder: Path, epoch: str) -> dict[str, list[int]]:
    reader = Reader(folder, f"salvaged-{epoch}.db")
    assert reader.epoch == epoch
    found = {stream: [row.seq for row in reader.rows(stream)] for stream in ("access", "telemetry")}
    assert all(row.intact for row in reader.rows("access"))
    assert {row.boot_id for row in reader.rows("access")} <= {"boot one", "unknown 1"}
    assert reader.heads()["access"].newest >= max(found["access"], default=0)
    reader.close()
    return found


@pytest.mark.parametrize(
    ("how", "least"), [("flipped pages", 0.9), ("an end of zeroes", 0.6), ("cut in half", 0.4), ("no head", 1.0)]
)
def test_what_survives_is_whole_and_keeps_its_numbers(tmp_path: Path, how: str, least: float) -> None:
    old = filled(tmp_path)
    break_it(tmp_path, how)
    new = Logbook(tmp_path, "boot two")
    assert new.replaced
    assert new.epoch != old.epoch
    (broken,) = salvage.waiting(tmp_path)
    found = salvage.salvage(broken)
    numbers = found_in(tmp_path, old.epoch)
    assert found.kept == sum(map(len, numbers.values()))
    assert least * COUNT <= len(numbers["access"]) <= COUNT
    assert found.lost == sum(n > 300 for n in set(range(1, COUNT + 1)) - set(numbers["access"])) + 50 - len(
        numbers["telemetry"]
    )
    assert numbers["access"] == sorted(set(numbers["access"]))
    assert salvage.waiting(tmp_path) == [], "gone through once"
    assert broken.exists()
    new.close()


def test_rows_that_were_changed_are_none(tmp_path: Path) -> None:
    old = filled(tmp_path)
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("UPDATE access SET body = 'x' WHERE seq IN (7, 8)")
        db.execute("PRAGMA application_id = 0")
    db.close()
    Logbook(tmp_path, "boot two").close()
    found = salvage.salvage(salvage.waiting(tmp_path)[0])
    numbers = found_in(tmp_path, old.epoch)["access"]
    assert {7, 8}.isdisjoint(numbers)
    assert (len(numbers), found.lost) == (COUNT - 2, 0), "the server has those two already"


@pytest.mark.parametrize("data", [b"", b"rubbish" * 1000, bytes(100_000), b"\r" * 100_000])
def test_rubbish_gives_nothing_and_is_left_alone(tmp_path: Path, data: bytes) -> None:
    broken = tmp_path / f"{FILE}.broken-1"
    broken.write_bytes(data)
    assert salvage.salvage(broken) == salvage.Salvaged(0, 0)
    assert survivors(tmp_path) == []
    assert broken.read_bytes() == data
    assert salvage.waiting(tmp_path) == []


@given(st.binary(max_size=3000))
@pytest.mark.slow
def test_any_page_gives_records_or_none(data: bytes) -> None:
    """Whatever it leads to: here to itself, without end."""
    for page in (data[:1024].ljust(1024, b"\0"), b"\x0d" + data[:1023].ljust(1023, b"\0")):
        for number, columns in records(page, lambda _, page=page: page):  # type: ignore[misc]
            assert isinstance(number, int)
            assert len(columns) <= 7


def test_what_only_the_wal_holds_survives_too(tmp_path: Path) -> None:
    book = Logbook(tmp_path, "boot one")
    book.append([(Stamp(1.5, 1e9, Quality.SYNCED), Denied("main", "late"))])
    for suffix in ("", "-wal"):
        source = tmp_path / f"{FILE}{suffix}"
        (tmp_path / f"{FILE}.broken-1{suffix}").write_bytes(source.read_bytes())
    book.close()
    assert salvage.salvage(tmp_path / f"{FILE}.broken-1").kept == 1
    assert found_in(tmp_path, book.epoch) == {"access": [1], "telemetry": []}


def test_the_survivors_go_once_the_server_has_all_of_them(tmp_path: Path) -> None:
    old = filled(tmp_path)
    break_it(tmp_path, "flipped pages")
    Logbook(tmp_path, "boot two").close()
    salvage.salvage(salvage.waiting(tmp_path)[0])
    (file,) = survivors(tmp_path)
    salvage.acknowledge(tmp_path, "f" * 16, "access", 10**9)
    salvage.acknowledge(tmp_path, "../../etc", "access", 10**9)
    salvage.acknowledge(tmp_path, old.epoch, "access", COUNT)
    assert file.exists()
    salvage.acknowledge(tmp_path, old.epoch, "telemetry", 50)
    assert not file.exists()


@pytest.mark.parametrize("how", ["half", "zeroed", "empty", "a folder", "a link to itself", "a pipe"])
def test_survivors_that_are_damaged_themselves_are_gone_through_once_more(how: str, tmp_path: Path) -> None:
    old = filled(tmp_path)
    break_it(tmp_path, "flipped pages")
    Logbook(tmp_path, "boot two").close()
    salvage.salvage(salvage.waiting(tmp_path)[0])
    (file,) = survivors(tmp_path)
    assert salvage.put_back(tmp_path) == []
    spoil(file, how)
    assert salvage.put_back(tmp_path) == [file.name]
    assert survivors(tmp_path) == []
    again = [salvage.salvage(broken) for broken in salvage.waiting(tmp_path)]
    if how == "half":
        assert again[0].kept > 500
        assert found_in(tmp_path, old.epoch)["access"]
    assert not salvage.put_back(tmp_path)
    assert not salvage.waiting(tmp_path)


def test_a_card_that_breaks_a_file_at_each_start_is_not_filled_with_broken_files(tmp_path: Path) -> None:
    for _ in range(9):
        (tmp_path / FILE).write_bytes(b"rubbish" * 1000)
        (tmp_path / "state.db").write_bytes(b"rubbish" * 1000)
        Logbook(tmp_path, "boot").close()
        ColdState(tmp_path).close()
        assert len(salvage.waiting(tmp_path)) == 1
        salvage.salvage(salvage.waiting(tmp_path)[0])
    numbers = [6, 7, 8, 9]
    left = sorted(path.name for path in tmp_path.glob("*.broken-*"))
    assert left == sorted(
        [f"{FILE}.broken-{n}" for n in numbers]
        + [f"{FILE}.broken-{n}.salvaged" for n in numbers]
        + [f"state.db.broken-{n}" for n in numbers]
    )


@pytest.mark.parametrize("gone", [False, True])
def test_a_wal_without_its_file_is_salvaged_and_not_removed(gone: bool, tmp_path: Path) -> None:
    book = Logbook(tmp_path / "one", "boot one")
    book.append([(Stamp(1.5, 1e9, Quality.SYNCED), Denied("main", "late"))] * 9)
    two = tmp_path / "two"
    two.mkdir()
    (two / f"{FILE}-wal").write_bytes((tmp_path / "one" / f"{FILE}-wal").read_bytes())
    if not gone:
        (two / FILE).touch()
    assert "WAL" in Logbook(two, "boot two").replaced
    (broken,) = salvage.waiting(two)
    assert salvage.salvage(broken).kept == 9
    assert found_in(two, book.epoch)["access"] == list(range(1, 10))
