"""How fast a display may send touches: a page that somebody has taken over gets no more of the station than a crowd would."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

AT_ONCE: Final = 10
"""Touches that may come in a row."""

A_SECOND: Final = 1.0
"""Touches that may go on coming; the page itself is ready again after three seconds."""


class Pace(Struct, frozen=True):
    """`left`: how many could come at boot time `at`."""

    left: float = AT_ONCE
    at: float = 0.0


def taken(pace: Pace, now: float) -> Pace | None:
    """The pace after one more; None where it is one too many."""
    left = min(AT_ONCE, pace.left + (now - pace.at) * A_SECOND)
    return Pace(left - 1, now) if left >= 1 else None
