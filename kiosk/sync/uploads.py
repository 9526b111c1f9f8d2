"""Entries go out as the outbox says: those of the logbook, and those that were salvaged from broken ones."""

from __future__ import annotations

import logging
import random
import select
import sqlite3
import time
from contextlib import closing
from typing import Any, Final

from kiosk.contract.bodies import CONFLICT as CONFLICT_TYPE
from kiosk.contract.bodies import MAX_BATCH, Batch, BatchAnswer
from kiosk.core import lanes
from kiosk.core.entries import Stream
from kiosk.core.lanes import Lanes, LanesCommand, LanesEvent, Rests, UnknownStream
from kiosk.core.outbox import (
    Acknowledged,
    Begin,
    Conflict,
    Failed,
    Gap,
    Grew,
    Mark,
    NotTaken,
    Online,
    OutboxEvent,
    Refusal,
    Send,
    TookTooLong,
    Woke,
)
from kiosk.decoding import UNDECODABLE, too_deep
from kiosk.local import NotReachable, boot_id, boot_time
from kiosk.logbook.reader import DAMAGED, FILE, Reader, Row, survivors
from kiosk.settings import CentralTable
from kiosk.sync.answers import Answer, NoAnswer
from kiosk.sync.client import Client
from kiosk.sync.link import Link
from kiosk.wire import Acknowledge, BeginEpoch, Central, Done, RefusedEntry, Resting, Subscribe
from kiosk.wire.base import MAX_WHY

log = logging.getLogger(__name__)

NAME: Final = "uploads"
SURVIVORS: Final = "survivors"
RETRY: Final = 1.0
IDLE: Final = 1.0
LOOK_FOR_SURVIVORS: Final = 5.0
KEPT_FOR: Final = 3600.0
"""Seconds until survivors whose numbers the server has from somebody else are tried again."""

OK, CONFLICT = 200, 409
NOT_TAKEN: Final = (400, 413, 422)
"""Statuses that say something of the batch itself, and not of the server or of who asks."""

UNKNOWN: Final = (404, 405)
"""Those of a server that has no such stream."""

GATEWAY: Final = (408, 502, 504)
"""Those of a gateway that has waited long enough, if they come late."""

BROKEN: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR}


class Conflicted(Exception):
    """The server has other entries under the numbers of these survivors."""


class Uploads:
    """Sends what a logbook holds. Lives as long as one connection to the station."""

    def __init__(self, link: Link, client: Client, known: Lanes, file: str = FILE) -> None:
        """Raises NotReachable or sqlite3.Error."""
        self._link, self._client, self.lanes = link, client, known
        self._salvaged = file != FILE
        self._name = SURVIVORS if self._salvaged else NAME
        self._reader = Reader(link.settings.kept, file)
        self._versions: dict[str, int] = {}
        self._boot_id = boot_id()
        try:
            self._line, self._news = link.line(), link.line()
        except NotReachable:
            self._reader.close()
            raise

    def run(self) -> None:
        """Work until told to stop, or until the file is not there any more; of survivors, until only what rests is left.

        Raises NotReachable when the station has gone, sqlite3.Error when the file cannot be read, RestartAsked, Conflicted.
        """
        loops = self._link.loops
        self._news.send(Subscribe())
        self._tell_rest()
        self._refresh()
        self._link.can_read(self._name)
        while not loops.stop.is_set() and self._reader.is_current() and not self.over():
            wait = min(IDLE, max(0.0, lanes.due(self.lanes) - boot_time()))
            if self._hears(wait):
                self._refresh()
            self._take(Woke())
            loops.turned(self._name)

    def over(self) -> bool:
        """Whether these are survivors of which the server has all but a stream that it does not know."""
        return self._salvaged and lanes.only_rests(self.lanes, boot_time())

    def close(self) -> None:
        """Hang up."""
        for part in (self._line, self._news, self._reader):
            part.close()

    def _hears(self, wait: float) -> bool:
        """Whether the station told something within `wait` seconds; what it was, the logbook tells better."""
        heard = bool(select.select([self._news], [], [], wait)[0])
        if self._news.hung_up() or self._line.hung_up():
            raise NotReachable("the station hung up")
        return heard

    def _refresh(self) -> None:
        for stream, heads in self._reader.heads().items():
            self._take(Grew(stream, heads.newest, heads.acked))

    def _take(self, event: LanesEvent) -> None:
        """Step and perform; an answer is the next event."""
        events = [event]
        while events and not self._link.loops.stop.is_set():
            self.lanes, commands = lanes.step(self.lanes, events.pop(0), boot_time(), random.random())  # noqa: S311
            for command in commands:
                answer = self._perform(command)
                if answer is not None:
                    events.append(answer)

    def _perform(self, command: LanesCommand) -> LanesEvent | None:
        match command:
            case Send():
                return self._send(command)
            case Mark(stream, acked, refused):
                told = tuple(RefusedEntry(each.seq, each.why[:MAX_WHY]) for each in refused)
                self._line.ask(Acknowledge(self._reader.epoch, stream, acked, told), Done)
            case Begin(stream, seq):
                self._begin(stream, seq)
            case Rests():
                log.warning("the central server does not know services: it is asked again in %g h", lanes.REST / 3600)
                self._tell_rest()
            case Online(online):
                log.warning("the central server is %s", "reached" if online else "not reachable")
                self._line.ask(Central(online), Done)
                if online:
                    self._link.news.set()
        return None

    def _tell_rest(self) -> None:
        """Also a station that has started anew."""
        left = self.lanes.rests_until - boot_time()
        if left > 0:
            self._line.ask(Resting("services", left), Done)

    def _begin(self, stream: Stream, seq: int) -> None:
        """What the server has under our numbers is another station's: the rest of ours goes out under a new epoch."""
        log.error("the central server has other entries under the numbers of %s from %d on", stream, seq)
        if self._salvaged:
            raise Conflicted(f"{stream} from {seq} on")
        self._line.ask(BeginEpoch(self._reader.epoch, stream, seq), Done)

    def _send(self, send: Send) -> LanesEvent:
        """Send a batch; a number without a whole row will never have one, and is told as a tombstone."""
        try:
            batch, damaged = self._batch(send)
        except sqlite3.Error as error:
            if not _says_damaged(error):
                raise
            log.error("%s after %d cannot be read: %s", send.stream, send.after, error)  # noqa: TRY400  the text says all
            return NotTaken(f"it cannot be read: {error}", send.limit)
        sent = len(batch.entries) + len(batch.tombstones)
        path = f"/v1/stations/{self._link.settings.station.code}/streams/{send.stream}/batches"
        try:
            answer = self._client.post(path, batch)
            if send.stream == "services" and answer.status in UNKNOWN:
                return UnknownStream()
            return self._event(answer, sent, damaged, batch.first)
        except NoAnswer as error:
            log.debug("no answer: %s", error)
            return TookTooLong(sent) if error.slow and not error.retry_after else Failed(error.retry_after)

    def _batch(self, send: Send) -> tuple[Batch, tuple[Refusal, ...]]:
        """What goes out, and which of it is set aside since it is damaged. Raises sqlite3.Error."""
        first = send.after + 1
        rows = [] if send.withhold else self._reader.batch(send.stream, send.after, send.limit, MAX_BATCH)
        newest = lanes.newest(self.lanes, send.stream)
        last = first if send.withhold else min(rows[-1].seq if rows else newest, send.after + send.limit)
        entries = {row.seq: _whole(row) for row in rows if row.seq <= last}
        damaged = tuple(Refusal(seq, DAMAGED) for seq, entry in entries.items() if entry is None)
        whole = [entry for entry in entries.values() if entry is not None]
        missing = [seq for seq in range(first, last + 1) if entries.get(seq) is None]
        now = self._boot_id, boot_time(), time.time()
        return Batch(self._reader.epoch, first, *now, whole, missing, newest), damaged

    def _event(self, answer: Answer, sent: int, damaged: tuple[Refusal, ...], first: int) -> OutboxEvent:
        """What an answer means to the outbox. Raises NoAnswer for one that breaks the contract."""
        if answer.status == OK:
            found = answer.read(BatchAnswer)
            self._heard(found)
            rejected = {each.seq: each.why for each in found.rejected if first <= each.seq < first + sent}
            set_aside = {each.seq: each.why for each in damaged} | rejected
            for seq, why in set_aside.items():
                log.error("entry %d is set aside: %s", seq, why)
            return Acknowledged(found.acked, tuple(Refusal(seq, why) for seq, why in set_aside.items()))
        return _complaint(answer, sent)

    def _heard(self, found: BatchAnswer) -> None:
        """Whoever takes our entries also tells the time, and the numbers of its documents."""
        self._client.clock.heard("server", found.server_time, boot_time())
        if self._versions and found.versions != self._versions:
            self._link.news.set()
        self._versions = found.versions


def new_lanes(central: CentralTable) -> Lanes:
    """Lanes that know nothing yet."""
    return lanes.begin(central.back_off_cap, central.telemetry_within)


class Books:
    """Sends the logbook; a turn is one connection to the station."""

    def __init__(self, link: Link, client: Client) -> None:
        self._link, self._client = link, client
        self._lanes = new_lanes(link.central)

    def turn(self) -> None:
        """Work until the station, or the file, is another one. Raises RestartAsked."""
        try:
            self._link.remind()
            with closing(Uploads(self._link, self._client, lanes.renewed(self._lanes))) as uploads:
                self._work(uploads)
        except (NotReachable, sqlite3.Error) as error:
            log.debug("the station is away: %s", error)
            if isinstance(error, sqlite3.Error) and _says_damaged(error):
                self._link.cannot_read(NAME, error)
            self._link.loops.stop.wait(RETRY)

    def _work(self, uploads: Uploads) -> None:
        try:
            uploads.run()
        finally:
            self._lanes = uploads.lanes


class Survivors:
    """Sends what was salvaged from broken logbooks, one file after another; the station deletes what the server has."""

    def __init__(self, link: Link, client: Client) -> None:
        self._link, self._client = link, client
        self._kept: dict[str, float] = {}

    def turn(self) -> None:
        """Look for some, and send them. Raises RestartAsked."""
        if self._link.loops.stop.wait(LOOK_FOR_SURVIVORS):
            return
        for path in survivors(self._link.settings.kept):
            if boot_time() >= self._kept.get(path.name, 0.0):
                self._send(path.name)

    def _send(self, name: str) -> None:
        try:
            with closing(Uploads(self._link, self._client, new_lanes(self._link.central), name)) as uploads:
                uploads.run()
                if uploads.over():
                    self._kept[name] = uploads.lanes.rests_until
        except (NotReachable, sqlite3.Error) as error:
            log.debug("the survivors wait: %s", error)
        except Conflicted as error:
            log.error("%s is kept: %s", name, error)  # noqa: TRY400  the text says all
            self._kept[name] = boot_time() + KEPT_FOR


def _complaint(answer: Answer, sent: int) -> OutboxEvent:
    """What a problem means to the outbox. Raises NoAnswer for one that is none."""
    problem = answer.problem()
    if answer.status == CONFLICT and problem.expected is not None:
        return Conflict(problem.expected) if problem.type == CONFLICT_TYPE else Gap(problem.expected)
    log.warning("the server answers %d: %s %s", answer.status, problem.title, problem.detail)
    if answer.status in NOT_TAKEN:
        return NotTaken(f"HTTP {answer.status}: {problem.title} {problem.detail}", sent)
    if answer.status in GATEWAY and answer.slow and not answer.retry_after:
        return TookTooLong(sent)
    return Failed(answer.retry_after)


def _whole(row: Row) -> dict[str, Any] | None:
    """The row as the server gets it; None when it is not as it was written."""
    try:
        entry = row.wire() if row.intact else None
    except UNDECODABLE:
        return None
    return None if entry is None or too_deep(entry) else entry


def _says_damaged(error: sqlite3.Error) -> bool:
    """Whether that says something of the rows that were to be read, and not of a file that is busy or not there."""
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF in BROKEN if code is not None else isinstance(error, sqlite3.OperationalError)
