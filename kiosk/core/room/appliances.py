"""The appliances: a reading goes to its sensor, and on to the meters and the alarms that hang on it."""

from __future__ import annotations

import math
from typing import Final

from msgspec.structs import replace

from kiosk.core.clock import Instant
from kiosk.core.entries import Entry
from kiosk.core.events import Command, NoReading, Reading
from kiosk.core.faults import faulted
from kiosk.core.room import alarms, saving, sensors, usage
from kiosk.core.room.alarms import Alarm
from kiosk.core.room.sensors import Folded, Sensor
from kiosk.core.state import State, Stepped

FAULT_AFTER: Final = 300.0
"""Seconds of absence after which a sensor is a technician's business."""


def sensed(state: State, event: Reading | NoReading, now: Instant) -> Stepped:
    """A sensor has a value, or none."""
    sensor = state.sensors.get(event.sensor)
    if sensor is None:
        return state, ()
    match event:
        case Reading(_, value, at):
            folded = sensors.reading(sensor, value, now.boot, at)
        case NoReading(_, reason, at):
            folded = sensors.no_reading(sensor, reason, now.boot, at)
    return _folded(state, folded, now.boot)


def advance(state: State, now: Instant) -> Stepped:
    """What is due: sensors that are silent, alarms that turn, sums at the full hour."""
    outcomes: list[Command | Entry] = []
    for known in state.sensors.values():
        if now.boot >= sensors.due(known):
            state, more = _folded(state, sensors.tick(known, now.boot), now.boot)
            outcomes += more
    for name, known in state.sensors.items():
        if now.boot >= _fault_due(state, known):
            state, more = faulted(state, f"sensor.{name}", known.absent, now.boot)
            outcomes += more
    for alarm in state.room.alarms.values():
        if now.boot >= alarms.due(alarm):
            state, more = _judged(state, alarm, now.boot)
            outcomes += more
    if state.room.usages and now.boot >= state.room.hour_at:
        state, entries = _sums(state, now.boot)
        ahead = usage.next_hour(state.clock.wall(now), state.utc_offset)
        state = replace(state, room=replace(state.room, hour_at=now.boot + ahead))
        outcomes += entries
    return state, tuple(outcomes)


def due(state: State) -> float:
    """When :func:`advance` has something to do; infinite when only readings matter."""
    times = [sensors.due(each) for each in state.sensors.values()]
    times += [_fault_due(state, each) for each in state.sensors.values()]
    times += [alarms.due(each) for each in state.room.alarms.values()]
    times += [state.room.hour_at] if state.room.usages else []
    return min(times, default=math.inf)


def close(state: State, now: Instant) -> tuple[Entry, ...]:
    """What is left to tell at the program's end: the ends of the sensors' lines, and the sums so far."""
    ends = (entry for each in state.sensors.values() for entry in sensors.close(each, now.boot))
    return (*ends, *_sums(state, now.boot)[1])


def maintained(state: State) -> Stepped:
    """A technician is there: what an alarm had switched off gets its power back, unless the alarm still holds."""
    outcomes: list[Command | Entry] = []
    for relay, reasons in state.room.off.items():
        for why in reasons:
            if why in state.room.alarms and not state.room.alarms[why].raised:
                state, more = saving.hold_off(state, relay, why, held=False)
                outcomes += more
    return state, tuple(outcomes)


def _folded(state: State, folded: Folded, now: float) -> Stepped:
    """A sensor as it is now, and what hangs on it."""
    sensor, entries = folded
    outcomes: list[Command | Entry] = list(entries)
    state = replace(state, sensors={**state.sensors, sensor.name: sensor})
    if sensor.value is not None and f"sensor.{sensor.name}" in state.faults:
        state, more = faulted(state, f"sensor.{sensor.name}", None, now)
        outcomes += more
    usages = {
        name: usage.metered(each, sensor.value, now)
        for name, each in state.room.usages.items()
        if each.sensor == sensor.name
    }
    if usages:
        state = replace(state, room=replace(state.room, usages=state.room.usages | usages))
    for alarm in state.room.alarms.values():
        if alarm.rules.sensor == sensor.name:
            state, more = _judged(state, alarm, now)
            outcomes += more
    return state, tuple(outcomes)


def _judged(state: State, known: Alarm, now: float) -> Stepped:
    sensor = state.sensors.get(known.rules.sensor)
    alarm, entries = alarms.judge(known, sensor.value if sensor else None, now, applies=_applies(state, known, now))
    if alarm is known:
        return state, ()
    state = replace(state, room=replace(state.room, alarms=state.room.alarms | {alarm.name: alarm}))
    if not (alarm.raised and entries and alarm.rules.latches):
        return state, entries
    state, more = saving.hold_off(state, alarm.rules.latches, alarm.name, held=True)
    return state, (*entries, *more)


def _applies(state: State, alarm: Alarm, now: float) -> bool:
    match alarm.rules.only:
        case "always":
            return True
        case "closed":
            return saving.closed(state, now)
        case "empty":
            return saving.empty(state, now)
        case "closed_and_empty":
            return saving.empty(state, now) and saving.closed(state, now)


def _sums(state: State, now: float) -> tuple[State, tuple[Entry, ...]]:
    told = {name: usage.told(each, now) for name, each in state.room.usages.items()}
    state = replace(state, room=replace(state.room, usages={name: each for name, (each, _) in told.items()}))
    return state, tuple(entry for _, entries in told.values() for entry in entries)


def _fault_due(state: State, sensor: Sensor) -> float:
    if not sensor.absent or f"sensor.{sensor.name}" in state.faults:
        return math.inf
    return sensor.absent_since + FAULT_AFTER
