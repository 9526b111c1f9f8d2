"""`step(state, event, now) -> (state, commands)`: the only door to the rules.

What time alone has brought about is settled first, then the event. Entries made on the way leave together in one Record, so
that they are committed together; a grant's Record carries a ticket, and the lock waits for it, for the commit patience.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, TypeVar, assert_never

from msgspec.structs import replace

from kiosk.core import admission, enrolment, limit, services
from kiosk.core import entries as fact
from kiosk.core.clock import Instant
from kiosk.core.documents import offered
from kiosk.core.door import access, denials, door, inputs, lamps, slots
from kiosk.core.door.access import Verdict
from kiosk.core.door.door import Outcome
from kiosk.core.door.hours import freed_until, next_programme
from kiosk.core.door.orders import obey, requested
from kiosk.core.door.tables import Claim, ContactSignal
from kiosk.core.entries import Entry, Stamp
from kiosk.core.events import (
    Asked,
    Command,
    CommitFailed,
    Committed,
    DoorRequested,
    Edge,
    EnrolmentDone,
    Event,
    Faulted,
    KeepFloor,
    LampTried,
    Located,
    Maintained,
    NoReading,
    Offered,
    PartsTried,
    Reading,
    Record,
    Scanned,
    ServicesLost,
    SlotGranted,
    TechniciansAct,
    Tick,
    UpdateTold,
)
from kiosk.core.faults import faulted, untold
from kiosk.core.room import appliances, battery, saving, wheels
from kiosk.core.room.room import Phase
from kiosk.core.state import Order, Pending, State, Stepped, moved
from kiosk.index.slips import PREFIX as SLIP
from kiosk.trust.codes import bare
from kiosk.trust.medicine import PREFIX as MEDICINE
from kiosk.trust.reasons import Reason

T = TypeVar("T")

LOGBOOK: Final = "logbook"
ON_A_PIN: Final = "sensor:"
"""What the name of an input begins with that is a sensor's."""

KEEP_FLOOR_EVERY: Final = 600.0
"""Seconds: what a power cut may take from the clock's floor; and how much longer than it may what has ended is kept."""

STUCK_AFTER: Final = 60.0
"""Seconds for which nobody leans on an exit button. It frees the door all the same."""

OF_THE_DESK: Final = {SLIP: Reason.BALLOT_SLIP, MEDICINE: Reason.RELEASE_AT_THE_DESK}
"""What is shown inside, by its prefix: at a door nothing of it is used up, or written down."""

FIRE: Final = "fire"
EXIT: Final = ".exit"
CHATTERS: Final = "changes more often than anybody could make it do: a loose wire or a worn contact"

MAX_NONCES: Final = 8
SAME_END: Final = 5.0
"""Seconds by which a programme's end may wander with the clock's interval before its claim is made anew."""


def step(state: State, event: Event, now: Instant) -> tuple[State, tuple[Command, ...]]:
    """The next state and what to do, in order."""
    before = state
    state, first = _advance(state, now)
    state, second = _happen(state, event, now)
    state, third = saving.settle(before, state, (*first, *second), now)
    state, fourth = battery.settle(state, now)
    state, fifth = _lamps(state, now.boot)
    return state, _record(before, state, (*first, *second, *third, *fourth, *fifth), now)


def due(state: State, now: float) -> float:
    """The boot time at which a Tick is wanted, asked at boot time `now`; infinite when only events matter."""
    times: list[float] = [door.due(each) for each in state.doors.values()]
    times += [inputs.due(each, frees=_frees(name)) for name, each in state.inputs.items()]
    times += [inputs.calm_due(each) for each in state.inputs.values()]
    times += [appliances.due(state), saving.due(state, now), battery.due(state), wheels.due(state, now)]
    times += [each.deadline for each in state.pending.values()]
    times += [each.deadline for each in state.orders.values()]
    times += [_stuck_due(state, name) for name in state.inputs]
    times += [limit.due(each) for each in (*state.denials.values(), *state.fault_changes.values())]
    times += [lamps.due(each, now) for each in state.doors.values()]
    times += [next_programme(each.rules.schedule, state.clock, now) for each in state.doors.values()]
    return min(times, default=math.inf)


def stamp(state: State, now: Instant) -> Stamp:
    """When it is, as far as the station knows."""
    return Stamp(now.boot, state.clock.wall(now), state.clock.quality(now.boot))


def stopped(state: State, now: Instant) -> Record:
    """What is to be told at the program's end, in order."""
    untold = denials.untold(state).values()
    return Record((*appliances.close(state, now), *untold, fact.Stopped()), stamp(state, now))


def judge(state: State, text: str, door_name: str, now: Instant) -> Verdict:
    """What would become of this code at that door, here and now. Changes nothing."""
    return admission.shown(state, text, door_name, now.boot)


def _record(before: State, after: State, outcomes: Iterable[Command | Entry], now: Instant) -> tuple[Command, ...]:
    """Gather the entries into one Record, ahead of the other commands."""
    entries: list[Entry] = []
    commands: list[Command] = []
    for each in outcomes:
        if isinstance(each, fact.Fact):
            entries.append(each)
        else:
            commands.append(each)
    if not entries:
        return tuple(commands)
    ticket = after.tickets if after.tickets != before.tickets else 0
    return (Record(tuple(entries), stamp(after, now), ticket), *commands)


def _advance(state: State, now: Instant) -> Stepped:
    """Everything that is due."""
    outcomes: list[Command | Entry] = []
    for name, level in state.inputs.items():
        if inputs.settled(level, now.boot, frees=_frees(name)):
            state, more = _chattering(state, name, inputs.settle(level, now.boot), now.boot)
            outcomes += more
            state, more = _input(state, name, level.raw, now)
            outcomes += more
        elif now.boot >= inputs.calm_due(level):
            state, more = _chattering(state, name, replace(level, slow=0.0), now.boot)
            outcomes += more
    for name in state.inputs:
        if now.boot >= _stuck_due(state, name):
            state, more = faulted(state, name, f"pressed for {STUCK_AFTER:g} s: stuck?", now.boot)
            outcomes += more
    waiting_now: dict[int, Pending | Order] = {**state.pending, **state.orders}
    for ticket, waiting in waiting_now.items():
        if now.boot >= waiting.deadline:
            state, more = _late(state, ticket, "slow", now.boot)
            outcomes += more
    for name in state.entrances:
        state, more = _programme(state, name, now.boot)
        outcomes += more
    for name in state.doors:
        state, more = moved(state, name, door.tick(state.doors[name], now.boot))
        outcomes += more
    state, more = appliances.advance(state, now)
    outcomes += more
    state, more = wheels.advance(state, now)
    outcomes += more
    for counted in (denials.advance, untold):
        state, more = counted(state, now.boot)
        outcomes += more
    if state.clock.raised and now.boot - state.floor_kept_at >= KEEP_FLOOR_EVERY:
        state, more = services.forgotten(replace(state, floor_kept_at=now.boot), now.boot)
        outcomes += more
        outcomes.append(KeepFloor(state.clock.earliest(now.boot), state.clock.lowered))
    return state, tuple(outcomes)


def _programme(state: State, name: str, now: float) -> tuple[State, tuple[Outcome, ...]]:
    """A programme for everybody holds the door for as long as it provably runs; it yields to an interlock, and to driving."""
    known = state.doors[name]
    held = known.claims.get(Claim.PROGRAMME)
    until = freed_until(known.rules.schedule, state.clock, now)
    if until is None or wheels.moving(state, now) or access.interlocked(name, state.doors, set()):
        return moved(state, name, door.release(known, {Claim.PROGRAMME}, now)) if held else (state, ())
    if held is not None and abs(held - until) < SAME_END:
        return state, ()
    return moved(state, name, door.claim(known, Claim.PROGRAMME, until, now))


def _lamps(state: State, now: float) -> Stepped:
    """What the doors show after all that."""
    outcomes: list[Command | Entry] = []
    room = state.room
    warned = room.rules.entrances if room.phase is Phase.WARNED else ()
    drives = wheels.moving(state, now)
    for name, known in state.doors.items():
        door_now, show = lamps.shown(known, now, warned=name in warned, drives=drives)
        state, _ = moved(state, name, (door_now, ()))
        outcomes += show
    return state, tuple(outcomes)


def _happen(state: State, event: Event, now: Instant) -> Stepped:
    match event:
        case Scanned():
            return _scanned(state, event, now.boot)
        case Committed(ticket):
            return _committed(state, ticket, now.boot)
        case CommitFailed(ticket, why):
            return _late(state, ticket, why, now.boot)
        case Edge(name, active, at):
            before = state.inputs.get(name)
            known = inputs.edge(before or inputs.Debounced(), active, at)
            return (state, ()) if known is before else (replace(state, inputs={**state.inputs, name: known}), ())
        case Reading() | NoReading():
            return appliances.sensed(state, event, now)
        case Located():
            return wheels.located(state, event, now)
        case Offered() | ServicesLost() | Asked():
            after, outcomes = _of_documents(state, event, now.boot)
            after, left = wheels.republished(state, after, now)
            return after, (*outcomes, *left)
        case SlotGranted(slot):
            return slots.granted(state, slot, now.boot)
        case DoorRequested() | Maintained() | LampTried() | PartsTried() | UpdateTold():
            return _technician(state, event, now.boot)
        case EnrolmentDone(root, documents, words):
            return enrolment.enrolled(state, root, documents, words, now.boot)
        case Faulted(what, detail):
            return _faulted(state, what, detail, now.boot)
        case Tick():
            return state, ()
        case _:
            assert_never(event)


def _of_documents(state: State, event: Offered | ServicesLost | Asked, now: float) -> Stepped:
    match event:
        case Offered(document, above):
            return offered(state, document, now, above)
        case ServicesLost():
            return services.lost(state)
        case Asked(nonce):
            kept = dict(list(state.nonces.items())[1 - MAX_NONCES :])
            return replace(state, nonces={**kept, nonce: now}), ()


def _faulted(state: State, what: str, detail: str | None, now: float) -> Stepped:
    state, told = faulted(state, what, detail, now)
    state, more = slots.lost(state, what, now) if detail else (state, ())
    return state, (*told, *more)


def _technician(state: State, event: TechniciansAct, now: float) -> Stepped:
    match event:
        case DoorRequested():
            return requested(state, event, now)
        case Maintained(who, seconds):
            return admission.maintained(state, who, seconds, now)
        case LampTried(name, lamp):
            return moved(state, name, (lamps.tried(state.doors[name], lamp, now), ()))
        case PartsTried(who, results):
            return state, (fact.Commissioned(who, results),)
        case UpdateTold(version, outcome, detail):
            return state, (fact.Updated(version, outcome, detail),)


def _chattering(state: State, name: str, level: inputs.Debounced, now: float) -> Stepped:
    """The input as it is from now on; that it chatters, or no longer does, is a fault of its own."""
    before = state.inputs[name]
    state = replace(state, inputs={**state.inputs, name: level})
    if bool(level.slow) is bool(before.slow):
        return state, ()
    return faulted(state, f"{name}.chatter", CHATTERS if level.slow else None, now)


def _frees(name: str) -> bool:
    """Whether an input frees a door while it is active: what nobody may wait for."""
    return name == FIRE or name.endswith(EXIT)


def _stuck_due(state: State, name: str) -> float:
    """When an input that is an exit button becomes a fault; infinite when it is not pressed, or is a fault already."""
    level = state.inputs[name]
    pressed = name.endswith(EXIT) and level.stable and name not in state.faults
    return level.since + STUCK_AFTER if pressed else math.inf


def _input(state: State, name: str, active: bool, now: Instant) -> Stepped:
    """A settled input."""
    if name.startswith(ON_A_PIN):
        return appliances.sensed(state, Reading(name.removeprefix(ON_A_PIN), float(active)), now)
    if name == FIRE:
        return _fire(state, active, now.boot)
    if name == enrolment.TAMPER:
        return faulted(state, name, "the housing is open" if active else None, now.boot)
    return _door_input(state, name, active, now.boot)


def _door_input(state: State, name: str, active: bool, now: float) -> Stepped:
    """The first level of the exit button counts as a change only if it is active."""
    door_name, _, what = name.rpartition(".")
    known = state.doors[door_name]
    if what == "bolt":
        return moved(state, door_name, door.bolt(known, active, now))
    if what == "contact":
        signal = ContactSignal.OPENED if active else ContactSignal.CLOSED
        return moved(state, door_name, door.contact(known, signal, now))
    until = math.inf if active else now + known.rules.pulse
    if not active and Claim.EXIT not in known.claims:
        return state, ()
    state, outcomes = moved(state, door_name, door.claim(known, Claim.EXIT, until, now))
    if active:
        return state, (fact.ExitPressed(door_name), *outcomes)
    state, cleared = faulted(state, name, None, now)
    return state, (*outcomes, *cleared)


def _fire(state: State, active: bool, now: float) -> Stepped:
    if not active and not any(Claim.FIRE in each.claims for each in state.doors.values()):
        return state, ()
    outcomes: list[Command | Entry] = [fact.FireRelease(active)]
    for name in state.entrances:
        known = state.doors[name]
        claimed = door.claim(known, Claim.FIRE, math.inf, now) if active else door.release(known, {Claim.FIRE}, now)
        state, more = moved(state, name, claimed)
        outcomes += more
    return state, tuple(outcomes)


def _scanned(state: State, event: Scanned, now: float) -> Stepped:
    if event.door not in state.entrances:
        return state, ()
    text = bare(event.text)
    if text.startswith(enrolment.PREFIX):
        found = enrolment.shown(state, text, now)
        return denials.denied(state, event.door, found, None, now) if isinstance(found, Reason) else found
    for prefix, reason in OF_THE_DESK.items():
        if text.startswith(prefix):
            return denials.shown(state, event.door, reason, now)
    verdict = admission.shown(state, text, event.door, now)
    if verdict.reason is None:
        return admission.grant(state, event.door, verdict, now, event.seen)
    index = verdict.claims.index if verdict.claims else None
    return denials.denied(state, event.door, verdict.reason, index, now)


def _committed(state: State, ticket: int, now: float) -> Stepped:
    state, cleared = faulted(state, LOGBOOK, None, now)
    state, more = _proceed(state, ticket, now)
    return state, (*cleared, *more)


def _late(state: State, ticket: int, why: str, now: float) -> Stepped:
    """The commit failed or is too slow: the door opens all the same, and the logbook is a fault."""
    state, told = faulted(state, LOGBOOK, why, now)
    state, more = _proceed(state, ticket, now)
    return state, (*told, *more)


def _proceed(state: State, ticket: int, now: float) -> Stepped:
    """Do what waited for this ticket, once."""
    if pending := state.pending.get(ticket):
        return admission.opened(replace(state, pending=_without(state.pending, ticket)), pending, now)
    if order := state.orders.get(ticket):
        return obey(replace(state, orders=_without(state.orders, ticket)), order, now)
    return state, ()


def _without(waiting: dict[int, T], ticket: int) -> dict[int, T]:
    return {key: value for key, value in waiting.items() if key != ticket}
