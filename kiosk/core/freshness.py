"""How far a station can trust what it has: the age of its status list, and until when it has keys."""

from __future__ import annotations

import enum

from kiosk.core.clock import LEEWAY
from kiosk.core.state import State
from kiosk.trust.keyset import USES


class Freshness(enum.StrEnum):
    """How old the status list is, by the policy's measure."""

    MISSING = "missing"
    FRESH = "fresh"
    STALE = "stale"
    OLD = "old"


def freshness(state: State, now: float) -> Freshness:
    """How well the status list can be trusted to be the newest; old only if that is provable."""
    status, policy = state.trust.status, state.policy
    if not status.version:
        return Freshness.MISSING
    if state.clock.earliest(now) - status.issued_at > policy.stale_for:
        return Freshness.OLD
    fresh = 0 <= state.clock.latest(now) - status.issued_at + LEEWAY <= policy.fresh_for + LEEWAY
    return Freshness.FRESH if fresh else Freshness.STALE


def keys_until(state: State) -> float:
    """Until when the keyset has a key for each use; 0 without one."""
    ends = {use: max((key.not_after for key in state.trust.keyset.keys if key.use == use), default=0) for use in USES}
    return float(min(ends.values()))
