"""Debouncing, on timestamped edges: a level counts once it has stood for the settle time."""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

SETTLE: Final = 0.02
"""Seconds. IEC 60839-11-1 wants 400 ms or more to be seen; relays and buttons bounce for 1 to 10 ms."""


class Debounced(Struct, frozen=True):
    """An input: what it was last settled at (None: not yet), its raw level and since when."""

    stable: bool | None = None
    raw: bool = False
    since: float = 0.0


def edge(known: Debounced, active: bool, at: float) -> Debounced:
    """A raw level was seen; the same level again changes nothing."""
    if active == known.raw and known.since > 0:
        return known
    return replace(known, raw=active, since=at)


def settled(known: Debounced, now: float) -> bool:
    """Whether the raw level is news that has stood long enough."""
    return known.since > 0 and known.stable is not known.raw and now >= known.since + SETTLE


def due(known: Debounced) -> float:
    """When it will have; infinite if there is no news."""
    waiting = known.since > 0 and known.stable is not known.raw
    return known.since + SETTLE if waiting else math.inf
