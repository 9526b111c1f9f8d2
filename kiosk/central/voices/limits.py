"""How much strangers may send, so that one who floods is stopped and a whole mobile carrier behind one address is not shut out.

The bound is the station's: none has more than so many in an hour, whoever they are from. Whose they are is looked at only where
a station has had half of that, or where very much comes in all over the province; then each address has a few at that station,
and a bound over all stations together. The first at a station is let in whatever came elsewhere. What is kept of an address is
a hash by a key that nobody has but this process; both are thrown away with the day, and nothing of it is ever written.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from kiosk.central.web.network import network

HOUR: Final = 3600.0
DAY: Final = 86_400.0
MOST_KNOWN: Final = 100_000
"""Of addresses, for each kind in an hour: those that come later are bounded by the station alone."""

ENDLESS: Final = 2**53
What = Literal["rating", "voice", "door", "receipt"]


class Bound(Struct, frozen=True):
    """In an hour. An address is looked at where half of `station` or `everywhere` is used; the latter alone refuses nothing.

    `address_there`: of an address at a station of which half is used; `address`: of one at all stations.
    """

    station: int
    address_there: int
    everywhere: int
    address: int


BOUNDS: Final[Mapping[What, Bound]] = {
    "rating": Bound(120, 6, 20_000, 1200),
    "voice": Bound(30, 2, 2000, 120),
    "door": Bound(30, 2, 2000, 30),
    "receipt": Bound(ENDLESS, ENDLESS, 4000, 240),
}
"""A receipt is of no station, and nobody guesses one of 10^12; each look costs some 10 ms. So an address is bounded only once
half of what the province is expected to ask has come: a whole carrier asks from one."""


class Counts:
    """Of one kind, in an hour."""

    def __init__(self, bound: Bound, most: int) -> None:
        self._bound, self._most = bound, most
        self._everywhere = 0
        self._stations = Counter[str]()
        self._addresses = Counter[tuple[str, ...]]()

    def room(self, station: str, whose: str) -> bool:
        """Whether one more may come in."""
        bound, here = self._bound, self._stations[station]
        there, anywhere = self._addresses[station, whose], self._addresses[(whose,)]
        half = 2 * here >= bound.station
        looked_at = half or 2 * self._everywhere >= bound.everywhere
        refused = (half and there >= bound.address_there) or (looked_at and anywhere >= bound.address)
        return not here or (here < bound.station and not refused)

    def count(self, station: str, whose: str) -> None:
        """One more has."""
        self._everywhere += 1
        self._stations[station] += 1
        for each in ((station, whose), (whose,)):
            if each in self._addresses or len(self._addresses) < self._most:
                self._addresses[each] += 1


class Limits:
    """Counts what is let in, each kind by itself; any thread may ask. Each process counts by itself."""

    def __init__(self, bounds: Mapping[What, Bound] = BOUNDS, most: int = MOST_KNOWN) -> None:
        self._bounds, self._most = bounds, most
        self._lock = threading.Lock()
        self._day = self._hour = -1
        self._key = b""
        self._counts: dict[What, Counts] = {}

    def full(self, what: What, station: str, address: str, now: float) -> bool:
        """Whether one more would not be let in; nothing counts by it."""
        with self._lock:
            self._turn(now)
            return not self._counts[what].room(station, self._hashed(address))

    def admit(self, what: What, station: str, address: str, now: float) -> bool:
        """Whether one more may come in at `now` (seconds since 1970), which then counts."""
        with self._lock:
            self._turn(now)
            counts, whose = self._counts[what], self._hashed(address)
            if not counts.room(station, whose):
                return False
            counts.count(station, whose)
            return True

    def _turn(self, now: float) -> None:
        """With the hour go the counts, with the day the key."""
        if int(now // DAY) != self._day:
            self._day, self._key = int(now // DAY), secrets.token_bytes(32)
        if int(now // HOUR) != self._hour:
            self._hour = int(now // HOUR)
            self._counts = {what: Counts(bound, self._most) for what, bound in self._bounds.items()}

    def _hashed(self, address: str) -> str:
        return hmac.new(self._key, network(address).encode(), hashlib.sha256).hexdigest()[:32]
