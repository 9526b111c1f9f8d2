"""A station on wheels: where its GPS says that it is, at which of its stops, and whether it drives.

Which stops there are is said by documents (:class:`kiosk.trust.service.Stop`). A pass counts by the prefix of a stop while the
station has arrived there, has provably not left, and the stop's time is not over.
"""

from __future__ import annotations

import math

from msgspec.structs import replace

from kiosk.core import held
from kiosk.core.clock import Instant
from kiosk.core.events import Located
from kiosk.core.room import motion, position, stops
from kiosk.core.room.motion import Fix
from kiosk.core.room.stops import Fence
from kiosk.core.state import State, Stepped
from kiosk.trust.service import ServiceDocument, Stop


def located(state: State, event: Located, now: Instant) -> Stepped:
    """A receiver knows where the station is."""
    place, entries = position.located(state.room.place, event.latitude, event.longitude, event.speed, now.boot)
    state = replace(state, room=replace(state.room, place=place))
    wheels = state.room.wheels
    if wheels is None:
        return state, entries
    fix = Fix(event.latitude, event.longitude, event.speed, now.boot)
    fences, wall = _fences(state, now.boot), state.clock.wall(now)
    matched, told = stops.located(wheels.stops, fences, wheels.motion.newest, fix, wall)
    wheels = replace(wheels, motion=motion.located(wheels.motion, fix), stops=matched)
    return replace(state, room=replace(state.room, wheels=wheels)), (*entries, *told)


def advance(state: State, now: Instant) -> Stepped:
    """What is due: stops whose time is over."""
    wheels = state.room.wheels
    if wheels is None:
        return state, ()
    services = state.services.held.values()
    stopping = (each.head for each in services if isinstance(each.body, Stop))
    ended = {head.id: head.begins for head in stopping if held.over(head, state.clock, now.boot)}
    matched, told = stops.over(wheels.stops, ended, now.boot, state.clock.wall(now))
    if not told:
        return state, ()
    return replace(state, room=replace(state.room, wheels=replace(wheels, stops=matched))), told


def republished(before: State, state: State, now: Instant) -> Stepped:
    """Documents have come; of those before, some may have had other places."""
    wheels = state.room.wheels
    if wheels is None or wheels.motion.newest is None or state.services is before.services:
        return state, ()
    earlier, fences = _fences(before, now.boot), _fences(state, now.boot)
    matched, told = stops.moved(wheels.stops, earlier, fences, wheels.motion.newest, state.clock.wall(now))
    return replace(state, room=replace(state.room, wheels=replace(wheels, stops=matched))), told


def due(state: State, now: float) -> float:
    """When silence takes a proof away; infinite where there is none. A stop that ends is seen with the next fix."""
    return motion.due(state.room.wheels.motion, now) if state.room.wheels else math.inf


def moving(state: State, now: float) -> bool:
    """Whether it provably drives."""
    return state.room.wheels is not None and motion.moving(state.room.wheels.motion, now)


def here(state: State, now: float) -> dict[str, Stop]:
    """The stops in force at which it is, by id."""
    wheels = state.room.wheels
    if wheels is None:
        return {}
    return {head.id: stop for head, stop in _in_force(state, now) if wheels.stops.at(head.id, head.begins)}


def prefixes(state: State, now: float) -> frozenset[str]:
    """The further prefixes whose passes count where it is."""
    return frozenset(each.prefix for each in here(state, now).values() if each.prefix)


def _in_force(state: State, now: float) -> list[tuple[ServiceDocument, Stop]]:
    return held.said(state.services, Stop, state.clock, now)


def _fences(state: State, now: float) -> dict[str, Fence]:
    return {
        head.id: Fence(stop.latitude, stop.longitude, stop.radius, head.begins) for head, stop in _in_force(state, now)
    }
