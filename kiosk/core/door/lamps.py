"""What a door shows: one lamp signal at a time, by what matters most to whoever stands before it."""

from __future__ import annotations

import math
from typing import Final

from msgspec.structs import replace

from kiosk.core.door.door import Door
from kiosk.core.door.tables import AlarmState, DoorMode, LockState
from kiosk.core.events import Lamp, Show

DENIED_FOR: Final = 2.0
"""Seconds for which a refusal is shown."""

TRIED_FOR: Final = 2.0
"""Seconds for which a signal is shown that a technician tries."""

BY_ALARM: Final = {
    AlarmState.PRE_ALARM: Lamp.WARNING,
    AlarmState.HELD_OPEN: Lamp.ALARM,
    AlarmState.FORCED_OPEN: Lamp.ALARM,
}
BY_MODE: Final = {
    DoorMode.HELD_OPEN: Lamp.FREE,
    DoorMode.EMERGENCY: Lamp.FREE,
    DoorMode.LOCKED_DOWN: Lamp.CLOSED,
}


def lamp(door: Door, now: float) -> Lamp:
    """An alarm first, then a refusal, then whether the door can be walked through."""
    if door.alarm in BY_ALARM:
        return BY_ALARM[door.alarm]
    if door.jammed:
        return Lamp.ALARM
    if now < door.denied_until:
        return Lamp.DENIED
    by_mode = BY_MODE.get(door.mode, Lamp.READY)
    return Lamp.GRANTED if door.lock is LockState.UNLOCKED and by_mode is not Lamp.FREE else by_mode


def denied(door: Door, reason: str, now: float) -> Door:
    """A refusal is to be shown, and once more if one is being shown."""
    return replace(door, denied_until=now + DENIED_FOR, refused=reason, shown=None)


def forgiven(door: Door) -> Door:
    """Somebody is let in: a refusal of somebody before them is shown no longer."""
    return replace(door, denied_until=-math.inf, refused="")


def shown(door: Door, now: float, *, warned: bool = False, drives: bool = False) -> tuple[Door, tuple[Show, ...]]:
    """Show it, if it is not what is shown already.

    `warned`: appliances are about to be switched off behind this door; `drives`: no pass opens, since the station drives.
    """
    wanted = lamp(door, now)
    wanted = Lamp.CLOSED if drives and wanted is Lamp.READY else wanted
    if door.tried is not None and now < door.tried_until:
        wanted = door.tried
    elif warned and wanted in {Lamp.READY, Lamp.CLOSED}:
        wanted = Lamp.WARNING
    return (door, ()) if wanted is door.shown else (replace(door, shown=wanted), (Show(door.name, wanted),))


def tried(door: Door, lamp: Lamp, now: float) -> Door:
    """A technician wants to see a signal for a moment."""
    return replace(door, tried=lamp, tried_until=now + TRIED_FOR)


def due(door: Door, now: float) -> float:
    """When a refusal, or a signal that was tried, has been shown long enough; infinite when none is shown."""
    if now < door.tried_until:  # until then no refusal that ends is seen
        return door.tried_until
    return door.denied_until if door.shown is Lamp.DENIED else math.inf
