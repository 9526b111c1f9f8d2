"""The logbook's file as a store for ../shared/bench/store_bench.py: beside ThingsBoard gateway's and plain SQLite in one run.

`python ../shared/bench/store_bench.py rate --plugin tests/bench/store_plugin.py:Logbook --stores logbook,tb-sqlite`, in a
virtual environment that has thingsboard-gateway and what kiosk needs for its logbook (msgspec, sqlite-utils).
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from kiosk.core.clock import Quality
from kiosk.core.entries import Absent, Denied, Entry, Stamp, Stream
from kiosk.logbook.reader import Reader
from kiosk.logbook.store import Logbook as Book
from kiosk.logbook.writer import TELEMETRY_GROUP

STAMP = Stamp(1.0, 1_790_000_000.0, Quality.SYNCED)


class Logbook:
    """Telemetry: committed in groups as the writer thread does; read, sent and acknowledged as sync and the station do."""

    name = "logbook"
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


class AccessLogbook(Logbook):
    """Access: each entry committed for itself, before anybody is told."""

    name = "logbook-access"
    stream: Stream = "access"
    group = 1

    @staticmethod
    def entry(payload: str) -> Entry:
        return Denied("main", payload)
