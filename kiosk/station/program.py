"""`kiosk station`: take an event, step, perform the commands in order.

One thread runs the loop. The pins' thread and the writer's thread only queue events and wake it. Inputs go first in every
turn, so that a flood of codes cannot delay the exit button.
"""

from __future__ import annotations

import fcntl
import logging
import secrets
import signal
import threading
import time
from collections import deque
from pathlib import Path
from types import FrameType
from typing import Any, Final, TextIO, assert_never

import msgspec

from hardware.board import Board
from hardware.pin_bench import PinBench
from hardware.pins import SimulatedFactory, open_pins
from kiosk import __version__, wire
from kiosk.core.clock import Instant
from kiosk.core.entries import Entry, Started, Stopped, Stream
from kiosk.core.events import (
    Asked,
    Command,
    CommitFailed,
    Committed,
    DoorRequested,
    Edge,
    Event,
    Faulted,
    Keep,
    KeepFloor,
    Maintained,
    NoReading,
    Offered,
    Reading,
    Record,
    Scanned,
    SetLock,
    Show,
    Tick,
    Verb,
)
from kiosk.core.step import due, judge, stamp, step
from kiosk.core.tables import Claim
from kiosk.local import Loop, Peer, boot_id, boot_time, notify
from kiosk.logbook.cold import ColdState
from kiosk.logbook.store import Heads, Logbook
from kiosk.logbook.writer import Acked, Flush, Writer
from kiosk.settings import Settings
from kiosk.station.start import initial_state, read_root, recollect, restore_documents, wiring
from kiosk.station.view import view

log = logging.getLogger(__name__)

READ_BACK: Final = 1.0
"""Seconds between two readings of all inputs, against missed edges."""

DAY: Final = 86_400.0
BENCH: Final = "pins.sock"


class AlreadyRunning(Exception):
    """Another station program holds this station's folder."""


def hold_folder(folder: Path) -> TextIO:
    """Keep any other station program out of the folder for as long as the file stays open. Raises AlreadyRunning."""
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "station.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise AlreadyRunning(
            f"another station program runs on {folder}; type: systemctl status kiosk-station"
        ) from error
    return file


class Station:
    """The program's parts, opened bottom-up and closed in reverse."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._boot_id = boot_id()
        self._loop = Loop()
        self._events: deque[Event] = deque()
        self._edges: deque[Event] = deque()
        self._subscribers: set[Peer] = set()
        self._programs: dict[str, set[Peer]] = {"scanner": set(), "sensors": set(), "sync": set()}
        self._scanners = {f"scanner.{name}" for name in settings.scanners}
        self._running = True

        self._held = hold_folder(settings.data)
        cold = ColdState(settings.data)
        book = Logbook(settings.data, self._boot_id)
        now = self._now()
        state = initial_state(settings, read_root(settings.data), cold.floor(), now.boot)
        state = restore_documents(state, cold.documents(), now.boot)
        memory, interrupted = recollect(book, state.doors, self._boot_id, now.boot)
        self._state = msgspec.structs.replace(state, memory=memory)
        self._heads: dict[Stream, Heads] = book.heads()
        self._epoch = book.epoch
        self._writer = Writer(book, cold, self._queue, self._take_heads)
        self._heads_news = threading.Event()
        self._first: tuple[Entry, ...] = (Started(__version__), *interrupted)
        if replaced := book.replaced or cold.replaced:
            self._events.append(Faulted("logbook_replaced", replaced))

        settings.run.mkdir(parents=True, exist_ok=True)
        factory = open_pins(settings.pins)
        self._board = Board(factory, *wiring(settings), self._edge)
        self._bench = self._open_bench(factory)
        self._serve()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._perform((Record(self._first, stamp(self._state, self._now())),))
        self._board.read_back()
        self._take(Tick())
        notify("READY=1")
        log.info("station %s: ready", self._settings.station.code)
        next_read_back = boot_time() + READ_BACK
        while self._running:
            self._loop.wait(self._timeout(next_read_back))
            if boot_time() >= next_read_back:
                next_read_back = boot_time() + READ_BACK
                self._board.read_back()
                notify("WATCHDOG=1")
            self._turn()

    def close(self) -> None:
        """Take the power from the locks, write what waits, let go of everything."""
        self._board.close()
        self._perform((Record((Stopped(),), stamp(self._state, self._now())),))
        if self._bench:
            self._bench.close()
        self._writer.close()
        self._loop.close()
        self._held.close()

    def _open_bench(self, factory: Any) -> PinBench | None:
        if not isinstance(factory, SimulatedFactory):
            return None
        for table in self._settings.doors.values():
            if table.contact:  # nobody has wired anything yet: let the door be closed
                pin = factory.pin(table.contact.pin)
                pin.drive_low() if table.contact.open_when == "high" else pin.drive_high()
        return PinBench(factory, self._settings.run / BENCH)

    def _serve(self) -> None:
        run = self._settings.run
        self._loop.serve(run / "scan.sock", self._on_scan)
        self._loop.serve(run / "sense.sock", self._on_sense)
        self._loop.serve(run / "control.sock", self._on_request)
        self._loop.when_gone(self._gone)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._running = False
        self._loop.wake()

    @staticmethod
    def _now() -> Instant:
        return Instant(boot_time(), time.time())

    def _timeout(self, at: float) -> float:
        if self._events or self._edges:
            return 0.0
        return max(0.0, min(due(self._state, boot_time()), at) - boot_time())

    def _turn(self) -> None:
        """All edges, then the events that had come by now, with the edges again in between."""
        self._take(Tick())
        for _ in range(len(self._events)):
            while self._edges:
                self._take(self._edges.popleft())
            self._take(self._events.popleft())
        while self._edges:
            self._take(self._edges.popleft())
        if self._heads_news.is_set():
            self._heads_news.clear()
            self._publish_view()

    def _take(self, event: Event) -> None:
        state, commands = step(self._state, event, self._now())
        changed = state is not self._state and (state.doors, state.sensors, state.faults, state.trust) != (
            self._state.doors,
            self._state.sensors,
            self._state.faults,
            self._state.trust,
        )
        self._state = state
        self._perform(commands)
        if changed:
            self._publish_view()

    def _perform(self, commands: tuple[Command, ...]) -> None:
        """In order, the lock ahead of whoever is told about it."""
        for command in commands:
            match command:
                case SetLock(door, unlocked, seen):
                    self._board.locks[door].set(unlocked=unlocked)
                    if seen is not None:
                        self._publish(wire.Actuated(door, seen, boot_time()))
                case Show(door, lamp):
                    self._board.signals[door].show(lamp)
                case Record() | Keep() | KeepFloor():
                    self._writer.put(command)
                case _:
                    assert_never(command)
        if self._subscribers:
            for entry in (entry for command in commands if isinstance(command, Record) for entry in command.entries):
                self._publish(wire.Logged(msgspec.to_builtins(entry)))

    # From other threads: queue and wake.

    def _edge(self, name: str, active: bool, at: float) -> None:
        self._edges.append(Edge(name, active, at))
        self._loop.wake()

    def _queue(self, event: Committed | CommitFailed) -> None:
        self._events.append(event)
        self._loop.wake()

    def _take_heads(self, heads: dict[Stream, Heads]) -> None:
        self._heads = heads
        self._heads_news.set()
        self._loop.wake()

    # From the sockets.

    def _on_scan(self, peer: Peer, line: bytes) -> None:
        self._heard("scanner", peer)
        match self._decode(peer, line, wire.ScanMessage):
            case wire.Scan(door, text, seen):
                self._events.append(Scanned(door, text, min(seen, boot_time())))
            case wire.Trouble(what, detail) if what in self._scanners:
                self._events.append(Faulted(what, detail))
            case wire.Trouble(what):
                peer.send(wire.Refused(f"no such scanner: {what}"))
            case _:
                pass

    def _on_sense(self, peer: Peer, line: bytes) -> None:
        self._heard("sensors", peer)
        match self._decode(peer, line, wire.SenseMessage):
            case wire.Sensed(sensor, value):
                self._events.append(Reading(sensor, value))
            case wire.NotSensed(sensor, reason):
                self._events.append(NoReading(sensor, reason))
            case _:
                pass

    def _on_request(self, peer: Peer, line: bytes) -> None:
        request = self._decode(peer, line, wire.Request)
        match request:
            case wire.GetView():
                peer.send(self._view())
            case wire.Subscribe():
                self._subscribers.add(peer)
                peer.send(self._view())
            case wire.Explain(text, door):
                peer.send(self._explain(text, door))
            case wire.Operate():
                peer.send(self._operate(peer, request))
            case wire.Maintain(seconds):
                peer.send(self._maintain(peer, seconds))
            case wire.Acknowledge(epoch, stream, seq):
                self._heard("sync", peer)
                self._acknowledge(epoch, stream, seq)
                peer.send(wire.Done())
            case wire.Offer(document):
                self._events.append(Offered(document))
                peer.send(wire.Done())
            case wire.GetNonce():
                nonce = secrets.token_hex(16)
                self._events.append(Asked(nonce))
                peer.send(wire.Nonce(nonce))
            case wire.Central(reached):
                self._events.append(Faulted("central", None if reached else "not reachable"))
                peer.send(wire.Done())
            case wire.Flush():
                self._writer.put(Flush())
                peer.send(wire.Done())
            case None:
                pass

    def _decode(self, peer: Peer, line: bytes, kind: Any) -> Any:
        try:
            if len(line) > wire.MAX_LINE:
                raise msgspec.ValidationError(f"a line of more than {wire.MAX_LINE} bytes")
            return msgspec.json.decode(line, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            peer.send(wire.refusal(error))
            return None

    def _operate(self, peer: Peer, wanted: wire.Operate) -> wire.Done | wire.Refused:
        """Only a technician moves a door by hand: a program that may ask for the view, such as sync, does not."""
        if wanted.door not in self._state.doors:
            return wire.Refused(f"no such door: {wanted.door}")
        if refused := self._no_technician(peer):
            return refused
        verb = Verb(wanted.verb)
        if verb in {Verb.OPEN, Verb.HOLD} and Claim.LOCKDOWN in self._state.doors[wanted.door].claims:
            return wire.Refused(f"{wanted.door} is locked down; first: kiosk door release {wanted.door}")
        self._events.append(DoorRequested(wanted.door, verb, peer.user, wanted.seconds))
        return wire.Done()

    def _maintain(self, peer: Peer, seconds: float) -> wire.Done | wire.Refused:
        if refused := self._no_technician(peer):
            return refused
        self._events.append(Maintained(peer.user, seconds))
        return wire.Done()

    def _no_technician(self, peer: Peer) -> wire.Refused | None:
        group = self._settings.station.operators
        return None if peer.is_one_of(group) else wire.Refused(f"{peer.user} is not in the group {group}")

    def _explain(self, text: str, door: str) -> wire.Explained | wire.Refused:
        door = door or next(iter(self._state.doors))
        if door not in self._state.doors:
            return wire.Refused(f"no such door: {door}")
        verdict = judge(self._state, text, door, self._now())
        claims = msgspec.to_builtins(verdict.claims) if verdict.claims else {}
        return wire.Explained(str(verdict.reason or ""), claims)

    def _acknowledge(self, epoch: str, stream: Stream, seq: int) -> None:
        if epoch != self._epoch or seq > self._heads[stream].newest:
            return
        days = self._settings.logbook
        keep = days.keep_access_days if stream == "access" else days.keep_telemetry_days
        self._writer.put(Acked(stream, seq, self._state.clock.wall(self._now()) - keep * DAY))

    # To the subscribers.

    def _view(self) -> wire.View:
        programs = {name: bool(peers) for name, peers in self._programs.items()}
        return view(self._state, self._now(), self._epoch, self._boot_id, self._heads, programs)

    def _publish_view(self) -> None:
        if self._subscribers:
            self._publish(self._view())

    def _publish(self, message: wire.Message) -> None:
        for peer in list(self._subscribers):
            peer.send(message)

    def _heard(self, program: str, peer: Peer) -> None:
        if not self._programs[program]:
            self._events.append(Faulted(program, None))
        self._programs[program].add(peer)

    def _gone(self, peer: Peer) -> None:
        self._subscribers.discard(peer)
        for program, peers in self._programs.items():
            if peers == {peer}:
                self._events.append(Faulted(program, "has gone"))
            peers.discard(peer)


def run(settings: Settings) -> None:
    """Run the program until it is told to stop."""
    station = Station(settings)
    try:
        station.run()
    finally:
        station.close()
