"""What a station starts from: the rules in the settings, the stored documents, and what the logbook remembers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from hardware.board import DoorWiring, InputWiring
from kiosk import BUILD_TIME
from kiosk.core.access import MAX_MARKS, Mark, Memory, Trust, place
from kiosk.core.appliances import Sensor, SensorRules
from kiosk.core.clock import Clock
from kiosk.core.documents import restore
from kiosk.core.door import Door, DoorRules
from kiosk.core.entries import (
    CommandEnded,
    CommandStarted,
    Entry,
    Granted,
    InterruptedUnlock,
    Locked,
    Stopped,
    Unlocked,
)
from kiosk.core.hours import Programme, Schedule, weekly
from kiosk.core.state import State
from kiosk.keyfiles import ROOT_KEY, read_raw
from kiosk.logbook.reader import Row
from kiosk.logbook.store import Logbook
from kiosk.settings import AnySensor, ClassName, DoorTable, Input, Settings
from kiosk.trust.keyset import NO_KEYS
from kiosk.trust.passes import Kind, PassClass
from kiosk.trust.status import NO_STATUS

REMEMBERED: Final = 8000
"""Entries of the access stream that are read back at start."""


def initial_state(settings: Settings, root: bytes, floor: float, boot: float) -> State:
    """The state before the first event."""
    offset = round(settings.station.utc_offset * 3600)
    doors = {
        name: Door(name, door_rules(table, _interlock(settings, name), offset))
        for name, table in settings.doors.items()
    }
    sensors = {name: Sensor(name, sensor_rules(table), boot) for name, table in settings.sensors.items()}
    clock = Clock(lo=max(floor, BUILD_TIME), lo_at=boot, raised=floor > BUILD_TIME)
    rules = {name: door.rules for name, door in doors.items()}
    trust = Trust(settings.station.code, NO_KEYS, NO_STATUS)
    return State(root, clock, trust, doors, sensors, rules=rules, utc_offset=offset)


def restore_documents(state: State, documents: dict[str, bytes], boot: float) -> State:
    """Take the stored documents back in, in their order."""
    for body in documents.values():
        state = restore(state, body, boot)
    return state


def door_rules(table: DoorTable, interlock: frozenset[str], offset: int) -> DoorRules:
    """The rules of one door; `offset`: local time less UTC in seconds."""
    return DoorRules(
        pulse=table.pulse,
        extended_pulse=max(table.pulse, table.extended_pulse),
        pre_alarm_after=table.pre_alarm_after,
        alarm_after=table.alarm_after,
        has_contact=table.contact is not None,
        has_bolt=table.lock.bolt is not None,
        rest=table.rest,
        classes=_classes(table.classes),
        holders=None if table.holders is None else frozenset(table.holders),
        schedule=_schedule(table, offset),
        always=_classes(table.always),
        interlock=interlock,
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


def sensor_rules(table: AnySensor) -> SensorRules:
    """The rules of one sensor; it is stale when three readings in a row are missing."""
    return SensorRules(
        unit=table.unit,
        lowest=table.lowest,
        highest=table.highest,
        dead_band=table.dead_band,
        heartbeat=table.heartbeat,
        stale_after=max(10.0, 3 * table.every),
    )


def wiring(settings: Settings) -> tuple[dict[str, DoorWiring], dict[str, InputWiring]]:
    """The settings' pins as the board wants them: those of the doors, and those of the station."""
    own = {"fire": _input(settings.fire), "tamper": _input(settings.tamper)}
    doors = {name: _door_wiring(table) for name, table in settings.doors.items()}
    return doors, {name: found for name, found in own.items() if found}


def _door_wiring(table: DoorTable) -> DoorWiring:
    lamps = {
        name: pin for name in ("red", "green", "blue", "buzzer") if (pin := getattr(table.lamps, name)) is not None
    }
    return DoorWiring(
        lock=table.lock.pin,
        lock_active_high=table.lock.active_high,
        fail_safe=table.lock.wiring == "fail_safe",
        contact=InputWiring(table.contact.pin, table.contact.open_when == "low") if table.contact else None,
        exit=_input(table.exit),
        bolt=_input(table.lock.bolt),
        signals=lamps,
    )


def _input(table: Input | None) -> InputWiring | None:
    return InputWiring(table.pin, table.active_low) if table else None


def read_root(folder: Path) -> bytes:
    """The public root key; empty before the station is enrolled, when no document can hold."""
    try:
        return read_raw(folder / ROOT_KEY)
    except (OSError, ValueError):
        return b""


class Recollection(Struct, frozen=True):
    """What the logbook still knows: replay marks, the newest command's number, and what the end of the program cut off."""

    memory: Memory
    commanded: int
    interrupted: tuple[Entry, ...]


def recollect(book: Logbook, doors: dict[str, Door], boot_id: str, boot: float) -> Recollection:
    """Read the newest entries back, from the newest on.

    A grant counts only if its unlock was completed: a pass whose unlock was interrupted is not burnt. A card's mark counts
    within this boot only: across a power gap nobody can prove how long ago it was. A command that was started and has not
    ended is interrupted, and not repeated.
    """
    interrupted, latest, stopped = list[Entry](), dict[str, str](), False
    marks: dict[str, Mark] = {}
    commanded, ended = 0, set[str]()
    for row in book.backwards("access", REMEMBERED):
        match _entry(row):
            case Stopped():
                stopped = True
            case Locked(door):
                latest[door] = "locked"
            case Unlocked(door):
                if latest.get(door) is None and not stopped:
                    interrupted.append(InterruptedUnlock(door))
                latest[door] = "completed" if latest.get(door) == "locked" else "interrupted"
            case InterruptedUnlock(door):
                latest[door] = "told"
            case Granted() as granted if latest.get(granted.door) == "completed":
                at = row.boot if row.boot_id == boot_id else None
                rest = doors[granted.door].rules.rest if granted.door in doors else 0.0
                where, mark = _mark(granted, at, rest, boot)
                if at is not None or mark.kind is not Kind.CARD:
                    marks.setdefault(where, mark)
            case CommandEnded(command):
                ended.add(command)
            case CommandStarted(command, sequence):
                commanded = max(commanded, sequence)
                interrupted += [] if command in ended else [CommandEnded(command, "interrupted")]
            case _:
                pass
    oldest_first = dict(list(reversed(marks.items()))[-MAX_MARKS:])
    return Recollection(Memory(marks=oldest_first), commanded, tuple(interrupted))


def _mark(granted: Granted, at: float | None, rest: float, boot: float) -> tuple[str, Mark]:
    """The mark of a grant and its place; one of another boot is too long ago for a second chance."""
    kind = Kind(granted.pass_kind)
    mark = Mark(at if at is not None else boot - 3600.0, kind, granted.expires, rest, granted.shown_at)
    return place(granted.door, kind, granted.index, granted.token), mark


def _entry(row: Row) -> Entry | None:
    try:
        entry: Entry = msgspec.json.decode(row.body, type=Entry)
    except msgspec.MsgspecError:
        return None
    return entry
