"""The map: every station that has coordinates, by how it is; and those that it cannot show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from starlette.responses import Response

from kiosk.central.coordinates import Point, far_off
from kiosk.central.figures import STATION, level_within
from kiosk.central.office.asked import Asked, page
from kiosk.central.office.drawing import KINDS, SHAPES, Mark, drawn, middles
from kiosk.central.store.places import Placed
from kiosk.central.store.sightings import Condition, StationLine
from kiosk.language import _

MOST_LISTED: Final = 30
"""Stations without coordinates that are named."""


class Shown(Struct, frozen=True):
    """What becomes of the stations: a mark; or, with what was given, none; or nothing was given."""

    marks: list[Mark]
    wrong: list[Placed]
    missing: list[StationLine]


def show(asked: Asked) -> Response:
    """The page."""
    found = shown(asked.store.register(asked.scope), asked.store.places(asked.scope), asked.now)
    return page(
        "map",
        asked,
        picture=_picture(found.marks, asked.scope.prefix) if found.marks else "",
        legend=[(kind, SHAPES[kind], words, _count(found.marks, kind)) for kind, words in _legend().items()],
        wrong=found.wrong,
        missing=found.missing[:MOST_LISTED],
        more=max(0, len(found.missing) - MOST_LISTED),
    )


def shown(lines: Sequence[StationLine], places: Mapping[str, Placed], now: float) -> Shown:
    """Those that stand somewhere today; one that lies far from all others was mistyped."""
    standing = [each for each in lines if each.state in {"added", "enrolled"}]
    points = [(each, place.point) for each in standing if (place := places.get(each.code)) and place.point]
    far = far_off([at for _each, at in points])
    marks = [Mark(each.code, each.condition(now), at) for (each, at), off in zip(points, far, strict=True) if not off]
    on_the_map = {each.code for each in marks}
    others = [each for each in standing if each.code not in on_the_map]
    wrong = [places[each.code] for each in others if each.code in places]
    return Shown(marks, wrong, [each for each in others if each.code not in places])


def _picture(marks: Sequence[Mark], prefix: str) -> str:
    level = level_within(prefix)
    labels: dict[str, Point] = {} if level == STATION else middles(marks, level)
    return drawn(marks, labels, _("Map of {count} stations; north is up", count=len(marks)))


def _legend() -> dict[Condition, str]:
    words: dict[Condition, str] = {
        "silent": _("silent"),
        "faulty": _("with faults"),
        "waiting": _("not enrolled yet"),
        "well": _("all is well"),
    }
    return {kind: words[kind] for kind in reversed(KINDS)}


def _count(marks: Sequence[Mark], kind: Condition) -> int:
    return sum(each.kind == kind for each in marks)
