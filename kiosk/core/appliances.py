"""Readings become changes: range, dead band, heartbeat, staleness. Absence is data."""

from __future__ import annotations

import math

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.entries import Absent, Entry, Measured


class SensorRules(Struct, frozen=True):
    """What the settings say of one sensor. Values in `unit`, times in seconds."""

    unit: str
    lowest: float = -math.inf
    highest: float = math.inf
    dead_band: float = 0.0
    heartbeat: float = 900.0
    stale_after: float = 120.0


class Sensor(Struct, frozen=True):
    """A sensor as last heard and as last logged. `value` is None while it is absent, `absent` then says why."""

    name: str
    rules: SensorRules
    heard_at: float
    value: float | None = None
    absent: str = ""
    logged: float | None = None
    logged_at: float = -math.inf


Folded = tuple[Sensor, tuple[Entry, ...]]


def reading(sensor: Sensor, value: float, now: float) -> Folded:
    """Take a sample: out of range is an absence; a change beyond the dead band, or a heartbeat, is an entry."""
    rules = sensor.rules
    if not rules.lowest <= value <= rules.highest:
        return no_reading(sensor, "out_of_range", now)
    sensor = replace(sensor, heard_at=now, value=value, absent="")
    still = sensor.logged is not None and abs(value - sensor.logged) <= rules.dead_band
    if still and now - sensor.logged_at < rules.heartbeat:
        return sensor, ()
    entry = Measured(sensor.name, value, rules.unit)
    return replace(sensor, logged=value, logged_at=now), (entry,)


def no_reading(sensor: Sensor, reason: str, now: float) -> Folded:
    """No value, and why: an entry when the reason is news."""
    if sensor.absent == reason:
        return replace(sensor, heard_at=now), ()
    sensor = replace(sensor, heard_at=now, value=None, absent=reason, logged=None)
    return sensor, (Absent(sensor.name, reason),)


def due(sensor: Sensor) -> float:
    """When silence becomes staleness; infinite while it is absent anyway."""
    return math.inf if sensor.absent else sensor.heard_at + sensor.rules.stale_after
