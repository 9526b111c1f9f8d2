"""The index, in exact fractions: what each answer is worth, what a dimension and the whole come to, and how sure that is.

S(d) is the mean of the points in dimension d over those who answered it, and the index the mean of S by the poll's weights,
over the dimensions that FEWEST answered or more. Who abstains is not counted as discontented: ten abstentions among 89 that
counted as zero would take ten points from a dimension. Rounded once, at the end, half up.

The points are ours: the unions' figures that are known say nothing of theirs. So the index always stands beside the answers
themselves, and beside what it were if the steps between the answers were equal.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from kiosk.index.answers import ABSTAINED, ANSWERS, DIMENSIONS, Ballot

Scale = tuple[Fraction, Fraction, Fraction, Fraction]
Counts = tuple[int, int, int, int, int]
"""How many gave each of the ANSWERS in a dimension, who abstained last."""

POINTS: Final[Scale] = (Fraction(100), Fraction(80), Fraction(60), Fraction(0))
EQUAL_STEPS: Final[Scale] = (Fraction(100), Fraction(200, 3), Fraction(100, 3), Fraction(0))
FEWEST: Final = 10
"""Answers without which nothing is said of them."""

NOT_CONTENT: Final = ANSWERS.index("dissatisfied")


def counted(ballots: Sequence[Ballot]) -> tuple[Counts, ...]:
    """How often each answer was given, by dimension."""
    given = [[ballot[at] for ballot in ballots] for at in range(len(DIMENSIONS))]
    return tuple((each.count(0), each.count(1), each.count(2), each.count(3), each.count(ABSTAINED)) for each in given)


def answered(counts: Counts) -> int:
    """How many did not abstain."""
    return sum(counts[:ABSTAINED])


def score(counts: Counts, points: Scale = POINTS) -> Fraction | None:
    """S of one dimension; None for fewer than FEWEST answers."""
    if answered(counts) < FEWEST:
        return None
    return sum(point * count for point, count in zip(points, counts, strict=False)) / Fraction(answered(counts))


def index(scores: Sequence[Fraction | None], weights: Sequence[Fraction]) -> Fraction | None:
    """The mean of those that there are, by their weights; None where there is none, or none that weighs anything."""
    found = [(weight, score) for weight, score in zip(weights, scores, strict=True) if score is not None]
    heavy = sum((weight for weight, _score in found), Fraction(0))
    return sum((weight * score for weight, score in found), Fraction(0)) / heavy if heavy else None


def variance(
    ballots: Sequence[Ballot], scores: Sequence[Fraction | None], weights: Sequence[Fraction], points: Scale = POINTS
) -> Fraction | None:
    """Of the index, as if those who voted had been drawn by chance from many: by linearisation, since it is a sum of ratios.

    (Each ballot pulls the index by z; the variance is n/(n-1) times the sum of z squared. Särndal, Swensson, Wretman: Model
    Assisted Survey Sampling, 5.5.)
    """
    there = [at for at, score in enumerate(scores) if score is not None and weights[at]]
    heavy = sum((weights[at] for at in there), Fraction(0))
    if not heavy or len(ballots) < FEWEST:
        return None
    pulls = {at: _pull(ballots, at, scores[at], points) for at in there}
    total = Fraction(0)
    for ballot, many in Counter(ballots).items():
        pull = sum((weights[at] * pulls[at][ballot[at]] for at in there), Fraction(0)) / heavy
        total += many * pull * pull
    return total * len(ballots) / (len(ballots) - 1)


def _pull(ballots: Sequence[Ballot], at: int, score: Fraction | None, points: Scale) -> tuple[Fraction, ...]:
    """By how much one ballot with each of the answers pulls S of that dimension; who abstains does not."""
    assert score is not None  # noqa: S101  for mypy
    many = sum(ballot[at] != ABSTAINED for ballot in ballots)
    return (*((point - score) / many for point in points), Fraction(0))


def rounded(value: Fraction) -> str:
    """With two decimals, half up: the one place where anything is rounded. The value is not negative."""
    return _decimal(math.floor(value * 100 + Fraction(1, 2)))


def rounded_root(value: Fraction) -> str:
    """The square root of a value that is not negative, likewise, without a floating point on the way."""
    return _decimal((math.isqrt(math.floor(value * 40_000)) + 1) // 2)


def percent(part: int, whole: int) -> str:
    """A share, likewise; empty of nothing."""
    return rounded(Fraction(100 * part, whole)) if whole else ""


def _decimal(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def told(sizes: Sequence[int], among: Sequence[bool] | None = None) -> tuple[bool, ...]:
    """Of which groups something may be said, where something is said of all of them together.

    Of none below FEWEST, and of so few that the rest, which is all less those, is not below FEWEST either. `among`: of which it
    may be said otherwise.
    """
    found = [size >= FEWEST and (among is None or among[at]) for at, size in enumerate(sizes)]
    while any(found) and 0 < sum(size for size, shown in zip(sizes, found, strict=True) if not shown) < FEWEST:
        found[min((at for at, shown in enumerate(found) if shown), key=lambda at: sizes[at])] = False
    return tuple(found)
