"""Samples become few points: swinging-door trending (Bristol, US patent 4,669,097 of 1987), as process historians do it.

From the last point that was kept, straight lines are tried that pass every sample since by no more than the dead band. While
there is one, nothing is kept; when there is none, the end of the last line is. So the straight lines between the kept points
are never further from any sample than the dead band: a plot of them is the plot of the samples.
"""

from __future__ import annotations

import math

from msgspec import Struct
from msgspec.structs import replace


class Trend(Struct, frozen=True):
    """From the point (at, value) that was kept; lines of slopes from `low` to `high` pass all samples up to (last_at, last)."""

    at: float
    value: float
    last_at: float
    last: float
    low: float = -math.inf
    high: float = math.inf

    @property
    def end(self) -> float:
        """The value at `last_at` of a line that passes all samples: the nearest to the last one."""
        if self.last_at <= self.at:
            return self.value
        slope = (self.last - self.value) / (self.last_at - self.at)
        return self.value + min(max(slope, self.low), self.high) * (self.last_at - self.at)

    @property
    def pending(self) -> bool:
        """Whether there are samples after the point that was kept."""
        return self.last_at > self.at


def begin(at: float, value: float) -> Trend:
    """A trend that starts with a point that is kept."""
    return Trend(at, value, at, value)


def ended(trend: Trend) -> Trend:
    """The trend that starts where this one's line ends."""
    return begin(trend.last_at, trend.end)


def sample(trend: Trend, at: float, value: float, dead_band: float) -> tuple[Trend, bool]:
    """Take a sample, later than the last; and whether the end of the line before it had to be kept for that."""
    if at <= trend.last_at:
        return trend, False
    narrowed = _narrow(trend, at, value, dead_band)
    if narrowed.low <= narrowed.high:
        return narrowed, False
    return _narrow(ended(trend), at, value, dead_band), True


def _narrow(trend: Trend, at: float, value: float, dead_band: float) -> Trend:
    seconds, away = at - trend.at, value - trend.value
    low, high = max(trend.low, (away - dead_band) / seconds), min(trend.high, (away + dead_band) / seconds)
    return replace(trend, last_at=at, last=value, low=low, high=high)
