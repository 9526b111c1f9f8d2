"""The logbook's file as a store for ../shared/bench/store_bench.py: beside ThingsBoard gateway's and plain SQLite in one run.

`python ../shared/bench/store_bench.py rate --plugin tests/bench/store_plugin.py:Logbook --stores logbook,tb-sqlite`, in a
virtual environment that has thingsboard-gateway and what kiosk needs for its logbook (msgspec, sqlite-utils).
"""

from __future__ import annotations

import math
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from kiosk.core.clock import Quality
from kiosk.core.entries import Absent, Denied, Entry, Stamp, Stream
from kiosk.core.events import CommitFailed, Committed, Faulted, Record, ServicesLost
from kiosk.logbook.cold import ColdState
from kiosk.logbook.jobs import Acked, Flush
from kiosk.logbook.reader import Reader
from kiosk.logbook.services import ServicesFile
from kiosk.logbook.store import Logbook as Book
from kiosk.logbook.waiting import TELEMETRY_GROUP
from kiosk.logbook.writer import Writer
from kiosk.loops import Loops

MOST_AHEAD = 10_000
"""Entries that a producer may be ahead of the disk here; the writer itself would let go of the oldest beyond 20,000."""

STAMP = Stamp(1.0, 1_790_000_000.0, Quality.SYNCED)


class GroupedLogbook:
    """The file alone, telemetry in groups of exactly 50; read, sent and acknowledged as sync and the station do."""

    name = "logbook-50"
    stream: Stream = "telemetry"
    group = TELEMETRY_GROUP

    def __init__(self, path: str) -> None:
        self._book = Book(Path(path), "boot")
        self._reader = Reader(Path(path))
        self._group: list[tuple[Stamp, Entry]] = []
        self._sent = self._book.heads()[self.stream].acked
        self._kept = 0

    def put(self, payload: str) -> int:
        """How many the producer may forget so far."""
        self._group.append((STAMP, self.entry(payload)))
        if len(self._group) >= self.group:
            self.settle()
        return self._kept

    def settle(self) -> int:
        """Commit what waits for its group."""
        self._book.append(self._group)
        self._kept += len(self._group)
        self._group = []
        return self._kept

    def fetch(self, count: int) -> list[str]:
        """The oldest that were not acknowledged."""
        rows = self._reader.batch(self.stream, self._sent, count, 10**7)
        self._last = rows[-1].seq if rows else self._sent
        return [row.wire()["reason"] for row in rows if row.intact]

    def ack(self) -> None:
        """The server has them: move the mark, and let go of what is past its retention, which is all of it here."""
        self._sent = self._last
        self._book.acknowledge(self.stream, self._sent, math.inf)

    def close(self) -> None:
        """Write everything and close."""
        self.settle()
        self._reader.close()
        self._book.close()

    @staticmethod
    def entry(payload: str) -> Entry:
        return Absent("ac", payload)


class AccessLogbook(GroupedLogbook):
    """Access: each entry committed for itself, before anybody is told."""

    name = "logbook-access"
    stream: Stream = "access"
    group = 1

    @staticmethod
    def entry(payload: str) -> Entry:
        return Denied("main", payload)


class Logbook(GroupedLogbook):
    """As the station has it: the writer thread commits telemetry in groups of 50 or, after a flush, whatever came meanwhile."""

    name = "logbook"

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._put = 0
        self._news = threading.Condition()
        cold, services = ColdState(Path(path)), ServicesFile(Path(path))
        self._writer = Writer(self._book, cold, services, self._answer, lambda: None, lambda _: None, Loops())

    def put(self, payload: str) -> int:
        self._put += 1
        ticket = 0 if self._put % self.group else self._put
        self._writer.put(Record((self.entry(payload),), STAMP, ticket))
        if self._put - self._kept >= MOST_AHEAD:
            self._wait(MOST_AHEAD // 2)
        return self._kept

    def settle(self) -> int:
        if self._kept < self._put:
            self._writer.put(Record((), STAMP, self._put))
            self._writer.put(Flush())
            self._wait(0)
        return self._kept

    def ack(self) -> None:
        self._sent = self._last
        self._writer.put(Acked(self.stream, self._sent, math.inf))

    def close(self) -> None:
        self.settle()
        self._reader.close()
        self._writer.close(60.0)

    def _wait(self, ahead: int) -> None:
        with self._news:
            self._news.wait_for(lambda: self._put - self._kept <= ahead, 60.0)

    def _answer(self, answer: Committed | CommitFailed | Faulted | ServicesLost) -> None:
        if isinstance(answer, Committed):
            with self._news:
                self._kept = max(self._kept, answer.ticket)
                self._news.notify_all()
