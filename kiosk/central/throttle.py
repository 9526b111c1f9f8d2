"""How much somebody may send or ask for, and how soon again; nothing of it is written anywhere."""

from __future__ import annotations

from threading import Lock

from msgspec import Struct

from kiosk.central.remembered import remember


class Rate(Struct, frozen=True):
    """So much at once, and so much that comes back in a second: bytes, or questions."""

    burst: float
    back: float


class Throttle:
    """Of each of them, how much is left; nothing of one that has not asked lately."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = Lock()

    def wait(self, who: str, now: float, size: float = 1) -> float:
        """0 when it may have that much at `now` (seconds, monotonic); otherwise the seconds after which it may."""
        with self._lock:
            left, at = self._left.get(who, (self._rate.burst, now))
            left = min(self._rate.burst, left + (now - at) * self._rate.back)
            if left < size:
                return (size - left) / self._rate.back
            remember(self._left, who, (left - size, now))
        return 0.0

    def give_back(self, who: str, size: float) -> None:
        """What it sent was not taken, and it will send it again."""
        with self._lock:
            if who in self._left:
                left, at = self._left[who]
                self._left[who] = (left + size, at)
