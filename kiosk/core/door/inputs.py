"""Debouncing, on timestamped edges: a level counts once it has stood for the settle time.

An input that changes more often than anybody could make it do is a loose wire or a worn contact. It *chatters*: from then on
a level counts only when it has stood for longer, ever longer while that goes on, so that it does not fill the logbook. A level
that frees the door (exit button, fire) never waits longer than the settle time.
"""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

SETTLE: Final = 0.02
"""Seconds. IEC 60839-11-1 wants 400 ms or more to be seen; relays and buttons bounce for 1 to 10 ms."""

BURST: Final = (80.0, 1.0)
LONG: Final = (1000.0, 0.2)
"""Changes that somebody could make, beyond so many a second: pressing a button again and again; a door in use all day."""

MINUTE: Final = 60.0
SLOW: Final = 5.0
"""Seconds for which a level must stand at an input that chatters, at first; it doubles each time up to a minute."""


class Debounced(Struct, frozen=True):
    """An input: what it was last settled at (None: not yet), its raw level and since when.

    `burst` and `long`: the changes up to `counted_at` beyond what BURST and LONG let pass; `slow`: for how many seconds a level
    must stand while it chatters, else 0.
    """

    stable: bool | None = None
    raw: bool = False
    since: float = 0.0
    burst: float = 0.0
    long: float = 0.0
    counted_at: float = 0.0
    slow: float = 0.0


def edge(known: Debounced, active: bool, at: float) -> Debounced:
    """A raw level was seen; the same level again changes nothing."""
    if active == known.raw and known.since > 0:
        return known
    return replace(known, raw=active, since=at)


def settled(known: Debounced, now: float, *, frees: bool = False) -> bool:
    """Whether the raw level is news that has stood long enough; `frees`: while it is active, the input frees a door."""
    return now >= due(known, frees=frees)


def due(known: Debounced, *, frees: bool = False) -> float:
    """When it will have; infinite if there is no news."""
    if known.since <= 0 or known.stable is known.raw:
        return math.inf
    return known.since + (SETTLE if frees and known.raw else max(SETTLE, known.slow))


def settle(known: Debounced, now: float) -> Debounced:
    """The raw level counts from now on; too many changes are a chatter."""
    passed = now - known.counted_at
    burst, long = (
        1 + max(0.0, level - rate * passed) for level, (_, rate) in ((known.burst, BURST), (known.long, LONG))
    )
    known = replace(known, stable=known.raw, burst=burst, long=long, counted_at=now)
    if burst <= BURST[0] and long <= LONG[0]:
        return known
    return replace(known, burst=0.0, long=0.0, slow=min(max(SLOW, 2 * known.slow), MINUTE))


def calm_due(known: Debounced) -> float:
    """When an input that chatters has been calm for a minute; infinite where it does not chatter."""
    return known.since + MINUTE if known.slow else math.inf
