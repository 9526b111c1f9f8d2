"""The writer thread: the only one that waits for the disk.

Access entries commit at once, all that wait together; telemetry in groups of TELEMETRY_GROUP or after TELEMETRY_WITHIN
seconds. When the disk fails, the ticket's answer says so at once, the entries stay in memory, bounded, and are tried again. A
file that turns out to be broken is moved aside, and the entries go into a new one.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final

from msgspec import Struct

from kiosk.core.entries import Entry, Stamp, Stream, stream_of
from kiosk.core.events import Command, CommitFailed, Committed, Keep, KeepFloor, Record
from kiosk.logbook import salvage
from kiosk.logbook.cold import ColdState
from kiosk.logbook.reader import Heads
from kiosk.logbook.schema import Broken, says_broken
from kiosk.logbook.store import Logbook

log = logging.getLogger(__name__)

TELEMETRY_GROUP: Final = 50
TELEMETRY_WITHIN: Final = 5.0
RETRY: Final = 1.0
TRIM_EVERY: Final = 500
MAX_WAITING: Final = 20_000


class Acked(Struct, frozen=True):
    """The server holds `stream` up to `seq`, but for what it refused and why; what is older than `forget_before` may go."""

    stream: Stream
    seq: int
    forget_before: float
    refused: dict[int, str] = {}


class AckedSurvivors(Struct, frozen=True):
    """The server holds `stream` of a broken logbook's survivors up to `seq`."""

    epoch: str
    stream: Stream
    seq: int


class NewEpoch(Struct, frozen=True):
    """The server holds other facts under `epoch`, from `seq` of `stream` on: what it lacks of ours goes on under a new one."""

    epoch: str
    stream: Stream
    seq: int


class Flush(Struct, frozen=True):
    """Write what waits for its group."""


class Stop(Struct, frozen=True):
    """Write everything and end."""


Other = Keep | KeepFloor | Acked | AckedSurvivors | NewEpoch
Job = Record | Other | Flush | Stop
Stamped = tuple[Stamp, Entry]


class Writer:
    """Takes jobs from the station's thread and answers through `answer`, which must be safe to call from here."""

    def __init__(
        self,
        book: Logbook,
        cold: ColdState,
        answer: Callable[[Committed | CommitFailed], None],
        on_heads: Callable[[], None],
        on_replaced: Callable[[str], None],
        most: int = 256_000_000,
    ) -> None:
        """`on_heads` is called when `heads` has news, `on_replaced` with why the file was replaced, both from this thread.

        `most`: the bytes that the logbook may take.
        """
        self.heads: dict[Stream, Heads] = book.heads()
        self._on_replaced = on_replaced
        self._most = most
        self._since_trim = TRIM_EVERY
        self._book = book
        self._cold = cold
        self._answer = answer
        self._on_heads = on_heads
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._access: deque[Stamped] = deque(maxlen=MAX_WAITING)
        self._telemetry: deque[Stamped] = deque(maxlen=MAX_WAITING)
        self._telemetry_since = 0.0
        self._tickets: list[int] = []
        self._retry_at: float | None = None
        self._others: list[Other] = []
        self._thread = threading.Thread(target=self._run, name="logbook writer", daemon=True)
        self._thread.start()

    @property
    def epoch(self) -> str:
        """Of the file that is written now."""
        return self._book.epoch

    def put(self, job: Job | Command) -> None:
        """Queue a job; never waits."""
        if isinstance(job, Job):
            self._jobs.put(job)

    def close(self, timeout: float = 5.0) -> None:
        """Write what waits, end, and close both files, within `timeout` seconds; a disk that hangs is left alone."""
        self._jobs.put(Stop())
        self._thread.join(timeout)
        if not self._thread.is_alive():
            self._book.close()
            self._cold.close()

    def _run(self) -> None:
        running = True
        while running:
            running = self._gather()
            if not running or self._access or self._telemetry_due():
                self._commit(everything=not running)
            self._do_others()

    def _gather(self) -> bool:
        """Take all jobs that there are, waiting for the first; False at the end."""
        try:
            job = self._jobs.get(timeout=self._wait())
            while True:
                if isinstance(job, Stop):
                    return False
                self._sort(job)
                job = self._jobs.get_nowait()
        except queue.Empty:
            return True

    def _wait(self) -> float | None:
        """Seconds until there is something to do without a job; while the disk fails that is the next attempt alone."""
        if self._retry_at is not None:
            return max(0.0, self._retry_at - monotonic())
        return max(0.0, self._telemetry_since + TELEMETRY_WITHIN - monotonic()) if self._telemetry else None

    def _sort(self, job: Record | Other | Flush) -> None:
        if isinstance(job, Flush):
            self._telemetry_since = -TELEMETRY_WITHIN
            return
        if not isinstance(job, Record):
            self._others.append(job)
            return
        if not self._telemetry:
            self._telemetry_since = monotonic()
        for entry in job.entries:
            waiting = self._telemetry if stream_of(entry) == "telemetry" else self._access
            waiting.append((job.stamp, entry))
        if job.ticket:
            self._tickets.append(job.ticket)

    def _telemetry_due(self) -> bool:
        late = monotonic() >= self._telemetry_since + TELEMETRY_WITHIN
        return len(self._telemetry) >= TELEMETRY_GROUP or (bool(self._telemetry) and late)

    def _commit(self, *, everything: bool) -> None:
        if self._retry_at is not None and monotonic() < self._retry_at and not self._tickets and not everything:
            return
        with_telemetry = everything or self._telemetry_due()
        entries = [*self._access, *(self._telemetry if with_telemetry else ())]
        try:
            self._append(entries)
            heads = self._book.heads()
        except (sqlite3.Error, Broken, OSError) as error:
            self._failed(str(error))
            return
        self._access.clear()
        if with_telemetry:
            self._telemetry.clear()
        recovered, self._retry_at = self._retry_at is not None, None
        for ticket in self._tickets or ([0] if recovered else []):
            self._answer(Committed(ticket))
        self._tickets = []
        self._trim(entries)
        self._take_heads(heads)

    def _take_heads(self, heads: dict[Stream, Heads]) -> None:
        self.heads = heads
        self._on_heads()

    def _append(self, entries: list[Stamped]) -> None:
        try:
            self._book.append(entries)
        except sqlite3.DatabaseError as error:
            if not says_broken(error):
                raise
            self._book.replace(str(error))
            self._on_replaced(str(error))
            self._book.append(entries)

    def _trim(self, entries: list[Stamped]) -> None:
        """Look at the file's size every few hundred entries."""
        self._since_trim += len(entries)
        if self._since_trim < TRIM_EVERY or not entries:
            return
        self._since_trim = 0
        try:
            while dropped := self._book.trim(self._most, entries[-1][0]):
                log.warning("the logbook is full: %d entries went", dropped)
        except sqlite3.Error as error:
            self._answer(CommitFailed(0, str(error)))

    def _failed(self, why: str) -> None:
        self._retry_at = monotonic() + RETRY
        for ticket in self._tickets or [0]:
            self._answer(CommitFailed(ticket, why))
        self._tickets = []

    def _do_others(self) -> None:
        jobs, self._others = self._others, []
        kept = [job for job in jobs if isinstance(job, Keep | KeepFloor)]
        acked = [job for job in jobs if isinstance(job, Acked | AckedSurvivors)]
        try:
            if kept:
                with self._cold.transaction():
                    for each in kept:
                        self._do(each)
            for job in acked:
                self._do(job)
        except (sqlite3.Error, OSError) as error:
            self._answer(CommitFailed(0, str(error)))

    def _do(self, job: Other) -> None:
        match job:
            case Keep(kind, version, body):
                self._cold.keep(kind, version, body)
            case KeepFloor(floor):
                self._cold.keep_floor(floor)
            case Acked(stream, seq, forget_before, refused):
                self._book.acknowledge(stream, seq, forget_before, refused)
                self._take_heads(self._book.heads())
            case AckedSurvivors(epoch, stream, seq):
                salvage.acknowledge(self._book.folder, epoch, stream, seq)
            case NewEpoch():
                pass
