"""Faults come and go: news once each way, and so many of each an hour; of what went untold, how it is at last."""

from __future__ import annotations

from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.limit import due, settle, tell
from kiosk.core.state import FAULT_CHANGES, State, Stepped


def faulted(state: State, what: str, detail: str | None, now: float) -> Stepped:
    """There is a fault with `what`, or none any longer (no detail)."""
    if detail == state.faults.get(what):
        return state, ()
    faults = {key: value for key, value in state.faults.items() if key != what}
    if detail is not None:
        faults[what] = detail
    limit, suppressed = tell(state.fault_changes.get(what, FAULT_CHANGES), now)
    state = replace(state, faults=faults, fault_changes={**state.fault_changes, what: limit})
    return state, () if suppressed is None else (_told(what, detail),)


def untold(state: State, now: float) -> Stepped:
    """How those faults are that changed more often than was told, and have not changed for a while."""
    late = {what: settle(limit) for what, limit in state.fault_changes.items() if due(limit) <= now}
    if not late:
        return state, ()
    told = tuple(_told(what, state.faults.get(what)) for what in late)
    return replace(state, fault_changes={**state.fault_changes, **late}), told


def _told(what: str, detail: str | None) -> fact.Fault | fact.FaultCleared:
    return fact.FaultCleared(what) if detail is None else fact.Fault(what, detail)
