"""For which times signing keys are made: each signs for some three months, all of them for thirteen."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

DAY: Final = 86_400

HOLDS: Final = 400 * DAY
"""Seconds that one keyset reaches: a year, and a month in which to sign the next."""

PERIOD: Final = 100 * DAY
"""Seconds for which a key signs at the most: whoever finds an old backup has keys that are over."""

BACKDATED: Final = 30 * DAY
"""Seconds before its making from which the first key of a use holds: cards may bear a date of before."""

LEAST: Final = 30 * DAY
"""Seconds that must be uncovered before keys are made for them."""


def windows(since: int, now: int) -> list[tuple[int, int]]:
    """From `since` until 13 months from `now`, alike long; none while less than a month of that is uncovered."""
    length = now + HOLDS - since
    if length < LEAST:
        return []
    count = -(-length // PERIOD)
    return list(pairwise(since + length * place // count for place in range(count + 1)))
