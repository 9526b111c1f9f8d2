"""What is counted of a station's day, and of a district's: who came in, who was refused, energy, silence. Only computes.

Figures add up, in any order: those of a district are the sum of its stations', and an entry that comes late is one more. They
point to nobody: no index, no token, no moment finer than an hour.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from kiosk.central.retention import DAY
from kiosk.trust.passes import PassClass
from kiosk.trust.reasons import Reason

ZONE: Final = timezone(timedelta(hours=8))
"""Of the days and hours: all of China, which has had no summer time since 1991 (tz database, Asia/Shanghai)."""

HOURS: Final = 24
MOST_HOURS: Final = 10_000
"""Hours of which it is remembered what they are called."""

LEVELS: Final = (0, 2, 4, 6, 12)
"""Characters of a station's code that name a place: the province, cities, counties, and with all of them a station."""

PROVINCE: Final = LEVELS[1]
DISTRICT: Final = LEVELS[3]
STATION: Final = LEVELS[-1]
ALWAYS: Final = ""
"""Stands for a day: all days together."""

CLASSES: Final = {each.value: each.name.lower() for each in PassClass}
REASONS: Final = frozenset(Reason)
OTHER: Final = "other"
"""What a newer station calls by a name that is not known here."""

UNKNOWN_TIME: Final = "unset"
MOST_AT_ONCE: Final = 1_000_000
"""Refusals, or watt hours, that one entry may tell; a station may have sent anything."""

KINDS: Final = ("granted", "not_taken", "denied", "exit_pressed", "fault", "started", "used")
"""The entries that are counted."""

Counts = dict[str, int]


class Figures(Struct, frozen=True, omit_defaults=True):
    """Of a place and a time.

    `granted`, by class; `again`: second presentations within 10 s, which are not among them; `not_taken`: grants after which
    nobody opened; `denied`, by reason; `hours`: how many of the grants fell into each hour, none at all or 24; `metered`:
    seconds of appliances for which energy was measured; `silent`, `watched`: seconds of stations. All are whole, so that
    no order of adding shows.
    """

    granted: Counts = {}
    again: int = 0
    not_taken: int = 0
    denied: Counts = {}
    exits: int = 0
    hours: tuple[int, ...] = ()
    faults: int = 0
    starts: int = 0
    milliwatt_hours: int = 0
    metered: int = 0
    silent: int = 0
    watched: int = 0

    @property
    def visits(self) -> int:
        """Grants of every class after which the door was opened, as far as its contact tells."""
        return max(0, sum(self.granted.values()) - self.not_taken)

    @property
    def refused(self) -> int:
        """Refusals for every reason."""
        return sum(self.denied.values())

    @property
    def kilowatt_hours(self) -> float:
        """What the metered appliances used."""
        return self.milliwatt_hours / 1e6

    def __add__(self, other: Figures) -> Figures:
        """Of both together."""
        return Figures(
            _both(self.granted, other.granted),
            self.again + other.again,
            self.not_taken + other.not_taken,
            _both(self.denied, other.denied),
            self.exits + other.exits,
            tuple(map(sum, zip(self.hours, other.hours, strict=True))) if self.hours and other.hours
            else self.hours or other.hours,
            self.faults + other.faults,
            self.starts + other.starts,
            self.milliwatt_hours + other.milliwatt_hours,
            self.metered + other.metered,
            self.silent + other.silent,
            self.watched + other.watched,
        )  # fmt: skip


def total(each: Iterable[Figures]) -> Figures:
    """Of all together."""
    return sum(each, Figures())


def _both(one: Counts, other: Counts) -> Counts:
    return {name: one.get(name, 0) + other.get(name, 0) for name in one | other}


def figures_of(kind: str, hour: int, body: Mapping[str, Any]) -> Figures:
    """What one entry adds. `body`: what its station sent, which may be anything."""
    match kind:
        case "granted" if body.get("again") is True:
            return Figures(again=1)
        case "granted":
            hours = tuple(int(each == hour) for each in range(HOURS))
            return Figures(granted={_class(body.get("pass_class")): 1}, hours=hours)
        case "denied":
            return Figures(denied={_reason(body.get("reason")): 1 + _count(body.get("suppressed"))})
        case "used":
            energy, metered = _amount(body.get("watt_hours")), _amount(body.get("metered"))
            return Figures(milliwatt_hours=round(energy * 1000), metered=round(metered))
        case "not_taken" if body.get("slot") is not True:
            return Figures(not_taken=1)
        case "exit_pressed":
            return Figures(exits=1)
        case "fault":
            return Figures(faults=1)
        case "started":
            return Figures(starts=1)
    return Figures()


def moment(wall: float, received: float, kind: str, body: Mapping[str, Any]) -> float:
    """When it was, in seconds since 1970: by the station's clock, unless that knew nothing or is ahead of what received it.

    What an appliance used is told when the hour is over, and is that hour's.
    """
    unknown = body.get("quality") == UNKNOWN_TIME or not 0 <= wall <= received + DAY
    at = received if unknown else wall
    return at - min(_amount(body.get("seconds")), 3600.0) / 2 if kind == "used" else at


def local(at: float) -> tuple[str, int]:
    """The day and the hour of a moment where the stations are; what no calendar has is of its first day."""
    try:
        return _of_hour(math.floor(at / 3600))
    except (ArithmeticError, ValueError, OSError):
        return date.min.isoformat(), 0


@lru_cache(MOST_HOURS)
def _of_hour(number: int) -> tuple[str, int]:
    """The same for an hour since 1970: the zone is whole hours ahead."""
    there = datetime.fromtimestamp(number * 3600, ZONE)
    return there.date().isoformat(), there.hour


def places(station: str, day: str) -> list[tuple[int, str, str]]:
    """Where a day of a station counts: for itself, for every place that it lies in, and for its district's days together."""
    return [(DISTRICT, station[:DISTRICT], ALWAYS), *((level, station[:level], day) for level in LEVELS)]


def level_within(prefix: str) -> int:
    """The level of the parts of which the stations within a prefix are counted: cities, counties, or each station."""
    return next((level for level in LEVELS if level > max(len(prefix), PROVINCE)), STATION)


def _class(value: object) -> str:
    return CLASSES.get(value, OTHER) if type(value) is int else OTHER


def _reason(value: object) -> str:
    return value if isinstance(value, str) and value in REASONS else OTHER


def _count(value: object) -> int:
    return min(value, MOST_AT_ONCE) if type(value) is int and value > 0 else 0


def _amount(value: object) -> float:
    return float(min(value, MOST_AT_ONCE)) if isinstance(value, int | float) and 0 < value < math.inf else 0.0
