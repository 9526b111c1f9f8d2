"""What a station keeps of each kind of document: the newest that each key has signed, so that a number falls with its key.

A number only rises while its key is trusted. When a key is dropped from the keyset, what it signed is void, its numbers and its
words alike, and the newest that another key has signed holds again. So a thief of a key can wedge nothing for longer than
the key is trusted.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.events import Keep

MOST: Final = 4
"""Keys of which the newest is kept, of each kind: two that overlap, one that was stolen, and one more."""

JUMP: Final = 10**6
DAY: Final = 86_400


class Signed(Struct, frozen=True):
    """The newest of a kind that the key `kid` (hexadecimal) has signed: its number, and the document as it came.

    Without a key and a document: a number that the logbook alone remembers. `below`: the number before it under this key;
    `refuted`: its time was proven to be still to come, so that its own number counts no more, and the next one takes its place.
    """

    kid: str
    version: int
    body: bytes = b""
    issued_at: int = 0
    below: int = 0
    refuted: bool = False


class Early(Struct, frozen=True):
    """A document that was refused for its time, or for a number that a wrong time may have made too high.

    The next answer to a nonce may show that it holds.
    """

    issued_at: int
    version: int
    body: bytes


def newest(known: tuple[Signed, ...]) -> int:
    """The highest number; 0 for none."""
    return known[0].version if known else 0


def remembered(known: tuple[Signed, ...], found: Signed) -> tuple[Signed, ...]:
    """The newest of each key with this one, the highest number first."""
    by_key = {each.kid: each for each in known if not each.refuted or each.kid == found.kid}
    before = by_key.get(found.kid)
    if before is None or before.version < found.version:
        by_key[found.kid] = replace(found, below=before.version if before else 0)
    return _ordered(by_key.values())


def refuted(known: tuple[Signed, ...], latest: float, leeway: float) -> tuple[Signed, ...]:
    """The same when it is `latest` at most: what was signed after that keeps no number but the one before it.

    Neither that, if it was numbered by the same wrong clock.
    """
    return _ordered(
        replace(each, version=each.below if each.below <= latest else 0, refuted=True)
        if each.issued_at - leeway > latest and not each.refuted
        else each
        for each in known
    )


def _ordered(known: Iterable[Signed]) -> tuple[Signed, ...]:
    return tuple(sorted(known, key=lambda each: -each.version)[:MOST])


def keeps(kind: str, before: tuple[Signed, ...], after: tuple[Signed, ...]) -> tuple[Keep, ...]:
    """What of it is to be stored anew: the newest under its kind, the others after it."""
    places = enumerate(zip_longest(before, after))
    changed = [(place, found or Signed("", 0)) for place, (was, found) in places if was != found]
    return tuple(Keep(f"{kind}/{place}" if place else kind, found.version, found.body) for place, found in changed)


def absurd(version: int, held: int, issued_at: int) -> bool:
    """Whether nobody who counts on from `held`, or by the seconds since 1970, comes to this number."""
    return version > max(held + JUMP, issued_at + DAY)
