"""The writer thread: answers come after the commit, a failing disk is told and nothing is lost by it."""

from __future__ import annotations

import json
import queue
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from kiosk.core.clock import Quality
from kiosk.core.entries import Denied, Dropped, Locked, Measured, Stamp, Stream
from kiosk.core.events import CommitFailed, Committed, Faulted, Keep, KeepFloor, Record, ServicesLost
from kiosk.logbook import salvage
from kiosk.logbook import waiting as waiting_module
from kiosk.logbook.cold import ColdState, read_cold
from kiosk.logbook.jobs import Acked, Flush
from kiosk.logbook.reader import FILE, Heads, Reader
from kiosk.logbook.services import ServicesFile
from kiosk.logbook.store import Logbook
from kiosk.logbook.waiting import Waiting
from kiosk.logbook.writer import Writer
from kiosk.loops import Loops

STAMP = Stamp(1.0, 1000.0, Quality.SYNCED)


class Desk:
    """A writer with its answers in queues."""

    def __init__(self, folder: Path, loops: Loops | None = None) -> None:
        self.folder = folder
        self.answers: queue.Queue[Committed | CommitFailed | Faulted | ServicesLost] = queue.Queue()
        self.heads: queue.Queue[dict[Any, Heads]] = queue.Queue()
        self.replaced: queue.Queue[str] = queue.Queue()
        book, cold, services = Logbook(folder, "boot"), ColdState(folder), ServicesFile(folder)
        self.loops = loops or Loops()
        self.writer = Writer(book, cold, services, self.answers.put, self._take_heads, self.replaced.put, self.loops)

    def _take_heads(self) -> None:
        self.heads.put(self.writer.heads)

    def count(self, stream: Stream) -> int:
        reader = Reader(self.folder)
        count = len(reader.last(stream, 10**6))
        reader.close()
        return count


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
    assert (answer.ticket, answer.why, desk.writer.writes) == (7, "database is locked", False)
    thief.execute("ROLLBACK")
    while not isinstance(answer, Committed):
        answer = desk.answers.get(timeout=30)
    assert (desk.count("access"), desk.writer.writes) == (1, True)
    thief.close()


def test_that_the_disk_is_back_is_told_beside_those_who_waited_for_it(desk: Desk) -> None:
    """Whoever is inside has the ticket; the fault is the door's to tell."""
    thief = sqlite3.connect(desk.folder / FILE, isolation_level=None)
    desk.writer._book._db.execute("PRAGMA busy_timeout=10")
    thief.execute("BEGIN IMMEDIATE")
    desk.writer.put(Record((Locked("main"),), STAMP, -1000))
    found = [desk.answers.get(timeout=30) for _ in range(2)]
    assert [isinstance(each, CommitFailed) and each.ticket for each in found] == [-1000, 0]
    desk.writer.put(Record((Locked("main"),), STAMP, -1001))
    thief.execute("ROLLBACK")
    thief.close()
    until_committed = [*iter(lambda: desk.answers.get(timeout=30), Committed(0))]
    assert until_committed[-1] in {Committed(-1001), CommitFailed(0, "database is locked")}
    assert desk.count("access") == 2


def refuses_to_read(table: str) -> Callable[..., int]:
    return lambda act, of, *_: sqlite3.SQLITE_DENY if (act, of) == (sqlite3.SQLITE_READ, table) else sqlite3.SQLITE_OK


def test_what_is_committed_is_not_written_again_where_the_file_cannot_say_how_far_it_is(desk: Desk) -> None:
    desk.writer._book._db.set_authorizer(refuses_to_read("marks"))
    desk.writer.put(Record((Locked("main"),), STAMP, 1))
    assert desk.answers.get(timeout=30) == Committed(1)
    assert isinstance(desk.answers.get(timeout=30), CommitFailed)
    desk.writer._book._db.set_authorizer(None)
    desk.writer.put(Record((Locked("main"),), STAMP, 2))
    assert [desk.answers.get(timeout=30) for _ in range(2)] == [Committed(2), Committed(0)]
    desk.heads.get(timeout=30)
    assert desk.count("access") == 2


def test_a_file_whose_numbers_cannot_be_is_replaced_and_nothing_of_it_is_written_twice(desk: Desk) -> None:
    desk.writer.put(Record((Locked("main"),), STAMP, 1))
    assert desk.answers.get(timeout=30) == Committed(1)
    desk.heads.get(timeout=30)
    with closing(sqlite3.connect(desk.folder / FILE)) as other, other:
        other.execute("UPDATE marks SET acked = 99 WHERE stream = 'access'")
    desk.writer.put(Record((Locked("main"),), STAMP, 2))
    assert desk.answers.get(timeout=30) == Committed(2)
    assert "numbers" in desk.replaced.get(timeout=30)
    desk.heads.get(timeout=30)
    assert desk.count("access") == 0
    assert salvage.salvage(desk.folder / f"{FILE}.broken-1").kept == 2


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
    until(lambda: desk.count("access") == 100)
    desk.writer.put(Record((Measured("t", 1.0, "W"),), STAMP))
    desk.writer.close()
    assert (desk.count("access"), desk.count("telemetry")) == (100, 101)


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


def failing(desk: Desk, *errors: Exception) -> None:
    """From now on appending raises these, one after the other, and then works again."""
    real, waiting = desk.writer._book.append, list(errors)

    def append(entries: Any) -> None:
        if waiting:
            raise waiting.pop(0)
        real(entries)

    desk.writer._book.append = append  # type: ignore[method-assign]


def until(condition: Any) -> None:
    deadline, pause = monotonic() + 30, threading.Event()
    while not condition():
        assert monotonic() < deadline
        pause.wait(0.01)


def test_what_nobody_listed_is_told_and_loses_no_entry(tmp_path: Path) -> None:
    told: list[str | None] = []
    desk = Desk(tmp_path, loops := Loops(told.append))
    failing(desk, ZeroDivisionError("nobody thought of it"))
    desk.writer.put(Record((Locked("main"),), STAMP, 9))
    assert desk.answers.get(timeout=30) == Committed(9)
    assert desk.count("access") == 1
    assert "nobody thought of it" in str(told[0])
    loops.end()
    desk.writer.close()


def test_an_entry_that_no_file_can_take_holds_no_other_up(desk: Desk) -> None:
    desk.writer.put(Record((Locked("main"),), Stamp(1.0, float("nan"), Quality.SYNCED)))
    desk.writer.put(Record((Locked("\udc80"),), STAMP))
    desk.writer.put(Record((Locked("main"),), STAMP, 3))
    until(lambda: desk.count("access") == 2)
    assert bodies(desk) == [{"kind": "dropped", "stream": "access", "count": 2}, {"kind": "locked", "door": "main"}]


def test_an_entry_that_no_file_can_take_costs_no_other_at_the_end_either(tmp_path: Path) -> None:
    others, desk = {*threading.enumerate()}, Desk(tmp_path)
    desk.loops.end()
    desk.writer.put(Flush())
    for thread in {*threading.enumerate()} - others:
        thread.join(30)
    desk.writer.put(Record((Measured("t", 1.0, "W"), Locked("\udc80"), Locked("main")), STAMP))
    desk.writer.close()
    assert (desk.count("access"), desk.count("telemetry")) == (2, 1)
    assert bodies(desk)[1] == {"kind": "locked", "door": "main"}


def bodies(desk: Desk) -> list[Any]:
    reader = Reader(desk.folder)
    found = [json.loads(row.body) for row in reader.rows("access")]
    reader.close()
    return found


def test_beyond_the_bound_the_oldest_goes_and_is_told_access_last() -> None:
    waiting = Waiting(most=10)
    for number in range(8):
        waiting.take(STAMP, Denied("main", str(number)))
        waiting.take(STAMP, Measured("t", float(number), "W"))
    access = [Denied("main", str(number)) for number in range(8)]
    telemetry = [Measured("t", float(number), "W") for number in (6, 7)]
    due = waiting.due(everything=True)
    assert [entry for _, entry in due] == [Dropped("telemetry", count=6), *access, *telemetry]
    waiting.take(STAMP, Denied("main", "late"))
    waiting.take(STAMP, Denied("main", "later"))
    waiting.take(STAMP, Denied("main", "latest"))
    due = waiting.due(everything=True)
    assert [entry for _, entry in due[:3]] == [Dropped("access", count=1), Dropped("telemetry", count=8), access[1]]
    waiting.written(due)
    assert (len(waiting), waiting.due(everything=True)) == (0, [])
    waiting.take(STAMP, Locked("main"))
    assert waiting.due() == [(STAMP, Locked("main"))], "what was lost is told once"


def test_a_document_that_a_full_disk_did_not_take_is_kept_later_the_newest_of_each(desk: Desk) -> None:
    thief = sqlite3.connect(desk.folder / "state.db", isolation_level=None)
    desk.writer._cold._db.execute("PRAGMA busy_timeout=10")
    thief.execute("BEGIN IMMEDIATE")
    desk.writer.put(Keep("status", 3, b"three"))
    desk.writer.put(KeepFloor(50.0))
    assert isinstance(desk.answers.get(timeout=30), CommitFailed)
    desk.writer.put(Keep("status", 4, b"four"))
    desk.writer.put(Keep("keyset", 2, b"keys"))
    thief.execute("ROLLBACK")
    thief.close()
    answer = desk.answers.get(timeout=30)
    while answer != Committed(0):
        answer = desk.answers.get(timeout=30)
    assert read_cold(desk.folder) == ({"keyset": b"keys", "status": b"four"}, 50.0)


def test_a_document_is_kept_at_once_also_right_behind_another(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second between two of them was a second in which a power cut took the later one."""
    monkeypatch.setattr("kiosk.logbook.writer.RETRY", 1e6)
    for version in (1, 2, 3):
        desk.writer.put(Keep("keyset", version, b"document %d" % version))
        until(lambda expected=version: read_cold(desk.folder)[0] == {"keyset": b"document %d" % expected})


def test_a_disk_that_hangs_costs_a_bounded_memory_and_what_is_lost_is_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telemetry first; whoever waits for a ticket hears at once that there is no commit."""
    monkeypatch.setattr(waiting_module, "MAX_WAITING", 60)
    with desk.writer._turning:
        for number in range(100):
            desk.writer.put(Record((Measured("t", float(number), "W"),), STAMP))
            desk.writer.put(Record((Locked("main"),), STAMP))
        desk.writer.put(Record((Locked("main"),), STAMP, 7))
        assert len(desk.writer._jobs) == 60
        assert desk.answers.get(timeout=30) == CommitFailed(7, "the disk does not answer")
    desk.writer.put(Flush())
    until(lambda: desk.count("telemetry") == 15)
    found = bodies(desk)
    told = {each["stream"]: each["count"] for each in found if each["kind"] == "dropped"}
    kept = sum(each["kind"] == "locked" for each in found)
    assert (told, kept) == ({"access": 101 - kept, "telemetry": 85}, 45)


def test_a_disk_that_keeps_a_commit_waiting_is_a_fault(desk: Desk) -> None:
    desk.writer.look()
    assert desk.answers.empty()
    desk.writer._busy_since = monotonic() - 10.0
    desk.writer.look()
    desk.writer.look()
    answer = desk.answers.get(timeout=30)
    assert isinstance(answer, CommitFailed)
    assert desk.answers.empty(), "it is told once"
    desk.writer.put(Record((Locked("main"),), STAMP))
    assert desk.answers.get(timeout=30) == Committed(0)


def test_files_that_could_not_be_opened_anew_are_opened_at_the_next_attempt(desk: Desk) -> None:
    desk.writer._cold.close()  # as a full disk leaves them, when one of them turned out to be broken
    desk.writer.put(Keep("status", 3, b"three"))
    until(lambda: read_cold(desk.folder)[0] == {"status": b"three"})
