"""What stations' clocks say of this machine's. Each token tells when it was signed; most are not wrong alike by chance.

A server that starts with a wrong clock would take all stations with it, which believe its signed time within the hour.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from kiosk.central.remembered import remember
from kiosk.central.store import CentralStore

ALARM: Final = "clock_doubted"
LEAST: Final = 3
"""Stations that say the same."""

ALIKE: Final = 60.0
"""Seconds within which they do; clocks that have stood still since a power cut differ by more."""

TOLERATED: Final = 300.0
"""Seconds by which this clock may be ahead of theirs, as a phone's may."""


class Word(Struct, frozen=True):
    """What a station's clock said when this machine's monotonic one said 0, and whether it was taken for right."""

    at_zero: float
    taken: bool


class Doubt:
    """The event loop's, but for `tell`."""

    def __init__(self, store: CentralStore) -> None:
        self._store = store
        self._words: dict[str, Word] = {}
        self._told = self._trusted = False

    def heard(self, code: str, signed_at: float, monotonic: float, *, taken: bool) -> None:
        """A station has signed something at that time by its own clock, in seconds since 1970.

        Its newest word counts, until one is refused: from then on it may go by this clock, and tells nothing of its own.
        """
        before = self._words.get(code)
        if before is None or before.taken:
            remember(self._words, code, Word(signed_at - monotonic, taken))

    def ahead(self, now: float, monotonic: float) -> float | None:
        """By how many seconds `now` is ahead of what more than half of them say; None where they do not agree on that."""
        ahead = sorted(now - monotonic - each.at_zero for each in self._words.values())
        middle = ahead[len(ahead) // 2] if ahead else 0.0
        alike = sum(abs(each - middle) < ALIKE for each in ahead)
        agreed = alike >= LEAST and 2 * alike > len(ahead)
        return middle if agreed and middle > TOLERATED and not self._trusted else None

    def tell(self, ahead: float | None, now: float) -> None:
        """Tell operators; once one of them has let go of the alarm, or vouched for the clock, nothing is doubted any more."""
        if ahead is None:
            if self._told:
                self._store.over(ALARM)
            self._told = False
        elif not self._told:
            here, there = (
                datetime.fromtimestamp(each, UTC).isoformat(timespec="seconds") for each in (now, now - ahead)
            )
            words = f"the clock says {here}, and most stations say {there}: no time is signed. Set the clock"
            self._store.alarm(ALARM, f"{words}, or if it is right: kiosk central clock --trust", now)
            self._told = True
        elif ALARM not in {each.what for each in self._store.alarms()}:
            self._trusted = True
