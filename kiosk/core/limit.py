"""A bound on how much of one kind is logged one by one; what is over it is counted, and the count is told."""

from __future__ import annotations

import math

from msgspec import Struct
from msgspec.structs import replace


class Limit(Struct, frozen=True):
    """`most` in a row are told one by one, then one after intervals that double from `within` / `most` to `longest` seconds.

    It begins anew after `within` seconds of boot time without any. `suppressed`: how many went untold since the last one told.
    """

    most: int
    within: float
    longest: float = math.inf
    count: int = 0
    suppressed: int = 0
    interval: float = 0.0
    happened_at: float = -math.inf
    told_at: float = -math.inf


def tell(limit: Limit, now: float) -> tuple[Limit, int | None]:
    """Whether to log one more: how many went untold before it, or None when it is one too many itself."""
    if now - limit.happened_at >= limit.within:
        limit = replace(limit, count=0, interval=0.0)
    limit = replace(limit, happened_at=now)
    if limit.count >= limit.most and now - limit.told_at < limit.interval:
        return replace(limit, suppressed=limit.suppressed + 1), None
    over = limit.count >= limit.most - 1
    interval = min(max(2 * limit.interval, limit.within / limit.most), limit.longest) if over else 0.0
    return replace(limit, count=limit.count + 1, suppressed=0, interval=interval, told_at=now), limit.suppressed


def holds(limit: Limit, now: float) -> bool:
    """Whether there is anything to remember of it."""
    return bool(limit.suppressed) or now - limit.happened_at < limit.within


def due(limit: Limit) -> float:
    """When what went untold is to be told, since nothing follows that would tell it; infinite when there is nothing."""
    return limit.happened_at + limit.within if limit.suppressed else math.inf


def settle(limit: Limit) -> Limit:
    """What went untold has been told."""
    return replace(limit, suppressed=0)
