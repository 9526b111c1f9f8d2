"""Which signed documents take effect: signed by a key that holds, and not older than the newest seen."""

from __future__ import annotations

import enum
from typing import Final, assert_never

from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import provably_expired, raise_floor, synchronise
from kiosk.core.door.access import COMMIT_PATIENCE
from kiosk.core.door.door import DoorRules
from kiosk.core.door.hours import Programme, Schedule, weekly
from kiosk.core.events import Keep, KeepFloor
from kiosk.core.limit import tell
from kiosk.core.state import Order, State, Stepped
from kiosk.trust.documents import CommandDocument, Refusal, TimeDocument, read_document
from kiosk.trust.keyset import Keyset
from kiosk.trust.policy import DoorPolicy, PolicyDocument, contradiction
from kiosk.trust.status import StatusDocument, StatusList, unpack

NONCE_HOLDS: Final = 120.0
"""Seconds within which an answer to a nonce bounds the time from above."""


USES: Final = {"issuer", "document"}


class Freshness(enum.StrEnum):
    """How old the status list is, by the policy's measure."""

    MISSING = "missing"
    FRESH = "fresh"
    STALE = "stale"
    OLD = "old"


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
        case PolicyDocument():
            return _policy(state, document, body, now)
        case CommandDocument():
            return _command(state, document, body, now)
        case TimeDocument():
            return _time(state, document, now)
        case _:
            assert_never(document)


def restore(state: State, body: bytes, now: float) -> State:
    """Take a stored document back in at start; one that no longer holds is left out. A command is not obeyed again."""
    document = read_document(body, state.root, state.trust.keyset)
    if isinstance(document, CommandDocument):
        return replace(state, commanded=max(state.commanded, document.version))
    return offered(state, body, now)[0]


def versions(state: State) -> dict[str, int]:
    """The newest version of each kind of document."""
    return {
        "keyset": state.trust.keyset.version if state.trust.keyset.keys else 0,
        "status": state.trust.status.version,
        "policy": state.policy.version if state.policy.issued_at else 0,
        "command": state.commanded,
    }


def freshness(state: State, now: float) -> Freshness:
    """How well the status list can be trusted to be the newest; old only if that is provable."""
    status, policy = state.trust.status, state.policy
    if not status.version:
        return Freshness.MISSING
    if state.clock.earliest(now) - status.issued_at > policy.stale_for:
        return Freshness.OLD
    fresh = state.clock.latest(now) - status.issued_at <= policy.fresh_for
    return Freshness.FRESH if fresh else Freshness.STALE


def keys_until(state: State) -> float:
    """Until when the keyset has a key for each use; 0 without one."""
    ends = {use: max((key.not_after for key in state.trust.keyset.keys if key.use == use), default=0) for use in USES}
    return float(min(ends.values()))


def _refused(state: State, refusal: Refusal, now: float) -> Stepped:
    limit, suppressed = tell(state.refusals, now)
    state = replace(state, refusals=limit)
    return state, () if suppressed is None else (fact.DocumentRefused(refusal, suppressed),)


def _keyset(state: State, document: Keyset, body: bytes, now: float) -> Stepped:
    if document.version <= versions(state)["keyset"]:
        return _old(state, document.version == versions(state)["keyset"], now)
    uses = {key.use for key in document.keys if not provably_expired(state.clock, key.not_after, now)}
    if uses != USES:
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


def _policy(state: State, document: PolicyDocument, body: bytes, now: float) -> Stepped:
    if not state.trust.station.startswith(document.station):
        return _refused(state, Refusal.OTHER_STATION, now)
    newest = versions(state)["policy"]
    if document.version <= newest:
        return _old(state, document.version == newest, now)
    if contradiction(document):
        return _refused(state, Refusal.CONTRADICTORY, now)
    doors = {
        name: replace(
            known, rules=_ruled(state.rules.get(name, known.rules), document.doors.get(name), state.utc_offset)
        )
        for name, known in state.doors.items()
    }
    state = replace(state, policy=document, doors=doors)
    return _applied(state, "policy", document.version, document.issued_at, body, now)


def _ruled(rules: DoorRules, policy: DoorPolicy | None, offset: int) -> DoorRules:
    """The settings' rules with the policy's calendar."""
    if policy is None:
        return rules
    programmes = tuple(
        Programme(each.name, each.begins, each.ends, weekly(each.hours, offset), each.admits)
        for each in policy.programmes
    )
    return replace(rules, schedule=Schedule(weekly(policy.hours, offset), programmes), always=frozenset(policy.always))


def _command(state: State, document: CommandDocument, body: bytes, now: float) -> Stepped:
    """Take a command that is provably in time; it is stored, and told, before it is obeyed."""
    if document.station != state.trust.station:
        return _refused(state, Refusal.OTHER_STATION, now)
    if document.version <= state.commanded:
        return _old(state, document.version == state.commanded, now)
    if state.clock.latest(now) > document.expires:
        return _refused(state, Refusal.NOT_IN_TIME, now)
    ticket = state.tickets + 1
    order = Order(document, now + COMMIT_PATIENCE)
    state = replace(state, commanded=document.version, tickets=ticket, orders={**state.orders, ticket: order})
    started = fact.CommandStarted(document.id, document.version, document.verb, document.door)
    return state, (started, Keep("command", document.version, body))


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
