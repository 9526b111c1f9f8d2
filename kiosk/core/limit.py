"""A bound on how much of one kind is logged one by one; what is over it is counted, and told with the next."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace


class Limit(Struct, frozen=True):
    """At most `most` in `within` seconds of boot time; `suppressed` is how many went untold since the last one told."""

    most: int
    within: float
    began: float = 0.0
    count: int = 0
    suppressed: int = 0


def tell(limit: Limit, now: float) -> tuple[Limit, int | None]:
    """Whether to log one more: how many went untold before it, or None when it is one too many itself."""
    if now - limit.began >= limit.within:
        limit = replace(limit, began=now, count=0)
    if limit.count >= limit.most:
        return replace(limit, suppressed=limit.suppressed + 1), None
    return replace(limit, count=limit.count + 1, suppressed=0), limit.suppressed
