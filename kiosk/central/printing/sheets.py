"""Cards on sheets: ten on A4 with marks to cut by, or one on each page for a card printer; and the sheet that tries a printer.

A back lies behind its front when the printer turns the paper over its long edge: so columns are exchanged on back sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, Literal

from msgspec import Struct

from kiosk.central.printing.card import HEIGHT, WIDTH, Card, back, front
from kiosk.printing.marks import A4, Line, Mark, Sheet, Words, cuts, moved

Form = Literal["a4", "single"]
COLUMNS, ROWS = 2, 5
LEFT: Final = (A4[0] - COLUMNS * WIDTH) / 2
TOP: Final = (A4[1] - ROWS * HEIGHT) / 2
CUT: Final = 6.0
"""Length of a mark to cut by, and how far it stays away from the cards."""

AWAY: Final = 1.5
CUTS: Final = tuple(cuts(COLUMNS, ROWS, WIDTH, HEIGHT, length=CUT, away=AWAY))


class Shift(Struct, frozen=True):
    """By how many millimetres a printer is to print further right and down."""

    right: float = 0.0
    down: float = 0.0


class Print(Struct, frozen=True):
    """How cards are printed; `front` and `back`: by how much, as the test sheet told."""

    form: Form = "a4"
    backs: bool = True
    front: Shift = Shift()
    back: Shift = Shift()


def sheets(cards: Iterable[Card], wanted: Print) -> Iterator[Sheet]:
    """The pages: each front, with its back behind it."""
    left = iter(cards)
    while some := [*islice(left, 1 if wanted.form == "single" else COLUMNS * ROWS)]:
        yield _side([front(each) for each in some], wanted.form, wanted.front)
        if wanted.backs:
            yield _side([back(each) for each in some], wanted.form, wanted.back, behind=True)


def _side(faces: Sequence[tuple[Mark, ...]], form: Form, shift: Shift, *, behind: bool = False) -> Sheet:
    if form == "single":
        return Sheet(WIDTH, HEIGHT, moved(faces[0], shift.right, shift.down))
    placed = [moved(face, *place(at, behind=behind)) for at, face in enumerate(faces)]
    marks = (*(mark for face in placed for mark in face), *CUTS)
    return Sheet(*A4, moved(marks, shift.right, shift.down))


def place(at: int, *, behind: bool = False) -> tuple[float, float]:
    """Where the card of that number on a sheet begins; `behind`: on the back of it."""
    row, column = divmod(at, COLUMNS)
    if behind:
        column = COLUMNS - 1 - column
    return LEFT + column * WIDTH, TOP + row * HEIGHT


# The printer's alignment.

OFF: Final = 7.0
"""Millimetres from the zero of a back to the scales of the front."""

REACH: Final = OFF + 3.0


def trial_sheets(wanted: Print) -> tuple[Sheet, Sheet]:
    """A front with scales in its corners, and a back with lines at their zeros: held against the light they tell the shift."""
    width, height = A4 if wanted.form == "a4" else (WIDTH, HEIGHT)
    margin = 30.0 if wanted.form == "a4" else 16.0
    crosses = [(x, y) for x in (margin, width - margin) for y in (margin, height - margin)]
    rulers = [mark for at in crosses for mark in _rulers(*at)]
    hairs = [mark for x, y in crosses for mark in (Line(x, y - REACH, 0, 2 * REACH), Line(x - REACH, y, 2 * REACH, 0))]
    outline = [*CUTS] if wanted.form == "a4" else []
    said = _said(width, height) if wanted.form == "a4" else ()
    return (
        Sheet(width, height, moved([*outline, *rulers, *said], wanted.front.right, wanted.front.down)),
        Sheet(width, height, moved([*outline, *hairs], wanted.back.right, wanted.back.down)),
    )


def _rulers(x: float, y: float) -> Iterator[Mark]:
    """A scale above that place and one left of it, of half millimetres from -5 to 5, their zeros in line with it."""
    for half in range(-10, 11):
        long = 3.0 if half % 10 == 0 else 2.0 if half % 2 == 0 else 1.0
        yield Line(x + half / 2, y - OFF - long, 0, long)
        yield Line(x - OFF - long, y + half / 2, long, 0)
    for number in (-5, 0, 5):
        yield Words(x + number - 1.2, y - OFF - 4.0, f"{number:+d}" if number else "0", 5.5, 4)
        yield Words(x - OFF - 6.5, y + number + 0.7, f"{number:+d}" if number else "0", 5.5, 3)


def _said(width: float, height: float) -> tuple[Mark, ...]:
    rows = (
        ("打印机对齐测试页  Sheet that tries the printer's alignment", 13, True),
        ("1. 按 100% 比例双面打印，沿长边翻转。", 10, False),
        ("    Print on both sides, at 100 %, turned over the long edge.", 8, False),
        ("2. 对着光看：背面的线落在刻度的哪个数上？", 10, False),
        ("    Hold it against the light: at which numbers do the lines of the back stand?", 8, False),
        ("3. 线偏右 1、偏下 0.5：用 --back-shift 1,-0.5。", 10, False),
        ("    Seen from the front 1 to the right and 0.5 too low is --back-shift 1,-0.5.", 8, False),
        ("4. 量裁切线：两条最外竖线之间应为 171.2 毫米。", 10, False),
        ("    Measure the marks: from the first to the last across it is 171.2 mm. If not, the printer scales.", 8, False),
    )  # fmt: skip
    top = height / 2 - 30
    return tuple(
        Words(35.0, top + 12.0 * ((at + 1) // 2) + 4.5 * (at % 2 == 0 and at > 0), text, size, width - 70.0, bold)
        for at, (text, size, bold) in enumerate(rows)
    )
