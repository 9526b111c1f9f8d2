"""Energy is saved in a station that is closed and provably empty; the first sign of anybody gives the power back.

Nobody proves that a room is empty by having seen nobody come: only a presence sensor that works can, and has a veto.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import Instant
from kiosk.core.door.hours import provably_closed
from kiosk.core.door.tables import DoorMode
from kiosk.core.entries import Entry
from kiosk.core.events import Command, Switch
from kiosk.core.room.room import Phase
from kiosk.core.state import State, Stepped

SAVING: Final = "saving"
"""Why a relay is off that saving switched off."""

LOOK_EVERY: Final = 30.0
"""Seconds between two looks at the calendar."""

FREE: Final = (DoorMode.HELD_OPEN, DoorMode.EMERGENCY)
"""Modes in which anybody may walk in."""

SIGNS: Final = (fact.Granted, fact.Taken, fact.ExitPressed, fact.DoorAlarm, fact.Operated)
"""Entries that tell of somebody."""


def empty(state: State, now: float) -> bool:
    """Whether nobody is provably inside."""
    rules = state.room.rules
    seen = (state.sensors[name] for name in rules.presence)
    return (
        bool(rules.presence) and now - state.room.sign_at >= rules.empty_after and all(each.value == 0 for each in seen)
    )


def closed(state: State, now: float) -> bool:
    """Whether every entrance is provably closed by its calendar, and none is held open."""
    doors = [state.doors[name] for name in state.room.rules.entrances]
    return bool(doors) and all(
        each.mode not in FREE and provably_closed(each.rules.schedule, state.clock, now) for each in doors
    )


def settle(before: State, state: State, outcomes: Iterable[Command | Entry], now: Instant) -> Stepped:
    """After an event: see whether it told of somebody, and save energy or stop saving it."""
    if _somebody(before, state, outcomes):
        state = replace(state, room=replace(state.room, sign_at=now.boot))
    room = state.room
    if not room.rules.saves:
        return state, ()
    idle = empty(state, now.boot) and closed(state, now.boot)
    match room.phase:
        case Phase.ON if idle:
            return _turn(state, Phase.WARNED, now.boot)
        case Phase.WARNED | Phase.OFF if not idle:
            return _turn(state, Phase.ON, now.boot)
        case Phase.WARNED if now.boot - room.phase_at >= room.rules.warn_for:
            return _turn(state, Phase.OFF, now.boot)
        case _:
            return state, ()


def _somebody(before: State, state: State, outcomes: Iterable[Command | Entry]) -> bool:
    if any(isinstance(each, SIGNS) for each in outcomes):
        return True
    if before.doors is not state.doors and any(
        each.door is not state.doors[name].door for name, each in before.doors.items()
    ):
        return True
    return before.sensors is not state.sensors and any(
        bool(state.sensors[name].value) for name in state.room.signs if name in state.sensors
    )


def _turn(state: State, phase: Phase, now: float) -> Stepped:
    was_off = state.room.phase is Phase.OFF
    state = replace(state, room=replace(state.room, phase=phase, phase_at=now))
    outcomes: list[Command | Entry] = [fact.Saving(phase)]
    if was_off or phase is Phase.OFF:
        for relay in state.room.rules.saves:
            state, more = hold_off(state, relay, SAVING, held=phase is Phase.OFF)
            outcomes += more
    return state, tuple(outcomes)


def hold_off(state: State, relay: str, why: str, *, held: bool) -> Stepped:
    """A reason for a relay to be off comes or goes; it is on while there is none."""
    reasons = state.room.off.get(relay, ())
    if (why in reasons) is held:
        return state, ()
    left = (*reasons, why) if held else tuple(each for each in reasons if each != why)
    off = {name: each for name, each in (state.room.off | {relay: left}).items() if each}
    state = replace(state, room=replace(state.room, off=off))
    entry = fact.Switched(relay, not left, why, held)
    return state, ((entry,) if bool(reasons) is bool(left) else (entry, Switch(relay, not left)))


def due(state: State, now: float) -> float:
    """When to look again; infinite where nothing is saved."""
    room = state.room
    if not room.rules.saves:
        return math.inf
    if room.phase is Phase.WARNED:
        return room.phase_at + room.rules.warn_for
    return max(room.sign_at + room.rules.empty_after, now + LOOK_EVERY) if room.phase is Phase.ON else now + LOOK_EVERY
