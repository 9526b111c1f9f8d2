"""The doctor and the cabinet at work: their states beside the rules of the door, and what is shown of them.

Nothing of it goes into the recorder or a log: a code and a time would be one person's medicine.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections import deque
from collections.abc import Callable, Collection, Iterator
from itertools import islice
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core import admission
from kiosk.core.clock import Instant, Quality
from kiosk.core.desk import cabinet, consulting
from kiosk.core.desk.cabinet import (
    Cabinet,
    CabinetEvent,
    Giving,
    Heard,
    KeepShelves,
    OpenSlot,
    PassShown,
    Shown,
    Waiting,
)
from kiosk.core.desk.consulting import Asked, Consulting, KeepLying, Left, Stored
from kiosk.core.desk.judging import Setting, wrong
from kiosk.core.desk.pace import Pace, taken
from kiosk.core.desk.shelves import Slot
from kiosk.core.door import slots
from kiosk.core.door.tables import DoorState
from kiosk.core.entries import Entry
from kiosk.core.events import Event, Faulted, Record, SlotGranted, Tick
from kiosk.core.held import said
from kiosk.core.state import State
from kiosk.local import boot_id, boot_time
from kiosk.logbook.reader import LOGBOOK_DAMAGED, SERVICES_REMEMBERED, damage
from kiosk.loops import Loops
from kiosk.settings import Settings
from kiosk.station.cabinet_file import CabinetFile, Content
from kiosk.station.files import Files
from kiosk.station.inside import Healing
from kiosk.station.recollection import entry_in
from kiosk.trust.medicine import LONGEST, Medicine
from kiosk.trust.service import Doctor
from kiosk.wire.inside import DoctorView, MedicineView

IN_A_SLOT: Final = "cabinet."
"""What the fault begins with of what lies in a slot; the slot's name follows."""

WRONG: Final = {
    "spoiled": "it was too warm or too cold, or nobody knows: take it out",
    "over": "it was good until the end of {month}: take it out",
}
LOOK_EVERY: Final = 1.0
"""Seconds between two looks at what is in force."""

TOKEN_BYTES: Final = 16
OFFLINE: Final = {"central", "sync"}
"""The faults without any of which the station has a network."""


class Watch(Struct, frozen=True):
    """What the settings say of a slot: the sensor that is in it, and between what that is to be."""

    sensor: str = ""
    keeps: tuple[float, float] | None = None


class CabinetAtWork:
    """Of the station's thread, but for :meth:`queue`. `tell` and `wake` are safe from any thread."""

    def __init__(
        self,
        settings: Settings,
        files: Files,
        tell: Callable[[Event], None],
        wake: Callable[[], None],
        loops: Loops,
        busy: Callable[[], Collection[str]] = tuple,
        writes: Callable[[], bool] = lambda: True,
    ) -> None:
        """Nothing is given out where the disk takes no write, nor for a while where the logbook is another one.

        `busy`: tells the slots from which something else is given just now; `writes`: whether the logbook took what it was
        given last.
        """
        self._boot_id, self._watches, self._busy, self._writes = boot_id(), watches(settings), busy, writes
        self._tell, self._wake = tell, wake
        self._events: deque[CabinetEvent | consulting.ConsultingEvent] = deque()
        self._file = CabinetFile(files.book.folder, tell, lambda found: self.queue(Stored(found.lying)), loops)
        used, damaged = used_before(files, settings)
        if damaged:
            tell(Faulted(LOGBOOK_DAMAGED, damage("services", damaged)))
        blind, keeps = bool(damaged) or is_blind(files), not files.refused
        self._cabinet: Cabinet = cabinet.restored(
            self._file.content.shelves, used, self._boot_id, boot_time(), blind=blind, keeps=keeps
        )
        self._room = Consulting(self._file.content.lying)
        self._pace = Pace()
        self._look_at, self._closed = 0.0, "no_doctor"
        self._seen: object = None
        self._wrong = dict[str, str]()

    def close(self) -> None:
        """Store what waits."""
        self._file.close()

    def queue(self, event: CabinetEvent | consulting.ConsultingEvent) -> None:
        """Take the event in the next turn."""
        self._events.append(event)
        self._wake()

    def shown(self, text: str) -> bool:
        """A code was read at the desk; whether it concerns the cabinet, and nobody else."""
        self.queue(Shown(text))
        return cabinet.takes(self._cabinet, text)

    @property
    def giving(self) -> Collection[str]:
        """The slot from which somebody may take a medicine, or is about to."""
        giving = self._cabinet.giving
        return {giving.medicine.slot} if giving else ()

    def consult(self) -> str:
        """Somebody touched *doctor*. Empty, or why there is no link."""
        pace = taken(self._pace, boot_time())
        if pace is None:
            return "too_many"
        self._pace = pace
        if why := self._closed:
            return why
        self.queue(Asked(secrets.token_urlsafe(TOKEN_BYTES)))
        return ""

    def left(self) -> None:
        """Nobody is at the link any longer; said again and again it costs one look, so that it holds no door up."""
        if not (self._events and isinstance(self._events[-1], Left)):
            self.queue(Left())

    def view(self, state: State, now: Instant) -> Healing:
        """What is shown of it now."""
        return Healing(self._doctor(state, now), self._medicine(now.boot), self._cabinet.told)

    def _medicine(self, now: float) -> MedicineView | None:
        """The release that was shown, while it waits for its holder's pass, its commit or its slot."""
        match self._cabinet.giving or self._cabinet.waiting:
            case Giving(medicine, "wait" | "take" as stage, until):
                return _medicine(stage, medicine, until - now)
            case Waiting(medicine, until):
                return _medicine("pass", medicine, until - now)
            case _:
                return None

    def _doctor(self, state: State, now: Instant) -> DoctorView | None:
        """The doctor in force."""
        setting, room = self._consulting(state, now), self._room
        if setting.doctor is None:
            return None
        view = DoctorView(
            setting.doctor.texts, setting.doctor.call, room.reachable, room.since, consulting.opens(setting)
        )
        link = room.link
        return replace(view, link=link.address, seconds=max(0.0, link.until - now.boot)) if link else view

    def due(self, now: Instant) -> float:
        """The boot time of the next turn, if nothing happens before."""
        if self._events:
            return 0.0
        return min(cabinet.due(self._cabinet), consulting.due(self._room, now.boot))

    def turn(self, state: State, now: Instant, record: Callable[[Record], None]) -> None:
        """What is due, and every event that waits."""
        waiting = [self._events.popleft() for _ in range(len(self._events))]
        if not waiting and now.boot < min(self._look_at, self.due(now)):
            return
        self._look_at = now.boot + LOOK_EVERY
        for event in (Tick(), *waiting):
            if isinstance(event, Asked | Left | Stored | Tick):
                self._consult(event, state, now, record)
            if not isinstance(event, Asked | Left | Stored):
                self._step(_judged(event, state, now), state, now, record)
        self._look_at_shelves(state, now)

    def _look_at_shelves(self, state: State, now: Instant) -> None:
        """What somebody has to take out is a fault of its slot."""
        shelves, offset = self._cabinet.shelves, state.utc_offset
        found = {slot: wrong(each, state.clock, now.boot, offset) for slot, each in shelves.items()}
        words = {slot: WRONG[why].format(month=shelves[slot].month) for slot, why in found.items() if why}
        for slot in {*self._wrong, *words}:
            if self._wrong.get(slot) != words.get(slot):
                self._tell(Faulted(IN_A_SLOT + slot, words.get(slot)))
        self._wrong = words

    def look(self, state: State, now: Instant, record: Callable[[Record], None]) -> None:
        """At each step of the rules: no value of a sensor is passed by, nor a slot that was opened in the last moment."""
        giving = self._cabinet.giving
        is_missed = giving is not None and giving.stage == "missed"
        if state.sensors is not self._seen or is_missed:
            self._seen = state.sensors
            if self._cabinet.shelves:
                self._step(Tick(), state, now, record)

    def heard(self, entries: tuple[Entry, ...]) -> None:
        """Entries were made."""
        if any(cabinet.concerns(each) for each in entries):
            self.queue(Heard(entries))

    def _step(self, event: CabinetEvent, state: State, now: Instant, record: Callable[[Record], None]) -> None:
        self._cabinet, commands = cabinet.step(self._cabinet, event, self._setting(state, now))
        for command in commands:
            match command:
                case OpenSlot(slot):
                    self._tell(SlotGranted(slot))
                case KeepShelves(shelves):
                    self._file.keep(Content(shelves, self._file.content.lying))
                case Record():
                    record(command)

    def _consult(
        self, event: consulting.ConsultingEvent, state: State, now: Instant, record: Callable[[Record], None]
    ) -> None:
        setting = self._consulting(state, now)
        self._closed = consulting.refused(setting)
        self._room, commands = consulting.step(self._room, event, setting)
        for command in commands:
            match command:
                case KeepLying(lying):
                    self._file.keep(Content(self._file.content.shelves, lying))
                case Record():
                    record(command)

    def _setting(self, state: State, now: Instant) -> Setting:
        doctors = [doctor for _head, doctor in said(state.services, Doctor, state.clock, now.boot)]
        keys = {key.kid: key for doctor in reversed(doctors) for key in doctor.keys}
        slots = dict(self._slots(state))
        station, offset = state.trust.station, state.utc_offset
        return Setting(station, keys, slots, state.clock, now, self._boot_id, offset, self._writes())

    def _slots(self, state: State) -> Iterator[tuple[str, Slot]]:
        busy = self._busy()
        for name, watch in self._watches.items():
            sensor = state.sensors.get(watch.sensor)
            value, heard_at = (sensor.value, sensor.heard_at) if sensor else (None, 0.0)
            opens = slots.unusable(state, name) is None and name not in busy
            is_open = state.doors[name].door is DoorState.OPEN
            yield name, Slot(opens, watch.keeps, value, heard_at, is_open)

    def _consulting(self, state: State, now: Instant) -> consulting.Setting:
        doctors = said(state.services, Doctor, state.clock, now.boot)
        online = state.clock.quality(now.boot) is Quality.SYNCED and not OFFLINE & state.faults.keys()
        return consulting.Setting(doctors[0][1] if doctors else None, online, state.clock, now, state.utc_offset)


def _medicine(stage: Literal["pass", "wait", "take"], medicine: Medicine, seconds: float) -> MedicineView:
    return MedicineView(stage, medicine.item, medicine.slot, max(0.0, seconds))


def _judged(event: CabinetEvent, state: State, now: Instant) -> CabinetEvent:
    """Of a pass whose it is, or why it does not hold."""
    if not isinstance(event, Shown) or not cabinet.is_pass(event.text):
        return event
    verdict = admission.inside(state, event.text, now.boot)
    return PassShown(verdict.claims.index if verdict.claims else 0, str(verdict.reason or ""))


def watches(settings: Settings) -> dict[str, Watch]:
    """What the settings say of each slot."""
    found = {name: table.slot for name, table in settings.slots.items()}
    return {name: Watch(slot.sensor or "", slot.keeps) for name, slot in found.items() if slot}


def is_blind(files: Files) -> bool:
    """Whether a release that holds may have been used without the logbook's knowledge."""
    try:
        return not files.book.goes_back(LONGEST)
    except sqlite3.Error:
        return True


def used_before(files: Files, settings: Settings) -> tuple[list[str], list[int]]:
    """The releases that the logbooks say were used, the oldest first; also one that was set aside.

    Beside them the numbers of entries that do not say any more what they said: each may have been of one that was.
    """
    mine = [*islice(files.remembered(settings, "services"), SERVICES_REMEMBERED)]
    rows = [*mine, *islice(files.aside(settings, "services"), SERVICES_REMEMBERED)]
    entries = (entry_in(row) for row in reversed(rows) if row.intact)
    return cabinet.used_in(each for each in entries if each), [row.seq for row in mine if not row.intact]
