"""Two loops, each blocking in a thread of its own: entries go out as the outbox says, documents come in by long poll."""

from __future__ import annotations

import logging
import random
import select
import signal
import sqlite3
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Final

from kiosk.contract.bodies import MAX_BATCH, MAX_ENTRIES, Batch, BatchAnswer, Documents
from kiosk.core import outbox
from kiosk.core.outbox import (
    Acknowledged,
    Failed,
    Gap,
    Grew,
    Mark,
    NotTaken,
    Online,
    Outbox,
    OutboxCommand,
    OutboxEvent,
    Refusal,
    Send,
    Waiting,
    Woke,
)
from kiosk.local import Line, NotReachable, boot_id, boot_time, notify
from kiosk.logbook.reader import FILE, Reader, survivors
from kiosk.settings import CentralTable, Settings
from kiosk.sync.client import Answer, Client, NoAnswer
from kiosk.sync.enrolment import await_key
from kiosk.wire import (
    MAX_WHY,
    Acknowledge,
    Central,
    Done,
    GetNonce,
    GetView,
    Nonce,
    Offer,
    RefusedEntry,
    Subscribe,
    View,
)

log = logging.getLogger(__name__)

LONG_POLL: Final = 25.0
TIME_EVERY: Final = 1800.0
RETRY: Final = 1.0
IDLE: Final = 1.0
LOOK_FOR_SURVIVORS: Final = 5.0

OK, CONFLICT = 200, 409
NOT_TAKEN: Final = (400, 413, 422)
"""Statuses that say something of the batch itself, and not of the server or of who asks."""


class Uploads:
    """Sends what a logbook holds. Lives as long as one connection to the station."""

    def __init__(
        self, settings: Settings, central: CentralTable, client: Client, back_online: threading.Event, file: str = FILE
    ) -> None:
        self._code = settings.station.code
        self._client = client
        self._back_online = back_online
        self._line = Line(settings.run / "control.sock")
        self._news = Line(settings.run / "control.sock")
        self._reader = Reader(settings.kept, file)
        self._boot_id = boot_id()
        self._box = Outbox(
            {"access": Waiting(), "telemetry": Waiting()},
            cap=central.back_off_cap,
            telemetry_within=central.telemetry_within,
        )

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop, or until the file is not there any more. Raises NotReachable when the station has gone."""
        self._news.send(Subscribe())
        self._refresh()
        while not stop.is_set() and self._reader.is_current():
            wait = min(IDLE, max(0.0, outbox.due(self._box) - boot_time()))
            if self._hears(wait):
                self._refresh()
            self._take(Woke())
            notify("WATCHDOG=1")

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

    def _take(self, event: OutboxEvent) -> None:
        """Step and perform; an answer is the next event."""
        events = [event]
        while events:
            self._box, commands = outbox.step(self._box, events.pop(0), boot_time(), random.random())  # noqa: S311
            for command in commands:
                answer = self._perform(command)
                if answer is not None:
                    events.append(answer)

    def _perform(self, command: OutboxCommand) -> OutboxEvent | None:
        match command:
            case Send():
                return self._send(command)
            case Mark(stream, acked, refused):
                told = tuple(RefusedEntry(each.seq, each.why[:MAX_WHY]) for each in refused)
                self._line.ask(Acknowledge(self._reader.epoch, stream, acked, told), Done)
            case Online(online):
                log.warning("the central server is %s", "reached" if online else "not reachable")
                self._line.ask(Central(online), Done)
                if online:
                    self._back_online.set()
        return None

    def _send(self, send: Send) -> OutboxEvent:
        """Send a batch; a number without a whole row will never have one, and is told as a tombstone."""
        rows = self._reader.batch(send.stream, send.after, send.limit, MAX_BATCH)
        newest = self._box.streams[send.stream].newest
        last = send.after + 1 if send.withhold else min(rows[-1].seq if rows else newest, send.after + MAX_ENTRIES)
        rows = [row for row in rows if row.seq <= last]
        damaged = tuple(Refusal(row.seq, "it is not as it was written") for row in rows if not row.intact)
        entries = [row.wire() for row in rows if row.intact and not send.withhold]
        missing = sorted(set(range(send.after + 1, last + 1)) - {entry["seq"] for entry in entries})
        batch = Batch(self._reader.epoch, send.after + 1, self._boot_id, boot_time(), time.time(), entries, missing)
        try:
            return _event(self._client.post(f"/v1/stations/{self._code}/streams/{send.stream}/batches", batch), damaged)
        except NoAnswer as error:
            log.debug("no answer: %s", error)
            return Failed(error.retry_after)


def _event(answer: Answer, damaged: tuple[Refusal, ...]) -> OutboxEvent:
    """What an answer means to the outbox. Raises NoAnswer for one that breaks the contract."""
    if answer.status == OK:
        found = answer.read(BatchAnswer)
        refused = tuple(Refusal(each.seq, each.why) for each in found.rejected[:MAX_ENTRIES])
        for each in (*damaged, *refused):
            log.error("entry %d is set aside: %s", each.seq, each.why)
        return Acknowledged(found.acked, (*damaged, *refused))
    problem = answer.problem()
    if answer.status == CONFLICT and problem.expected is not None:
        return Gap(problem.expected)
    log.warning("the server answers %d: %s %s", answer.status, problem.title, problem.detail)
    if answer.status in NOT_TAKEN:
        return NotTaken(f"HTTP {answer.status}: {problem.title} {problem.detail}")
    return Failed(answer.retry_after)


class Survivors(threading.Thread):
    """Sends what was salvaged from broken logbooks, one file after another; the station deletes what the server has."""

    def __init__(self, settings: Settings, central: CentralTable, client: Client, stop: threading.Event) -> None:
        super().__init__(name="survivors", daemon=True)
        self._settings, self._central, self._client, self._stop_asked = settings, central, client, stop

    def run(self) -> None:
        """Work until told to stop."""
        while not self._stop_asked.wait(LOOK_FOR_SURVIVORS):
            for path in survivors(self._settings.kept):
                try:
                    uploads = Uploads(self._settings, self._central, self._client, threading.Event(), path.name)
                except (NotReachable, sqlite3.Error) as error:
                    log.debug("the survivors wait: %s", error)
                    continue
                with suppress(NotReachable, sqlite3.Error):
                    uploads.run(self._stop_asked)
                uploads.close()


class Downloads(threading.Thread):
    """Fetches documents and hands them to the station, which alone decides about them."""

    def __init__(
        self,
        settings: Settings,
        central: CentralTable,
        client: Client,
        back_online: threading.Event,
        stop: threading.Event,
    ) -> None:
        super().__init__(name="documents", daemon=True)
        self._settings = settings
        self._client = client
        self._cap = central.back_off_cap
        self._back_online = back_online
        self._stop_asked = stop
        self._timed_at = -TIME_EVERY
        self._failures = 0

    def run(self) -> None:
        """Work until told to stop."""
        while not self._stop_asked.is_set():
            try:
                line = Line(self._settings.run / "control.sock")
            except NotReachable:
                self._stop_asked.wait(RETRY)
                continue
            try:
                self._round(line)
                self._failures = 0
            except (NoAnswer, NotReachable) as error:
                log.debug("no documents: %s", error)
                self._wait(error.retry_after if isinstance(error, NoAnswer) else 0.0)
            finally:
                line.close()

    def _round(self, line: Line) -> None:
        """One question: with a nonce and answered at once when the time is due, else held back until there is news."""
        query = {kind: str(version) for kind, version in line.ask(GetView(), View).documents.items()}
        timing = boot_time() - self._timed_at >= TIME_EVERY
        if timing:
            query["nonce"] = line.ask(GetNonce(), Nonce).nonce
        wait = 0.0 if timing else LONG_POLL
        answer = self._client.get(
            f"/v1/stations/{self._settings.station.code}/documents", {**query, "wait": f"{wait:g}"}, wait
        )
        if answer.status != OK:
            raise NoAnswer(f"HTTP {answer.status}: {answer.problem().detail}", answer.retry_after)
        for document in answer.read(Documents).documents:
            line.ask(Offer(document), Done)
        if timing:
            self._timed_at = boot_time()

    def _wait(self, retry_after: float) -> None:
        """Back off as the outbox does, but start again at once when the uploads have reached the server."""
        wait = outbox.back_off(self._failures, self._cap, random.random(), retry_after)  # noqa: S311
        self._failures += 1
        self._back_online.clear()
        self._back_online.wait(wait)


def run(settings: Settings) -> None:
    """Run the program until it is told to stop. Raises OSError or ValueError when the station's key cannot be read."""
    central = settings.central
    if central is None:
        raise ValueError("the settings have no [central]")
    stop, back_online = threading.Event(), threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        back_online.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    notify("READY=1")
    key = await_key(settings, central, stop)
    if key is None:
        return
    clients = [Client(central.url, settings.station.code, key, central.ca_file, central.timeout) for _ in range(3)]
    Survivors(settings, central, clients[2], stop).start()
    Downloads(settings, central, clients[0], back_online, stop).start()
    while not stop.is_set():
        uploads = None
        try:
            uploads = Uploads(settings, central, clients[1], back_online)
            uploads.run(stop)
        except (NotReachable, sqlite3.Error) as error:
            log.debug("the station is away: %s", error)
            notify("WATCHDOG=1")
            stop.wait(RETRY)
        finally:
            if uploads:
                uploads.close()
