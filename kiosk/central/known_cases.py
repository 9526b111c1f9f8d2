"""The cases of a station that everybody is told of, by its page and by its display inside."""

from __future__ import annotations

from typing import Final

from kiosk.central.retention import DAY
from kiosk.central.store import CentralStore
from kiosk.central.voices.case import Case, today

MOST: Final = 12
"""Cases that are open, and as many that have ended."""

SHOWN_FOR: Final = 90 * DAY
"""Seconds for which what has ended is told."""


def shown(store: CentralStore, code: str, now: float) -> list[Case]:
    """Of a station: overdue ones first, then the others that are open, then those that have ended of late.

    What is open hides nothing that has ended, nor the other way round.
    """
    day = today(now)
    still = sorted(store.open_at(code, day, MOST), key=lambda each: _urgency(each, day))
    return [*still, *store.ended_at(code, now - SHOWN_FOR, MOST)]


def _urgency(case: Case, day: str) -> tuple[int, float]:
    """What is late stands first, the longest before the others; then the newest."""
    return (0, case.said) if case.overdue(day) else (1, -case.said)
