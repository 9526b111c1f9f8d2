"""Who gets a place at a program's sockets, and how much of its time: values alone, told what time it is.

An account has SHARE places at each socket; whoever comes after that takes the place of that account's own. All places taken:
the account that holds the most gives one up, and accounts that the program works with (`reserved`) always get in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

MOST_PEERS: Final = 128
SHARE: Final = 16

TO_SPEAK: Final = 2.0
"""Seconds in which a new connection need not have said anything yet."""

BURST: Final = 0.1
"""Seconds of the program's time that an account may use at one socket at once."""

RATE: Final = 0.25
"""Of each second, what an account gets back at one socket."""


class Seat(Struct, eq=False):
    """A connection: whose, at which socket, whether it ever said a line, and when it was last of use (seconds, monotonic)."""

    uid: int
    pid: int
    socket: str
    active_at: float
    reserved: bool = False
    spoke: bool = False


def gives_way(seats: Sequence[Seat], new: Seat) -> Seat | None:
    """Who goes, for the newcomer to sit down: nobody while there is room, or the newcomer itself."""
    own = [each for each in seats if (each.uid, each.socket) == (new.uid, new.socket)]
    if len(own) >= SHARE:
        return _least(own, new.active_at)
    if len(seats) < MOST_PEERS:
        return None
    held = Counter(each.uid for each in seats)
    others = [
        each
        for each in seats
        if each.uid != new.uid and (held[each.uid] > held[new.uid] + 1 or (new.reserved and not each.reserved))
    ]
    if not others:
        return new
    most = max(held[each.uid] for each in others)
    return _least([each for each in others if held[each.uid] == most], new.active_at)


def _least(seats: Sequence[Seat], now: float) -> Seat:
    """Of the process that holds the most: first whoever never said anything, then whoever has been idle for longest."""
    held = Counter(each.pid for each in seats)
    return min(seats, key=lambda each: (-held[each.pid], each.spoke or now - each.active_at < TO_SPEAK, each.active_at))


class Budget:
    """The time that one account may use at one socket."""

    def __init__(self, now: float) -> None:
        self._left = BURST
        self._at = now

    def due(self, now: float) -> float:
        """Seconds until it may go on; 0 when it may now."""
        self._left = min(BURST, self._left + (now - self._at) * RATE)
        self._at = now
        return max(0.0, -self._left / RATE)

    def spend(self, seconds: float) -> None:
        """It used so much."""
        self._left -= seconds
