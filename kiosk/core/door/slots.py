"""Slots: doors of cupboards that nobody walks through. They open for what was granted inside; their contact alone says *taken*.

No code that is shown at a door opens one, no calendar and no fire release: nobody is shut in by it.
"""

from __future__ import annotations

import enum
from typing import Final

from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.door import door
from kiosk.core.door.tables import Claim, ContactSignal, DoorState
from kiosk.core.events import Verb
from kiosk.core.state import State, Stepped, moved

TAKES: Final = {Verb.OPEN, Verb.LOCKDOWN, Verb.RELEASE}
"""What a technician can do to a slot. Its lock is made for a moment's power, and nobody has to get out."""

SENSORS: Final = "sensors"
BOARD: Final = "board."
"""What is at fault when a lock board cannot be reached: the program that speaks to it, or the board by its name."""


class Unusable(enum.StrEnum):
    """Why a slot cannot be opened for somebody now: they would go without, and no contact would say so."""

    NO_SUCH_SLOT = "no_such_slot"
    BOARD_SILENT = "board_silent"
    PIN_FAILS = "pin_fails"
    JAMMED = "jammed"
    LOCKED_DOWN = "locked_down"
    SLOT_OPEN = "slot_open"
    NOT_SEEN = "not_seen"
    BUSY = "busy"


def unusable(state: State, slot: str) -> Unusable | None:
    """Why this slot cannot be opened for somebody now; None where it can, and its contact will say whether it was."""
    known = state.doors.get(slot)
    if known is None or not known.rules.slot:
        return Unusable.NO_SUCH_SLOT
    wrong = {
        Unusable.BOARD_SILENT: known.rules.board and {SENSORS, BOARD + known.rules.board} & state.faults.keys(),
        Unusable.PIN_FAILS: {f"pin.{slot}.lock", f"pin.{slot}.contact"} & state.faults.keys(),
        Unusable.JAMMED: known.jammed,
        Unusable.LOCKED_DOWN: Claim.LOCKDOWN in known.claims,
        Unusable.SLOT_OPEN: known.door is DoorState.OPEN,
        Unusable.NOT_SEEN: known.door is DoorState.UNKNOWN,
        Unusable.BUSY: Claim.PASS in known.claims,
    }
    return next((each for each, holds in wrong.items() if holds), None)


def granted(state: State, slot: str, now: float) -> Stepped:
    """Open it for its pulse. One that has become unusable since it was asked is not taken, at once."""
    why = unusable(state, slot)
    if why is Unusable.NO_SUCH_SLOT:
        return state, ()
    if why not in {None, Unusable.BUSY}:
        return state, (fact.NotTaken(slot, slot=True),)
    known = state.doors[slot]
    return moved(state, slot, door.claim(known, Claim.PASS, now + known.rules.pulse, now))


def lost(state: State, what: str, now: float) -> Stepped:
    """With a lock board, or the program that speaks to it, the contacts of its slots are lost until it tells of them anew."""
    found: tuple[fact.Entry, ...] = ()
    for name, known in state.doors.items():
        if known.rules.board and what in {SENSORS, BOARD + known.rules.board}:
            inputs = {each: level for each, level in state.inputs.items() if each != f"{name}.contact"}
            state, more = moved(replace(state, inputs=inputs), name, door.contact(known, ContactSignal.LOST, now))
            found += tuple(each for each in more if isinstance(each, fact.Fact))
    return state, found
