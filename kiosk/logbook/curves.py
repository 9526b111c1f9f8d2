"""The curves of a day from the logbook: for each sensor, the corners of its line, broken where it was absent."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct

from kiosk.core.entries import Absent, ApplianceAlarm, Entry, Measured, Saving, Started, Unlocked, Used
from kiosk.logbook.reader import Row
from kiosk.settings.appliances import ON_OFF

Points = list[tuple[float, float]]
"""Time in seconds since 1970, and value."""


class Curve(Struct):
    """A sensor's pieces, each a line of straight parts; `gaps`: when it was absent, and why."""

    unit: str
    pieces: list[Points] = []
    gaps: list[tuple[float, str]] = []

    def at(self, moment: float) -> float | None:
        """The value that the lines give for a moment; None where they give none."""
        piece = next((each for each in self.pieces if each[0][0] <= moment <= each[-1][0]), None)
        if piece is None:
            return None
        place = bisect(piece, moment, key=lambda point: point[0])
        before, low = piece[place - 1]
        if place == len(piece) or self.unit == ON_OFF:
            return low
        after, high = piece[place]
        return low + (high - low) * (moment - before) / (after - before)


class Day(Struct):
    """Everything that a picture of a day shows: moments in seconds since 1970."""

    curves: dict[str, Curve] = {}
    alarms: list[tuple[float, str, bool]] = []
    entries: list[float] = []
    saving: list[tuple[float, str]] = []
    used: dict[str, Used] = {}


def day_of(entries: Iterable[tuple[float, Entry]]) -> Day:
    """Put entries with their times, in the order of these, into one picture."""
    day = Day()
    for wall, entry in entries:
        _draw(day, entry, wall)
    return day


def readable(rows: Iterable[Row]) -> Iterator[tuple[float, Entry]]:
    """The entries of these rows with their times; what cannot be read is left out."""
    for row in rows:
        with suppress(msgspec.MsgspecError):
            yield row.wall, msgspec.json.decode(row.body, type=Entry)


def _draw(day: Day, entry: Any, wall: float) -> None:
    match entry:
        case Measured(sensor, value, unit, age):
            curve = day.curves.setdefault(sensor, Curve(unit))
            if not curve.pieces or (curve.gaps and curve.gaps[-1][0] >= curve.pieces[-1][-1][0]):
                curve.pieces.append([])
            curve.pieces[-1].append((wall - age, value))
        case Absent(sensor, reason, age):
            day.curves.setdefault(sensor, Curve("")).gaps.append((wall - age, reason))
        case ApplianceAlarm(alarm, _, _, raised):
            day.alarms.append((wall, alarm, raised))
        case Saving(phase, ""):
            day.saving.append((wall, phase))
        case Unlocked():
            day.entries.append(wall)
        case Started():
            for curve in day.curves.values():
                curve.gaps.append((curve.pieces[-1][-1][0] if curve.pieces else wall, "power"))
        case Used():
            before = day.used.get(entry.appliance)
            day.used[entry.appliance] = entry if before is None else _together(before, entry)


def _together(one: Used, other: Used) -> Used:
    sums = {
        name: getattr(one, name) + getattr(other, name)
        for name in ("seconds", "metered", "ran", "watt_hours", "starts")
    }
    return msgspec.structs.replace(one, **sums)
