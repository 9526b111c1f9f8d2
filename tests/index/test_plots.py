"""The picture of a result says what its figures say: bars as long as the answers are many, dots where the scores are."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import cv2
import numpy as np
import pytest

from kiosk.board.formula import Counts, counted
from kiosk.board.plots import COLOURS, GAP, SHARES, picture
from kiosk.board.result import Outcome, outcome_of
from kiosk.index.answers import ABSTAINED, Ballot

WIDTH, HEIGHT = 144.0, 63.0
FEW: Final = 1
"""The dimension that fewer than ten answered."""


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    """Of 50 ballots, other answers in each dimension."""
    ballots: list[Ballot] = [
        tuple(ABSTAINED if at == FEW and number > 8 else int(5 * (number / 50) ** (1 + at)) for at in range(7))  # type: ignore[misc]
        for number in range(50)
    ]
    assert len({*counted(ballots)}) == 7, "they can be told apart"
    return outcome_of(ballots, (Fraction(1, 7),) * 7)


@pytest.fixture(scope="module")
def drawn(outcome: Outcome) -> Any:
    """The picture, RGB."""
    found = cv2.imdecode(np.frombuffer(picture(outcome, WIDTH, HEIGHT), "uint8"), cv2.IMREAD_COLOR)
    assert found is not None
    return found[:, :, ::-1]


def line_of(drawn: Any, at: int, off: float = 0.0) -> Any:
    """The pixels across a dimension's row, so much of its height below its middle."""
    return drawn[int((at + 0.5 + off) * drawn.shape[0] / 7)].astype(int)


def shares(line: Any) -> list[float]:
    """In per cent: how much of the bar has each colour."""
    bar = line[: int(SHARES * len(line))]
    wanted = [[int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in COLOURS]
    return [100 * float((abs(bar - colour).sum(axis=1) < 12).mean()) for colour in wanted]


def score_at(line: Any) -> float:
    """Where the black dot is, from 0 to 100: the longest dark run, since the other one is a ring."""
    begins = int((SHARES + GAP) * len(line))
    dark = np.flatnonzero(line[begins:].sum(axis=1) < 120)
    run = max(np.split(dark, np.flatnonzero(np.diff(dark) > 1) + 1), key=len)
    return float(run.mean()) / (len(line) - begins) * 104


def told(counts: Counts | None) -> list[float]:
    assert counts
    return [100 * each / sum(counts) for each in counts]


def test_each_bar_is_as_long_as_its_answers_are_many(outcome: Outcome, drawn: Any) -> None:
    for at, dimension in enumerate(outcome.dimensions):
        if at != FEW:
            assert shares(line_of(drawn, at, -0.3)) == pytest.approx(told(dimension.counts), abs=1.0), dimension.key


def test_each_dot_is_at_its_score(outcome: Outcome, drawn: Any) -> None:
    for at, dimension in enumerate(outcome.dimensions):
        if at != FEW:
            assert score_at(line_of(drawn, at)) == pytest.approx(float(dimension.score or 0), abs=1.5), dimension.key


def test_of_what_is_not_said_nothing_is_drawn(outcome: Outcome, drawn: Any) -> None:
    assert outcome.dimensions[FEW].counts is None
    assert shares(line_of(drawn, FEW, -0.3)) == [0.0] * 5
    right = line_of(drawn, FEW)[int((SHARES + GAP) * drawn.shape[1]) :]
    assert right.min() > 150, "the scale's lines alone"
