"""`kiosk station`: take an event, step, perform the commands in order.

One thread runs the loop. The pins' thread and the writer's thread only queue events and wake it.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from functools import partial
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
    KeepService,
    Record,
    Restart,
    SetLock,
    Show,
    Switch,
    Tick,
)
from kiosk.core.state import State
from kiosk.core.step import stamp, stopped
from kiosk.local import boot_id, boot_time, notify
from kiosk.logbook import salvage
from kiosk.logbook.writer import Writer
from kiosk.loops import Loops, attempt, end_by_signals
from kiosk.settings import Settings
from kiosk.settings.kept import Origin, keep, share
from kiosk.sockets.listening import Loop
from kiosk.station.border import Border
from kiosk.station.files import open_files, takes_writes
from kiosk.station.fittings import wiring
from kiosk.station.hands import Hands
from kiosk.station.peers import Peers
from kiosk.station.pulsed import Pulsed
from kiosk.station.requests import Requests
from kiosk.station.rules import Rules
from kiosk.station.start import restored
from kiosk.station.view import view

log = logging.getLogger(__name__)

READ_BACK: Final = 1.0
"""Seconds between two readings of all inputs, against missed edges."""

LOOP: Final = "station"
"""The name of the main loop, whose turn is attempted part by part: an event, a command, or a line that fails costs no other."""

BENCH: Final = "pins.sock"

LOOK_AT_DISK: Final = 30.0
"""Seconds between two attempts to write where nothing could be written at the start."""


class Station:
    """The program's parts, opened bottom-up and closed in reverse."""

    def __init__(self, settings: Settings, origin: Origin) -> None:
        self._settings, self._origin = settings, origin
        self._boot_id = boot_id()
        self._loop = Loop(self._attempt)
        self._loops = Loops(self._loop_failed, self._loop.wake)

        self._files = open_files(settings, self._boot_id)
        cold, book = self._files.cold, self._files.book
        state, interrupted = restored(settings, self._files, self._boot_id)
        self._rules = Rules(state, self._boot_id, self._loop.wake, self._attempt)
        most = settings.logbook.most_megabytes * 10**6
        self._heads_news = threading.Event()
        self._writer = Writer(
            book, cold, self._files.services, self._rules.queue, self._take_heads, self._replaced, self._loops, most
        )
        self._peers = Peers()
        self._requests = Requests(settings, self._rules, self._writer, self._peers, self.view)
        self._border = Border(settings, self._peers, self._requests, self._rules.queue, self._powered)
        self._first: tuple[Entry, ...] = (Started(__version__), *interrupted)
        if origin.wrong:
            self._rules.queue(Faulted("settings", origin.fault))
        self._replaced(book.replaced)
        self._disk_is_back = threading.Event()
        if self._files.refused:
            self._rules.queue(Faulted("data_folder", self._files.refused))
            self._loops.start("disk", self._await_disk, float("inf"))

        factory = open_pins(settings.pins, self._loops.start)
        self._board = Board(factory, wiring(settings), self._edge)
        self._hands = Hands(self._board, self._rules.queue, self._attempt)
        self._pulses = Pulsed(settings, self._board)
        for relay in state.room.off:
            self._switch(relay, on=False)
        self._bench = self._open_bench(factory)
        self._border.serve(self._loop)
        self._look_next = 0.0

    def run(self) -> None:
        """Work until SIGTERM or SIGINT. Raises LoopFailed when the loop fails again and again."""
        end_by_signals(self._loops)
        self._perform((Record(self._first, stamp(self._rules.state, self._rules.now())),), changed=False)
        self._hands.read_back()
        self._attempt(partial(self._rules.take, Tick(), self._perform))
        if self._origin.wrong:
            share(self._settings, self._origin.path)
        notify("READY=1")
        if not self._origin.wrong:
            self._loops.once("settings", lambda: keep(self._settings, self._origin.path))
        log.info("station %s: ready", self._settings.station.code)
        self._look_next = boot_time() + READ_BACK
        self._loops.run(LOOP, self._turn)

    def _turn(self) -> None:
        wait = max(0.0, min(self._rules.due(), self._look_next) - boot_time())
        self._loop.wait(wait, partial(self._rules.take_edges, self._perform))
        if boot_time() >= self._look_next:
            self._look_next = boot_time() + READ_BACK
            self._look_around()
        self._rules.turn(self._perform)
        if self._heads_news.is_set():
            self._heads_news.clear()
            self._attempt(self._publish_view)

    def _look_around(self) -> None:
        """Once in READ_BACK seconds: inputs, meters, stuck locks, the other loops, and whether a disk that was away is back."""
        for look in (self._hands.read_back, self._hands.look_at_locks, self._read_meters, self._writer.look):
            self._attempt(look)
        self._loops.feed()
        if self._disk_is_back.is_set() and _quiet(self._rules.state):
            log.warning("%s takes writes again: starting anew", self._settings.data)
            self._loops.end()

    def _read_meters(self) -> None:
        for reading in self._pulses.read(boot_time()):
            self._rules.queue(reading)

    def _attempt(self, work: Callable[[], None]) -> bool:
        """A part of a turn: when it raises what nobody lists, the rest goes on; if that happens often, the program ends."""
        return self._loops.attempt(LOOP, work)

    def close(self) -> None:
        """Take the power from the locks, write what waits, let go of everything."""
        self._loops.end()
        attempt("closing the board", self._board.close)
        self._perform((stopped(self._rules.state, self._rules.now()),), changed=False)
        if self._bench:
            self._bench.close()
        attempt("closing the logbook", self._writer.close)
        log.info("taken in all: %s", dict(self._border.taken))
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
        return PinBench(factory, self._settings.run / BENCH, self._loops.start)

    def _replaced(self, why: str) -> None:
        """At the start, and when the logbook's file turns out to be broken later. Safe from any thread."""
        if why:
            self._rules.queue(Faulted("logbook_replaced", why))
        self._loops.once("salvage", self._salvage)

    def _salvage(self) -> None:
        """Go through broken logbooks in the background; the door works meanwhile."""
        folder = self._files.book.folder
        for name in salvage.put_back(folder):
            self._rules.queue(
                Faulted("logbook_replaced", f"{name} was damaged: what it holds is gone through once more")
            )
        for broken in salvage.waiting(folder):
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

    def _perform(self, commands: tuple[Command, ...], changed: bool) -> None:
        """In order, the lock ahead of whoever is told about it, each on its own; `changed`: and then the view."""
        for command in commands:
            self._attempt(partial(self._carry_out, command))
        if self._peers.subscribers:
            for entry in (entry for command in commands if isinstance(command, Record) for entry in command.entries):
                self._attempt(partial(self._publish_entry, entry))
        if changed:
            self._attempt(self._publish_view)

    def _carry_out(self, command: Command) -> None:
        match command:
            case SetLock(door, unlocked, seen):
                if self._hands.set_lock(door, unlocked=unlocked) and seen is not None:
                    self._peers.publish(wire.Actuated(door, seen, boot_time()))
            case Switch(relay, on):
                self._switch(relay, on=on)
            case Show(door, lamp):
                self._hands.show(door, lamp)
            case Record() | Keep() | KeepService() | KeepFloor():
                self._writer.put(command)
            case Enrol(claim):
                self._peers.show_claim(claim)
            case Restart(program):
                self._restart(program)
            case _:
                assert_never(command)

    def _switch(self, relay: str, *, on: bool) -> None:
        """By our own pin, or by the program that has the relay's bus."""
        self._hands.switch(relay, on=on)
        self._peers.tell("sensors", wire.Switch(relay, on))

    def _restart(self, program: str) -> None:
        """End ourselves, or ask the others to: systemd starts whoever has ended."""
        if program == "station":
            self._loops.end()
        self._peers.tell(program, wire.Restart())

    # From other threads: queue and wake.

    def _edge(self, name: str, active: bool, at: float) -> None:
        self._rules.edge(Edge(name, active, at))

    def _take_heads(self) -> None:
        self._heads_news.set()
        self._loop.wake()

    # To the subscribers.

    def view(self) -> wire.View:
        """The station as it is now."""
        rules, writer = self._rules, self._writer
        present, rests = self._peers.present(), self._requests.rests
        return view(rules.state, rules.now(), writer.epoch, self._boot_id, writer.heads, present, rests)

    def _powered(self) -> dict[str, bool]:
        """Which relays shall give their appliance power."""
        return {relay: relay not in self._rules.state.room.off for relay in self._settings.relays}

    def _publish_entry(self, entry: Entry) -> None:
        self._peers.publish(wire.Logged(msgspec.to_builtins(entry)))

    def _publish_view(self) -> None:
        if self._peers.subscribers:
            self._peers.publish(self.view())


def _quiet(state: State) -> bool:
    """Whether no override ends, and nobody notices, when the program starts anew."""
    return all(door.mode is DoorMode.NORMAL and door.lock is LockState.LOCKED for door in state.doors.values())


def run(settings: Settings, origin: Origin) -> None:
    """Run the program until it is told to stop. Settings that it could start with are kept, for when the file is broken."""
    station = Station(settings, origin)
    try:
        station.run()
    finally:
        station.close()
