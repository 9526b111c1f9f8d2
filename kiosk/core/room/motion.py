"""Whether a station on wheels provably drives: its GPS has said so for a while, without a gap, and it has got somewhere.

One fix that lets it stand is enough for the opposite, and so is silence: what is not known to move keeps nobody out.
"""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

from kiosk.core.room.position import MOVES_ABOVE, STOPS_BELOW, distance

MOVES_AFTER: Final = 10.0
"""Seconds for which all fixes must tell that it drives."""

GOT: Final = 15.0
"""Metres that it must have got meanwhile: a receiver between tall houses tells speeds, and stays where it is."""

QUIET: Final = 15.0
"""Seconds without a fix after which nobody knows whether it drives; a receiver tells one every second."""

FASTEST: Final = 50.0
"""Metres a second: what is further away than that has jumped."""

LEAP: Final = 500.0
"""Metres that a fix may be wrong by, however short the time."""


class Fix(Struct, frozen=True):
    """Where a receiver was at boot time `at`: degrees (WGS 84), and metres a second."""

    latitude: float
    longitude: float
    speed: float
    at: float


class Motion(Struct, frozen=True):
    """`newest`: the last fix; `began`: that from which on all tell that it drives; `proven`: they have for long enough."""

    newest: Fix | None = None
    began: Fix | None = None
    proven: bool = False


def located(motion: Motion, fix: Fix) -> Motion:
    """Take a fix."""
    goes_on = follows(motion.newest, fix, QUIET)
    if not fix.speed > (STOPS_BELOW if goes_on and motion.proven else MOVES_ABOVE):
        return Motion(fix)
    if motion.began is None or not goes_on:
        return Motion(fix, fix)
    long_enough = fix.at - motion.began.at >= MOVES_AFTER and metres(motion.began, fix) >= GOT
    return Motion(fix, motion.began, motion.proven or long_enough)


def moving(motion: Motion, now: float) -> bool:
    """Whether it provably drives at boot time `now`."""
    return motion.proven and motion.newest is not None and now - motion.newest.at < QUIET


def due(motion: Motion, now: float) -> float:
    """When silence takes the proof away; infinite where there is none."""
    return motion.newest.at + QUIET if motion.newest and moving(motion, now) else math.inf


def follows(before: Fix | None, fix: Fix, gap: float) -> bool:
    """Whether a fix goes on where the one before was: within `gap` seconds, and no further than anything drives."""
    if before is None or not 0.0 <= fix.at - before.at <= gap:
        return False
    return metres(before, fix) <= LEAP + FASTEST * (fix.at - before.at)


def metres(one: Fix, other: Fix) -> float:
    """Between two fixes."""
    return distance(one.latitude, one.longitude, other.latitude, other.longitude)
