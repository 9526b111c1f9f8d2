"""Readings become changes: what is no value is rejected, what goes on as before is not logged. Absence is data.

A value that swings is logged as the corners of a line that passes every sample within the dead band (see
:mod:`kiosk.core.room.trend`); one that only switches, each time that it does. An absence is shown at once, and logged when it
has lasted for `stale_after`: a frame that was disturbed is no news.
"""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.entries import Absent, Entry, Measured
from kiosk.core.room import trend
from kiosk.core.room.trend import Trend

NEAR: Final = 5.0
"""How near the value before must be for a thermometer's power-on value to be believed, in degrees."""


class SensorRules(Struct, frozen=True):
    """What the settings say of one sensor. Values in `unit`, times in seconds.

    `never`: values that are none, such as 3276.7 of a transmitter without its probe. `power_on`: what it tells before its
    first conversion. `stuck_after`: it has failed when not one bit of it changes for so long. `switches`: on or off, no more.
    """

    unit: str
    lowest: float = -math.inf
    highest: float = math.inf
    dead_band: float = 0.0
    heartbeat: float = 900.0
    stale_after: float = 120.0
    never: tuple[float, ...] = ()
    power_on: float | None = None
    stuck_after: float = math.inf
    switches: bool = False


class Sensor(Struct, frozen=True):
    """A sensor as last heard. `value` is None while it is absent; `absent` says why, `told` whether the logbook knows."""

    name: str
    rules: SensorRules
    heard_at: float
    value: float | None = None
    absent: str = ""
    absent_since: float = 0.0
    told: bool = False
    raw: float | None = None
    same_since: float = 0.0
    trend: Trend | None = None


Folded = tuple[Sensor, tuple[Entry, ...]]


def reading(sensor: Sensor, value: float, now: float, at: float | None = None) -> Folded:
    """Take a sample: what is no value is an absence; a corner of the line, or a heartbeat, is an entry.

    `at`: when it was measured, if that was not now.
    """
    when = _measured_at(sensor, now, at)
    if value != sensor.raw:
        sensor = replace(sensor, raw=value, same_since=when)
    if reason := _rejected(sensor, value, when):
        return no_reading(sensor, reason, now, when)
    entries = _entries(sensor, value, when, now)
    return replace(sensor, heard_at=when, value=value, absent="", told=False, trend=entries[0]), entries[1]


def _measured_at(sensor: Sensor, now: float, at: float | None) -> float:
    """Not in the future, and not before what is known already; a sensor that was never heard may have waited for us."""
    if at is None:
        return now
    return min(now, at if sensor.raw is None and not sensor.absent else max(at, sensor.heard_at))


def _rejected(sensor: Sensor, value: float, now: float) -> str:
    """Why this is no value; empty when it is one."""
    rules = sensor.rules
    if not rules.lowest <= value <= rules.highest or not math.isfinite(value):
        return "out_of_range"
    if value in rules.never:
        return "no_probe"
    if value == rules.power_on and (sensor.value is None or abs(sensor.value - value) > NEAR):
        return "power_on_value"
    return "stuck" if now - sensor.same_since >= rules.stuck_after else ""


def _entries(sensor: Sensor, value: float, when: float, now: float) -> tuple[Trend, tuple[Entry, ...]]:
    rules, line = sensor.rules, sensor.trend
    if line is None or sensor.told or (rules.switches and value != line.value):
        return trend.begin(when, value), (_measured(sensor, value, now - when),)
    line, kept = trend.sample(line, when, value, rules.dead_band)
    entries: tuple[Entry, ...] = (
        (Measured(sensor.name, _rounded(line.value), rules.unit, _age(now - line.at)),) if kept else ()
    )
    if when - line.at < rules.heartbeat:
        return line, entries
    return trend.ended(line), (*entries, _measured(sensor, _rounded(line.end), now - when))


def _measured(sensor: Sensor, value: float, age: float) -> Measured:
    """Without its age when it has none: an entry that says 0.0 is longer, and says no more."""
    found = Measured(sensor.name, value, sensor.rules.unit)
    return replace(found, age=_age(age)) if age else found


def no_reading(sensor: Sensor, reason: str, now: float, at: float | None = None) -> Folded:
    """No value, and why: told when it has lasted. `at`: since when, if not since now."""
    when = _measured_at(sensor, now, at)
    since = sensor.absent_since if sensor.absent else when
    sensor = replace(sensor, heard_at=when, value=None, absent=reason, absent_since=since)
    return tick(sensor, now)


def tick(sensor: Sensor, now: float) -> Folded:
    """Silence that has lasted is an absence; an absence that has lasted is an entry, behind the end of the line before it."""
    if not sensor.absent and now >= sensor.heard_at + sensor.rules.stale_after:
        since = sensor.heard_at
        sensor = replace(sensor, value=None, absent="silent", absent_since=since)
    if not sensor.absent or sensor.told or now < sensor.absent_since + sensor.rules.stale_after:
        return sensor, ()
    absent = Absent(sensor.name, sensor.absent, _age(now - sensor.absent_since))
    return replace(sensor, told=True, trend=None), (*_end(sensor, now), absent)


def close(sensor: Sensor, now: float) -> tuple[Entry, ...]:
    """The end of the line that is being drawn, at the end of the program."""
    return _end(sensor, now)


def _end(sensor: Sensor, now: float) -> tuple[Entry, ...]:
    line = sensor.trend
    if line is None or not line.pending:
        return ()
    return (Measured(sensor.name, _rounded(line.end), sensor.rules.unit, _age(now - line.last_at)),)


def due(sensor: Sensor) -> float:
    """When silence becomes an absence, or an absence an entry; infinite once it is one."""
    if not sensor.absent:
        return sensor.heard_at + sensor.rules.stale_after
    return math.inf if sensor.told else sensor.absent_since + sensor.rules.stale_after


def _rounded(value: float) -> float:
    """Without the digits that only the arithmetic made."""
    return round(float(f"{value:.7g}"), 6)


def _age(seconds: float) -> float:
    return round(seconds, 3)
