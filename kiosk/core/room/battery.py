"""Power from a battery: below a voltage what its settings name is switched off, whoever is inside, and on again above another.

A sensor that is silent changes nothing: a flat battery is no better than a dark room. After a restart what was off stays off: a
battery that breaks down under its load would start the station again and again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import Instant
from kiosk.core.entries import Entry
from kiosk.core.events import Command
from kiosk.core.room import alarms, saving
from kiosk.core.room.room import Battery, Phase, Room
from kiosk.core.state import State, Stepped

BATTERY: Final = "battery"
"""Why a relay is off that a low battery switched off."""


def settle(state: State, now: Instant) -> Stepped:
    """After an event: what the voltage is by now."""
    known = state.room.battery
    if known is None:
        return state, ()
    sensor = state.sensors.get(known.low.rules.sensor)
    low, turned = alarms.judge(known.low, sensor.value if sensor else None, now.boot, applies=True)
    if low is not known.low:
        state = replace(state, room=replace(state.room, battery=replace(known, low=low)))
    outcomes: list[Command | Entry] = []
    if turned:
        outcomes.append(fact.Saving(Phase.OFF if low.raised else Phase.ON, BATTERY))
    for relay in known.relays:
        state, more = saving.hold_off(state, relay, BATTERY, held=low.raised)
        outcomes += more
    return state, tuple(outcomes)


def due(state: State) -> float:
    """When it turns if the voltage stays as it is; infinite while it has no reason to."""
    return alarms.due(state.room.battery.low) if state.room.battery else math.inf


def restored(room: Room, off: Mapping[str, tuple[str, ...]]) -> Room:
    """The room in which these relays were off for these reasons; a battery that was low is so until its voltage rises."""
    battery = room.battery
    relays = battery.relays if battery else ()
    was_low = any(BATTERY in off.get(relay, ()) for relay in relays)
    kept = {relay: tuple(why for why in reasons if why != BATTERY or relay in relays) for relay, reasons in off.items()}
    room = replace(room, off={relay: reasons for relay, reasons in kept.items() if reasons})
    if battery is None or not was_low:
        return room
    return replace(room, battery=Battery(replace(battery.low, raised=True), battery.relays))
