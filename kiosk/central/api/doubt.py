"""What stations' clocks say of this machine's. Each token tells when it was signed; most are not wrong alike by chance.

A server that starts with a wrong clock would take all stations with it, which believe its signed time within the hour.
"""

from __future__ import annotations

from datetime import UTC, datetime
from mmap import mmap
from typing import Final
from zlib import crc32

from msgspec import Struct

from kiosk.central.remembered import remember
from kiosk.central.store import CentralStore
from kiosk.central.store.alarms import DOUBTED

LEAST: Final = 3
"""Stations that say the same."""

ALIKE: Final = 60.0
"""Seconds within which they do; clocks that have stood still since a power cut differ by more."""

TOLERATED: Final = 300.0
"""Seconds by which this clock may be ahead of theirs, as a phone's may."""


PLACES: Final = 1 << 18
"""Of all stations: fifty times those of a province."""


class Word(Struct, frozen=True):
    """What a station's clock said when this machine's monotonic one said 0, and whether it was taken for right.

    `ours`: what this machine's clock, as it stood when that was heard, would have said then.
    """

    at_zero: float
    ours: float
    taken: bool


class Refusals:
    """The stations whose tokens were refused as ended, by this process or one that has forked from the same: a byte for each.

    Two may share one, whose words then are not heard.
    """

    def __init__(self) -> None:
        self._refused = mmap(-1, PLACES)

    def add(self, code: str) -> None:
        """It may go by this clock from now on."""
        self._refused[_place(code)] = 1

    def discard(self, code: str) -> None:
        """It goes by its own."""
        self._refused[_place(code)] = 0

    def __contains__(self, code: str) -> bool:
        """Whether it may go by this clock."""
        return self._refused[_place(code)] == 1


class Doubt:
    """The event loop's, but for `tell`."""

    def __init__(self, store: CentralStore, refusals: Refusals) -> None:
        self._store, self._since, self._refusals = store, store.last_publication(), refusals
        self._words: dict[str, Word] = {}
        self._trusted = False
        self._told = True
        """By a process before this one, maybe."""

    def heard(self, code: str, signed_at: float, now: float, monotonic: float, *, taken: bool) -> None:
        """A station has signed something at that time by its own clock, in seconds since 1970, before which no clock is.

        Its newest word counts, until one is refused: from then on it may go by this clock, and tells nothing of its own. One
        that is refused where both had agreed, and this clock has not moved since, says that the station's has: in a power cut
        those of a whole town stand still alike.
        """
        before, ours = self._words.get(code), now - monotonic
        if before is None:
            news = not (taken and code in self._refusals)
        else:
            news = before.taken and (taken or abs(ours - before.ours) > TOLERATED)
        if not taken:
            self._refusals.add(code)
        if news and signed_at > 0:
            remember(self._words, code, Word(signed_at - monotonic, ours, taken))

    def forget(self, code: str) -> None:
        """It is another machine from now on, or none."""
        self._words.pop(code, None)
        self._refusals.discard(code)

    def ahead(self, now: float, monotonic: float) -> float | None:
        """By how many seconds `now` is ahead of what more than half of them say; None where they do not agree on that."""
        ahead = sorted(now - monotonic - each.at_zero for each in self._words.values())
        middle = ahead[len(ahead) // 2] if ahead else 0.0
        alike = sum(abs(each - middle) < ALIKE for each in ahead)
        agreed = alike >= LEAST and 2 * alike > len(ahead)
        return middle if agreed and middle > TOLERATED and not self._trusted else None

    def tell(self, ahead: float | None, now: float) -> None:
        """Tell operators, again where another process has ended it; nothing is doubted once one vouches for the clock."""
        if ahead is None:
            if self._told and len(self._words) >= LEAST:
                self._store.over(DOUBTED)
                self._told = False
        elif self._store.vouched(self._since):
            self._trusted = True
        else:
            here, there = (
                datetime.fromtimestamp(each, UTC).isoformat(timespec="seconds") for each in (now, now - ahead)
            )
            words = f"the clock says {here}, and most stations say {there}: no time is signed. Set the clock"
            self._store.alarm(DOUBTED, f"{words}, or if it is right: kiosk central clock --trust", now)
            self._told = True


def _place(code: str) -> int:
    return crc32(code.encode()) % PLACES
