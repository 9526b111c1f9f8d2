"""The map: every station that has coordinates, by how it is; and those that it cannot show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Final

import msgspec
from msgspec import Struct
from starlette.responses import Response

from kiosk.central.coordinates import Point, far_off
from kiosk.central.figures import STATION, level_within
from kiosk.central.office.asked import Asked, page, with_pictures_of
from kiosk.central.office.leaflet import library
from kiosk.central.scope import Scope
from kiosk.central.sheets import EMPTY
from kiosk.central.stops import spot, stops_of
from kiosk.central.store import CentralStore
from kiosk.central.store.places import Placed
from kiosk.central.store.sightings import Condition, StationLine
from kiosk.central.web.drawing import Look, Mark, drawn, middles
from kiosk.language import _

LOOK: Final = Look(
    {
        "well": '<circle r="4" fill="#1a6b34"/>',
        "waiting": '<circle r="3" fill="#fff" stroke="#57606a" stroke-width="2"/>',
        "faulty": '<path d="M0-6 6 5H-6z" fill="#9a6700" stroke="#fff"/>',
        "silent": '<path d="M-5-5H5V5H-5z" fill="#b3261e" stroke="#fff"/>',
    },
    tabbed=frozenset({"faulty", "silent"}),
    to="stations/",
)
"""What is worse lies above."""

MOST_DRAWN: Final = 8
"""Pictures that are kept, of half a megabyte at the most."""

MOST_LISTED: Final = 30
"""Stations without coordinates that are named."""


class Shown(Struct, frozen=True):
    """What becomes of the stations: a mark; or, with what was given, none; or nothing was given."""

    lines: Sequence[StationLine]
    marks: list[Mark]
    wrong: list[Placed]
    missing: list[StationLine]


def show(asked: Asked) -> Response:
    """The page."""
    found = _found(asked)
    answer = page(
        "map",
        asked,
        picture=_picture(found.marks, asked.scope.prefix) if found.marks else "",
        legend=[(kind, LOOK.shapes[kind], words, _count(found.marks, kind)) for kind, words in _legend().items()],
        wrong=found.wrong,
        missing=found.missing[:MOST_LISTED],
        more=max(0, len(found.missing) - MOST_LISTED),
        leaflet=library(),
        ground=asked.store.map,
        said=_legend() | {"all": _("{count} stations")},
    )
    return with_pictures_of(answer, asked.store.map.origin) if library() and asked.store.map.origin else answer


def stations(asked: Asked) -> Response:
    """The same as numbers, for the script that moves the map: code, latitude, longitude, how it is, name; and the labels."""
    found = _found(asked)
    names = {each.code: each.name for each in found.lines}
    marks = [(each.code, each.at.latitude, each.at.longitude, each.kind, names[each.code]) for each in found.marks]
    labels = [(name, at.latitude, at.longitude) for name, at in _labels(found.marks, asked.scope.prefix).items()]
    return Response(msgspec.json.encode({"stations": marks, "labels": labels}), media_type="application/json")


def _found(asked: Asked) -> Shown:
    lines = asked.looking.register(asked.scope, asked.now)
    return shown(lines, places_of(asked.store, lines, asked.scope, asked.now), asked.now)


def places_of(store: CentralStore, lines: Sequence[StationLine], scope: Scope, now: float) -> Mapping[str, Placed]:
    """Where each stands; one on wheels at its stop, or where the next one is."""
    sheets = cache(store.sheets)  # read where there are stops at all
    stops = stops_of(store, {each.code for each in lines}, lambda code: sheets().get(code, EMPTY).wheels)
    found = {code: at for code, planned in stops.items() if (at := spot(planned, now))}
    return store.places(scope) | {code: Placed(code, at, "") for code, at in found.items()}


def shown(lines: Sequence[StationLine], places: Mapping[str, Placed], now: float) -> Shown:
    """Those that stand somewhere today; one that lies far from all others was mistyped."""
    standing = [each for each in lines if each.state in {"added", "enrolled"}]
    points = [(each, place.point) for each in standing if (place := places.get(each.code)) and place.point]
    far = far_off([at for _each, at in points])
    marks = [Mark(each.code, each.condition(now), at) for (each, at), off in zip(points, far, strict=True) if not off]
    on_the_map = {each.code for each in marks}
    others = [each for each in standing if each.code not in on_the_map]
    wrong = [places[each.code] for each in others if each.code in places]
    return Shown(standing, marks, wrong, [each for each in others if each.code not in places])


def _picture(marks: Sequence[Mark], prefix: str) -> str:
    return _drawn((*marks,), prefix, _("Map of {count} stations; north is up", count=len(marks)))


@lru_cache(MOST_DRAWN)
def _drawn(marks: tuple[Mark, ...], prefix: str, title: str) -> str:
    """The picture stays the same until a station is another way, or elsewhere."""
    return drawn(marks, _labels(marks, prefix), title, LOOK)


def _labels(marks: Sequence[Mark], prefix: str) -> dict[str, Point]:
    """The names of the parts, and where they stand."""
    level = level_within(prefix)
    return {} if level == STATION else middles(marks, level)


def _legend() -> dict[str, str]:
    words: dict[Condition | str, str] = {
        "silent": _("silent"),
        "faulty": _("with faults"),
        "waiting": _("not enrolled yet"),
        "well": _("all is well"),
    }
    return {kind: words[kind] for kind in reversed([*LOOK.shapes])}


def _count(marks: Sequence[Mark], kind: str) -> int:
    return sum(each.kind == kind for each in marks)
