"""What stands on a sheet, in millimetres from its top left: words, codes, lines, pictures. Nothing here draws."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

A4: Final = (210.0, 297.0)
POINT: Final = 25.4 / 72
"""Millimetres of a typographic point."""


class Words(Struct, frozen=True):
    """A line of text: `x` and `y` of where it begins, on its baseline; set smaller where it would be wider than `width`."""

    x: float
    y: float
    text: str
    size: float
    """Points."""
    width: float
    bold: bool = False


class Code(Struct, frozen=True):
    """A QR code with its quiet zone in it; `level`: of error correction."""

    x: float
    y: float
    side: float
    text: str
    level: str


class Line(Struct, frozen=True):
    """A hair line to `dx` and `dy` beside where it begins."""

    x: float
    y: float
    dx: float
    dy: float


class Box(Struct, frozen=True):
    """A rectangle filled with a colour, `#rrggbb`."""

    x: float
    y: float
    width: float
    height: float
    colour: str


class Picture(Struct, frozen=True):
    """A picture, of which `data` is the file."""

    x: float
    y: float
    width: float
    height: float
    data: bytes


Mark = Words | Code | Line | Box | Picture


class Sheet(Struct, frozen=True):
    """One side of a sheet of paper, or of a card."""

    width: float
    height: float
    marks: tuple[Mark, ...]


def moved(marks: Iterable[Mark], dx: float, dy: float) -> tuple[Mark, ...]:
    """The same further right and down."""
    return tuple(replace(each, x=each.x + dx, y=each.y + dy) for each in marks)


def cuts(columns: int, rows: int, width: float, height: float, *, length: float, away: float) -> Iterator[Line]:
    """Where the blade goes around so many of that size, which share their edges, in the middle of an A4: outside of them."""
    left, top = (A4[0] - columns * width) / 2, (A4[1] - rows * height) / 2
    for column in range(columns + 1):
        x = left + column * width
        yield Line(x, top - away - length, 0, length)
        yield Line(x, A4[1] - top + away, 0, length)
    for row in range(rows + 1):
        y = top + row * height
        yield Line(left - away - length, y, length, 0)
        yield Line(A4[0] - left + away, y, length, 0)
