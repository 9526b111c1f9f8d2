"""Run hours and energy of an appliance, from its meter: added up, and told at each full hour of local time."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.entries import Entry, Used

HOUR: Final = 3600.0
MAX_GAP: Final = 120.0
"""Seconds for which the last power is believed; what was used in a longer gap nobody knows."""

STOPS_BELOW: Final = 0.8
"""Part of `runs_above` below which a running appliance has stopped."""


class Usage(Struct, frozen=True):
    """An appliance's meter, `sensor`, since boot time `began`; `at`: the last reading, of `watts`."""

    appliance: str
    sensor: str
    runs_above: float
    began: float
    at: float
    watts: float | None = None
    running: bool = False
    metered: float = 0.0
    ran: float = 0.0
    watt_hours: float = 0.0
    starts: int = 0


def metered(usage: Usage, watts: float | None, now: float) -> Usage:
    """Take a reading, or that there is none: the power before it held until now, if that was lately."""
    usage = _held(usage, now)
    if watts is None:
        return replace(usage, at=now, watts=None, running=False)
    running = watts > usage.runs_above * (STOPS_BELOW if usage.running else 1.0)
    return replace(usage, at=now, watts=watts, running=running, starts=usage.starts + (running and not usage.running))


def _held(usage: Usage, now: float) -> Usage:
    seconds = now - usage.at
    if usage.watts is None or not 0 < seconds <= MAX_GAP:
        return usage
    return replace(
        usage,
        at=now,
        metered=usage.metered + seconds,
        ran=usage.ran + seconds * usage.running,
        watt_hours=usage.watt_hours + max(0.0, usage.watts) * seconds / HOUR,
    )


def told(usage: Usage, now: float) -> tuple[Usage, tuple[Entry, ...]]:
    """Close the sums, up to now, as an entry; none where nothing was metered."""
    usage = _held(usage, now)
    fresh = replace(usage, began=now, metered=0.0, ran=0.0, watt_hours=0.0, starts=0)
    if not usage.metered:
        return fresh, ()
    seconds, metered, ran = (round(each, 1) for each in (now - usage.began, usage.metered, usage.ran))
    return fresh, (Used(usage.appliance, seconds, metered, ran, round(usage.watt_hours, 3), usage.starts),)


def next_hour(wall: float, offset: int) -> float:
    """Seconds from `wall` to the next full hour of local time, which is UTC plus `offset` seconds."""
    return HOUR - (wall + offset) % HOUR
