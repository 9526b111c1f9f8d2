"""A disk that is full at whichever write: of what one commit says all is there or nothing, and once when there is room again.

The kernel lets no file of this process grow any further (RLIMIT_FSIZE): the last write that fits is cut off in the middle.
"""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.core.clock import Quality
from kiosk.core.desk.handing import NO_MARKS
from kiosk.core.entries import Entry, Filled, HandedOut, Locked, Released, Stamp, StoppedAt
from kiosk.logbook.handed import taken_of
from kiosk.logbook.reader import FILE, Reader
from kiosk.logbook.store import Logbook
from kiosk.logbook.urn import SLOT, UrnFile

STAMP = Stamp(1.0, 1e9, Quality.SYNCED)
STEP = 256
"""Bytes of room more at each attempt: several of each page of 1024 that is written."""


@contextmanager
def none_grows_beyond(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def said(number: int) -> list[tuple[Stamp, Entry]]:
    """One commit of everything that has a table beside its entries."""
    given = HandedOut("rain", "raincoat", "locker3", f"{number:08}", taken=True)
    released = Released(f"{number:064}", "cabinet1", "opened")
    filled, arrived = Filled(9, "locker4", "raincoat", 2), StoppedAt(f"stop{number}", "arrived")
    return [(STAMP, each) for each in (Locked("main"), given, released, filled, arrived)]


def known(book: Logbook) -> tuple[Any, ...]:
    """All that it says."""
    with closing(Reader(book.folder)) as reader:
        rows = [each.body for stream in ("access", "services") for each in reader.rows(stream)]
    return rows, taken_of(book.handed()), book.stock(), book.stops()


def test_whichever_write_has_no_room_leaves_nothing_behind_and_is_made_once_when_there_is(tmp_path: Path) -> None:
    with closing(Logbook(tmp_path, "boot")) as book:
        wal, refused = tmp_path / f"{FILE}-wal", 0
        for number in count():
            before, room = known(book), wal.stat().st_size + number * STEP
            try:
                with none_grows_beyond(room):
                    book.append(said(number))
                break
            except sqlite3.OperationalError:
                refused += 1
                assert known(book) == before
                book.append(said(number))
        rows, marks, stock, stops = known(book)
    assert refused > 16
    assert sorted(rows) == sorted(
        msgspec.json.encode(each).decode() for number in range(refused + 1) for _, each in said(number)
    )
    assert marks == {"rain": {"": {f"{number:08}" for number in range(refused + 1)}}}
    assert stock == {("locker4", "raincoat"): 2 * (refused + 1)}
    assert len(stops) == refused + 1


def test_what_is_known_of_a_lost_logbook_is_put_into_the_new_one_whole_or_not_at_all(tmp_path: Path) -> None:
    marks = {"rain": {"": frozenset(f"{number:08}" for number in range(40))}}
    with closing(Logbook(tmp_path, "boot")) as book:
        wal, refused = tmp_path / f"{FILE}-wal", 0
        for number in count():
            room = wal.stat().st_size + number * 8 * STEP
            try:
                with none_grows_beyond(room):
                    book.keep_marks(marks, {("locker3", "raincoat"): 7})
                break
            except sqlite3.OperationalError:
                refused += 1
                assert (taken_of(book.handed()), book.stock()) == (NO_MARKS, {})
        assert (taken_of(book.handed()), book.stock()) == (marks, {("locker3", "raincoat"): 7})
    assert refused > 2


@pytest.mark.parametrize("room", range(0, 2 * SLOT, 4096))
def test_a_file_of_two_slots_that_there_was_no_room_for_is_made_when_there_is(tmp_path: Path, room: int) -> None:
    file = UrnFile(tmp_path)
    with none_grows_beyond(room), pytest.raises(OSError, match="File too large"):
        file.write(b"one")
    assert UrnFile(tmp_path).read() is None
    file.write(b"two")
    with none_grows_beyond(0), pytest.raises(OSError, match="File too large"):
        file.write(b"three")
    assert UrnFile(tmp_path).read() == b"two"
    file.write(b"four")
    assert UrnFile(tmp_path).read() == b"four"
