"""What a process remembers of stations, so that it need not ask the database each time: so many, and no more."""

from __future__ import annotations

from typing import Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOST_KNOWN: Final = 16_384
"""Things of each kind: three times the stations of a province."""


def remember(known: dict[K, V], name: K, value: V) -> None:
    """The oldest goes when there are too many: a dictionary keeps the order of what was put in."""
    known.pop(name, None)
    while len(known) >= MOST_KNOWN:
        known.pop(next(iter(known)))
    known[name] = value
