"""What the station knows of the time: an interval [lo, hi] and its quality.

A Pi has no battery clock, so the operating system's wall clock is a guess until something proves it. Only signed things
prove it: each raises `lo`; an answer to a nonce of ours gives `hi` as well. Between them CLOCK_BOOTTIME carries the
interval on, widened by the drift of a cheap crystal.
"""

from __future__ import annotations

import enum
import math
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

DRIFT: Final = 100e-6
"""Seconds a second: twice the tolerance of the Pi's crystal."""

SYNCED_FOR: Final = 3600.0
PASS_MAY_RAISE: Final = 24 * 3600.0
LEEWAY: Final = 60.0
ROUNDED: Final = 1.0
"""Seconds that a signed time loses, being whole."""


class Instant(Struct, frozen=True):
    """When: CLOCK_BOOTTIME, which only ever goes on, and CLOCK_REALTIME, which may be wrong by decades."""

    boot: float
    wall: float


class Quality(enum.StrEnum):
    """How well the time is known."""

    SYNCED = "synced"
    HOLDOVER = "holdover"
    FLOOR = "floor"
    UNSET = "unset"


class Clock(Struct, frozen=True):
    """At boot time `lo_at` it was at least `lo`; at `hi_at`, if ever, at most `hi`. Seconds since 1970."""

    lo: float
    lo_at: float
    hi: float = math.inf
    hi_at: float = 0.0
    raised: bool = False

    def earliest(self, boot: float) -> float:
        """No true time at `boot` is before this."""
        return self.lo + (boot - self.lo_at) * (1 - DRIFT)

    def latest(self, boot: float) -> float:
        """No true time at `boot` is after this; infinite when nothing bounds it."""
        return self.hi + (boot - self.hi_at) * (1 + DRIFT)

    def quality(self, boot: float) -> Quality:
        """Synced within the hour, holding over from an earlier sync, known from below only, or not at all."""
        if self.hi < math.inf:
            return Quality.SYNCED if boot - self.hi_at <= SYNCED_FOR else Quality.HOLDOVER
        return Quality.FLOOR if self.raised else Quality.UNSET

    def wall(self, now: Instant) -> float:
        """The best guess: the system's clock where it can be true, else the nearest time that can."""
        return min(max(now.wall, self.earliest(now.boot)), self.latest(now.boot))


def raise_floor(clock: Clock, proven: float, boot: float) -> Clock:
    """It is at least `proven` now. A lower value changes nothing."""
    if proven <= clock.earliest(boot):
        return clock
    if proven > clock.latest(boot):
        clock = replace(clock, hi=math.inf)
    return replace(clock, lo=proven, lo_at=boot, raised=True)


def raise_by_pass(clock: Clock, issued_at: float, boot: float) -> Clock:
    """A pass that verified was issued before now; one pass may raise the floor by a day at most."""
    return raise_floor(clock, min(issued_at, clock.earliest(boot) + PASS_MAY_RAISE), boot)


def synchronise(clock: Clock, answered: float, asked_at: float, boot: float) -> Clock:
    """The server answered our nonce of `asked_at` with its time: between then and now it was that time."""
    clock = raise_floor(clock, answered, boot)
    latest = min(answered + (boot - asked_at) + ROUNDED, clock.latest(boot))
    return replace(clock, hi=max(latest, clock.earliest(boot)), hi_at=boot)


def provably_expired(clock: Clock, expires: float, boot: float) -> bool:
    """Even the earliest possible time is past `expires` and the leeway."""
    return clock.earliest(boot) > expires + LEEWAY


def provably_early(clock: Clock, not_before: float | None, boot: float) -> bool:
    """Even the latest possible time is before `not_before` less the leeway."""
    return not_before is not None and clock.latest(boot) < not_before - LEEWAY
