"""Which services take effect: signed, newer than the one of their id, and not over.

They have one number among them, with which is asked: it rises to each document that is seen, and a document that is no newer
than it, and is not held, is a replay. Whatever puts the number in doubt (a key that is gone, a time that was refuted, a damaged
file) sets it to 0: everything is asked for anew, and what is held stays meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core import held
from kiosk.core.clock import Clock, provably_ahead, raise_floor
from kiosk.core.events import KeepFloor, KeepService
from kiosk.core.held import Held, Services
from kiosk.core.ratchets import absurd
from kiosk.core.state import State, Stepped
from kiosk.trust.documents import Refusal, payload, read_document, signer
from kiosk.trust.keyset import Keyset
from kiosk.trust.service import CAMPAIGN, KINDS, LEDGER, ServiceDocument, body_in

KIND: Final = "service"
OF_HOLDERS: Final = frozenset({CAMPAIGN, LEDGER})
"""Kinds that say something of those who have had something."""

NUMBER: Final = ""
"""The id under which the document is stored that proves the number."""


def taken(state: State, head: ServiceDocument, body: bytes, above: int, now: float) -> Stepped | Refusal:
    """Take a service that a key vouches for, or say why not. `above`: see :class:`kiosk.core.events.Offered`."""
    services, found = state.services, _held(head, body)
    if found is None:
        return Refusal.MALFORMED
    if services.held.get(head.id) == found:
        return changed(state, held.seen(services, found, above), body)  # no news, but for the number
    if refusal := _refusal(state, head, now):
        return refusal
    state = replace(state, clock=raise_floor(state.clock, head.issued_at, now))
    unused = () if head.kind in KINDS else (f"kind {head.kind}",)
    services = held.without(services, {head.id, *held.ended(services, state.clock, now)})
    if not unused and not held.over(head, state.clock, now):
        services = held.with_service(services, found)
    state, kept = changed(state, held.seen(services, found, above), body)
    applied = fact.DocumentApplied(KIND, head.version, unused)
    return state, (applied, *kept, KeepFloor(state.clock.earliest(now), state.clock.lowered))


def not_taken(state: State, why: Refusal, head: ServiceDocument, body: bytes, above: int, now: float) -> Stepped:
    """What a refusal leaves behind: no stored number proves what this station may take later.

    The number rises over what this version cannot read, or that would be asked for again and again; the next start, which may
    be of a version that can, asks for everything anew.
    """
    if why is Refusal.MALFORMED and not _refusal(state, head, now):
        services = held.seen(state.services, Held(head, signer(body), len(body)), above)
        return replace(state, services=services), unproven()
    return state, unproven() if why is Refusal.AHEAD else ()


def _held(head: ServiceDocument, body: bytes) -> Held | None:
    """What is held of a document; None where its body is not what its kind asks for."""
    try:
        return Held(head, signer(body), len(body), body_in(head, payload(body)))
    except msgspec.ValidationError:
        return None


def _refusal(state: State, head: ServiceDocument, now: float) -> Refusal | None:
    services = state.services
    newest = max(services.number, held.counts(services, head.id, state.clock, now))
    if head.version <= newest:
        return Refusal.OLD_VERSION
    if absurd(head.version, newest, head.issued_at):
        return Refusal.ABSURD_VERSION
    return Refusal.AHEAD if provably_ahead(state.clock, head.issued_at, now) else None


def changed(state: State, after: Services, body: bytes = b"") -> Stepped:
    """The state with these services, and what of it is to be stored anew, the number last; `body`: the document that came."""
    before = state.services
    rows = [
        KeepService(name, each.head.version, body) for name, each in after.held.items() if before.held.get(name) != each
    ]
    rows += [KeepService(name, 0, b"") for name in before.held if name not in after.held]
    if before.number != after.number:
        rows += [KeepService(NUMBER, after.number, body)] if after.number and KIND not in state.early else unproven()
    return replace(state, services=after), tuple(rows)


def forgotten(state: State, now: float) -> Stepped:
    """Without campaigns and ledgers that have provably ended: their key, and who had something, stay no longer than that.

    Where the number is proven by one of them, everything is asked for anew.
    """
    services = state.services
    over = {name for name in held.ended(services, state.clock, now) if services.held[name].head.kind in OF_HOLDERS}
    if not over:
        return state, ()
    proves = any(services.held[name].head.version == services.number for name in over)
    services = held.without(services, over)
    return changed(state, held.asked_anew(services) if proves else services)


def unproven() -> tuple[KeepService, ...]:
    """No number is stored: after a restart everything is asked for anew, also what a later number has passed by."""
    return (KeepService(NUMBER, 0, b""),)


def lost(state: State) -> Stepped:
    """Their file is gone: nothing is held, and everything is asked for anew."""
    return replace(state, services=Services()), ()


def without_keys(state: State, before: Keyset) -> Stepped:
    """Without what no trusted key vouches for, and everything asked for anew, when a key was dropped that had not ended.

    What that key had withdrawn or replaced is to come again.
    """
    keyset = state.trust.keyset
    kids = {key.kid.hex() for key in state.readable.keys if key.use == "document"}
    dropped = any(
        key.use == "document" and key.not_after >= keyset.issued_at and not keyset.find(key.kid, "document")
        for key in before.keys
    )
    services = held.without(
        state.services, {name for name, each in state.services.held.items() if each.kid not in kids}
    )
    if dropped or services is not state.services:
        services = held.asked_anew(services)
    return changed(state, services)


def refuted(state: State, before: Clock, now: float) -> Stepped:
    """Everything is asked for anew where it turned out to be earlier: what was signed ahead, or had ended, may count again."""
    services, clock = state.services, state.clock
    times = (services.issued_at, *(each.head.issued_at for each in services.held.values()))
    if clock.earliest(now) >= before.earliest(now) and not any(provably_ahead(clock, at, now) for at in times):
        return state, ()
    return changed(state, held.asked_anew(services))


def no_longer_early(state: State, now: float) -> Stepped:
    """Everything is asked for anew when the time lets in what was refused for it."""
    found = state.early.get(KIND)
    if found is None or provably_ahead(state.clock, found.issued_at, now):
        return state, ()
    state = replace(state, early={kind: each for kind, each in state.early.items() if kind != KIND})
    return changed(state, held.asked_anew(state.services))


def restore(state: State, stored: Mapping[str, bytes], now: float) -> State:
    """Take stored services back in at start. What does not hold any more is left out, and everything is asked for anew."""
    services, whole = Services(), True
    for name, body in stored.items():
        found = _stored(state, body)
        if found is None or name not in {NUMBER, found.head.id}:
            whole = False
        elif name == NUMBER:
            services = held.seen(services, found, 0)
        elif not held.over(found.head, state.clock, now):
            services = held.with_service(services, found)
    return replace(state, services=services if whole else held.asked_anew(services))


def _stored(state: State, body: bytes) -> Held | None:
    head = read_document(body, state.root, state.readable)
    if isinstance(head, ServiceDocument) and state.trust.station.startswith(head.station):
        return _held(head, body)
    return None
