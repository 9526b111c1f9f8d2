"""`kiosk station`: take an event, step, perform the commands in order.

One thread runs the loop. The pins' thread and the writer's thread only queue events and wake it.
"""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import threading
from types import FrameType
from typing import Any, Final, assert_never

import msgspec

from hardware.board import Board
from hardware.pin_bench import PinBench
from hardware.pins import SimulatedFactory, open_pins
from kiosk import __version__, wire
from kiosk.core.door.tables import DoorMode, LockState
from kiosk.core.entries import Entry, Started
from kiosk.core.events import (
    Command,
    Edge,
    Enrol,
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
from kiosk.core.step import stamp, stopped
from kiosk.local import Loop, Peer, boot_id, boot_time, notify
from kiosk.logbook import salvage
from kiosk.logbook.writer import Writer
from kiosk.loops import Loops
from kiosk.settings import Settings
from kiosk.station.files import open_files, takes_writes
from kiosk.station.fittings import wiring
from kiosk.station.peers import Peers
from kiosk.station.pulsed import Pulsed
from kiosk.station.requests import Requests
from kiosk.station.rules import Rules
from kiosk.station.start import restored
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
        self._settings = settings
        self._boot_id = boot_id()
        self._loop = Loop()
        self._scanners = {"scanner.loop", *(f"scanner.{name}" for name in settings.scanners)}
        self._troubles = {"sensors.loop", "gps", *(f"relay.{name}" for name in settings.relays)}
        self._running = True

        self._files = open_files(settings, self._boot_id)
        cold, book = self._files.cold, self._files.book
        state, interrupted = restored(settings, self._files, self._boot_id)
        self._rules = Rules(state, self._boot_id, self._loop.wake)
        most = settings.logbook.most_megabytes * 10**6
        self._heads_news = threading.Event()
        self._loops = Loops(self._loop_failed, self._loop.wake)
        self._writer = Writer(book, cold, self._rules.queue, self._take_heads, self._replaced, self._loops, most)
        self._peers = Peers()
        self._requests = Requests(settings, self._rules, self._writer, self._peers, self.view)
        self._first: tuple[Entry, ...] = (Started(__version__), *interrupted)
        self._replaced(book.replaced or cold.replaced)
        self._disk_is_back = threading.Event()
        if self._files.refused:
            self._rules.queue(Faulted("data_folder", self._files.refused))
            self._loops.start("disk", self._await_disk, float("inf"))

        factory = open_pins(settings.pins)
        self._board = Board(factory, wiring(settings), self._edge)
        self._pulses = Pulsed(settings, self._board)
        for relay in state.room.off:
            self._switch(relay, on=False)
        self._bench = self._open_bench(factory)
        self._serve()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._perform((Record(self._first, stamp(self._rules.state, self._rules.now())),), changed=False)
        self._board.read_back()
        self._rules.take(Tick(), self._perform)
        notify("READY=1")
        log.info("station %s: ready", self._settings.station.code)
        next_read_back = boot_time() + READ_BACK
        while self._running and not self._loops.stop.is_set():
            self._loop.wait(max(0.0, min(self._rules.due(), next_read_back) - boot_time()))
            if boot_time() >= next_read_back:
                next_read_back = boot_time() + READ_BACK
                self._look_around()
            self._rules.turn(self._perform)
            if self._heads_news.is_set():
                self._heads_news.clear()
                self._publish_view()
        self._loops.check()

    def _look_around(self) -> None:
        """Once in READ_BACK seconds: every input, every meter, and whether a disk that took no write is back."""
        self._board.read_back()
        for reading in self._pulses.read(boot_time()):
            self._rules.queue(reading)
        self._writer.look()
        self._loops.feed()
        if self._disk_is_back.is_set() and _quiet(self._rules.state):
            log.warning("%s takes writes again: starting anew", self._settings.data)
            self._running = False

    def close(self) -> None:
        """Take the power from the locks, write what waits, let go of everything."""
        self._board.close()
        self._perform((stopped(self._rules.state, self._rules.now()),), changed=False)
        if self._bench:
            self._bench.close()
        self._loops.end()
        self._writer.close()
        self._loop.close()
        for held in self._files.held:
            os.close(held)

    def _open_bench(self, factory: Any) -> PinBench | None:
        if not isinstance(factory, SimulatedFactory):
            return None
        for table in self._settings.doors.values():
            if table.contact:  # nobody has wired anything yet: let the door be closed
                pin = factory.pin(table.contact.pin)
                pin.drive_low() if table.contact.open_when == "high" else pin.drive_high()
        return PinBench(factory, self._settings.run / BENCH)

    def _replaced(self, why: str) -> None:
        """At the start, and when the logbook's file turns out to be broken later. Safe from any thread."""
        if why:
            self._rules.queue(Faulted("logbook_replaced", why))
        self._loops.once("salvage", self._salvage)

    def _salvage(self) -> None:
        """Go through broken logbooks in the background; the door works meanwhile."""
        for broken in salvage.waiting(self._files.book.folder):
            try:
                found = salvage.salvage(broken)
            except (OSError, sqlite3.Error) as error:
                self._rules.queue(Faulted("logbook_replaced", f"{broken.name} could not be salvaged: {error}"))
            else:
                detail = f"{broken.name}: {found.kept} entries salvaged, {found.lost} lost"
                self._rules.queue(Faulted("logbook_replaced", detail))

    def _await_disk(self) -> None:
        """In a thread, since a disk that is dying makes whoever asks it wait."""
        if not self._loops.stop.wait(LOOK_AT_DISK) and takes_writes(self._settings.data):
            self._disk_is_back.set()

    def _loop_failed(self, why: str | None) -> None:
        self._rules.queue(Faulted("station.loop", why))

    def _serve(self) -> None:
        run = self._settings.run
        self._loop.serve(run / "scan.sock", self._on_scan)
        self._loop.serve(run / "sense.sock", self._on_sense)
        self._loop.serve(run / "control.sock", self._on_request)
        self._loop.when_gone(self._gone)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._running = False
        self._loop.wake()

    def _perform(self, commands: tuple[Command, ...], changed: bool) -> None:
        """In order, the lock ahead of whoever is told about it; `changed`: and then the view."""
        for command in commands:
            match command:
                case SetLock(door, unlocked, seen):
                    self._board.locks[door].set(unlocked=unlocked)
                    if seen is not None:
                        self._peers.publish(wire.Actuated(door, seen, boot_time()))
                case Switch(relay, on):
                    self._switch(relay, on=on)
                case Show(door, lamp):
                    self._board.signals[door].show(lamp)
                case Record() | Keep() | KeepFloor():
                    self._writer.put(command)
                case Enrol(claim):
                    self._peers.show_claim(claim)
                case Restart(program):
                    self._restart(program)
                case _:
                    assert_never(command)
        if self._peers.subscribers:
            for entry in (entry for command in commands if isinstance(command, Record) for entry in command.entries):
                self._peers.publish(wire.Logged(msgspec.to_builtins(entry)))
        if changed:
            self._publish_view()

    def _switch(self, relay: str, *, on: bool) -> None:
        """By our own pin, or by the program that has the relay's bus."""
        if relay in self._board.relays:
            self._board.relays[relay].set(on=on)
        self._peers.tell("sensors", wire.Switch(relay, on))

    def _restart(self, program: str) -> None:
        """End ourselves, or ask the others to: systemd starts whoever has ended."""
        if program == "station":
            self._running = False
        self._peers.tell(program, wire.Restart())

    # From other threads: queue and wake.

    def _edge(self, name: str, active: bool, at: float) -> None:
        self._rules.edge(Edge(name, active, at))

    def _take_heads(self) -> None:
        self._heads_news.set()
        self._loop.wake()

    # From the sockets.

    def _on_scan(self, peer: Peer, line: bytes) -> None:
        self._heard("scanner", peer)
        match self._decode(peer, line, wire.ScanMessage):
            case wire.Scan(door, text, seen):
                self._rules.queue(Scanned(door, text, min(seen, boot_time())))
            case wire.Trouble(what, detail) if what in self._scanners:
                self._rules.queue(Faulted(what, detail))
            case wire.Trouble(what):
                peer.send(wire.Refused(f"no such scanner: {what}"))
            case _:
                pass

    def _on_sense(self, peer: Peer, line: bytes) -> None:
        if peer not in self._peers.programs["sensors"]:
            for relay in self._settings.relays:
                peer.send(wire.Switch(relay, relay not in self._rules.state.room.off))
        self._heard("sensors", peer)
        match self._decode(peer, line, wire.SenseMessage):
            case wire.Sensed(sensor, value):
                self._rules.queue(Reading(sensor, value))
            case wire.NotSensed(sensor, reason):
                self._rules.queue(NoReading(sensor, reason))
            case wire.Located(latitude, longitude, speed):
                self._rules.queue(Located(latitude, longitude, speed))
            case wire.Trouble(what, detail) if what in self._troubles:
                self._rules.queue(Faulted(what, detail))
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
        rules, writer = self._rules, self._writer
        return view(rules.state, rules.now(), writer.epoch, self._boot_id, writer.heads, self._peers.present())

    def _publish_view(self) -> None:
        if self._peers.subscribers:
            self._peers.publish(self.view())

    def _heard(self, program: str, peer: Peer) -> None:
        if back := self._peers.heard(program, peer):
            self._rules.queue(back)

    def _gone(self, peer: Peer) -> None:
        for lost in self._peers.gone(peer):
            self._rules.queue(lost)


def _quiet(state: State) -> bool:
    """Whether no override ends, and nobody notices, when the program starts anew."""
    return all(door.mode is DoorMode.NORMAL and door.lock is LockState.LOCKED for door in state.doors.values())


def run(settings: Settings) -> None:
    """Run the program until it is told to stop."""
    station = Station(settings)
    try:
        station.run()
    finally:
        station.close()
