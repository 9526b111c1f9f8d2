"""The services that a station holds: their heads and what they say. The documents lie on the disk alone.

Bounded: of each kind the newest, and of all what there is room for, the newest first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.clock import Clock, provably_ahead
from kiosk.trust.service import Body, Event, Ledger, Notice, ServiceDocument, Sheet

MOST_OF_A_KIND: Final = 64
MOST_BYTES: Final = 2 * 1024 * 1024
"""Of all documents together: what they say is in memory, too."""

MOST_UNPACKED: Final = 16 * 1024 * 1024
"""Bytes of the bits of all whole ledgers: eighty of 1.5 million holders."""

T = TypeVar("T")

MOST_SHOWN: Final = 8
"""Notices that a display shows in turn."""


class Held(Struct, frozen=True):
    """A service that is held: its key (hexadecimal), the document's bytes, and what it says; None: that another is over."""

    head: ServiceDocument
    kid: str
    size: int
    body: Body | None = None


class Services(Struct, frozen=True):
    """What is held, by id, the newest first, and the number that is asked with: all up to there has been seen.

    0: everything is asked for anew. The number was signed by `kid` at `issued_at`.
    """

    number: int = 0
    kid: str = ""
    issued_at: int = 0
    held: dict[str, Held] = {}


def with_service(services: Services, found: Held) -> Services:
    """The same with this one in place of the one of its id, and without what there is no room for."""
    return _of(services, [found, *(each for name, each in services.held.items() if name != found.head.id)])


def without(services: Services, ids: Collection[str]) -> Services:
    """The same without these."""
    if not services.held.keys() & set(ids):
        return services
    return replace(services, held={name: each for name, each in services.held.items() if name not in ids})


def seen(services: Services, found: Held, above: int) -> Services:
    """The number rises to this document, of an answer with everything beyond `above`; but not over a gap."""
    if above > services.number or found.head.version <= services.number:
        return services
    return replace(services, number=found.head.version, kid=found.kid, issued_at=found.head.issued_at)


def asked_anew(services: Services) -> Services:
    """What is held stays, but everything is asked for anew."""
    return replace(services, number=0, kid="", issued_at=0)


def counts(services: Services, name: str, clock: Clock, now: float) -> int:
    """The number that a document of this id must exceed: 0 where there is none, or a clock that was wrong gave it."""
    before = services.held.get(name)
    return 0 if before is None or provably_ahead(clock, before.head.issued_at, now) else before.head.version


def over(head: ServiceDocument, clock: Clock, now: float) -> bool:
    """Whether it has provably ended, or ends another."""
    return head.withdraws or clock.earliest(now) >= head.ends


def ended(services: Services, clock: Clock, now: float) -> list[str]:
    """The ids of those that have provably ended."""
    return [name for name, each in services.held.items() if over(each.head, clock, now)]


def in_force(head: ServiceDocument, clock: Clock, now: float) -> bool:
    """Whether it has provably begun, and has not provably ended."""
    return head.begins <= clock.earliest(now) < head.ends


def notices(services: Services, clock: Clock, now: float) -> list[Notice]:
    """What a display shows now: the urgent ones, then the others, each the newest first."""
    found = [body for _head, body in said(services, Notice, clock, now)]
    return sorted(found, key=lambda each: not each.urgent)[:MOST_SHOWN]


def said(services: Services, kind: type[T], clock: Clock, now: float) -> list[tuple[ServiceDocument, T]]:
    """What services of a kind say that are in force now, the newest first."""
    found = services.held.values()
    return [(each.head, each.body) for each in found if isinstance(each.body, kind) and in_force(each.head, clock, now)]


def pictures(services: Services) -> dict[str, int]:
    """The pictures that services name, and their bytes; also of those that have not begun yet."""
    found = (each.body.picture for each in services.held.values() if isinstance(each.body, Event))
    return {each.sha256: each.size for each in found if each}


def also(services: Services, clock: Clock, now: float) -> frozenset[str]:
    """The further prefixes of station codes in which this station counts, as the sheets say that are in force."""
    return frozenset(prefix for _head, sheet in said(services, Sheet, clock, now) for prefix in sheet.also)


def _of(services: Services, found: list[Held]) -> Services:
    """As many as there is room for."""
    kinds, size, bits, held = Counter[str](), 0, 0, dict[str, Held]()
    for each in sorted(found, key=lambda each: -each.head.version):
        kinds[each.head.kind] += 1
        fits = size + each.size <= MOST_BYTES and bits + _bits(each) <= MOST_UNPACKED
        if kinds[each.head.kind] <= MOST_OF_A_KIND and fits:
            held[each.head.id] = each
            size, bits = size + each.size, bits + _bits(each)
    return replace(services, held=held)


def _bits(found: Held) -> int:
    """Bytes of a whole ledger, unpacked."""
    ledger = found.body
    return -(-ledger.size // 8) if isinstance(ledger, Ledger) and not ledger.since else 0
