"""The stops of a station on wheels: has it arrived, has it left, did it never come? Each is told when it is proven, once.

A stop is a circle. It has arrived when it has stood inside for a while, and left when it has been outside for a while, by a
margin: a fix that jitters at the circle, or jumps, turns nothing. Silence proves nothing either: where it was last is where it
is until a fix says something else. A stop at which it never was is missed when its time is over and it has just been seen
elsewhere; where the GPS was silent then, nobody knows, and nothing is told.

What was told of each stop is in the logbook, and nowhere else: after a restart it is read back from there, so that nothing is
told twice. What was told before a stop begins is of an earlier day of the same stop, and counts no longer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.entries import StoppedAt
from kiosk.core.room.motion import Fix, follows
from kiosk.core.room.position import MOVES_ABOVE, distance

What = Literal["arrived", "left", "missed"]
ARRIVED: Final = "arrived"
LEFT: Final = "left"
MISSED: Final = "missed"

ARRIVES_AFTER: Final = 30.0
"""Seconds of standing inside: longer than most traffic lights."""

LEAVES_AFTER: Final = 60.0
"""Seconds outside."""

GAP: Final = 60.0
"""Seconds between two fixes after which the later one begins anew: nobody knows what was between them."""

MARGIN: Final = 50.0
"""Metres outside that count as neither in nor out; a quarter of a large circle's radius."""

SEEN_ELSEWHERE: Final = 600.0
"""Seconds before a stop's end within which it must have been seen elsewhere."""

MOST_REMEMBERED: Final = 256
"""Stops of which it is remembered what was told; a station holds 64."""


class Fence(Struct, frozen=True):
    """A stop's circle: its middle in degrees (WGS 84), its radius in metres, and when it begins (seconds since 1970)."""

    latitude: float
    longitude: float
    radius: float
    begins: float = 0.0


class Told(Struct, frozen=True):
    """What was told, and when by the station's own clock (seconds since 1970)."""

    what: What
    at: float


class Track(Struct, frozen=True):
    """Since when fixes tell that it has turned in or out, and when it was last outside. Boot times."""

    turning_since: float | None = None
    outside_at: float = -math.inf


class Stops(Struct, frozen=True):
    """By stop's id: what was told of it last, and what its fixes say."""

    told: dict[str, Told] = {}
    tracks: dict[str, Track] = {}

    def last(self, stop: str, begins: float) -> What | None:
        """What was told of it last since it began."""
        found = self.told.get(stop)
        return found.what if found and found.at >= begins else None

    def at(self, stop: str, begins: float) -> bool:
        """Whether it has arrived there, and has not left."""
        return self.last(stop, begins) == ARRIVED


Moved = tuple[Stops, tuple[StoppedAt, ...]]


def located(stops: Stops, fences: Mapping[str, Fence], before: Fix | None, fix: Fix, wall: float) -> Moved:
    """Take a fix, after the one `before`, while these stops are in force; `wall`: the time, in seconds since 1970."""
    goes_on = follows(before, fix, GAP)
    tracks = {name: each for name, each in stops.tracks.items() if fix.at - each.outside_at <= SEEN_ELSEWHERE}
    told: dict[str, What] = {}
    for name, fence in fences.items():
        known = stops.tracks.get(name, Track())
        known = known if goes_on else replace(known, turning_since=None)
        here = stops.at(name, fence.begins)
        tracks[name], turned = _tracked(known, fence, fix, here=here)
        if turned:
            told[name] = LEFT if here else ARRIVED
    return _told(replace(stops, tracks=tracks), told, wall)


def over(stops: Stops, ended: Mapping[str, float], now: float, wall: float) -> Moved:
    """The time of these stops is provably over, by when they began: of those at which it never was, those that are missed."""
    never = (name for name, begins in ended.items() if stops.last(name, begins) is None)
    seen = (name for name in never if now - stops.tracks.get(name, Track()).outside_at <= SEEN_ELSEWHERE)
    return _told(stops, dict.fromkeys(seen, MISSED), wall)


def moved(stops: Stops, before: Mapping[str, Fence], fences: Mapping[str, Fence], fix: Fix, wall: float) -> Moved:
    """Documents have put other fences in the place of those before: what has moved away from the last fix has been left.

    No other fix need come: where it was last is where it is, and that is not in this circle.
    """
    new = {name for name in before.keys() & fences.keys() if fences[name] != before[name]}
    left = (name for name in sorted(new) if stops.at(name, fences[name].begins) and _is_outside(fences[name], fix))
    return _told(stops, dict.fromkeys(left, LEFT), wall)


def remembered(told: Iterable[tuple[float, StoppedAt]]) -> Stops:
    """As the logbook has it, in its order: each with its time."""
    found: dict[str, Told] = {}
    for wall, each in told:
        found.pop(each.stop, None)
        found[each.stop] = Told(each.what, wall)
    return Stops(_bounded(found))


def _tracked(track: Track, fence: Fence, fix: Fix, *, here: bool) -> tuple[Track, bool]:
    """What the fixes say now, and whether they have said so for long enough."""
    away, outside = _away(fence, fix), _is_outside(fence, fix)
    track = replace(track, outside_at=fix.at) if outside else track
    drives = fix.speed > MOVES_ABOVE
    if (not outside) if here else (outside or drives):
        return replace(track, turning_since=None), False
    if not here and away > fence.radius:  # at the fence: neither
        return track, False
    since = fix.at if track.turning_since is None else track.turning_since
    if fix.at - since < (LEAVES_AFTER if here else ARRIVES_AFTER):
        return replace(track, turning_since=since), False
    return replace(track, turning_since=None), True


def _away(fence: Fence, fix: Fix) -> float:
    return distance(fence.latitude, fence.longitude, fix.latitude, fix.longitude)


def _is_outside(fence: Fence, fix: Fix) -> bool:
    return _away(fence, fix) > fence.radius + max(MARGIN, fence.radius / 4)


def _told(stops: Stops, told: Mapping[str, What], wall: float) -> Moved:
    if not told:
        return stops, ()
    known = {name: each for name, each in stops.told.items() if name not in told}
    known |= {name: Told(what, wall) for name, what in told.items()}
    return replace(stops, told=_bounded(known)), tuple(StoppedAt(name, what) for name, what in told.items())


def _bounded(told: dict[str, Told]) -> dict[str, Told]:
    return dict(list(told.items())[-MOST_REMEMBERED:])
