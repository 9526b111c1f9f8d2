"""What the station knows of the time: an interval [lo, hi] and its quality.

A Pi has no battery clock, so the operating system's wall clock is a guess until something proves it. Only signed things
prove it: each raises `lo`; an answer to a nonce of ours gives `hi` as well. Between them CLOCK_BOOTTIME carries the
interval on, widened by the drift of a cheap crystal.

Whoever signs may have a wrong clock, so nothing here goes one way only. A signed time beyond `hi` is refuted by it, and raises
nothing. Where the answer to a nonce and the interval cannot both be true, the answer holds, above or below: it alone was made
just now, for us. Only the time of this version's making stands against it.
"""

from __future__ import annotations

import enum
import math
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk import BUILD_TIME

DRIFT: Final = 100e-6
"""Seconds a second: twice the tolerance of the Pi's crystal."""

SYNCED_FOR: Final = 3600.0
PASS_MAY_RAISE: Final = 24 * 3600.0
"""Seconds by which passes may raise the floor at once; what they used of it comes back second by second."""

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
    """At boot time `lo_at` it was at least `lo`; at `hi_at`, if ever, at most `hi`. Seconds since 1970.

    `spare`: how far passes could still raise the floor at boot time `spare_at`; `built`: no true time is before it, whoever
    says so; `lowered`: a nonce has brought the floor back in this run: the one on the disk is no longer to be believed.
    """

    lo: float
    lo_at: float
    hi: float = math.inf
    hi_at: float = 0.0
    raised: bool = False
    spare: float = PASS_MAY_RAISE
    spare_at: float = 0.0
    built: float = BUILD_TIME
    lowered: bool = False

    def earliest(self, boot: float) -> float:
        """No true time at `boot` is before this."""
        return self.lo + (boot - self.lo_at) * (1 - DRIFT)

    def latest(self, boot: float) -> float:
        """No true time at `boot` is after this; infinite when nothing bounds it."""
        return self.hi + (boot - self.hi_at) * (1 + DRIFT)

    def proven(self, boot: float) -> float:
        """As :meth:`earliest` where an answer to a nonce bounds it; 0 where somebody's wrong clock may have raised it."""
        return self.earliest(boot) if self.hi < math.inf else 0.0

    def quality(self, boot: float) -> Quality:
        """Synced within the hour, holding over from an earlier sync, known from below only, or not at all."""
        if self.hi < math.inf:
            return Quality.SYNCED if boot - self.hi_at <= SYNCED_FOR else Quality.HOLDOVER
        return Quality.FLOOR if self.raised else Quality.UNSET

    def wall(self, now: Instant) -> float:
        """The best guess: the system's clock where it can be true, else the nearest time that can."""
        return min(max(now.wall, self.earliest(now.boot)), self.latest(now.boot))


def raise_floor(clock: Clock, claimed: float, boot: float) -> Clock:
    """Somebody signed at `claimed`, so it is later now. A lower value changes nothing, nor does one that is refuted."""
    if not clock.earliest(boot) < claimed <= clock.latest(boot):
        return clock
    return replace(clock, lo=claimed, lo_at=boot, raised=True)


def raise_by_pass(clock: Clock, issued_at: float, boot: float) -> Clock:
    """A pass that was granted was issued before now; all passes together may raise the floor by a day a day."""
    spare = min(PASS_MAY_RAISE, clock.spare + boot - clock.spare_at)
    before = clock.earliest(boot)
    if spare <= 0 or issued_at > clock.latest(boot):
        return clock
    after = raise_floor(clock, min(issued_at, before + spare), boot)
    return clock if after is clock else replace(after, spare=spare - (after.lo - before), spare_at=boot)


def synchronise(clock: Clock, answered: float, asked_at: float, boot: float) -> Clock:
    """The server answered our nonce of `asked_at` with its time: between then and now it was that time.

    Two true answers always agree. If this one does not agree with what we thought, it takes its place. One from before this
    version was made changes nothing.
    """
    latest = answered + (boot - asked_at) + ROUNDED
    if latest < clock.built:
        return clock
    lo, hi = max(answered, clock.built), latest
    lowered = hi < clock.earliest(boot)
    if not lowered and lo <= clock.latest(boot):
        lo, hi = max(lo, clock.earliest(boot)), min(hi, clock.latest(boot))
    lowered = clock.lowered or lowered
    return replace(clock, lo=lo, lo_at=boot, hi=max(lo, hi), hi_at=boot, raised=True, lowered=lowered)


def provably_ahead(clock: Clock, signed_at: float, boot: float) -> bool:
    """Even the latest possible time is before `signed_at` less the leeway: its signer's clock was wrong, or the signer lies."""
    return clock.latest(boot) < signed_at - LEEWAY


def provably_expired(clock: Clock, expires: float, boot: float) -> bool:
    """Even the earliest possible time is past `expires` and the leeway."""
    return clock.earliest(boot) > expires + LEEWAY


def provably_early(clock: Clock, not_before: float | None, boot: float) -> bool:
    """Even the latest possible time is before `not_before` less the leeway."""
    return not_before is not None and clock.latest(boot) < not_before - LEEWAY
