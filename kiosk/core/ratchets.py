"""What a station keeps of each kind of document: the newest that each key has signed, so that a number falls with its key.

A number only rises while its key is trusted. When a key is dropped from the keyset, what it signed is void, its numbers and its
words alike, and the newest that another key has signed holds again. So a thief of a key can wedge nothing for longer than
the key is trusted.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Final

from msgspec import Struct

from kiosk.core.events import Keep

MOST: Final = 4
"""Keys of which the newest is kept, of each kind: two that overlap, one that was stolen, and one more."""

JUMP: Final = 10**6
DAY: Final = 86_400


class Signed(Struct, frozen=True):
    """The newest of a kind that the key `kid` (hexadecimal) has signed: its number, and the document as it came.

    Without a key and a document: a number that the logbook alone remembers.
    """

    kid: str
    version: int
    body: bytes = b""


class Early(Struct, frozen=True):
    """A document whose time was provably still to come when it was offered; the next answer to a nonce may show otherwise."""

    issued_at: int
    body: bytes


def newest(known: tuple[Signed, ...]) -> int:
    """The highest number; 0 for none."""
    return known[0].version if known else 0


def remembered(known: tuple[Signed, ...], found: Signed) -> tuple[Signed, ...]:
    """The newest of each key with this one, the highest number first."""
    by_key = {each.kid: each for each in (found, *known)}
    by_key[found.kid] = max(found, by_key[found.kid], key=lambda each: each.version)
    return tuple(sorted(by_key.values(), key=lambda each: -each.version)[:MOST])


def keeps(kind: str, before: tuple[Signed, ...], after: tuple[Signed, ...]) -> tuple[Keep, ...]:
    """What of it is to be stored anew: the newest under its kind, the others after it."""
    places = enumerate(zip_longest(before, after))
    changed = [(place, found or Signed("", 0)) for place, (was, found) in places if was != found]
    return tuple(Keep(f"{kind}/{place}" if place else kind, found.version, found.body) for place, found in changed)


def absurd(version: int, held: int, issued_at: int) -> bool:
    """Whether nobody who counts on from `held`, or by the seconds since 1970, comes to this number."""
    return version > max(held + JUMP, issued_at + DAY)
