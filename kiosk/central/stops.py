"""Where a station on wheels is, as far as its stops and what it told of them say. Only computes, but for one reading.

It is *here* when it has arrived at a stop whose time it is, and would know that it leaves; *on the way* when it should be there
and is not, or drives to the next; *planned* while the next one has not begun; and *unknown* when nobody hears it, or its GPS is
silent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.coordinates import Point
from kiosk.central.services import read_service
from kiosk.central.store import CentralStore
from kiosk.central.store.stops import ToldOfStop
from kiosk.core.room.stops import ARRIVED, LEFT, What
from kiosk.trust.service import STOP, Stop, body_in

State = Literal["here", "on_the_way", "planned", "unknown"]

MOST_READ: Final = 4096
"""Stops that are kept as they were read: there may be thousands, and somebody looks every few seconds."""


class PlannedStop(Struct, frozen=True):
    """A stop of a station: what it is called (by language), where, from when to when, and what was told of it last, when."""

    id: str
    texts: Mapping[str, str]
    point: Point
    begins: int
    ends: int
    told: What | Literal[""] = ""
    told_at: float = 0.0


class Where(Struct, frozen=True):
    """Where it is: at `stop`, or that is the next one. `since`: of what is unknown, if that may be said."""

    state: State
    stop: PlannedStop
    since: float | None = None


class Known(Struct, frozen=True):
    """What else is known of it: whether nobody hears it, since when; whether its GPS says where it is; whether it drives.

    `deaf`: its receiver says nothing at all, so that it would not know that it leaves; under a roof it tells the next fix.
    """

    silent: bool = False
    heard: float | None = None
    located: bool = True
    drives: bool = False
    deaf: bool = False


def ahead(stops: Iterable[PlannedStop], now: float) -> list[PlannedStop]:
    """Those whose time is not over, in their order."""
    return sorted((each for each in stops if now < each.ends), key=lambda each: (each.begins, each.id))


def where(stops: Iterable[PlannedStop], known: Known, now: float) -> Where | None:
    """Where it is; None where no stop lies ahead of it."""
    left = ahead(stops, now)
    going_on = [each for each in left if each.begins <= now]
    if at := next((each for each in going_on if each.told == ARRIVED), None):
        lost = known.silent or known.deaf
        return Where("unknown", at, known.heard if known.silent else None) if lost else Where("here", at)
    target = next((each for each in left if each.told != LEFT), None)
    if target is None:
        return None
    if target not in going_on:
        return Where("on_the_way" if known.drives and not known.silent else "planned", target)
    if known.silent or not known.located:
        return Where("unknown", target, known.heard if known.silent else None)
    return Where("on_the_way", target)


def spot(stops: Iterable[PlannedStop], now: float) -> Point | None:
    """The place of the stop where it is, or of the next one."""
    place = where(stops, Known(), now)
    return place.stop.point if place else None


def stops_of(
    store: CentralStore, stations: AbstractSet[str], drives: Callable[[str], bool]
) -> dict[str, list[PlannedStop]]:
    """The stops of those of these stations that drive, or for which alone there are stops."""
    published = [(each.scope, *found) for each in store.services(STOP) if (found := _read(each.body))]
    if not published:
        return {}
    told, planned = store.told_of_stops(), defaultdict[str, list[PlannedStop]](list)
    driving = [each for each in stations if drives(each)]
    for scope, stop in published:
        within = {each for each in driving if each.startswith(scope)}
        for station in within | ({scope} & stations):
            planned[station].append(_with(stop, told.get((station, stop.id))))
    return dict(planned)


def _with(stop: PlannedStop, last: ToldOfStop | None) -> PlannedStop:
    """What was told before it begins is of an earlier day of the same stop."""
    return stop if last is None or last.at < stop.begins else replace(stop, told=last.what, told_at=last.at)


@lru_cache(MOST_READ)
def _read(body: bytes) -> tuple[PlannedStop] | None:
    """What a stop says; None of one that was withdrawn."""
    head, said = read_service(body)
    found = body_in(head, said)
    if not isinstance(found, Stop):
        return None
    return (PlannedStop(head.id, found.texts, Point(found.latitude, found.longitude), head.begins, head.ends),)
