"""How much a station may send: hundred times what one has to tell, and little enough that none fills the disk of all."""

from __future__ import annotations

from typing import Final

BURST: Final = 64 * 1024 * 1024
"""Bytes of entries that a station may send at once: what it has to tell in half a year (1,100 entries a day of 300 bytes)."""

RATE: Final = BURST / 86_400
"""Bytes of that which a second brings back."""


class Quotas:
    """Of each station, what it has left; nothing of one that has everything."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, station: str, size: int, now: float) -> float:
        """0 when it may send that many bytes at `now`; otherwise the seconds after which it may."""
        left, at = self._left.get(station, (float(BURST), now))
        left = min(float(BURST), left + (now - at) * RATE)
        if left < size:
            return (size - left) / RATE
        self._left[station] = (left - size, now)
        return 0.0

    def give_back(self, station: str, size: int) -> None:
        """What it sent was not taken, and it will send it again."""
        left, at = self._left[station]
        self._left[station] = (left + size, at)
