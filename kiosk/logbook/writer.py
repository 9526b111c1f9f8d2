"""The writer thread: the only one that waits for the disk.

Access and services commit at once, all that wait together; telemetry in groups of TELEMETRY_GROUP or after TELEMETRY_WITHIN
seconds. When the disk fails, the ticket's answer says so at once, the entries stay in memory, bounded, and are tried again; so
do documents, the clock's floor and the server's marks, the newest of each. A file that turns out to be broken is moved aside,
and the entries go into a new one. An entry that no file can take is counted as lost, and keeps no other waiting.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from time import monotonic
from typing import Final, TypeVar

from kiosk.core.desk.handing import Forget, KeepMarks
from kiosk.core.entries import Stream
from kiosk.core.events import (
    Command,
    CommitFailed,
    Committed,
    Faulted,
    Keep,
    KeepFloor,
    KeepService,
    Record,
    ServicesLost,
)
from kiosk.logbook import salvage
from kiosk.logbook.cold import KEPT_FILES, ColdState
from kiosk.logbook.jobs import (
    MARKS,
    OF_MARKS,
    Acked,
    AckedSurvivors,
    Answer,
    Flush,
    Job,
    NewEpoch,
    Other,
    behind,
    key_of,
    newer,
)
from kiosk.logbook.reader import DAMAGED, LOGBOOK_DAMAGED, Heads, damage
from kiosk.logbook.schema import Broken, says_broken
from kiosk.logbook.services import SERVICES, ServicesFile
from kiosk.logbook.store import Logbook
from kiosk.logbook.waiting import Queue, Stamped, Waiting
from kiosk.loops import Loops, attempt

log = logging.getLogger(__name__)

RETRY: Final = 1.0
TRIM_EVERY: Final = 500

SLOW: Final = 5.0
"""Seconds after which a disk that has not answered is a fault; a good card takes hundredths."""

EPOCH_EVERY: Final = 3600.0
"""Seconds between two new epochs at the least: each writes all that waits anew."""

CLONED: Final = "cloned"
"""The fault of a card that was copied: two stations write under one epoch."""

UNWRITABLE: Final = (ValueError, TypeError, OverflowError, sqlite3.IntegrityError, sqlite3.ProgrammingError)
"""What an entry raises that no file can take, such as a time that is no number; the disk raises other errors."""

REFUSES: Final = (sqlite3.Error, Broken, OSError)
"""What is raised where the disk does not do its part, or a file that is broken cannot be made anew."""

T = TypeVar("T")


class Writer:
    """Takes jobs from the station's thread and answers through `answer`, which must be safe to call from here."""

    def __init__(
        self,
        book: Logbook,
        cold: ColdState,
        services: ServicesFile,
        answer: Callable[[Answer], None],
        on_heads: Callable[[], None],
        on_replaced: Callable[[str], None],
        loops: Loops,
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
        self._services = services
        self._answer = answer
        self._on_heads = on_heads
        self._jobs = Queue()
        self._news = threading.Event()
        self._turning = threading.Lock()
        self._closed = False
        self._busy_since: float | None = None
        self._waiting = Waiting()
        self._tickets: list[int] = []
        self._retry_at: float | None = None
        self._told = False
        self._others: dict[tuple[str, ...], Other] = {}
        self._others_at = 0.0
        self._epoch_at = 0.0
        loops.start("writer", self._turn, float("inf"))

    @property
    def epoch(self) -> str:
        """Of the file that is written now."""
        return self._book.epoch

    @property
    def writes(self) -> bool:
        """Whether the logbook took what it was given last, and nobody waits for the disk; safe from any thread."""
        return self._retry_at is None and not self._hangs

    @property
    def _hangs(self) -> bool:
        since = self._busy_since
        return since is not None and monotonic() - since > SLOW

    def put(self, job: Job | Command) -> None:
        """Queue a job; never waits. Where a disk that hangs has let the queue fill, its entries are counted as lost."""
        if not isinstance(job, Job):
            return
        if self._jobs.put(job):
            self._news.set()
        elif isinstance(job, Record) and job.ticket:
            self._answer(CommitFailed(job.ticket, "the disk does not answer"))

    def look(self) -> None:
        """Tell of a disk that has kept a commit waiting for SLOW seconds; safe from any thread."""
        if self._hangs and not self._told:
            self._tell(f"the disk has not answered for {SLOW:g} s")

    def close(self, timeout: float = 5.0) -> None:
        """Write what waits, and close both files, within `timeout` seconds; a disk that hangs is left alone."""
        if not self._turning.acquire(timeout=timeout):
            return
        try:
            self._closed = True
            attempt("the writer's last turn", self._finish)
            self._book.close()
            self._cold.close()
            self._services.close()
        finally:
            self._turning.release()
            self._news.set()

    def _turn(self) -> None:
        self._news.wait(self._wait())
        self._news.clear()
        with self._turning:
            if self._closed:
                return
            self._busy_since = monotonic()
            try:
                self._work()
            finally:
                self._busy_since = None

    def _work(self) -> None:
        self._gather()
        now = monotonic()
        if self._waiting.due_at() is not None and (self._due_at() <= now or self._tickets):
            self._commit()
        if self._others and now >= self._others_at:
            self._do_others()

    def _finish(self) -> None:
        self._gather()
        self._waiting.hurry()
        self._retry_at = None
        while self._waiting and self._due_at() <= monotonic():  # again where some of it cannot be written
            self._commit(everything=True)
        self._do_others()

    def _gather(self) -> None:
        for job in self._jobs.take():
            self._sort(job)
        self._waiting.count_lost(self._jobs.lost())

    def _wait(self) -> float | None:
        """Seconds until there is something to do without a job; while the disk fails that is the next attempt alone."""
        if self._closed:
            return None
        due = [self._due_at()] if self._waiting else []
        due += [self._others_at] if self._others else []
        return max(0.0, min(due) - monotonic()) if due else None

    def _due_at(self) -> float:
        """When (monotonic seconds) the entries that wait are to be written."""
        due = self._waiting.due_at() or 0.0
        return due if self._retry_at is None else max(due, self._retry_at)

    def _sort(self, job: Job) -> None:
        match job:
            case Flush():
                self._waiting.hurry()
            case Record(entries, stamp, ticket):
                for entry in entries:
                    self._waiting.take(stamp, entry)
                self._tickets += [ticket] if ticket else []
                if isinstance(marks := self._others.get(MARKS), KeepMarks):
                    self._others[MARKS] = behind(marks, entries)
            case _:
                key = key_of(job)
                self._others[key] = newer(self._others.pop(key, None), job)

    def _commit(self, *, everything: bool = False) -> None:
        entries = self._waiting.due(everything=everything)
        try:
            self._mended(partial(self._book.append, entries))
        except UNWRITABLE as error:
            self._give_up(entries, error)
            return
        except REFUSES as error:
            self._failed(str(error))
            return
        self._waiting.written(entries)
        recovered, self._retry_at, self._told = self._retry_at is not None or self._told, None, False
        for ticket in [*self._tickets, *([0] if recovered else [])]:
            self._answer(Committed(ticket))
        self._tickets = []
        self._trim(entries)
        try:
            self._take_heads()
        except REFUSES as error:  # what is committed stays so: written again it would be there twice
            self._tell(str(error))

    def _take_heads(self) -> None:
        self.heads = self._mended(self._book.heads)
        self._on_heads()

    def _mended(self, work: Callable[[], T]) -> T:
        """Do it; where the logbook turns out to be broken, do it with another one."""
        try:
            return work()
        except sqlite3.DatabaseError as error:
            if not says_broken(error):
                raise
            self._replace(str(error))
            return work()

    def _replace(self, why: str) -> None:
        """The logbook is broken: begin another."""
        self._book.replace(why)
        self._drop_marks()
        self._on_replaced(why)

    def _give_up(self, entries: list[Stamped], error: Exception) -> None:
        """An entry among them can never be written; the others are tried again, at once."""
        bad = [each for each in entries if not self._book.can_hold(*each)]
        self._waiting.give_up(bad)
        self._failed(f"{len(bad)} entries cannot be written: {error}")
        if bad:
            self._retry_at = monotonic()
        else:
            attempt("opening the logbook anew", self._book.reopen)

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
            self._tell(str(error))

    def _failed(self, why: str) -> None:
        self._retry_at = monotonic() + RETRY
        for ticket in [*self._tickets, 0]:
            self._answer(CommitFailed(ticket, why))
        self._tickets = []

    def _tell(self, why: str) -> None:
        """The disk does not do its part; that it does again is told with the next that it takes."""
        self._told = True
        self._answer(CommitFailed(0, why))

    def _do_others(self) -> None:
        """What cannot be done now is tried again: no document that a full disk did not take is lost at the next start."""
        kept = {key: job for key, job in self._others.items() if isinstance(job, Keep | KeepFloor)}
        services = {key: job for key, job in self._others.items() if isinstance(job, KeepService)}
        waits = self._waiting.has("services")
        later = {key for key, job in self._others.items() if waits and isinstance(job, OF_MARKS)}
        try:
            if kept:
                self._keep(kept)
            for key, job in list(self._others.items()):
                if key not in services and key not in later:
                    self._do(job)
                    self._done((key,))
            if services:
                self._keep_services(services)
        except REFUSES as error:
            self._others_at = monotonic() + RETRY
            self._tell(str(error))
            return
        self._others_at = self._due_at() if later else 0.0
        if self._told and not self._waiting:
            self._told = False
            self._answer(Committed(0))

    def _keep(self, jobs: Mapping[tuple[str, ...], Other]) -> None:
        """All of them together; a file that turns out to be broken is made anew from the other one, and they are kept there."""
        try:
            with self._cold.transaction():
                for each in jobs.values():
                    self._do(each)
        except sqlite3.DatabaseError as error:
            if self._cold.mend(error):
                self._answer(Faulted(KEPT_FILES, "; ".join(self._cold.faults)))
            raise
        self._done(jobs)

    def _keep_services(self, jobs: Mapping[tuple[str, ...], KeepService]) -> None:
        """All of them together; of a file that turns out to be broken nothing is left, and everything is asked for anew."""
        try:
            self._services.keep(jobs.values())
        except sqlite3.DatabaseError as error:
            if not self._services.mend(error):
                raise
            self._answer(ServicesLost())
            self._answer(Faulted(SERVICES, self._services.replaced))
        self._done(jobs)

    def _done(self, keys: Iterable[tuple[str, ...]]) -> None:
        for key in list(keys):
            self._others.pop(key, None)

    def _do(self, job: Other) -> None:
        match job:
            case Keep(kind, version, body):
                self._cold.keep(kind, version, body)
            case KeepFloor(floor, lowered):
                self._cold.keep_floor(floor, lowered=lowered)
            case Acked(stream, refused=refused):
                self._acknowledge(job)
                if told := damage(stream, [seq for seq, why in refused.items() if why == DAMAGED]):
                    self._answer(Faulted(LOGBOOK_DAMAGED, told))
            case AckedSurvivors(epoch, stream, seq):
                salvage.acknowledge(self._book.folder, epoch, stream, seq)
            case KeepMarks(marks, stock):
                self._book.keep_marks(marks, stock)
            case Forget(campaign, period):
                self._book.forget(campaign, period)
            case NewEpoch(epoch) if epoch == self.epoch and monotonic() >= self._epoch_at:
                self._begin_epoch(job)
            case NewEpoch():
                pass  # not ours any longer; or again, and whoever asks for it may lie and wear the card out

    def _begin_epoch(self, job: NewEpoch) -> None:
        self._epoch_at = monotonic() + EPOCH_EVERY
        try:
            self._book.begin_epoch(job.stream, job.seq)
        except REFUSES as error:
            self._tell(f"no new epoch could be begun: {error}")
            return
        self._drop_marks()
        self._take_heads()
        detail = f"the server has other entries under {job.epoch}, from {job.seq} of {job.stream} on: a copied card?"
        self._answer(Faulted(CLONED, detail))

    def _drop_marks(self) -> None:
        """What the server has of one file says nothing of another one's numbers."""
        self._others = {key: job for key, job in self._others.items() if not isinstance(job, Acked | NewEpoch)}

    def _acknowledge(self, job: Acked) -> None:
        if job.seq > self._book.heads()[job.stream].newest:
            return  # it was meant for a file that has been replaced
        try:
            self._book.acknowledge(job.stream, job.seq, job.forget_before, job.refused)
        except sqlite3.DatabaseError as error:
            if not says_broken(error):
                raise
            self._replace(str(error))
        self._take_heads()
