"""How long a question for documents may be held back on this road, and what is not asked for again at once. Pure."""

from __future__ import annotations

import hashlib
import math
from typing import Final

from msgspec import Struct

from kiosk.core.outbox import back_off
from kiosk.decoding import UNDECODABLE
from kiosk.trust.cose import Malformed, read_cbor, read_sign1

LONGEST: Final = 25.0
SHORTEST: Final = 2.0
"""Seconds; on a road that does not bear even this nothing is held back at all."""

LATELY: Final = 60.0
"""Seconds after an answer within which a question that goes unanswered says something of the road, not of the server."""

MARGIN: Final = 0.8
GROWTH: Final = 1.5
GROW_AFTER: Final = 60.0
GROW_LATEST: Final = 6 * 3600.0

FARTHEST: Final = 1000
"""How far ahead of the station's a refused document's number may be, to be named as had: nobody has signed it, maybe."""

DAY: Final = 86_400
"""Seconds beyond the server's time: numbers up to there are as good, since they are seconds since 1970."""

LATEST: Final = 900.0
"""Seconds after which a refused document is asked for and offered again, at the most."""

MOST_KNOWN: Final = 64

SERVICE: Final = "service"
"""The kind of which there are many under one number."""


class Polls:
    """A gateway gives up on a question sooner than the server does: then it is held back for less, and asked again at once.

    So it is learnt what the road bears, and from time to time, ever more seldom, whether it bears more.
    """

    def __init__(self) -> None:
        self._wait = LONGEST
        self._before = LONGEST
        self._answered_at = -math.inf
        self._failed = False
        self._grow_after, self._grow_at = GROW_AFTER, math.inf

    @property
    def wait(self) -> float:
        """Seconds for which the next question may be held back; after a failure none, to see whether anybody is there."""
        return 0.0 if self._failed else self._wait

    def answered(self, wait: float, now: float) -> None:
        """A question that was to be held back for `wait` seconds was answered."""
        probing, self._failed, self._answered_at = self._failed, False, now
        if not wait and (probing or self._wait):
            return  # what was not held back says nothing of the road
        self._before = self._wait
        if now >= self._grow_at:
            self._wait = min(LONGEST, max(SHORTEST, self._wait * GROWTH))
            self._grow_at = now + self._grow_after

    def unanswered(self, wait: float, took: float, now: float, *, connected: bool) -> bool:
        """It was not, after `took` seconds: whether a shorter one is worth asking at once."""
        if not (connected and wait and now - took - self._answered_at <= LATELY):
            self._wait, self._failed = self._before, True
            return False
        self._grow_after = min(GROW_LATEST, self._grow_after * 2)
        self._grow_at = now + self._grow_after
        shorter = min(wait / 2, took * MARGIN)
        self._wait = shorter if shorter >= SHORTEST else 0.0
        return True


class Held(Struct, frozen=True):
    """Until then it is held back. `offers`: so often in vain; `version`: the number of that document."""

    offers: int
    until: float
    version: int = 0

    def again(self, now: float, version: int = 0) -> Held:
        """After one offer more."""
        return Held(self.offers + 1, now + back_off(self.offers, LATEST, 1.0), version)


NEVER: Final = Held(0, -math.inf)
"""What was never offered."""


class HeldBack:
    """Documents that the station was offered and did not take.

    Their numbers are named as had, so that the server holds its answer back until there is something else; after a while, which
    grows, they are asked for again. A new keyset may be what was missing: then all of them at once; and so where the station
    wants every service anew.
    """

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._known: dict[bytes, Held] = {}
        self._keyset = 0
        self._services = 0

    def query(self, have: dict[str, int], now: float) -> dict[str, int]:
        """The numbers to name to the server, by kind, where the station has these."""
        keyset, services = have.get("keyset", 0), have.get(SERVICE, 0)
        if keyset != self._keyset or services < self._services:
            self._held, self._known = {}, {}
        self._keyset, self._services = keyset, services
        self._held = {kind: held for kind, held in self._held.items() if have.get(kind, 0) < held.version}
        return have | {kind: held.version for kind, held in self._held.items() if now < held.until}

    def left(self, now: float) -> float:
        """Seconds until one is to be asked for again; infinite: none is."""
        return min((held.until - now for held in self._held.values() if held.until > now), default=math.inf)

    def offer(self, document: bytes, have: dict[str, int], now: float, wall: float = 0.0) -> bool:
        """Whether to offer the station this one, again; if it takes it, its numbers will tell. `wall`: the server's time."""
        self._keyset = have.get("keyset", 0)
        digest = hashlib.sha256(document).digest()
        known = self._known.pop(digest, NEVER)
        self._known[digest] = known if now < known.until else known.again(now)
        if len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]
        if now < known.until:
            return False
        kind, version = number_of(document)
        if kind in have and have[kind] < version <= max(have[kind] + FARTHEST, wall + DAY):
            self._held[kind] = self._held.get(kind, NEVER).again(now, version)
        return True


def number_of(document: bytes) -> tuple[str, int]:
    """The kind and number that a document says it has, proven by nobody; an empty kind where it says none."""
    try:
        payload = read_cbor(read_sign1(document).payload)
        kind, version = payload["type"], payload["version"]
    except (Malformed, *UNDECODABLE):
        return "", 0
    return (kind, version) if isinstance(kind, str) and isinstance(version, int) else ("", 0)
