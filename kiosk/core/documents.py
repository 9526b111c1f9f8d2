"""Which signed documents take effect: signed by a key that holds, and not older than the newest seen."""

from __future__ import annotations

from typing import Final, assert_never

from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import provably_expired, raise_floor, synchronise
from kiosk.core.entries import Entry
from kiosk.core.events import Command, Keep, KeepFloor
from kiosk.core.limit import tell
from kiosk.core.state import State
from kiosk.trust.documents import Refusal, TimeDocument, read_document
from kiosk.trust.keyset import Keyset
from kiosk.trust.status import StatusDocument, StatusList, unpack

NONCE_HOLDS: Final = 120.0
"""Seconds within which an answer to a nonce bounds the time from above."""

Stepped = tuple[State, tuple[Command | Entry, ...]]


def offered(state: State, body: bytes, now: float) -> Stepped:
    """Apply a document or refuse it with its reason."""
    document = read_document(body, state.root, state.trust.keyset)
    match document:
        case Refusal():
            return _refused(state, document, now)
        case Keyset():
            return _keyset(state, document, body, now)
        case StatusDocument():
            return _status(state, document, body, now)
        case TimeDocument():
            return _time(state, document, now)
        case _:
            assert_never(document)


def restore(state: State, body: bytes, now: float) -> State:
    """Take a stored document back in at start; one that no longer holds is left out."""
    return offered(state, body, now)[0]


def versions(state: State) -> dict[str, int]:
    """The newest version of each kind of document."""
    return {
        "keyset": state.trust.keyset.version if state.trust.keyset.keys else 0,
        "status": state.trust.status.version,
    }


def _refused(state: State, refusal: Refusal, now: float) -> Stepped:
    limit, suppressed = tell(state.refusals, now)
    state = replace(state, refusals=limit)
    return state, () if suppressed is None else (fact.DocumentRefused(refusal, suppressed),)


def _keyset(state: State, document: Keyset, body: bytes, now: float) -> Stepped:
    if document.version <= versions(state)["keyset"]:
        return _old(state, document.version == versions(state)["keyset"], now)
    uses = {key.use for key in document.keys if not provably_expired(state.clock, key.not_after, now)}
    if uses != {"issuer", "document"}:
        return _refused(state, Refusal.NO_USABLE_KEY, now)
    state = replace(state, trust=replace(state.trust, keyset=document))
    return _applied(state, "keyset", document.version, document.issued_at, body, now)


def _status(state: State, document: StatusDocument, body: bytes, now: float) -> Stepped:
    if document.version <= state.trust.status.version:
        return _old(state, document.version == state.trust.status.version, now)
    packed = unpack(document.lst)
    if packed is None:
        return _refused(state, Refusal.MALFORMED, now)
    status = StatusList(document.version, document.issued_at, packed)
    state = replace(state, trust=replace(state.trust, status=status))
    return _applied(state, "status", document.version, document.issued_at, body, now)


def _old(state: State, same: bool, now: float) -> Stepped:
    """The same version again is no news; an older one is somebody's mistake or attack."""
    return (state, ()) if same else _refused(state, Refusal.OLD_VERSION, now)


def _applied(state: State, kind: str, version: int, issued_at: float, body: bytes, now: float) -> Stepped:
    state = replace(state, clock=raise_floor(state.clock, issued_at, now))
    floor = KeepFloor(state.clock.earliest(now))
    return state, (fact.DocumentApplied(kind, version), Keep(kind, version, body), floor)


def _time(state: State, document: TimeDocument, now: float) -> Stepped:
    asked = state.nonces.get(document.nonce)
    if asked is not None and now - asked <= NONCE_HOLDS:
        clock = synchronise(state.clock, document.version, asked, now)
    else:
        clock = raise_floor(state.clock, document.version, now)
    rest = {nonce: at for nonce, at in state.nonces.items() if nonce != document.nonce}
    if clock is state.clock:
        return state, ()
    return replace(state, clock=clock, nonces=rest), (KeepFloor(clock.earliest(now)),)
