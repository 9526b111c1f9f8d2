"""What a station starts from: the rules in the settings, the stored documents, and what the logbook remembers."""

from __future__ import annotations

import logging
import math
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from kiosk import BUILD_TIME
from kiosk.core import services
from kiosk.core.clock import PASS_MAY_RAISE, Clock
from kiosk.core.documents import recall, restore
from kiosk.core.door.access import Trust
from kiosk.core.door.door import Door, DoorRules
from kiosk.core.door.hours import Programme, Schedule, weekly
from kiosk.core.entries import Entry, Fact
from kiosk.core.faults import faulted
from kiosk.core.room import battery
from kiosk.core.room.sensors import Sensor
from kiosk.core.state import State
from kiosk.decoding import UNDECODABLE
from kiosk.keyfiles import ROOT_KEY, read_kept
from kiosk.local import boot_time
from kiosk.logbook.cold import KEPT_FILES
from kiosk.logbook.handed import taken_of
from kiosk.logbook.reader import LOGBOOK_DAMAGED, Row, damage
from kiosk.logbook.services import SERVICES, ServicesFile
from kiosk.logbook.stops import ToldAt
from kiosk.settings import ClassName, DoorTable, Settings
from kiosk.station.cut_off import cut_off
from kiosk.station.files import Files
from kiosk.station.fittings import room_of, sensor_rules
from kiosk.station.recollection import older_first, recollect, told_of_stops
from kiosk.station.supplies import Remembered
from kiosk.trust.keyset import NO_KEYS
from kiosk.trust.passes import PassClass
from kiosk.trust.status import NO_STATUS

log = logging.getLogger(__name__)

SAY_IT_RAN: Final = 500
"""Readings that are looked at for whether the program still ran when nothing else happened any more."""


def initial_state(settings: Settings, root: bytes, floor: float, boot: float) -> State:
    """The state before the first event."""
    offset = round(settings.station.utc_offset * 3600)
    doors = {
        name: Door(name, door_rules(table, _interlock(settings, name), offset))
        for name, table in settings.doors.items()
    }
    sensors = {name: Sensor(name, sensor_rules(table), boot) for name, table in settings.sensors.items()}
    room = room_of(settings, boot)
    clock = first_clock(floor, boot)
    rules = {name: door.rules for name, door in doors.items()}
    trust = Trust(settings.station.code, NO_KEYS, NO_STATUS)
    by_phone = settings.phone_door
    return State(root, clock, trust, doors, sensors, room, rules=rules, utc_offset=offset, phone_door=by_phone)


def first_clock(floor: float, boot: float) -> Clock:
    """From the stored floor (0: none). What passes have raised it by is in it, so that a restart gives them nothing anew."""
    known = floor > BUILD_TIME
    return Clock(max(floor, BUILD_TIME), boot, raised=known, spare=0.0 if known else PASS_MAY_RAISE, spare_at=boot)


def restored(settings: Settings, files: Files, boot_id: str) -> tuple[State, tuple[Entry, ...]]:
    """The state after what the files still know, and what is to be told: what the program's end cut off, what is damaged."""
    boot = boot_time()
    state = initial_state(settings, files.root, files.cold.floor(), boot)
    state = restore_documents(state, files.cold.documents(), boot)
    state = restored_services(state, files.services, boot)
    found = recollect(files.remembered(settings), state.doors, boot_id, boot)
    memory = older_first(recollect(files.aside(settings), state.doors, boot_id, boot).memory, found.memory)
    state = recall(replace(state, room=battery.restored(state.room, found.off), memory=memory), found.commanded)
    entries = chain(files.remembered(settings, "services"), files.aside(settings, "services"))
    state = with_stops(state, entries, files.stops(settings))
    told = found.interrupted
    wrong = {
        KEPT_FILES: "; ".join(files.faults),
        SERVICES: files.services.replaced,
        LOGBOOK_DAMAGED: damage("access", found.damaged),
    }
    for what, detail in wrong.items():
        if detail:
            state, more = faulted(state, what, detail, boot)
            told += tuple(each for each in more if isinstance(each, Fact))
    return state, told


def with_stops(state: State, newest_first: Iterator[Row], told: Iterable[ToldAt]) -> State:
    """With what the services stream and the logbook's table say of the stops, where the station drives."""
    wheels = state.room.wheels
    if wheels is None:
        return state
    return replace(state, room=replace(state.room, wheels=replace(wheels, stops=told_of_stops(newest_first, told))))


def remembered_supplies(settings: Settings, files: Files) -> Remembered:
    """What the logbook knows of who has had what; one that cannot be read so is broken."""
    if not settings.desk:
        return Remembered()
    try:
        handed, left, since = files.book.handed(), files.book.stock(), files.book.began_anew()
    except (sqlite3.Error, *UNDECODABLE) as error:
        files.book.replace(str(error))
        return Remembered(since=math.inf)
    alive = islice(files.remembered(settings, "telemetry"), SAY_IT_RAN)
    return Remembered(taken_of(handed), left, cut_off(handed, chain(alive, files.remembered(settings))), since)


def restore_documents(state: State, documents: dict[str, bytes], boot: float) -> State:
    """Take the stored documents back in. A stored floor has what they proved, and what was refuted since."""
    known = state.clock
    state = restore(state, documents, boot)
    return replace(state, clock=known) if known.raised else state


def restored_services(state: State, file: ServicesFile, boot: float) -> State:
    """Take the stored services back in; what does not hold leaves the file, too, as far as the disk takes that."""
    try:
        stored = file.rows()
        state = services.restore(state, stored, boot)
        wanted = {*state.services.held, *({services.NUMBER} if state.services.number else ())}
        if stored.keys() != wanted:
            file.keep_only(wanted)
    except sqlite3.Error as error:
        log.warning("the stored services: %s", error)
    return state


def door_rules(table: DoorTable, interlock: frozenset[str], offset: int) -> DoorRules:
    """The rules of one door; `offset`: local time less UTC in seconds."""
    return DoorRules(
        pulse=table.pulse,
        extended_pulse=max(table.pulse, table.extended_pulse),
        pre_alarm_after=table.pre_alarm_after,
        alarm_after=table.alarm_after,
        has_contact=table.contact is not None or table.board is not None,
        has_bolt=table.lock is not None and table.lock.bolt is not None,
        rest=table.rest,
        classes=_classes(table.classes),
        holders=None if table.holders is None else frozenset(table.holders),
        schedule=_schedule(table, offset),
        always=_classes(table.always),
        interlock=interlock,
        slot=table.slot is not None,
        board=table.board.name if table.board else "",
    )


def _classes(names: tuple[ClassName, ...]) -> frozenset[int]:
    return frozenset(int(PassClass[name.upper()]) for name in names)


def _interlock(settings: Settings, name: str) -> frozenset[str]:
    """The doors that this one names, and those that name it."""
    naming = (other for other, table in settings.doors.items() if name in table.interlock)
    return frozenset({*settings.doors[name].interlock, *naming})


def _schedule(table: DoorTable, offset: int) -> Schedule:
    programmes = tuple(
        Programme(name, _unix(each.begins, offset), _unix(each.ends, offset), weekly(each.hours, offset), each.admits)
        for name, each in table.programmes.items()
    )
    return Schedule(weekly(table.hours, offset), programmes)


def _unix(local: datetime, offset: int) -> float:
    return local.replace(tzinfo=UTC).timestamp() - offset


def read_root(folder: Path) -> bytes:
    """The public root key; empty before the station is enrolled, when no document can hold."""
    return read_kept(folder, ROOT_KEY).raw
