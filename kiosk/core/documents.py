"""Which signed documents take effect: signed by a key that holds, at a time that can be, and newer than the newest seen.

What nobody vouches for has no effect: when a keyset drops a key that had not ended, what was newest before holds again.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar, assert_never

import msgspec
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core import services
from kiosk.core.admission import admitted
from kiosk.core.clock import LEEWAY, provably_ahead, raise_floor, synchronise
from kiosk.core.door import door
from kiosk.core.door.access import COMMIT_PATIENCE
from kiosk.core.door.door import DoorRules
from kiosk.core.door.hours import Programme, Schedule, weekly
from kiosk.core.entries import Entry
from kiosk.core.events import Command, Keep, KeepFloor
from kiosk.core.limit import tell
from kiosk.core.ratchets import Early, Signed, absurd, keeps, newest, refuted, remembered
from kiosk.core.state import Order, State, Stepped, moved
from kiosk.trust.documents import CommandDocument, Document, Refusal, TimeDocument, payload, read_document, signer
from kiosk.trust.keyset import USES, Key, Keyset, usable
from kiosk.trust.policy import NO_POLICY, DoorPolicy, PolicyDocument, contradiction, unusable
from kiosk.trust.service import ServiceDocument
from kiosk.trust.status import NO_STATUS, StatusDocument, StatusList, unpack

NONCE_HOLDS: Final = 120.0
"""Seconds within which an answer to a nonce bounds the time from above."""

RETIRED: Final = "retired"
"""Where the keys are stored that have ended and left the keyset, while the newest document of a kind is theirs."""

EARLY: Final = "early"
"""Where a keyset is stored that came too early: its number was the root's too, and the next one counts on from it."""

T = TypeVar("T")

Numbered = Keyset | StatusDocument | PolicyDocument | CommandDocument


def offered(state: State, body: bytes, now: float, above: int = 0) -> Stepped:
    """Apply a document or refuse it with its reason. `above`: see :class:`kiosk.core.events.Offered`."""
    after, outcomes = _offered(state, body, now, above)
    early = after.early.get("keyset")
    if early == state.early.get("keyset"):
        return after, outcomes
    return after, (*outcomes, Keep(EARLY, early.version if early else 0, msgspec.msgpack.encode(early)))


def _offered(state: State, body: bytes, now: float, above: int) -> Stepped:
    document = read_document(body, state.root, state.trust.keyset)
    if document is Refusal.UNKNOWN_KEY:
        match _vouched_for_early(state, body):
            case TimeDocument() as answer if _asked(state, answer, now) is not None:
                document = answer  # it is the time which is in question
            case StatusDocument() | PolicyDocument() | ServiceDocument() as found:
                state = _await_time(state, found, body)
    match document:
        case Refusal():
            return _refused(state, document, now)
        case TimeDocument():
            return _time(state, document, now)
        case PolicyDocument() | ServiceDocument() if not state.trust.station.startswith(document.station):
            return _refused(state, Refusal.OTHER_STATION, now)
        case ServiceDocument():
            return _service(state, document, body, above, now)
        case CommandDocument() if document.station != state.trust.station:
            return _refused(state, Refusal.OTHER_STATION, now)
        case _:
            return _numbered(state, document, body, now)


def restore(state: State, stored: dict[str, bytes], now: float) -> State:
    """Take all back in at start that was stored, by its name; the keyset, whose keys prove the rest, is the first."""
    state = replace(state, retired=_decoded(stored.get(RETIRED, b""), tuple[Key, ...], ()))
    for _, body in sorted(stored.items(), key=lambda each: each[0] != "keyset"):
        state = _restored(state, body, now)
    early: Early | None = _decoded(stored.get(EARLY, b""), Early | None, None)
    return replace(state, early={"keyset": early}) if early else state


def _decoded(stored: bytes, kind: Any, other: T) -> T:
    """What was stored beside the documents; what cannot be read is as if it were not there."""
    try:
        found: T = msgspec.msgpack.decode(stored, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return other
    return found


def _restored(state: State, body: bytes, now: float) -> State:
    """One that no longer holds is left out. A command is not obeyed again."""
    document = read_document(body, state.root, state.readable)
    match document:
        case Refusal() | TimeDocument() | ServiceDocument():
            return state
        case Keyset():
            keyset = document if document.version > versions(state)["keyset"] else state.trust.keyset
            state = replace(state, trust=replace(state.trust, keyset=keyset))
        case PolicyDocument() if not state.trust.station.startswith(document.station):
            return state
        case _:
            kind = _kind(document)
            said = _said(state, document) if document.version > versions(state)[kind] else state
            if isinstance(said, Refusal):
                return state
            state = _remember(said, kind, Signed(signer(body), document.version, body, document.issued_at))
    return replace(state, clock=raise_floor(state.clock, document.issued_at, now))


def recall(state: State, commanded: int) -> State:
    """The logbook knows that a command of this number was begun."""
    return _remember(state, "command", Signed("", commanded)) if commanded > state.commanded else state


def versions(state: State) -> dict[str, int]:
    """The newest version of each kind of document."""
    return {
        "keyset": state.trust.keyset.version if state.trust.keyset.keys else 0,
        "status": newest(state.signed.get("status", ())),
        "policy": newest(state.signed.get("policy", ())),
        "command": state.commanded,
        "service": state.services.number,
    }


def _refused(state: State, refusal: Refusal, now: float) -> Stepped:
    limit, suppressed = tell(state.refusals, now)
    state = replace(state, refusals=limit)
    return state, () if suppressed is None else (fact.DocumentRefused(refusal, suppressed),)


def _numbered(state: State, document: Numbered, body: bytes, now: float) -> Stepped:
    """A document whose number and time must fit before what it says is looked at."""
    kind, held = _kind(document), versions(state)[_kind(document)]
    if document.version == held and (kind in {"keyset", "command"} or state.signed[kind][0].body == body):
        return state, ()  # no news
    if document.version <= held:
        return _refused(_await_time(state, document, body), Refusal.OLD_VERSION, now)
    early = state.early.get("keyset") if kind == "keyset" else None  # its number was the root's too
    if absurd(document.version, max(held, early.version if early else 0), document.issued_at):
        return _refused(state, Refusal.ABSURD_VERSION, now)
    if provably_ahead(state.clock, document.issued_at, now):
        return _refused(_await_time(state, document, body), Refusal.AHEAD, now)
    match document:
        case Keyset():
            return _keyset(state, document, body, now)
        case CommandDocument():
            return _command(state, document, body, now)
        case _:
            said = _said(state, document)
            if isinstance(said, Refusal):
                return _refused(state, said, now)
            return _applied(state, said, document, body, now)


def _service(state: State, document: ServiceDocument, body: bytes, above: int, now: float) -> Stepped:
    found = services.taken(state, document, body, above, now)
    if not isinstance(found, Refusal):
        return found
    state, told = _refused(_await_time(state, document, body) if found is Refusal.AHEAD else state, found, now)
    state, unproven = services.not_taken(state, found, document, body, above, now)
    return state, (*told, *unproven)


def _kind(document: Numbered | ServiceDocument) -> str:
    return str(type(document).__struct_config__.tag)


def _await_time(state: State, document: Numbered | ServiceDocument, body: bytes) -> State:
    """Keep what the next answer to a nonce may let in, the last of each kind; but a command is of its moment."""
    if isinstance(document, CommandDocument):
        return state
    found = Early(document.issued_at, document.version, body)
    return replace(state, early={**state.early, _kind(document): found})


def _said(state: State, document: StatusDocument | PolicyDocument | CommandDocument) -> State | Refusal:
    """The state in which what the document says is in force."""
    match document:
        case StatusDocument(version, issued_at, lst):
            packed = unpack(lst)
            if packed is None:
                return Refusal.MALFORMED
            return replace(state, trust=replace(state.trust, status=StatusList(version, issued_at, packed)))
        case PolicyDocument():
            return Refusal.CONTRADICTORY if contradiction(document) else _ruled_by(state, document)
        case CommandDocument():
            return state
        case _:
            assert_never(document)


def _ruled_by(state: State, policy: PolicyDocument) -> State:
    rules = {name: state.rules.get(name, known.rules) for name, known in state.doors.items()}
    doors = {
        name: replace(
            known, rules=ruled(rules[name], None if known.rules.slot else policy.doors.get(name), state.utc_offset)
        )
        for name, known in state.doors.items()
    }
    return replace(state, policy=policy, doors=doors, rules=rules)


def ruled(rules: DoorRules, policy: DoorPolicy | None, offset: int) -> DoorRules:
    """The settings' rules with the policy's calendar."""
    if policy is None:
        return rules
    programmes = tuple(
        Programme(each.name, each.begins, each.ends, weekly(each.hours, offset), each.admits)
        for each in policy.programmes
    )
    return replace(rules, schedule=Schedule(weekly(policy.hours, offset), programmes), always=frozenset(policy.always))


def _applied(
    before: State, state: State, document: StatusDocument | PolicyDocument | CommandDocument, body: bytes, now: float
) -> Stepped:
    """The document is in force in `state`: remember it, and the time that it proves."""
    kind = _kind(document)
    state = _remember(state, kind, Signed(signer(body), document.version, body, document.issued_at))
    state = replace(state, clock=raise_floor(state.clock, document.issued_at, now))
    kept = keeps(kind, before.signed.get(kind, ()), state.signed[kind])
    unused = unusable(document, state.entrances, payload(body)) if isinstance(document, PolicyDocument) else ()
    return state, (fact.DocumentApplied(kind, document.version, unused), *kept, _floor(state, now))


def _remember(state: State, kind: str, found: Signed) -> State:
    return replace(state, signed={**state.signed, kind: remembered(state.signed.get(kind, ()), found)})


def _floor(state: State, now: float) -> KeepFloor:
    return KeepFloor(state.clock.earliest(now), state.clock.lowered)


def _command(state: State, document: CommandDocument, body: bytes, now: float) -> Stepped:
    """Take a command that is provably in time; it is stored, and told, before it is obeyed."""
    if state.clock.latest(now) > document.expires:
        return _refused(state, Refusal.NOT_IN_TIME, now)
    if document.verb == "admit" and (document.index is None or document.pass_class is None):
        return _refused(state, Refusal.MALFORMED, now)
    before, kid = state.signed.get("command", ()), signer(body)
    state = _remember(state, "command", Signed(kid, document.version, body, document.issued_at))
    kept = keeps("command", before, state.signed["command"])
    started = fact.CommandStarted(document.id, document.version, document.verb, document.door)
    if document.verb == "admit":  # the grant waits for its own commit, which is that of this entry, too
        state, outcomes = admitted(state, document, now)
        return state, (started, *outcomes, *kept)
    ticket, order = state.tickets + 1, Order(document, now + COMMIT_PATIENCE, kid)
    state = replace(state, tickets=ticket, orders={**state.orders, ticket: order})
    return state, (started, *kept)


def _keyset(state: State, document: Keyset, body: bytes, now: float) -> Stepped:
    """Trust these keys, and no longer what the keys signed that are not among them."""
    holds_at = max(document.issued_at, int(state.clock.built))
    if not {key.use for key in document.keys if key.not_after >= holds_at and usable(key)} >= USES:
        return _refused(state, Refusal.NO_USABLE_KEY, now)
    before, state = (
        state,
        replace(state, trust=replace(state.trust, keyset=document), retired=_retired(state, document)),
    )
    state = replace(state, clock=raise_floor(state.clock, document.issued_at, now))
    outcomes: list[Command | Entry] = [
        fact.DocumentApplied("keyset", document.version),
        Keep("keyset", document.version, body),
    ]
    if state.retired != before.retired:
        outcomes.append(Keep(RETIRED, document.version, msgspec.msgpack.encode(state.retired)))
    if not before.trust.keyset.keys:
        state = _without_key(state)
    for kind in state.signed:
        state, fallen = _fallen(state, kind)
        outcomes += fallen
    state, gone = services.without_keys(state, before.trust.keyset)
    state, released = _released(state, now)
    outcomes += (*gone, *released)
    return state, (*outcomes, _floor(state, now))


def _retired(state: State, keyset: Keyset) -> tuple[Key, ...]:
    """The keys of what is kept that had ended when this keyset was signed, and are not in it for that reason."""
    signers = {each.kid for known in state.signed.values() for each in known}
    signers |= {each.kid for each in state.services.held.values()}
    gone = [key for key in (*state.retired, *state.trust.keyset.keys) if not keyset.find(key.kid, "document")]
    return tuple(
        key
        for key in dict.fromkeys(gone)
        if key.use == "document" and key.kid.hex() in signers and key.not_after < keyset.issued_at
    )


def _fallen(state: State, kind: str) -> Stepped:
    """Without what no trusted key vouches for any more. A number without a key goes with the first that does."""
    before, keys = state.signed[kind], state.readable
    holds = {each: read_document(each.body, state.root, keys) for each in before if each.body}
    after = tuple(each for each in before if not isinstance(holds.get(each), Refusal))
    if after == before:
        return state, ()
    after = tuple(each for each in after if each.body)
    state = replace(state, signed={**state.signed, kind: after})
    state = _without(state, kind) if not after else _again(state, holds[after[0]])
    told = (fact.DocumentApplied(kind, after[0].version),) if after and kind != "command" else ()
    return state, (*told, *keeps(kind, before, after))


def _without_key(state: State) -> State:
    """Without the numbers that the logbook alone remembers: nobody knows whether their key was ever one of these."""
    return replace(
        state, signed={kind: tuple(each for each in known if each.body) for kind, known in state.signed.items()}
    )


def _released(state: State, now: float) -> Stepped:
    """What commands still hold whose key is gone ends."""
    keys = state.readable.keys  # one whose window is empty is named there as void
    trusted = {key.kid.hex() for key in keys if key.use == "document" and key.not_before < key.not_after}
    outcomes: list[Command | Entry] = []
    for (name, claim), kid in state.ordered.items():
        if kid not in trusted and claim in state.doors[name].claims:
            outcomes.append(fact.Operated(name, "release", "keyset"))
            state, more = moved(state, name, door.release(state.doors[name], {claim}, now))
            outcomes += more
    return replace(state, ordered={at: kid for at, kid in state.ordered.items() if kid in trusted}), tuple(outcomes)


def _without(state: State, kind: str) -> State:
    """The state without any document of that kind."""
    if kind == "status":
        return replace(state, trust=replace(state.trust, status=NO_STATUS))
    return _ruled_by(state, NO_POLICY) if kind == "policy" else state


def _again(state: State, document: object) -> State:
    """The state in which an earlier document is in force again; it was when it came."""
    if not isinstance(document, StatusDocument | PolicyDocument):
        return state
    said = _said(state, document)
    return state if isinstance(said, Refusal) else said


def _time(state: State, document: TimeDocument, now: float) -> Stepped:
    asked = _asked(state, document, now)
    if asked is not None:
        clock = synchronise(state.clock, document.version, asked, now)
    elif provably_ahead(state.clock, document.version, now):
        return _refused(state, Refusal.AHEAD, now)
    else:
        clock = raise_floor(state.clock, document.version, now)
    rest = {nonce: at for nonce, at in state.nonces.items() if nonce != document.nonce}
    if clock is state.clock:
        return state, ()
    before, state = state.clock, _refuted(replace(state, clock=clock, nonces=rest), now)
    state, anew = services.refuted(state, before, now)
    state, outcomes = _no_longer_early(state, now)
    return state, (*anew, *outcomes, _floor(state, now))


def _refuted(state: State, now: float) -> State:
    """Let the numbers go that were given by a clock which was provably ahead: the next document needs no higher one."""
    latest, keys = state.clock.latest(now), state.readable
    for kind, before in state.signed.items():
        after = refuted(before, latest, LEEWAY)
        if after != before:
            state = replace(state, signed={**state.signed, kind: after})
            state = _again(state, read_document(after[0].body, state.root, keys))
    return state


def _asked(state: State, document: TimeDocument, now: float) -> float | None:
    """When the nonce was sent out that this answers; None if it is not ours, or of too long ago."""
    asked = state.nonces.get(document.nonce)
    return asked if asked is not None and now - asked <= NONCE_HOLDS else None


def _no_longer_early(state: State, now: float) -> Stepped:
    """Offer again what the time now lets in. The keyset first: its keys prove the others."""
    outcomes: list[Command | Entry] = []
    for kind in ("keyset", "status", "policy"):
        found = state.early.get(kind)
        newer = found is not None and found.version > versions(state)[kind]
        if found is not None and newer and not provably_ahead(state.clock, found.issued_at, now):
            state, more = offered(state, found.body, now)
            outcomes += more
            if state.early[kind] is found:  # and does not wait anew; until then its number counts
                state = replace(state, early={each: early for each, early in state.early.items() if each != kind})
    state, more = services.no_longer_early(state, now)
    return state, (*outcomes, *more)


def _vouched_for_early(state: State, body: bytes) -> Document | Refusal:
    """What a key has signed of a keyset that only its time keeps out."""
    early = state.early.get("keyset")
    keyset = read_document(early.body, state.root, state.trust.keyset) if early else None
    return read_document(body, state.root, keyset) if isinstance(keyset, Keyset) else Refusal.UNKNOWN_KEY
