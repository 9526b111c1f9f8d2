"""`kiosk station`: take an event, step, perform the commands in order.

One thread runs the loop. The pins' thread and the writer's thread only queue events and wake it. Inputs go first in every
turn, so that a flood of codes cannot delay the exit button.
"""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import threading
import time
from collections import deque
from types import FrameType
from typing import Any, Final, assert_never

import msgspec

from hardware.board import Board
from hardware.pin_bench import PinBench
from hardware.pins import SimulatedFactory, open_pins
from kiosk import __version__, wire
from kiosk.core.clock import Instant
from kiosk.core.entries import Entry, Started, Stream
from kiosk.core.events import (
    Command,
    Edge,
    Enrol,
    Event,
    Faulted,
    Keep,
    KeepFloor,
    Located,
    NoReading,
    Reading,
    Record,
    Restart,
    Scanned,
    SetLock,
    Show,
    Switch,
    Tick,
)
from kiosk.core.state import State
from kiosk.core.step import due, stamp, step, stopped
from kiosk.core.tables import DoorMode, LockState
from kiosk.local import Loop, Peer, boot_id, boot_time, notify
from kiosk.logbook import salvage
from kiosk.logbook.reader import Heads
from kiosk.logbook.writer import Writer
from kiosk.settings import Settings
from kiosk.station.files import open_files, takes_writes
from kiosk.station.fittings import wiring
from kiosk.station.pulsed import Pulsed
from kiosk.station.recorder import Recorder
from kiosk.station.requests import Requests
from kiosk.station.start import initial_state, read_root, recollect, restore_documents
from kiosk.station.view import view

log = logging.getLogger(__name__)

READ_BACK: Final = 1.0
"""Seconds between two readings of all inputs, against missed edges."""

BENCH: Final = "pins.sock"

LOOK_AT_DISK: Final = 30.0
"""Seconds between two attempts to write where nothing could be written at the start."""


class Station:
    """The program's parts, opened bottom-up and closed in reverse."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._boot_id = boot_id()
        self._loop = Loop()
        self._events: deque[Event] = deque()
        self._edges: deque[Event] = deque()
        self.subscribers: set[Peer] = set()
        self._programs: dict[str, set[Peer]] = {"scanner": set(), "sensors": set(), "sync": set()}
        self._scanners = {f"scanner.{name}" for name in settings.scanners}
        self._troubles = {"gps", *(f"relay.{name}" for name in settings.relays)}
        self._running = True
        self._requests = Requests(self)
        self.enroller: Peer | None = None
        self.claim = ""

        self._files = open_files(settings, self._boot_id)
        cold, book = self._files.cold, self._files.book
        now = self.now()
        state = initial_state(settings, read_root(settings.data), cold.floor(), now.boot)
        state = restore_documents(state, cold.documents(), now.boot)
        found = recollect(self._files.remembered(settings), state.doors, self._boot_id, now.boot)
        commanded = max(state.commanded, found.commanded)
        room = msgspec.structs.replace(state.room, off=found.off)
        self.state = msgspec.structs.replace(state, room=room, memory=found.memory, commanded=commanded)
        self.recorder = Recorder(self.state, self._boot_id)
        self.heads: dict[Stream, Heads] = book.heads()
        most = settings.logbook.most_megabytes * 10**6
        self.writer = Writer(book, cold, self.queue, self._take_heads, self._replaced, most)
        self._heads_news = threading.Event()
        self._first: tuple[Entry, ...] = (Started(__version__), *found.interrupted)
        self._replaced(book.replaced or cold.replaced)
        self._disk_is_back = threading.Event()
        if self._files.refused:
            self.queue(Faulted("data_folder", self._files.refused))
            threading.Thread(target=self._await_disk, name="disk", daemon=True).start()

        factory = open_pins(settings.pins)
        self._board = Board(factory, wiring(settings), self._edge)
        self._pulses = Pulsed(settings, self._board)
        for relay in self.state.room.off:
            self._switch(relay, on=False)
        self._bench = self._open_bench(factory)
        self._serve()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._perform((Record(self._first, stamp(self.state, self.now())),))
        self._board.read_back()
        self._take(Tick())
        notify("READY=1")
        log.info("station %s: ready", self.settings.station.code)
        next_read_back = boot_time() + READ_BACK
        while self._running:
            self._loop.wait(self._timeout(next_read_back))
            if boot_time() >= next_read_back:
                next_read_back = boot_time() + READ_BACK
                self._board.read_back()
                self._events += self._pulses.read(boot_time())
                notify("WATCHDOG=1")
                if self._disk_is_back.is_set() and _quiet(self.state):
                    log.warning("%s takes writes again: starting anew", self.settings.data)
                    self._running = False
            self._turn()

    def close(self) -> None:
        """Take the power from the locks, write what waits, let go of everything."""
        self._board.close()
        self._perform((stopped(self.state, self.now()),))
        if self._bench:
            self._bench.close()
        self.writer.close()
        self._loop.close()
        for held in self._files.held:
            os.close(held)

    def _open_bench(self, factory: Any) -> PinBench | None:
        if not isinstance(factory, SimulatedFactory):
            return None
        for table in self.settings.doors.values():
            if table.contact:  # nobody has wired anything yet: let the door be closed
                pin = factory.pin(table.contact.pin)
                pin.drive_low() if table.contact.open_when == "high" else pin.drive_high()
        return PinBench(factory, self.settings.run / BENCH)

    def _replaced(self, why: str) -> None:
        """At the start, and when the logbook's file turns out to be broken later. Safe from any thread."""
        if why:
            self.queue(Faulted("logbook_replaced", why))
        threading.Thread(target=self._salvage, name="salvage", daemon=True).start()

    def _salvage(self) -> None:
        """Go through broken logbooks in the background; the door works meanwhile."""
        for broken in salvage.waiting(self._files.book.folder):
            try:
                found = salvage.salvage(broken)
            except (OSError, sqlite3.Error) as error:
                self.queue(Faulted("logbook_replaced", f"{broken.name} could not be salvaged: {error}"))
            else:
                detail = f"{broken.name}: {found.kept} entries salvaged, {found.lost} lost"
                self.queue(Faulted("logbook_replaced", detail))

    def _await_disk(self) -> None:
        """In a thread, since a disk that is dying makes whoever asks it wait."""
        while not self._disk_is_back.wait(LOOK_AT_DISK):
            if takes_writes(self.settings.data):
                self._disk_is_back.set()

    def _serve(self) -> None:
        run = self.settings.run
        self._loop.serve(run / "scan.sock", self._on_scan)
        self._loop.serve(run / "sense.sock", self._on_sense)
        self._loop.serve(run / "control.sock", self._on_request)
        self._loop.when_gone(self._gone)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._running = False
        self._loop.wake()

    @staticmethod
    def now() -> Instant:
        """This moment, by both clocks."""
        return Instant(boot_time(), time.time())

    def _timeout(self, at: float) -> float:
        if self._events or self._edges:
            return 0.0
        return max(0.0, min(due(self.state, boot_time()), at) - boot_time())

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
        now = self.now()
        state, commands = step(self.state, event, now)
        self.recorder.took(self.state, event, now, commands, state)
        changed = state is not self.state and _shown(state) != _shown(self.state)
        self.state = state
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
                case Switch(relay, on):
                    self._switch(relay, on=on)
                case Show(door, lamp):
                    self._board.signals[door].show(lamp)
                case Record() | Keep() | KeepFloor():
                    self.writer.put(command)
                case Enrol(claim):
                    if self.enroller is None:
                        self.claim = claim
                    else:
                        self.enroller.send(wire.EnrolmentWanted(claim))
                case Restart(program):
                    self._restart(program)
                case _:
                    assert_never(command)
        if self.subscribers:
            for entry in (entry for command in commands if isinstance(command, Record) for entry in command.entries):
                self._publish(wire.Logged(msgspec.to_builtins(entry)))

    def _switch(self, relay: str, *, on: bool) -> None:
        """By our own pin, or by the program that has the relay's bus."""
        if relay in self._board.relays:
            self._board.relays[relay].set(on=on)
        for peer in self._programs["sensors"]:
            peer.send(wire.Switch(relay, on))

    def _restart(self, program: str) -> None:
        """End ourselves, or ask the others to: systemd starts whoever has ended."""
        if program == "station":
            self._running = False
        for peer in self._programs.get(program, ()):
            peer.send(wire.Restart())

    # From other threads: queue and wake.

    def _edge(self, name: str, active: bool, at: float) -> None:
        self._edges.append(Edge(name, active, at))
        self._loop.wake()

    def _take_heads(self, heads: dict[Stream, Heads]) -> None:
        self.heads = heads
        self._heads_news.set()
        self._loop.wake()

    def queue(self, event: Event) -> None:
        """Take the event in this turn or the next; safe from any thread."""
        self._events.append(event)
        self._loop.wake()

    # From the sockets.

    def _on_scan(self, peer: Peer, line: bytes) -> None:
        self.heard("scanner", peer)
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
        if peer not in self._programs["sensors"]:
            for relay in self.settings.relays:
                peer.send(wire.Switch(relay, relay not in self.state.room.off))
        self.heard("sensors", peer)
        match self._decode(peer, line, wire.SenseMessage):
            case wire.Sensed(sensor, value):
                self._events.append(Reading(sensor, value))
            case wire.NotSensed(sensor, reason):
                self._events.append(NoReading(sensor, reason))
            case wire.Located(latitude, longitude, speed):
                self._events.append(Located(latitude, longitude, speed))
            case wire.Trouble(what, detail) if what in self._troubles:
                self._events.append(Faulted(what, detail))
            case _:
                pass

    def _on_request(self, peer: Peer, line: bytes) -> None:
        request = self._decode(peer, line, wire.Request)
        if request is not None and (answer := self._requests.answer(peer, request)):
            peer.send(answer)

    def _decode(self, peer: Peer, line: bytes, kind: Any) -> Any:
        try:
            if len(line) > wire.MAX_LINE:
                raise msgspec.ValidationError(f"a line of more than {wire.MAX_LINE} bytes")
            return msgspec.json.decode(line, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            peer.send(wire.refusal(error))
            return None

    # To the subscribers.

    def view(self) -> wire.View:
        """The station as it is now."""
        programs = {name: bool(peers) for name, peers in self._programs.items()}
        return view(self.state, self.now(), self.writer.epoch, self._boot_id, self.heads, programs)

    def _publish_view(self) -> None:
        if self.subscribers:
            self._publish(self.view())

    def _publish(self, message: wire.Message) -> None:
        for peer in list(self.subscribers):
            peer.send(message)

    def heard(self, program: str, peer: Peer) -> None:
        """A program of this name speaks through this peer."""
        if not self._programs[program]:
            self._events.append(Faulted(program, None))
        self._programs[program].add(peer)

    def _gone(self, peer: Peer) -> None:
        self.subscribers.discard(peer)
        self.enroller = None if peer is self.enroller else self.enroller
        for program, peers in self._programs.items():
            if peers == {peer}:
                self._events.append(Faulted(program, "has gone"))
            peers.discard(peer)


def _quiet(state: State) -> bool:
    """Whether no override ends, and nobody notices, when the program starts anew."""
    return all(door.mode is DoorMode.NORMAL and door.lock is LockState.LOCKED for door in state.doors.values())


def _shown(state: State) -> tuple[object, ...]:
    """What of a state is in the view: when it changes, the view is published."""
    room = state.room
    return state.doors, state.sensors, state.faults, state.trust, room.alarms, room.off, room.phase, room.place


def run(settings: Settings) -> None:
    """Run the program until it is told to stop."""
    station = Station(settings)
    try:
        station.run()
    finally:
        station.close()
