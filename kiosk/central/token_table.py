"""Whose the tokens of a campaign are: a table of all indices of the register, by their tokens.

1.5 million are 16 MB, and made in some seconds, a slice at a time; a dictionary of them would be 250 MB.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Final

from kiosk.trust.tokens import token

AT_ONCE: Final = 50_000
"""Indices in a step: a tenth of a second."""

LEAST: Final = 1 << 10


class TokenTable:
    """Open addressing: the place of an index is by its token, or the next one that was free; 0 is nobody, 1 is index 0."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._places = array("I", bytes(4 * LEAST))
        self._known = 0

    def learn(self, size: int) -> Iterator[int]:
        """Know all indices below `size`; each step is a slice of them, and gives how many."""
        if 2 * size > len(self._places):
            self._places, self._known = array("I", bytes(4 << (2 * size).bit_length())), 0
        while self._known < size:
            until = min(size, self._known + AT_ONCE)
            for index in range(self._known, until):
                self._places[self._place(token(self._key, index))] = index + 1
            yield until - self._known
            self._known = until

    def index_of(self, found: str) -> int | None:
        """Whose token it is; None where it is nobody's."""
        place = self._first(found)
        while known := self._places[place]:
            if token(self._key, known - 1) == found:
                return known - 1
            place = (place + 1) % len(self._places)
        return None

    def _place(self, found: str) -> int:
        place = self._first(found)
        while self._places[place]:
            place = (place + 1) % len(self._places)
        return place

    def _first(self, found: str) -> int:
        return int(found[:12], 16) % len(self._places)
