"""A QR symbol as one path, so that a page draws it without markup that somebody else made."""

from __future__ import annotations

from itertools import groupby
from typing import Final

import segno
from msgspec import Struct

BORDER: Final = 4
"""Light modules around a symbol (ISO/IEC 18004)."""


class Symbol(Struct, frozen=True):
    """`size`: modules of a side, with the border; `path`: of an SVG, a stroke one module wide for each run of dark ones."""

    size: int
    path: str


def path_of(drawn: segno.QRCode) -> Symbol:
    """What a page draws of it."""
    rows = [list(row) for row in drawn.matrix_iter(border=BORDER)]
    return Symbol(len(rows), "".join(_strokes(row, y) for y, row in enumerate(rows)))


def _strokes(row: list[int], y: int) -> str:
    strokes, x = "", 0
    for dark, run in groupby(row):
        length = len(list(run))
        strokes += f"M{x} {y}.5h{length}" if dark else ""
        x += length
    return strokes
