"""The six cards of a ballot by cards, on one sheet of A4: to cut, to laminate, and to hang on a string beside the reader.

Nothing on them is secret, and they serve every poll.
"""

from __future__ import annotations

from typing import Final

from kiosk.index.cards import BACK, CARDS
from kiosk.printing.marks import A4, POINT, Code, Line, Mark, Sheet, Words, moved

COLUMNS, ROWS = 2, 3
WIDTH, HEIGHT = A4[0] / COLUMNS, A4[1] / ROWS
CODE: Final = 52.0
SIZE: Final = 64.0
"""Points of a number."""

OF_A_NUMBER: Final = (
    "投票用：出示屏幕上答案旁边的数字。每题的数字都不同。",
    "To vote: show the number that is beside your answer. It is another one on each page.",
)
OF_BACK: Final = ("投票用：回到上一页。", "To vote: one page back.")


def card_sheet() -> Sheet:
    """All six, with the lines to cut along."""
    faces = (moved(_card(code, number), *_place(at)) for at, (code, number) in enumerate(CARDS.items()))
    cuts = (Line(WIDTH, 0, 0, A4[1]), *(Line(0, row * HEIGHT, A4[0], 0) for row in range(1, ROWS)))
    return Sheet(*A4, (*(mark for face in faces for mark in face), *cuts))


def _place(at: int) -> tuple[float, float]:
    row, column = divmod(at, COLUMNS)
    return column * WIDTH, row * HEIGHT


def _card(code: str, number: int) -> tuple[Mark, ...]:
    middle, left, width = WIDTH / 2, 8.0, WIDTH - 16.0
    zh, en = OF_BACK if number == BACK else OF_A_NUMBER
    text, size = ("返回 Back", SIZE / 2) if number == BACK else (f"{number}", SIZE)
    return (
        Words(middle - _width(text) * size * POINT / 2, 30.0, text, size, width, bold=True),
        Code(middle - CODE / 2, 33.0, CODE, code, "h"),
        Words(left, 89.0, zh, 8, width),
        Words(left, 93.0, en, 6.5, width),
    )


def _width(text: str) -> float:
    """Of a text in its size, about: a letter or digit is half as wide as a Chinese character."""
    return sum(1.0 if each > "\u2e80" else 0.55 for each in text)
