"""`step(room, event, setting) -> (room, commands)`: a doctor on somebody's own phone, by a one-time link on the display.

The link is the address of the `doctor` document in force with a random word in it, made anew for each touch; nothing in it, and
nothing that is written down, says who touched. Whether the doctor can be reached is what is known here: whether the station has
a network, and the doctor's hours. The link is given without a network too: the phone has one of its own.

That somebody consulted a doctor just after they came in would be that person's. So what is told of it lies in a file without a
time of its own, sorted, and leaves as voices do, at the second 03:00 after it. It is let go of before it is told: a power cut
in between may lose one of a count, and never doubles one.
"""

from __future__ import annotations

import math
from typing import Final, assert_never

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.clock import Clock, Instant, Quality
from kiosk.core.desk.voices import LIES_FOR, day_of
from kiosk.core.door.hours import Schedule, opens_next, weekly
from kiosk.core.entries import Consulted, Stamp
from kiosk.core.events import Record, Tick
from kiosk.trust.service import Doctor

LINK_FOR: Final = 300.0
"""Seconds for which a link is shown at the most."""

ROUNDED: Final = 10
"""To so many seconds it is told for how long one was shown."""

MOST: Final = 500
"""Consultations that lie here; beyond them none is counted."""

LOOK_EVERY: Final = 3600.0
"""Seconds between two looks at the calendar while something lies here."""

TOKEN: Final = "{token}"  # noqa: S105  the place of one in an address

LEFT: Final = "left"
OVER: Final = "over"
"""How a link ended: somebody left it, or its time was over."""


class Lies(Struct, frozen=True, array_like=True):
    """A consultation of that day (None: not known yet) that is not told yet."""

    day: int | None
    seconds: int
    ended: str


class Setting(Struct, frozen=True):
    """The doctor of the document in force, whether the station has a network, its clock and now; `offset`: local time."""

    doctor: Doctor | None
    online: bool
    clock: Clock
    now: Instant
    offset: int = 0


class Asked(Struct, frozen=True):
    """Somebody touched *doctor*; `token`: a random word."""

    token: str


class Left(Struct, frozen=True):
    """Nobody is at the link any longer."""


class Stored(Struct, frozen=True):
    """This is on the disk."""

    lying: tuple[Lies, ...]


class KeepLying(Struct, frozen=True):
    """Store that; answer with Stored. A later one takes the place of one that still waits."""

    lying: tuple[Lies, ...]


ConsultingEvent = Asked | Left | Stored | Tick
ConsultingCommand = KeepLying | Record


class Link(Struct, frozen=True):
    """An address that has been shown since boot time `since`, until `until`."""

    address: str
    since: float
    until: float


class Consulting(Struct, frozen=True):
    """`lying`: what is not told yet; `leaving`: what is told as soon as the disk holds no more of it.

    `reachable`: whether the doctor is; `since`: since when, in seconds since 1970 (0: nobody knows).
    """

    lying: tuple[Lies, ...] = ()
    leaving: tuple[Consulted, ...] = ()
    link: Link | None = None
    reachable: bool = False
    since: float = 0.0


Stepped = tuple[Consulting, tuple[ConsultingCommand, ...]]


def step(room: Consulting, event: ConsultingEvent, setting: Setting) -> Stepped:
    """The next state, and what to do, in order."""
    before = room.lying
    room = _reached(_settled(room, setting), setting)
    room, told = _happen(room, event, setting)
    room = _turned(room, setting)
    kept = () if room.lying == before else (KeepLying(room.lying),)
    return room, (*told, *kept)


def refused(setting: Setting) -> str:
    """Why there is no link now; empty where there is one."""
    if setting.doctor is None:
        return "no_doctor"
    return "closed" if opens(setting) else ""


def opens(setting: Setting) -> float:
    """When the doctor's hours begin next, in seconds since 1970; 0 where it may be within them."""
    hours = setting.doctor.hours if setting.doctor else ()
    schedule = Schedule(weekly(hours, setting.offset) if hours else None)
    return opens_next(schedule, setting.clock, setting.now.boot) or 0.0


def due(room: Consulting, now: float) -> float:
    """The boot time at which a Tick is wanted; infinite when only events matter."""
    times = [room.link.until] if room.link else []
    times += [now + LOOK_EVERY] if room.lying else []
    return min(times, default=math.inf)


def _settled(room: Consulting, setting: Setting) -> Consulting:
    """A link whose time is over, or whose doctor has gone."""
    if room.link and (setting.now.boot >= room.link.until or setting.doctor is None):
        return _ended(room, OVER, setting.now.boot)
    return room


def _reached(room: Consulting, setting: Setting) -> Consulting:
    reachable = setting.doctor is not None and setting.online and not opens(setting)
    if reachable is room.reachable:
        return room
    known = setting.clock.quality(setting.now.boot) is not Quality.UNSET
    return replace(room, reachable=reachable, since=setting.clock.wall(setting.now) if known else 0.0)


def _happen(room: Consulting, event: ConsultingEvent, setting: Setting) -> Stepped:
    match event:
        case Asked(token) if setting.doctor and not refused(setting):
            now = setting.now.boot
            link = Link(setting.doctor.url.replace(TOKEN, token), now, now + LINK_FOR)
            return replace(_ended(room, LEFT, now), link=link), ()
        case Left():
            return _ended(room, LEFT, setting.now.boot), ()
        case Stored(lying) if room.leaving and lying == room.lying:
            boot, clock = setting.now.boot, setting.clock
            stamp = Stamp(boot, clock.wall(setting.now), clock.quality(boot))
            return replace(room, leaving=()), (Record(room.leaving, stamp),)
        case Asked() | Stored() | Tick():
            return room, ()
        case _:
            assert_never(event)


def _ended(room: Consulting, how: str, now: float) -> Consulting:
    """The link is shown no more; that it was is counted."""
    if room.link is None:
        return room
    seconds = round((now - room.link.since) / ROUNDED) * ROUNDED
    lying = room.lying if len(room.lying) >= MOST else _sorted((*room.lying, Lies(None, seconds, how)))
    return replace(room, link=None, lying=lying)


def _turned(room: Consulting, setting: Setting) -> Consulting:
    """What is ripe leaves; what lies here has a day as soon as one is proven."""
    boot, clock = setting.now.boot, setting.clock
    if not room.lying or clock.quality(boot) not in {Quality.SYNCED, Quality.HOLDOVER}:
        return room
    today = day_of(clock.wall(setting.now), setting.offset)
    dated = [replace(each, day=today if each.day is None else min(each.day, today)) for each in room.lying]
    ripe = tuple(Consulted(each.seconds, each.ended) for each in dated if (each.day or 0) + LIES_FOR <= today)
    lying = _sorted(tuple(each for each in dated if (each.day or 0) + LIES_FOR > today))
    return replace(room, lying=lying, leaving=(*room.leaving, *ripe))


def _sorted(lying: tuple[Lies, ...]) -> tuple[Lies, ...]:
    """Nothing tells in which order they came."""
    return tuple(sorted(lying, key=lambda each: (each.day or 0, each.seconds, each.ended)))
