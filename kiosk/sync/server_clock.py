"""Which time the server would take a token of. Pure.

A token holds for a minute, and this machine's clock may be wrong; but so may be the `Date` of a gateway on the road, and
whoever believes one alone is refused for ever. So what was taken last is tried first, and after a refusal every other time that
anybody has told, this machine's own ahead of all: as soon as one of them is right, the next request is taken.
"""

from __future__ import annotations

from typing import Final

from kiosk.sync.answers import sane

ALIKE: Final = 15.0
"""Seconds within which two times are the same to a server that allows for some."""


class ServerClock:
    """Shared by all clients of a program. `offset`: seconds to add to this machine's time, as last taken by the server."""

    def __init__(self) -> None:
        self.offset = 0.0
        self._told: dict[str, float] = {}

    def heard(self, who: str, moment: float, boot: float) -> None:
        """The `server` in an answer of the contract, or the `station`, says that it is `moment` at boot time `boot`."""
        if sane(moment):
            self._told[who] = moment - boot

    def others(self, date: float | None, wall: float, boot: float) -> list[float]:
        """After a refusal: the offsets to try next, in order; with nothing else to try, the same once more, freshly signed."""
        told = [self._told[who] + boot - wall for who in ("server", "station") if who in self._told]
        found: list[float] = [self.offset]
        for offset in (0.0, *told, *([] if date is None else [date - wall])):
            if all(abs(offset - each) > ALIKE for each in found):
                found.append(offset)
        return found[1:] or found
