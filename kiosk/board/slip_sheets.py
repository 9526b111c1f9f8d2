"""Slips on A4: eight on a sheet, to be cut, folded once so that the code is inside, and drawn from a heap.

On a slip there is nothing that tells it from another but its code, which no person can read or note.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from msgspec import Struct

from kiosk.index.poll import Poll
from kiosk.index.slips import slip_text
from kiosk.printing.marks import A4, Code, Line, Mark, Sheet, Words, cuts, moved

WIDTH, HEIGHT = 100.0, 70.0
COLUMNS, ROWS = 2, 4
LEFT: Final = (A4[0] - COLUMNS * WIDTH) / 2
TOP: Final = (A4[1] - ROWS * HEIGHT) / 2
CUTS: Final = tuple(cuts(COLUMNS, ROWS, WIDTH, HEIGHT, length=3.0, away=1.0))

CODE: Final = 44.0
"""Side of the code with its quiet zone: modules of 1.3 mm. The engines that docs/camera.md names read those of a third of it at
20 cm; the rest is for paper that was folded and carried in a pocket."""

LEVEL: Final = "q"
FOLD: Final = 50.0
"""Where a slip is folded: beside the code, never through it."""

BEIJING: Final = timedelta(hours=8)
"""China has one zone."""


class Slip(Struct, frozen=True):
    """What a slip says: its code, what is asked and of whom in Chinese and in English, until when, the poll's six words."""

    code: str
    title: tuple[str, str]
    heap: tuple[str, str]
    until: str
    words: str


def slips_of(poll: Poll, words: str, serials: Sequence[Sequence[bytes]]) -> list[list[Slip]]:
    """The slips by heap."""
    until = (datetime.fromtimestamp(poll.ends, UTC) + BEIJING).strftime("%Y-%m-%d %H:%M")
    title = _both(poll.title)
    named = [_both(heap.names) if len(poll.heaps) > 1 else ("", "") for heap in poll.heaps]
    return [
        [Slip(slip_text(each), title, name, until, words) for each in some]
        for name, some in zip(named, serials, strict=True)
    ]


def sheets(heaps: Iterable[Sequence[Slip]]) -> Iterator[Sheet]:
    """The pages; each heap begins with a page of its own."""
    for heap in heaps:
        left = iter(heap)
        while some := [*islice(left, COLUMNS * ROWS)]:
            placed = (mark for at, slip in enumerate(some) for mark in moved(face(slip), *place(at)))
            yield Sheet(*A4, (*placed, *CUTS))


def place(at: int) -> tuple[float, float]:
    """Where the slip of that number on a sheet begins."""
    row, column = divmod(at, COLUMNS)
    return LEFT + column * WIDTH, TOP + row * HEIGHT


def face(slip: Slip) -> tuple[Mark, ...]:
    """One slip: the code left of the fold, and right of it what to do with it."""
    words = slip.words.split()
    rows = (
        ("1. 屏幕前，码对准读码器", "At the display inside, hold the code 20 cm before the reader."),
        ("2. 六个单词须与屏幕相同", "The six words must be the display's; if not, do not vote."),
        ("3. 七题各点一下，可修改", "Seven questions, one touch each; you can go back."),
        ("4. 点“投出”，撕掉本票", "After CAST this slip is void. Tear it up."),
        ("抽到的票，没人知道是谁的", "You drew it: nobody knows whose it is."),
        ("不拍照：有码的人能先投", "No photographs: who has the code can vote first."),
    )  # fmt: skip
    told = [
        mark
        for at, (zh, en) in enumerate(rows)
        for mark in (_right(25.0 + 8.2 * at, zh, 8.5), _right(28.2 + 8.2 * at, en, 5.0))
    ]
    return (
        Code((FOLD - CODE) / 2, 3.0, CODE, slip.code, LEVEL),
        Words(4.0, 52.5, " ".join(words[:3]), 9.5, FOLD - 8, bold=True),
        Words(4.0, 57.5, " ".join(words[3:]), 9.5, FOLD - 8, bold=True),
        Words(4.0, 62.0, f"截止 until {slip.until}", 7.5, FOLD - 8),
        Words(4.0, 66.0, "对折，码朝里  Fold once, the code inside", 7.0, FOLD - 8),
        _right(7.0, slip.title[0], 9.5, bold=True),
        _right(10.8, slip.title[1], 6.0),
        _right(16.2, slip.heap[0], 8.0, bold=True),
        _right(19.2, slip.heap[1], 5.5),
        *told,
        *(Line(FOLD, y, 0, 1.5) for y in (1.0, HEIGHT / 2, HEIGHT - 2.5)),
    )


def _right(y: float, text: str, size: float, *, bold: bool = False) -> Words:
    return Words(FOLD + 3.0, y, text, size, WIDTH - FOLD - 6.0, bold)


def _both(texts: Mapping[str, str]) -> tuple[str, str]:
    """In Chinese and in English, as far as there is either."""
    return texts.get("zh", ""), texts.get("en", "")
