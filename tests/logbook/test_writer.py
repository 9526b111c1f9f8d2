"""The writer thread: answers come after the commit, a failing disk is told and nothing is lost by it."""

from __future__ import annotations

import queue
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.core.clock import Quality
from kiosk.core.entries import Locked, Measured, Stamp, Stream
from kiosk.core.events import CommitFailed, Committed, Keep, KeepFloor, Record
from kiosk.logbook.cold import ColdState, read_cold
from kiosk.logbook.reader import FILE, Heads, Reader
from kiosk.logbook.store import Logbook
from kiosk.logbook.writer import Acked, Flush, Writer

STAMP = Stamp(1.0, 1000.0, Quality.SYNCED)


class Desk:
    """A writer with its answers in queues."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers: queue.Queue[Committed | CommitFailed] = queue.Queue()
        self.heads: queue.Queue[dict[Any, Heads]] = queue.Queue()
        self.replaced: queue.Queue[str] = queue.Queue()
        book, cold = Logbook(folder, "boot"), ColdState(folder)
        self.writer = Writer(book, cold, self.answers.put, self._take_heads, self.replaced.put)

    def _take_heads(self) -> None:
        self.heads.put(self.writer.heads)

    def count(self, stream: Stream) -> int:
        reader = Reader(self.folder)
        count = len(reader.last(stream, 10**6))
        reader.close()
        return count


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.writer.close()


def test_an_answer_means_that_another_process_can_read_it(desk: Desk) -> None:
    for ticket in (1, 2, 3):
        desk.writer.put(Record((Locked("main"),), STAMP, ticket))
        assert desk.answers.get(timeout=30) == Committed(ticket)
        assert desk.count("access") == ticket


def test_telemetry_waits_for_its_group_and_a_flush_does_not(desk: Desk) -> None:
    desk.writer.put(Record((Measured("t", 1.0, "W"),), STAMP))
    desk.writer.put(Record((Locked("main"),), STAMP, 1))
    desk.answers.get(timeout=30)
    assert desk.count("telemetry") == 0
    desk.heads.get(timeout=30)
    desk.writer.put(Flush())
    desk.heads.get(timeout=30)
    assert desk.count("telemetry") == 1
    for _ in range(50):
        desk.writer.put(Record((Measured("t", 1.0, "W"),), STAMP))
    while desk.count("telemetry") < 51:
        desk.heads.get(timeout=30)


def test_a_disk_that_fails_is_told_at_once_and_the_entries_come_later(desk: Desk) -> None:
    thief = sqlite3.connect(desk.folder / FILE, isolation_level=None)
    desk.writer._book._db.execute("PRAGMA busy_timeout=50")
    thief.execute("BEGIN IMMEDIATE")
    desk.writer.put(Record((Locked("main"),), STAMP, 7))
    answer = desk.answers.get(timeout=30)
    assert isinstance(answer, CommitFailed)
    assert (answer.ticket, answer.why) == (7, "database is locked")
    thief.execute("ROLLBACK")
    while not isinstance(answer, Committed):
        answer = desk.answers.get(timeout=30)
    assert desk.count("access") == 1
    thief.close()


def test_a_disk_that_fails_is_waited_for_without_a_busy_loop(desk: Desk) -> None:
    """Telemetry that is overdue must not hurry the next attempt."""
    thief = sqlite3.connect(desk.folder / FILE, isolation_level=None)
    desk.writer._book._db.execute("PRAGMA busy_timeout=10")
    thief.execute("BEGIN IMMEDIATE")
    desk.writer.put(Record((Measured("t", 1.0, "W"),), STAMP))
    desk.writer.put(Flush())
    assert isinstance(desk.answers.get(timeout=30), CommitFailed)
    assert (desk.writer._wait() or 0.0) > 0.5
    thief.execute("ROLLBACK")
    thief.close()
    assert desk.answers.get(timeout=30) == Committed(0)


def test_closing_writes_everything_that_waits(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for _ in range(100):
        desk.writer.put(Record((Measured("t", 1.0, "W"), Locked("main")), STAMP))
    desk.writer.close()
    assert (desk.count("access"), desk.count("telemetry")) == (100, 100)


def test_documents_floor_and_marks_are_kept(desk: Desk) -> None:
    desk.writer.put(Record((Locked("main"),), STAMP, 1))
    desk.writer.put(Keep("keyset", 3, b"body"))
    desk.writer.put(KeepFloor(77.0))
    desk.writer.put(Acked("access", 1, forget_before=0.0))
    desk.heads.get(timeout=30)
    heads = desk.heads.get(timeout=30)
    assert heads["access"] == Heads(1, 1)
    assert read_cold(desk.folder) == ({"keyset": b"body"}, 77.0)


def test_a_file_that_breaks_while_it_is_written_is_replaced_and_the_entry_kept(desk: Desk) -> None:
    for ticket in (1, 2, 3):
        desk.writer.put(Record(tuple(Locked("main") for _ in range(500)), STAMP, ticket))
        assert desk.answers.get(timeout=30) == Committed(ticket)
        desk.heads.get(timeout=30)  # only then has it looked at the file's size, too
    epoch, file = desk.writer.epoch, desk.folder / FILE
    desk.writer._book._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    desk.writer._book._db.execute("PRAGMA shrink_memory")
    pages = file.read_bytes()
    file.write_bytes(pages[:4096] + b"\xa5" * (len(pages) - 4096))
    desk.writer.put(Record((Locked("main"),), STAMP, 4))
    assert desk.answers.get(timeout=30) == Committed(4)
    assert "malformed" in desk.replaced.get(timeout=30)
    assert desk.writer.epoch != epoch
    assert desk.count("access") == 1
    assert (desk.folder / f"{FILE}.broken-1").exists()
