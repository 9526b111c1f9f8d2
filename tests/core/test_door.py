"""The door: total tables, precedence, and a state machine that looks for any sequence that breaks an invariant."""

from __future__ import annotations

import math
from enum import StrEnum
from itertools import product

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.door import door as d
from kiosk.core.door.door import EXCUSES, Door, DoorRules, Moved, Outcome
from kiosk.core.door.tables import (
    ALARM,
    DOOR,
    LOCK,
    PRECEDENCE,
    AlarmSignal,
    AlarmState,
    Claim,
    ContactSignal,
    DoorMode,
    DoorState,
    LockSignal,
    LockState,
)
from kiosk.core.events import SetLock

RULES = DoorRules()


@pytest.mark.parametrize(
    ("table", "states", "signals"),
    [(LOCK, LockState, LockSignal), (DOOR, DoorState, ContactSignal), (ALARM, AlarmState, AlarmSignal)],
    ids=["lock", "door", "alarm"],
)
def test_every_state_and_signal_has_a_transition(
    table: dict[tuple[StrEnum, StrEnum], StrEnum], states: type[StrEnum], signals: type[StrEnum]
) -> None:
    assert table.keys() == set(product(states, signals))
    assert set(table.values()) <= set(states)


def test_every_state_can_be_reached() -> None:
    for table, states in ((LOCK, LockState), (DOOR, DoorState), (ALARM, AlarmState)):
        assert set(table.values()) == set(states)


def closed(**rules: float) -> Door:
    """A door that has found itself closed and locked."""
    found, _ = d.contact(Door("main", DoorRules(**rules)), ContactSignal.CLOSED, 0.0)  # type: ignore[arg-type]
    assert found.lock is LockState.LOCKED
    return found


def kinds(outcomes: tuple[Outcome, ...]) -> list[str]:
    return [type(each).__name__ for each in outcomes if isinstance(each, fact.Fact)]


def test_a_grant_is_taken_and_relocks_behind_the_person() -> None:
    door, first = d.claim(closed(), Claim.PASS, 10.0, 5.0, seen=4.9)
    assert SetLock("main", True, 4.9) in first
    door, second = d.contact(door, ContactSignal.OPENED, 6.0)
    assert kinds(second) == ["Taken"]
    door, third = d.contact(door, ContactSignal.CLOSED, 8.0)
    assert SetLock("main", False) in third
    assert kinds(third) == ["Locked"]
    assert (door.lock, door.alarm, door.claims) == (LockState.LOCKED, AlarmState.NONE, {})


def test_a_grant_that_nobody_takes_ends_by_its_pulse() -> None:
    door, _ = d.claim(closed(), Claim.PASS, 10.0, 5.0)
    door, outcomes = d.tick(door, 9.99)
    assert outcomes == ()
    door, outcomes = d.tick(door, 10.0)
    assert kinds(outcomes) == ["NotTaken", "Locked"]


def test_a_door_that_closes_behind_somebody_else_does_not_lock_out_the_next() -> None:
    door, _ = d.claim(closed(), Claim.EXIT, 10.0, 5.0)
    door, _ = d.contact(door, ContactSignal.OPENED, 6.0)
    door, _ = d.claim(door, Claim.PASS, 12.0, 7.0)
    door, _ = d.contact(door, ContactSignal.CLOSED, 8.0)
    assert door.lock is LockState.UNLOCKED


def test_start_up_waits_for_an_open_door_to_close() -> None:
    door, outcomes = d.tick(Door("main", RULES), 0.0)
    assert (door.lock, outcomes) == (LockState.UNKNOWN, ())
    door, outcomes = d.contact(door, ContactSignal.OPENED, 0.1)
    assert (door.lock, kinds(outcomes)) == (LockState.UNKNOWN, [])
    door, outcomes = d.contact(door, ContactSignal.CLOSED, 9.0)
    assert door.lock is LockState.LOCKED
    assert SetLock("main", False) in outcomes


def test_without_a_contact_start_up_locks_at_once() -> None:
    door, _ = d.tick(Door("main", DoorRules(has_contact=False)), 0.0)
    assert door.lock is LockState.LOCKED


def test_held_open_warns_first_and_then_alarms() -> None:
    door, _ = d.claim(closed(), Claim.PASS, 10.0, 5.0)
    door, _ = d.contact(door, ContactSignal.OPENED, 6.0)
    told = []
    for now in (10.0, 25.9, 26.0, 35.9, 36.0, 50.0):
        door, outcomes = d.tick(door, now)
        told += [(now, each.alarm) for each in outcomes if isinstance(each, fact.DoorAlarm)]
    assert told == [(26.0, "pre_alarm"), (36.0, "held_open")]
    door, outcomes = d.contact(door, ContactSignal.CLOSED, 60.0)
    assert fact.DoorAlarm("main", "none") in outcomes


def test_a_locked_door_that_opens_is_forced() -> None:
    door, outcomes = d.contact(closed(), ContactSignal.OPENED, 100.0)
    assert fact.DoorAlarm("main", "forced_open") in outcomes
    assert door.alarm is AlarmState.FORCED_OPEN


def test_an_emergency_or_a_hold_excuses_an_open_door() -> None:
    for claim in EXCUSES:
        door, _ = d.claim(closed(), claim, math.inf, 1.0)
        door, _ = d.contact(door, ContactSignal.OPENED, 2.0)
        door, outcomes = d.tick(door, 1000.0)
        assert (door.alarm, outcomes) == (AlarmState.NONE, ()), claim


@pytest.mark.parametrize(("higher", "lower"), [(a, b) for n, a in enumerate(PRECEDENCE) for b in PRECEDENCE[n + 1 :]])
def test_the_higher_claim_wins_in_either_order(higher: Claim, lower: Claim) -> None:
    both = []
    for order in ((higher, lower), (lower, higher)):
        door = closed()
        for claim in order:
            door, _ = d.claim(door, claim, 100.0, 1.0)
        both.append((door.lock, door.mode))
    alone, _ = d.claim(closed(), higher, 100.0, 1.0)
    assert both[0] == both[1]
    assert both[0][0] is alone.lock


def test_lock_down_is_for_entry_only() -> None:
    door, _ = d.claim(closed(), Claim.LOCKDOWN, 100.0, 1.0)
    assert door.mode is DoorMode.LOCKED_DOWN
    door, _ = d.claim(door, Claim.EXIT, 10.0, 2.0)
    assert door.lock is LockState.UNLOCKED
    door, _ = d.tick(door, 10.0)
    assert door.lock is LockState.LOCKED


def test_a_grant_that_a_lock_down_ended_does_not_come_back() -> None:
    door, _ = d.claim(closed(), Claim.PASS, 10.0, 5.0)
    door, outcomes = d.claim(door, Claim.LOCKDOWN, 7.0, 6.0)
    assert kinds(outcomes) == ["NotTaken", "Locked"]
    door, _ = d.tick(door, 7.0)
    assert door.lock is LockState.LOCKED


def with_bolt(thrown: bool = True) -> Door:
    """A closed, locked door whose bolt has a contact."""
    door, _ = d.bolt(replace(closed(), rules=replace(RULES, has_bolt=True)), thrown, 0.0)
    return door


def jams(outcomes: object) -> list[bool]:
    return [each.jammed for each in outcomes if isinstance(each, fact.LockFault)]  # type: ignore[attr-defined]


def test_a_bolt_that_follows_is_no_fault() -> None:
    door, _ = d.claim(with_bolt(), Claim.PASS, 5.0, 0.0)
    door, outcomes = d.bolt(door, False, 0.5)
    door, more = d.tick(door, 4.9)
    assert (jams(outcomes + more), door.lock) == ([], LockState.UNLOCKED)


def test_a_bolt_that_does_not_let_go_is_told_once_and_a_new_pass_tries_again() -> None:
    door, _ = d.claim(with_bolt(), Claim.PASS, 5.0, 0.0)
    assert d.due(door) == d.JAMMED_AFTER
    door, outcomes = d.tick(door, d.JAMMED_AFTER)
    assert (jams(outcomes), door.lock) == ([True], LockState.FAULT)
    door, outcomes = d.claim(door, Claim.PASS, 8.0, 3.0)
    assert SetLock("main", True) in outcomes
    door, outcomes = d.tick(door, 3.0 + d.JAMMED_AFTER)
    assert (jams(outcomes), door.lock) == ([], LockState.FAULT)
    door, outcomes = d.tick(replace(door), 8.0)
    assert fact.Locked("main") in outcomes, "an unlock that jammed has its relock in the logbook too"
    door, _ = d.claim(door, Claim.PASS, 15.0, 8.0)
    door, _ = d.tick(door, 8.0 + d.JAMMED_AFTER)
    door, outcomes = d.bolt(door, False, 9.5)
    assert (jams(outcomes), door.lock) == ([False], LockState.UNLOCKED)


def test_a_bolt_that_is_not_thrown_is_a_fault_once_the_leaf_is_closed() -> None:
    door, _ = d.claim(with_bolt(), Claim.PASS, 5.0, 0.0)
    door, _ = d.bolt(door, False, 0.2)
    door, _ = d.contact(door, ContactSignal.OPENED, 1.0)
    door, outcomes = d.tick(door, 9.0)
    assert (jams(outcomes), door.lock) == ([], LockState.LOCKED), "an open leaf holds it back"
    door, _ = d.contact(door, ContactSignal.CLOSED, 10.0)
    door, outcomes = d.tick(door, 10.0 + d.JAMMED_AFTER)
    assert (jams(outcomes), door.lock) == ([True], LockState.FAULT)
    door, outcomes = d.bolt(door, True, 13.0)
    assert (jams(outcomes), door.lock) == ([False], LockState.LOCKED)


class AnythingHappens(RuleBasedStateMachine):
    """Claims come and go, the leaf moves, time passes, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.door = Door("main", replace(RULES, has_bolt=True))
        self.now = 0.0
        self.driven = False
        self.contact_says = DoorState.UNKNOWN

    def move(self, moved: Moved) -> None:
        self.door, outcomes = moved
        for each in outcomes:
            if isinstance(each, SetLock):
                self.driven = each.unlocked
            if isinstance(each, fact.DoorAlarm) and each.alarm in {"held_open", "forced_open", "pre_alarm"}:
                assert self.contact_says is DoorState.OPEN, "no alarm without the contact saying so"

    @initialize()
    def start(self) -> None:
        self.move(d.tick(self.door, self.now))

    @rule(claim=st.sampled_from(Claim), seconds=st.floats(0.1, 60) | st.just(math.inf))
    def claimed(self, claim: Claim, seconds: float) -> None:
        self.move(d.claim(self.door, claim, self.now + seconds, self.now))

    @rule(claims=st.sets(st.sampled_from(Claim), max_size=3))
    def released(self, claims: set[Claim]) -> None:
        self.move(d.release(self.door, claims, self.now))

    @rule(signal=st.sampled_from(ContactSignal))
    def leaf(self, signal: ContactSignal) -> None:
        self.contact_says = DOOR[self.door.door, signal]
        self.move(d.contact(self.door, signal, self.now))

    @rule(thrown=st.booleans())
    def bolt(self, thrown: bool) -> None:
        self.move(d.bolt(self.door, thrown, self.now))

    @rule(seconds=st.floats(0, 70))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.move(d.tick(self.door, self.now))

    @rule()
    def until_due(self) -> None:
        at = d.due(self.door)
        if at < math.inf:
            self.now = max(self.now, at)
            self.move(d.tick(self.door, self.now))
            assert d.due(self.door) > self.now, "a tick that is due leaves nothing due at the same instant"

    @invariant()
    def never_locked_while_somebody_must_get_out(self) -> None:
        if {Claim.FIRE, Claim.EXIT, Claim.EVACUATION} & self.door.claims.keys():
            assert self.driven

    @invariant()
    def secured_when_nobody_wants_it_open(self) -> None:
        if not self.door.claims.keys() - {Claim.LOCKDOWN}:
            assert not self.driven

    @invariant()
    def the_pin_is_where_the_state_says(self) -> None:
        if self.door.lock is not LockState.FAULT:
            assert self.driven == (self.door.lock is LockState.UNLOCKED)

    @invariant()
    def a_fault_of_the_lock_is_about_its_bolt(self) -> None:
        if self.door.lock is LockState.FAULT:
            assert self.door.jammed
            assert self.door.bolt is self.driven or self.door.door is DoorState.OPEN

    @invariant()
    def no_claim_outlives_its_end(self) -> None:
        door, _ = d.tick(self.door, self.now)
        assert all(until > self.now for until in door.claims.values())

    @invariant()
    def an_alarm_is_about_an_open_door(self) -> None:
        if self.door.alarm in {AlarmState.PRE_ALARM, AlarmState.HELD_OPEN, AlarmState.FORCED_OPEN}:
            assert self.door.door is DoorState.OPEN


AnythingHappens.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAnythingHappens = AnythingHappens.TestCase


@pytest.mark.parametrize(
    "walks", [pytest.param(200, marks=pytest.mark.slow), pytest.param(1000, marks=pytest.mark.soak)]
)
@pytest.mark.timeout(900)
def test_many_more_walks(walks: int) -> None:
    """Each of a hundred steps."""
    many = settings(max_examples=walks, stateful_step_count=100, deadline=None, derandomize=False, database=None)
    run_state_machine_as_test(AnythingHappens, settings=many)
