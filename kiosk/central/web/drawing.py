"""A map as SVG: points of some kinds, each of its own colour and shape, and the names of the parts. Only computes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from statistics import median
from typing import Final

from msgspec import Struct

from kiosk.central.coordinates import Point

WIDTH: Final = 1000
HEIGHTS: Final = (400, 1000)
EDGE: Final = 30
"""Around the outermost marks, of which large ones are 22 from their middle."""
FEW: Final = 200
"""Points up to which each may be large."""


class Look(Struct, frozen=True):
    """How a map looks: the shape of each kind around its middle, those that lie above behind the others.

    `tabbed`: the kinds that the keyboard comes to; `to`: the address of a station but for its code; `large`: how much larger
    few marks are than many.
    """

    shapes: Mapping[str, str]
    tabbed: frozenset[str]
    to: str
    large: float = 2


class Mark(Struct, frozen=True):
    """A station on the map: its code (letters and digits), what it is called there, and how it is."""

    code: str
    kind: str
    at: Point
    name: str = ""


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


def drawn(marks: Sequence[Mark], labels: Mapping[str, Point], title: str, look: Look) -> str:
    """The map; a mark leads to its station. The keyboard comes to some kinds alone, since nobody tabs 4,540 times."""
    frame = framed([each.at for each in marks])
    size = 1 if len(marks) > FEW else look.large
    shapes = "".join(f'<g id="{kind}" transform="scale({size})">{shape}</g>' for kind, shape in look.shapes.items())
    kinds = [*look.shapes]
    order = sorted(marks, key=lambda each: (kinds.index(each.kind), each.code))
    digits = 0 if len(marks) > FEW else 1
    body = "".join(_mark(each, frame, digits, look) for each in order) + "".join(
        f'<text x="{frame.x(at):.0f}" y="{frame.y(at):.0f}">{escape(name)}</text>' for name, at in labels.items()
    )
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH} {frame.height}" role="group" aria-label="{escape(title)}">'
        f"<defs>{shapes}</defs>{body}</svg>"
    )


def _mark(each: Mark, frame: Frame, digits: int, look: Look) -> str:
    use = f'<use href="#{each.kind}" x="{frame.x(each.at):.{digits}f}" y="{frame.y(each.at):.{digits}f}"/>'
    order = "" if each.kind in look.tabbed else ' tabindex="-1"'
    return f'<a href="{look.to}{each.code}"{order}><title>{escape(each.name) or each.code}</title>{use}</a>'


def middles(marks: Sequence[Mark], level: int) -> dict[str, Point]:
    """For each part, by so many characters of its stations' codes: about where its name may stand."""
    parts: dict[str, list[Point]] = {}
    for each in marks:
        parts.setdefault(each.code[:level], []).append(each.at)
    return {
        name: Point(median(each.latitude for each in points), median(each.longitude for each in points))
        for name, points in sorted(parts.items())
    }


def dotted(
    marks: Sequence[Mark], labels: Mapping[str, tuple[str, Point]], title: str, colours: Mapping[str, str]
) -> str:
    """A map of too many stations for a link each, in a few bytes a dot; a label, under its address, leads to its part."""
    frame = framed([each.at for each in marks])
    paths = (
        f'<path d="{_dots(frame, [each.at for each in marks if each.kind == kind])}" stroke="{colour}"/>'
        for kind, colour in colours.items()
    )
    names = (
        f'<a href="{escape(to)}"><text x="{frame.x(at):.0f}" y="{frame.y(at):.0f}">{escape(name)}</text></a>'
        for to, (name, at) in labels.items()
    )
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH} {frame.height}" role="group" aria-label="{escape(title)}">'
        f'<g fill="none" stroke-width="7" stroke-linecap="round">{"".join(paths)}</g>{"".join(names)}</svg>'
    )


def _dots(frame: Frame, points: Sequence[Point]) -> str:
    """A line without a length for each, whose ends are round."""
    return "".join(f"M{frame.x(at):.0f} {frame.y(at):.0f}h0" for at in points)
