"""Faults come and go: news once each way, and so many an hour."""

from __future__ import annotations

from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.limit import tell
from kiosk.core.state import State, Stepped


def faulted(state: State, what: str, detail: str | None, now: float) -> Stepped:
    """There is a fault with `what`, or none any longer (no detail)."""
    if detail == state.faults.get(what):
        return state, ()
    faults = {key: value for key, value in state.faults.items() if key != what}
    if detail is not None:
        faults[what] = detail
    limit, suppressed = tell(state.fault_changes, now)
    state = replace(state, faults=faults, fault_changes=limit)
    if suppressed is None:
        return state, ()
    return state, (fact.FaultCleared(what) if detail is None else fact.Fault(what, detail),)
