"""Slips on paper: each read at 20 cm by the engine that a desk has, also after a pocket, and no two told apart by a person."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import pytest

from hardware.codes import Grey, read_symbols
from kiosk.board.slip_sheets import COLUMNS, FOLD, HEIGHT, ROWS, WIDTH, Slip, face, place, sheets, slips_of
from kiosk.index.poll import poll_words
from kiosk.printing.marks import A4, Code, Words
from kiosk.printing.pdf import pdf_of
from tests.films import grey
from tests.index.polls import heap, held, serial
from tests.printing.paper import outside, pictures, texts

ENGINE = 648, 488
"""Pixels of a GM65-S, which sees 35 by 28 degrees (its user manual, 1.2)."""

SEES = math.radians(35)
DPI = 300

WHOLE = held(
    heap(*range(8), name="快递员"), heap(8, 9, name="环卫工人"), title={"zh": "幸福指数测评", "en": "Content?"}
)
DRAWN = [[serial(each) for each in range(8)], [serial(8), serial(9)]]


def all_slips() -> list[list[Slip]]:
    return slips_of(WHOLE.poll, poll_words(WHOLE.data), DRAWN)


def test_eight_lie_on_a_sheet_apart_from_each_other_and_a_heap_begins_a_new_one() -> None:
    pages = [*sheets(all_slips())]
    assert [sum(isinstance(mark, Code) for mark in page.marks) for page in pages] == [8, 2]
    places = [place(at) for at in range(COLUMNS * ROWS)]
    assert len({*places}) == 8
    assert all(4 <= x <= A4[0] - WIDTH - 4 and 4 <= y <= A4[1] - HEIGHT - 4 for x, y in places)


def test_nothing_but_the_code_tells_one_slip_of_a_heap_from_another() -> None:
    first, second = (face(slip) for slip in all_slips()[0][:2])
    assert [mark for mark in first if not isinstance(mark, Code)] == [m for m in second if not isinstance(m, Code)]
    words = " ".join(mark.text for mark in first if isinstance(mark, Words))
    assert all(each in words for each in poll_words(WHOLE.data).split())
    assert "快递员" in words


def test_the_fold_goes_beside_the_code() -> None:
    (code,) = (mark for mark in face(all_slips()[0][0]) if isinstance(mark, Code))
    assert code.x + code.side < FOLD < WIDTH


def before_the_engine(slip: Any, away: float, *, blur: float, light: float, crease: bool, seed: int) -> Grey:
    """A slip held so many millimetres away, as the engine's imager has it: out of focus a little, noisy, creased, aslant."""
    width, high = ENGINE
    scale = width / (2 * away * math.tan(SEES / 2)) * 25.4 / DPI
    picture = grey(slip).astype("float32")
    if crease:
        for at in (picture.shape[0] // 3, picture.shape[0] // 2):
            picture[at - 6 : at + 6] = picture[at - 6 : at + 6] * 0.6 + 60
    turn = cv2.getRotationMatrix2D((picture.shape[1] / 2, picture.shape[0] / 2), 8, scale)
    turn[:, 2] += (width / 2 - picture.shape[1] / 2, high / 2 - picture.shape[0] / 2)
    seen = cv2.warpAffine(picture, turn, ENGINE, flags=cv2.INTER_AREA, borderValue=120)
    noise = np.random.default_rng(seed).normal(0, 6, (high, width))
    return np.clip(cv2.GaussianBlur(seen, (0, 0), blur) * light + noise, 0, 255).astype("uint8")


@pytest.mark.slow
def test_a_printed_sheet_has_every_slip_whole_and_is_read_at_20_cm() -> None:
    made = pdf_of(sheets(all_slips()), "slips")
    assert outside(made, 10) == []
    assert all("幸福指数测评" in page for page in texts(made))
    codes = [slip.code for some in all_slips() for slip in some]
    first, second = pictures(made, DPI)
    assert sorted(read_symbols(grey(first)) + read_symbols(grey(second))) == sorted(codes)
    for at in range(8):
        x, y = (round(each / 25.4 * DPI) for each in place(at))
        slip = first[y : y + round(HEIGHT / 25.4 * DPI), x : x + round(FOLD / 25.4 * DPI)]
        for away, blur, light, crease in ((200, 1.0, 1, False), (200, 2.0, 0.5, True), (250, 1.5, 0.7, True)):
            seen = before_the_engine(slip, away, blur=blur, light=light, crease=crease, seed=at)
            assert read_symbols(seen) == [codes[at]], (at, away, blur)
