"""A map as SVG: points of four kinds, each of its own colour and shape, and the names of the parts. Only computes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from statistics import median
from typing import Final

from msgspec import Struct

from kiosk.central.coordinates import Point
from kiosk.central.store.sightings import Condition

KINDS: Final[tuple[Condition, ...]] = ("well", "waiting", "faulty", "silent")
"""In the order in which they are drawn: what is worse lies above."""

WIDTH: Final = 1000
HEIGHTS: Final = (400, 1000)
EDGE: Final = 20
FEW: Final = 200
"""Points up to which each may be large."""

SHAPES: Final[Mapping[Condition, str]] = {
    "well": '<circle r="4" fill="#1a6b34"/>',
    "waiting": '<circle r="3" fill="#fff" stroke="#57606a" stroke-width="2"/>',
    "faulty": '<path d="M0-6 6 5H-6z" fill="#9a6700" stroke="#fff"/>',
    "silent": '<path d="M-5-5H5V5H-5z" fill="#b3261e" stroke="#fff"/>',
}
"""Around their middle."""


class Mark(Struct, frozen=True):
    """A station on the map."""

    code: str
    kind: Condition
    at: Point


class Frame(Struct, frozen=True):
    """How degrees become places in the picture: north is up, and a kilometre is as long as any other in the middle."""

    west: float
    north: float
    across: float
    down: float
    height: int

    def x(self, at: Point) -> float:
        """From the left."""
        return EDGE + (at.longitude - self.west) * self.across

    def y(self, at: Point) -> float:
        """From the top."""
        return EDGE + (self.north - at.latitude) * self.down


def framed(points: Sequence[Point]) -> Frame:
    """What shows all of them."""
    south, north = min(each.latitude for each in points), max(each.latitude for each in points)
    west, east = min(each.longitude for each in points), max(each.longitude for each in points)
    flat = math.cos(math.radians((south + north) / 2))
    wide, high = max((east - west) * flat, 0.02), max(north - south, 0.02)
    scale = min((WIDTH - 2 * EDGE) / wide, (HEIGHTS[1] - 2 * EDGE) / high)
    height = max(HEIGHTS[0], math.ceil(high * scale) + 2 * EDGE)
    return Frame(west, north, scale * flat, scale, height)


def drawn(marks: Sequence[Mark], labels: Mapping[str, Point], title: str) -> str:
    """The map; a mark leads to its station. The keyboard comes to those with something wrong, since nobody tabs 4,540 times."""
    frame = framed([each.at for each in marks])
    size = 1 if len(marks) > FEW else 2
    shapes = "".join(f'<g id="{kind}" transform="scale({size})">{SHAPES[kind]}</g>' for kind in KINDS)
    order = sorted(marks, key=lambda each: (KINDS.index(each.kind), each.code))
    digits = 0 if len(marks) > FEW else 1
    body = "".join(_mark(each, frame, digits) for each in order) + "".join(
        f'<text x="{frame.x(at):.0f}" y="{frame.y(at):.0f}">{escape(name)}</text>' for name, at in labels.items()
    )
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH} {frame.height}" role="group" aria-label="{escape(title)}">'
        f"<defs>{shapes}</defs>{body}</svg>"
    )


def _mark(each: Mark, frame: Frame, digits: int) -> str:
    use = f'<use href="#{each.kind}" x="{frame.x(each.at):.{digits}f}" y="{frame.y(each.at):.{digits}f}"/>'
    order = "" if each.kind in {"faulty", "silent"} else ' tabindex="-1"'
    return f'<a href="stations/{each.code}"{order}><title>{each.code}</title>{use}</a>'


def middles(marks: Sequence[Mark], level: int) -> dict[str, Point]:
    """For each part, by so many characters of its stations' codes: about where its name may stand."""
    parts: dict[str, list[Point]] = {}
    for each in marks:
        parts.setdefault(each.code[:level], []).append(each.at)
    return {
        name: Point(median(each.latitude for each in points), median(each.longitude for each in points))
        for name, points in sorted(parts.items())
    }
