"""What technicians and the central server want of a station, and how it is carried out."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from kiosk import __version__
from kiosk.core import entries as fact
from kiosk.core.admission import NO_SUCH_DOOR
from kiosk.core.documents import versions
from kiosk.core.door import door, slots
from kiosk.core.door.door import Door
from kiosk.core.door.tables import MAX_OVERRIDE, Claim
from kiosk.core.entries import Entry
from kiosk.core.events import Command, DoorRequested, Restart, Verb
from kiosk.core.freshness import freshness
from kiosk.core.state import Order, State, Stepped, moved

DEFAULT_SECONDS: Final = {
    Verb.OPEN: 5.0,
    Verb.HOLD: 900.0,
    Verb.EVACUATE: 3600.0,
    Verb.LOCKDOWN: 900.0,
    Verb.RELEASE: 0.0,
}
BY_COMMAND: Final = {
    "unlock": Verb.OPEN,
    "hold_open": Verb.HOLD,
    "lock_down": Verb.LOCKDOWN,
    "release": Verb.RELEASE,
}
BY_VERB: Final = {
    Verb.OPEN: Claim.HOLD,
    Verb.HOLD: Claim.HOLD,
    Verb.EVACUATE: Claim.EVACUATION,
    Verb.LOCKDOWN: Claim.LOCKDOWN,
}
"""The claim that a technician's verb makes; a release ends all of them."""


def requested(state: State, event: DoorRequested, now: float) -> Stepped:
    """Do to a door what a technician or the central server wants of it."""
    known = state.doors.get(event.door)
    if known is None:
        return state, ()
    seconds = min(event.seconds or DEFAULT_SECONDS[event.verb], MAX_OVERRIDE)
    if event.verb is Verb.RELEASE:
        what = door.release(known, set(BY_VERB.values()), now)
    else:
        what = door.claim(known, _claimed(known, event.verb), now + seconds, now)
    ends = set(BY_VERB.values()) if event.verb is Verb.RELEASE else {BY_VERB[event.verb]}
    ordered = {at: kid for at, kid in state.ordered.items() if at[0] != event.door or at[1] not in ends}
    state = replace(state, ordered=ordered)
    state, outcomes = moved(state, event.door, what)
    told = None if event.verb is Verb.RELEASE else seconds
    return state, (fact.Operated(event.door, event.verb, event.who, told), *outcomes)


def _claimed(known: Door, verb: Verb) -> Claim:
    """Who opens a slot takes from it, or fills it: its contact is to say so, as of a pass."""
    return Claim.PASS if known.rules.slot and verb is Verb.OPEN else BY_VERB[verb]


def obey(state: State, order: Order, now: float) -> Stepped:
    """Carry out a command of the central server; what became of it is an entry."""
    command = order.command
    outcome = "done"
    outcomes: tuple[Command | Entry, ...] = ()
    match command.verb:
        case "restart":
            outcomes = (Restart(command.program),)
        case "report":
            outcomes = (_report(state, command.id, now),)
        case verb:
            name = command.door or state.entrances[0]
            if name not in state.doors or (state.doors[name].rules.slot and BY_COMMAND[verb] not in slots.TAKES):
                outcome = NO_SUCH_DOOR
            elif verb in {"unlock", "hold_open"} and Claim.LOCKDOWN in state.doors[name].claims:
                outcome = "locked_down"
            else:
                asked = DoorRequested(name, BY_COMMAND[verb], f"central {command.id}", float(command.seconds))
                state, outcomes = requested(state, asked, now)
                if claim := BY_VERB.get(asked.verb):
                    state = replace(state, ordered={**state.ordered, (name, claim): order.kid})
    return state, (*outcomes, fact.CommandEnded(command.id, outcome))


def _report(state: State, command: str, now: float) -> fact.Reported:
    doors = {name: f"{each.mode} {each.lock} {each.door} {each.alarm}" for name, each in state.doors.items()}
    return fact.Reported(command, __version__, doors, state.faults, versions(state), freshness(state, now))
