"""`kiosk station`: take an event, step, perform the commands in order.

One thread runs the loop. The pins' thread and the writer's thread only queue events and wake it.
"""

from __future__ import annotations

import logging
import math
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, assert_never

import msgspec

from hardware.board import Board
from hardware.pin_bench import PinBench
from hardware.pins import SimulatedFactory, open_pins
from kiosk import __version__, wire
from kiosk.core.desk.handing import NO_MARKS
from kiosk.core.desk.marks import merged
from kiosk.core.door.door import Door
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
from kiosk.core.held import pictures
from kiosk.core.state import State
from kiosk.core.step import stamp, stopped
from kiosk.local import boot_id, boot_time, notify
from kiosk.logbook import salvage
from kiosk.logbook.jobs import Answer
from kiosk.logbook.writer import Writer
from kiosk.loops import Loops, attempt, end_by_signals
from kiosk.settings import Settings
from kiosk.settings.kept import Origin, keep, share
from kiosk.sockets.listening import Loop
from kiosk.station.border import Border
from kiosk.station.files import open_files, takes_writes
from kiosk.station.fittings import wiring
from kiosk.station.hands import Hands
from kiosk.station.indoors import Indoors
from kiosk.station.peers import Peers
from kiosk.station.phone_code import PhoneCode
from kiosk.station.pictures import PicturesAtWork
from kiosk.station.pulsed import Pulsed
from kiosk.station.requests import Requests
from kiosk.station.rules import Rules
from kiosk.station.start import remembered_supplies, restored
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
        remembered = remembered_supplies(settings, self._files)
        self._rules = Rules(state, self._boot_id, self._loop.wake, self._attempt)
        most = settings.logbook.most_megabytes * 10**6
        self._view_news = threading.Event()
        self._writer = Writer(
            book, cold, self._files.services, self._answered, self._take_heads, self._replaced, self._loops, most
        )
        tell, keep = self._rules.queue, self._writer.put
        inside = (settings, self._files, remembered, state.utc_offset, tell, keep, self._loop.wake, self._loops)
        self._indoors = Indoors(*inside, lambda: self._writer.writes) if settings.desk else None
        self._pictures = PicturesAtWork(settings.pictures, self._loops) if settings.has_display_inside else None
        self._peers = Peers(desk=settings.has_display_inside)
        self._phone_code, self._shown_code = PhoneCode(self._files.own), ""
        self._requests = Requests(
            settings,
            self._rules,
            self._writer,
            self._peers,
            self.view,
            self._phone_code.enrolled,
            self._take_picture,
        )
        self._border = Border(settings, self._peers, self._requests, tell, self._powered, self._indoors)
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
        wait = max(0.0, min(self._rules.due(), self._inside_due(), self._look_next) - boot_time())
        self._loop.wait(wait, partial(self._rules.take_edges, self._perform))
        if boot_time() >= self._look_next:
            self._look_next = boot_time() + READ_BACK
            self._look_around()
        self._rules.turn(self._perform)
        if self._indoors:
            self._indoors.turn(self._rules.state, self._rules.now(), self._record, self._attempt)
        if self._view_news.is_set():
            self._view_news.clear()
            self._attempt(self._publish_view)

    def _look_around(self) -> None:
        """Once in READ_BACK seconds: inputs, meters, stuck locks, the other loops, and whether a disk that was away is back."""
        hands = self._hands
        for look in (hands.read_back, hands.look_at_locks, self._read_meters, self._writer.look, self._change_code):
            self._attempt(look)
        self._loops.feed()
        if self._disk_is_back.is_set() and _quiet(self._rules.state):
            log.warning("%s takes writes again: starting anew", self._settings.data)
            self._loops.end()

    def _change_code(self) -> None:
        code = self._phone_code.text(self._rules.state, self._rules.now())
        if code != self._shown_code:
            self._shown_code = code
            self._publish_view()

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
        if self._indoors:
            self._indoors.close()
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

    def _inside_due(self) -> float:
        return self._indoors.due(self._rules.state, self._rules.now()) if self._indoors else math.inf

    def _record(self, record: Record) -> None:
        self._perform((record,), changed=False)

    def _replaced(self, why: str) -> None:
        """At the start, and when the logbook's file turns out to be broken later. Safe from any thread."""
        if why:
            self._rules.queue(Faulted("logbook_replaced", why))
        self._loops.once("salvage", partial(self._salvage, anew=bool(why)))

    def _salvage(self, *, anew: bool) -> None:
        """Go through broken logbooks in the background; the door works meanwhile. `anew`: the logbook is a new one."""
        folder, marks = self._files.book.folder, NO_MARKS
        for name in salvage.put_back(folder):
            self._rules.queue(
                Faulted("logbook_replaced", f"{name} was damaged: what it holds is gone through once more")
            )
        for broken in salvage.waiting(folder):
            try:
                found = salvage.salvage(broken)
            except (OSError, sqlite3.Error) as error:
                self._rules.queue(Faulted("logbook_replaced", f"{broken.name} could not be salvaged: {error}"))
                with suppress(OSError):  # a disk that takes no write gives nobody a second one
                    marks = merged(marks, salvage.marks_in(broken))
            else:
                detail = f"{broken.name}: {found.kept} entries salvaged, {found.lost} lost"
                self._rules.queue(Faulted("logbook_replaced", detail))
                marks = merged(marks, found.marks)
        if self._indoors:
            self._indoors.recovered(marks, anew=anew or bool(marks))

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
        entries = tuple(entry for command in commands if isinstance(command, Record) for entry in command.entries)
        if self._indoors and entries:
            self._indoors.heard(entries)
        if self._indoors:
            self._indoors.look(self._rules.state, self._rules.now(), self._record)
        if self._peers.subscribers:
            for entry in entries:
                self._attempt(partial(self._publish_entry, entry))
        if changed:
            self._view_news.set()  # told once a turn, however much happens in it: a flood of news holds no door up

    def _carry_out(self, command: Command) -> None:
        match command:
            case SetLock(door, unlocked) if self._settings.doors[door].board:
                self._peers.tell("sensors", wire.SetSlot(door, unlocked))
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
        edge = Edge(name, active, at)
        if not (self._indoors and self._indoors.edge(edge)):
            self._rules.edge(edge)

    def _answered(self, answer: Answer) -> None:
        """Of the writer, to whoever has the ticket."""
        if not (self._indoors and self._indoors.answered(answer)):
            self._rules.queue(answer)

    def _take_heads(self) -> None:
        self._view_news.set()
        self._loop.wake()

    # To the subscribers.

    def view(self) -> wire.views.View:
        """The station as it is now."""
        rules, writer = self._rules, self._writer
        present, rests = self._peers.present(), self._requests.rests
        now = rules.now()
        code = self._phone_code.text(rules.state, now)
        missing = self._pictures.missing(pictures(rules.state.services)) if self._pictures else ()
        return view(rules.state, now, writer.epoch, self._boot_id, writer.heads, present, rests, code, missing)

    def _take_picture(self, body: bytes) -> bool:
        return self._pictures is not None and self._pictures.take(body)

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
    return all(
        door.mode is DoorMode.NORMAL and (door.lock is LockState.LOCKED or _at_rest(door))
        for door in state.doors.values()
    )


def _at_rest(door: Door) -> bool:
    """Of a slot nobody knows that it is locked while its board is silent, or it was left open."""
    return door.rules.slot and door.lock is not LockState.UNLOCKED


def run(settings: Settings, origin: Origin) -> None:
    """Run the program until it is told to stop. Settings that it could start with are kept, for when the file is broken."""
    station = Station(settings, origin)
    try:
        station.run()
    finally:
        station.close()
