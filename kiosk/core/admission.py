"""Whether somebody is let in, and how the door opens then: by a pass that is shown, or by a command that stands for one.

There is one judgement for both (:mod:`kiosk.core.door.access`), one grant, and one opening after its commit.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, TypedDict

from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core import held
from kiosk.core.clock import raise_by_pass
from kiosk.core.door import access, denials, door, lamps
from kiosk.core.door.access import COMMIT_PATIENCE, Verdict
from kiosk.core.door.tables import MAX_OVERRIDE, Claim
from kiosk.core.entries import PHONE
from kiosk.core.freshness import Freshness, freshness
from kiosk.core.room import appliances, wheels
from kiosk.core.state import Pending, State, Stepped, moved
from kiosk.trust.codes import bare
from kiosk.trust.documents import CommandDocument
from kiosk.trust.passes import Kind, Pass, PassClass, read_pass
from kiosk.trust.reasons import Reason

PASS_ARMS: Final = 1800.0
"""Seconds of maintenance that a technician's pass arms when it opens a door."""

NO_SUCH_DOOR: Final = "no_such_door"


class _Wider(TypedDict):
    old_list: bool
    also: Collection[str]


def judged(state: State, claims: Pass | Reason, name: str, now: float) -> Verdict:
    """What becomes of these claims, for which somebody's signature stands, at that door. Changes nothing."""
    blocked = access.interlocked(name, state.doors, {pending.door for pending in state.pending.values()})
    known = state.doors[name], state.trust, state.memory, state.clock
    drives = wheels.moving(state, now)
    return access.judge(claims, *known, now, blocked=blocked, drives=drives, **_wider(state, now))


def _wider(state: State, now: float) -> _Wider:
    """What policy, sheets and the stop where a station on wheels is say of all passes."""
    old_list = state.policy.refuse_when_old and freshness(state, now) is Freshness.OLD
    also = held.also(state.services, state.clock, now) | wheels.prefixes(state, now)
    return {"old_list": old_list, "also": also}


def shown(state: State, text: str, name: str, now: float) -> Verdict:
    """The same of a code that is shown there."""
    return judged(state, read_pass(bare(text), state.trust.keyset), name, now)


def inside(state: State, text: str, now: float) -> Verdict:
    """Whether a pass that is shown at the desk holds; it opens nothing there, so nothing of it is used up."""
    claims = read_pass(bare(text), state.trust.keyset)
    if isinstance(claims, Reason):
        return Verdict(claims)
    return Verdict(access.holds_not(claims, state.trust, state.clock, now, **_wider(state, now)), claims)


def grant(
    state: State, name: str, verdict: Verdict, now: float, seen: float | None = None, command: str = ""
) -> Stepped:
    """Let the holder in, once it is on the disk. `seen`: as of :class:`kiosk.core.events.Scanned`; `command`: its id."""
    claims = verdict.claims
    if claims is None:
        return state, ()
    ticket = state.tickets + 1
    pending = Pending(name, claims, seen, now + COMMIT_PATIENCE, command)
    clock = raise_by_pass(state.clock, claims.issued_at, now)
    memory = access.mark(state.memory, claims, state.doors[name], clock, now)
    state = replace(state, tickets=ticket, pending={**state.pending, ticket: pending}, memory=memory, clock=clock)
    granted = fact.Granted(
        name,
        claims.index,
        int(claims.pass_class),
        int(claims.kind),
        claims.token,
        claims.expires,
        verdict.again,
        claims.shown_at,
        PHONE if command else "",
    )
    return state, (granted,)


def opened(state: State, pending: Pending, now: float) -> Stepped:
    """Release the lock for a grant; what became of a command is an entry."""
    known = lamps.forgiven(state.doors[pending.door])
    shut = Claim.LOCKDOWN in known.claims  # it came between the grant and its commit
    ended = (fact.CommandEnded(pending.command, "locked_down" if shut else "done"),) if pending.command else ()
    if shut:
        return state, (fact.NotTaken(pending.door), *ended)
    claims = pending.claims
    pulse = known.rules.extended_pulse if claims.extended else known.rules.pulse
    state, outcomes = moved(state, pending.door, door.claim(known, Claim.PASS, now + pulse, now, pending.seen))
    if claims.pass_class is not PassClass.TECHNICIAN or pending.command:
        return state, (*outcomes, *ended)
    state, more = maintained(state, f"pass {claims.index}", PASS_ARMS, now)
    return state, (*outcomes, *more)


def admitted(state: State, command: CommandDocument, now: float) -> Stepped:
    """Do what the pass would do for which this command stands; it is provably in time. Not obeyed: why is an entry."""
    name = command.door or state.entrances[0]
    if name not in state.entrances:
        return state, (fact.CommandEnded(command.id, NO_SUCH_DOOR),)
    verdict = judged(state, _claims(command), name, now)
    reason = verdict.reason if by_phone(state) else Reason.NOT_BY_PHONE
    if reason is None:
        return grant(state, name, verdict, now, command=command.id)
    state, told = denials.denied(state, name, reason, command.index, now, PHONE)
    return state, (*told, fact.CommandEnded(command.id, reason))


def by_phone(state: State) -> bool:
    """Whether settings and policy let a phone open a door through the central server."""
    return state.phone_door != "" and state.policy.by_phone is not False


def maintained(state: State, who: str, seconds: float, now: float) -> Stepped:
    """Arm maintenance for that long, or end it with 0."""
    state = replace(state, maintenance_until=now + min(seconds, MAX_OVERRIDE))
    state, outcomes = appliances.maintained(state) if seconds else (state, ())
    return state, (fact.Maintenance(who, seconds or None), *outcomes)


def _claims(command: CommandDocument) -> Pass:
    """As of a live pass that holds for as long as the command, once: its id is the token."""
    return Pass(
        index=command.index or 0,
        pass_class=PassClass(command.pass_class or 0),
        kind=Kind.LIVE,
        issued_at=command.issued_at,
        expires=command.expires,
        scope=command.scope or "",
        extended=bool(command.extended),
        token=command.id,
    )
