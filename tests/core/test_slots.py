"""Slots: what opens one, what never does, and when none is to be granted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import Instant
from kiosk.core.door.door import Door, DoorRules
from kiosk.core.door.slots import Unusable, unusable
from kiosk.core.door.tables import DoorState, LockState
from kiosk.core.events import DoorRequested, Edge, Event, Faulted, Lamp, LampTried, Scanned, SetLock, SlotGranted, Verb
from kiosk.core.step import judge, step
from tests.core.bench import Bench, logged
from tests.keys import NOW, claims, signed

PASS = signed(claims())
ON_A_PIN, ON_A_BOARD = "raincoats", "medicine"
SLOTS = (ON_A_PIN, ON_A_BOARD)


def bench() -> Bench:
    """A door, a slot on a pin and one on a board; both are shut and locked."""
    found = Bench()
    rules = {ON_A_PIN: DoorRules(slot=True), ON_A_BOARD: DoorRules(slot=True, board="wall")}
    doors = {**found.state.doors, **{name: Door(name, each) for name, each in rules.items()}}
    found.state = replace(found.state, doors=doors, rules={name: each.rules for name, each in doors.items()})
    for name in SLOTS:
        move(found, name, opened=False)
    found.said.clear()
    return found


def move(found: Bench, slot: str, *, opened: bool) -> list[str]:
    """The slot's door is moved; the kinds of what is recorded."""
    before = len(found.said)
    found.boot += 0.1
    found.take(Edge(f"{slot}.contact", opened, found.boot))
    found.wait(0.1)
    return kinds(found, before)


def kinds(found: Bench, since: int = 0) -> list[str]:
    return [type(each).__name__ for each in logged(found.said[since:])]


def moves(found: Bench) -> list[tuple[str, bool]]:
    return [(each.door, each.unlocked) for each in found.said if isinstance(each, SetLock)]


@pytest.mark.parametrize("slot", SLOTS)
def test_a_granted_slot_opens_for_its_pulse_and_its_contact_says_that_it_was_taken(slot: str) -> None:
    found = bench()
    found.take(SlotGranted(slot))
    assert move(found, slot, opened=True) == ["Taken"]
    assert move(found, slot, opened=False) == ["Locked"]
    assert kinds(found) == ["Unlocked", "Taken", "Locked"]
    assert moves(found) == [(slot, True), (slot, False)]


@pytest.mark.parametrize("slot", SLOTS)
def test_a_slot_that_nobody_opens_is_not_taken_and_locks_after_its_pulse(slot: str) -> None:
    found = bench()
    found.take(SlotGranted(slot))
    assert unusable(found.state, slot) is Unusable.BUSY
    found.wait(6.0)
    assert kinds(found) == ["Unlocked", "NotTaken", "Locked"]
    assert unusable(found.state, slot) is None


def test_a_slot_is_unusable_while_its_contact_could_not_say_so_or_its_lock_not_open() -> None:
    found = bench()
    assert [unusable(found.state, name) for name in (*SLOTS, "main", "attic")] == [
        None,
        None,
        Unusable.NO_SUCH_SLOT,
        Unusable.NO_SUCH_SLOT,
    ]
    move(found, ON_A_PIN, opened=True)
    assert unusable(found.state, ON_A_PIN) is Unusable.SLOT_OPEN
    move(found, ON_A_PIN, opened=False)
    found.take(Faulted(f"pin.{ON_A_PIN}.lock", "busy"))
    assert unusable(found.state, ON_A_PIN) is Unusable.PIN_FAILS
    found.take(DoorRequested(ON_A_BOARD, Verb.LOCKDOWN, "li"))
    assert unusable(found.state, ON_A_BOARD) is Unusable.LOCKED_DOWN


@pytest.mark.parametrize("what", ["board.wall", "sensors"])
def test_a_silent_board_makes_its_slots_unusable_at_once_and_until_their_contacts_are_seen_again(what: str) -> None:
    found = bench()
    found.take(Faulted(what, "no_answer"))
    assert unusable(found.state, ON_A_BOARD) is Unusable.BOARD_SILENT
    assert found.state.doors[ON_A_BOARD].door is DoorState.UNKNOWN
    assert unusable(found.state, ON_A_PIN) is None
    found.said.clear()
    found.take(SlotGranted(ON_A_BOARD))
    assert (kinds(found), moves(found)) == (["NotTaken"], [])
    found.take(Faulted(what, None))
    assert unusable(found.state, ON_A_BOARD) is Unusable.NOT_SEEN
    move(found, ON_A_BOARD, opened=False)
    assert unusable(found.state, ON_A_BOARD) is None


def test_what_is_taken_while_the_board_is_silent_for_a_moment_is_seen_afterwards() -> None:
    found = bench()
    found.take(SlotGranted(ON_A_BOARD))
    found.take(Faulted("board.wall", "no_answer"))
    found.take(Faulted("board.wall", None))
    assert move(found, ON_A_BOARD, opened=True) == ["Taken"]


def test_a_slot_that_is_opened_by_force_or_left_open_is_an_alarm() -> None:
    found = bench()
    found.wait(2.0)
    assert move(found, ON_A_PIN, opened=True) == ["DoorAlarm"]
    assert move(found, ON_A_PIN, opened=False) == ["DoorAlarm"]


def test_a_technician_opens_a_slot_whose_contact_tells_as_of_a_grant() -> None:
    found = bench()
    found.take(DoorRequested(ON_A_PIN, Verb.OPEN, "li"))
    move(found, ON_A_PIN, opened=True)
    move(found, ON_A_PIN, opened=False)
    assert kinds(found) == ["Operated", "Unlocked", "Taken", "Locked"]


NEVER: st.SearchStrategy[Event] = st.one_of(
    st.builds(Edge, st.sampled_from(["fire", "main.exit", "main.contact"]), st.booleans(), st.just(0.0)),
    st.builds(Scanned, st.sampled_from(["main", *SLOTS]), st.sampled_from([PASS, "YZ1:x"]), st.just(0.0)),
    st.builds(DoorRequested, st.just("main"), st.sampled_from(list(Verb)), st.just("li")),
    st.builds(LampTried, st.just("main"), st.sampled_from(list(Lamp))),
    st.builds(Faulted, st.sampled_from(["board.wall", "sensors", "gps"]), st.sampled_from([None, "no_answer"])),
    st.builds(Edge, st.sampled_from([f"{name}.contact" for name in SLOTS]), st.booleans(), st.just(0.0)),
)


@given(st.lists(st.tuples(NEVER, st.sampled_from([0.05, 2.0, 40.0])), max_size=15))
def test_nothing_but_a_grant_or_a_technicians_act_on_it_ever_opens_a_slot(happens: list[tuple[Event, float]]) -> None:
    found = bench()
    for event, pause in happens:
        found.boot += 0.1
        found.take(replace(event, at=found.boot) if isinstance(event, Edge) else event)
        found.wait(pause)
        assert all(found.state.doors[name].lock is not LockState.UNLOCKED for name in SLOTS)
    assert not any(unlocked for door, unlocked in moves(found) if door in SLOTS)
    entries = logged(found.said)
    assert not any(isinstance(each, fact.Granted | fact.Denied | fact.Taken) and each.door in SLOTS for each in entries)


def test_a_pass_is_judged_at_doors_alone() -> None:
    found = bench()
    text = PASS
    assert judge(found.state, text, "main", Instant(found.boot, NOW + found.boot)).reason is None
    before = found.state
    after, commands = step(before, Scanned(ON_A_PIN, text, found.boot), Instant(found.boot, NOW + found.boot))
    assert (after.memory, commands) == (before.memory, ())
