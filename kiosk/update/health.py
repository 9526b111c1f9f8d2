"""Whether a version that was just started does what the one before it did: the door, the scanners, the logbook."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

from kiosk.wire.views import View

STARTS_WITHIN: Final = 60.0
"""Seconds in which everything must be there again."""

EVERY: Final = 1.0


def trouble(before: View | None, now: View | None, version: str) -> str:
    """What is worse than before; empty when nothing is. Without a view of before the station need only answer."""
    if now is None:
        return "the station does not answer"
    if now.version != version:
        return f"version {now.version} answers"
    if before is None:
        return ""
    away = [name for name, up in before.programs.items() if up and not now.programs.get(name)]
    if away:
        return f"away: {', '.join(away)}"
    worse = now.faults.keys() - before.faults.keys() - {"central"}  # the road to the server is not the version's
    if worse:
        return "; ".join(f"{what}: {now.faults[what]}" for what in sorted(worse))
    doors = before.doors.keys() - now.doors.keys()
    return f"doors that are gone: {', '.join(sorted(doors))}" if doors else ""


def watch(
    look: Callable[[], View | None],
    before: View | None,
    version: str,
    seconds: float,
    wait: Callable[[float], object],
) -> str:
    """`look` until everything is there, then see that it stays so for `seconds`; what went wrong, or nothing."""
    deadline = monotonic() + STARTS_WITHIN
    while wrong := trouble(before, look(), version):
        if monotonic() > deadline:
            return wrong
        wait(EVERY)
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        wait(EVERY)
        if wrong := trouble(before, look(), version):
            return wrong
    return ""
