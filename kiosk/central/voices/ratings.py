"""How content people are, in numbers that claim no more than is known.

Four faces, and the counts of each. A share stands never alone: with it the number of ratings, how many of them it is, the
response rate and what of, and an interval. Of fewer than thirty ratings there is none, and no station is ranked by it.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Final, Literal, get_args

from msgspec import Struct

from kiosk.core.desk.vocabulary import Source
from kiosk.trust.service import STATION

Face = Literal["very_content", "content", "so_so", "not_content"]
FACES: Final[tuple[Face, ...]] = get_args(Face)
CONTENT: Final = 2
"""The first so many faces are those of content people."""

FEWEST: Final = 30
"""Ratings of which a share is told."""

Z: Final = 1.959963984540054
"""Of the normal distribution, for an interval that holds the truth in 95 of 100 cases."""

Counts = tuple[int, int, int, int]


class Bundle(Struct, frozen=True):
    """The ratings of a station from its `first` day to the week's end. `surplus`: beyond the people who came in (at a desk).

    `entered`: how many came in meanwhile, where the source counts them itself; `question`: what was asked, if not how content
    they are with the station.
    """

    station: str
    source: Source
    first: str
    counts: Counts
    surplus: int = 0
    entered: int | None = None
    question: str = STATION


class Content(Struct, frozen=True):
    """What may be told: `n` ratings, of which `k` are content, of `asked` who might have rated (None: nobody counted them).

    The share and the bounds of its interval are None of fewer than thirty.
    """

    n: int
    k: int
    asked: int | None
    share: float | None
    low: float | None
    high: float | None

    @property
    def response(self) -> float | None:
        """Ratings of those who might have rated. It may be above 1: who rates by phone need not have come in."""
        return self.n / self.asked if self.asked else None


def monday(day: str) -> str:
    """The first day of the week in which a day lies: ratings are counted by weeks, so that no day's few betray anybody."""
    found = date.fromisoformat(day)
    return (found - timedelta(days=found.weekday())).isoformat()


def added(counts: Counts, more: Counts) -> Counts:
    """Both together."""
    one, two, three, four = (first + second for first, second in zip(counts, more, strict=True))
    return one, two, three, four


def one_more(face: Face) -> Counts:
    """A single rating, to be added."""
    one, two, three, four = (int(each == face) for each in FACES)
    return one, two, three, four


def content(counts: Counts, asked: int | None) -> Content:
    """What may be told of these ratings."""
    n, k = sum(counts), sum(counts[:CONTENT])
    if n < FEWEST:
        return Content(n, k, asked, None, None, None)
    low, high = wilson(k, n)
    return Content(n, k, asked, k / n, low, high)


def wilson(k: int, n: int, z: float = Z) -> tuple[float, float]:
    """The score interval of k of n without a correction (E. B. Wilson, JASA 22, 1927, 209-212)."""
    p, square = k / n, z * z
    middle = p + square / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + square / (4 * n * n))
    whole = 1 + square / n
    return max(0.0, min(p, (middle - half) / whole)), min(1.0, max(p, (middle + half) / whole))
