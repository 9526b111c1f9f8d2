"""The four answer cards for the reader inside, on one sheet of A4: to cut, to laminate, and to hang on a string.

They differ in their words and codes alone, so that none is easier to take. The code is the smallest there is, at level H: a
card that hangs there for years is scratched.
"""

from __future__ import annotations

from typing import Final

from kiosk.core.desk.events import CARDS
from kiosk.printing.marks import A4, POINT, Code, Line, Mark, Sheet, Words, moved

SAYS: Final = (("非常满意", "Very satisfied"), ("满意", "Satisfied"), ("一般", "Fair"), ("不满意", "Dissatisfied"))
"""As the display inside says it; whoever stands there reads one of both languages."""

WIDTH, HEIGHT = A4[0] / 2, A4[1] / 2
CODE: Final = 70.0
LARGE: Final = 54.0
"""Points of the Chinese."""

HOLE: Final = 11.0
"""Millimetres from the upper edge to the middle of the hole."""


def answer_sheet() -> Sheet:
    """All four, the best first, with the lines to cut along."""
    cards = zip(CARDS, SAYS, strict=True)
    faces = [moved(_card(code, *says), *_place(at)) for at, (code, says) in enumerate(cards)]
    cuts = (Line(WIDTH, 0, 0, A4[1]), Line(0, HEIGHT, A4[0], 0))
    return Sheet(*A4, (*(mark for face in faces for mark in face), *cuts))


def _place(at: int) -> tuple[float, float]:
    row, column = divmod(at, 2)
    return column * WIDTH, row * HEIGHT


def _card(code: str, zh: str, en: str) -> tuple[Mark, ...]:
    middle, left = WIDTH / 2, 10.0
    width = WIDTH - 2 * left
    return (
        Line(middle - 2.5, HOLE, 5.0, 0),
        Line(middle, HOLE - 2.5, 0, 5.0),
        Words(middle + 5.0, HOLE + 1.0, "打孔 hole", 6, 20.0),
        Words(middle - len(zh) * LARGE * POINT / 2, 42.0, zh, LARGE, width, bold=True),
        Words(left + (width - CODE) / 2, 54.0, en, 22, CODE),
        Code(middle - CODE / 2, 58.0, CODE, code, "h"),
        Words(left, 134.0, "放到读码器前：刷卡进来的每人算一次，不记姓名。", 9, width),
        Words(left, 139.0, "Hold it before the reader: one answer for each who came in, and no names.", 7, width),
    )
