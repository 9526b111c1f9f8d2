"""The whole station as a state machine: a porch of two interlocked doors and a locker, and whatever can happen to them.

The invariants are the product's promises. `Bench.said` is what the rules told the hardware; nothing here looks into them
but to read the doors' values.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import Instant
from kiosk.core.door.access import COMMIT_PATIENCE
from kiosk.core.door.door import Door, DoorRules, winner
from kiosk.core.door.hours import Hours, Programme, Schedule, Window
from kiosk.core.door.inputs import SETTLE
from kiosk.core.door.lamps import lamp
from kiosk.core.door.tables import MAX_OVERRIDE, AlarmState, Claim, DoorState
from kiosk.core.events import (
    Asked,
    Command,
    CommitFailed,
    Committed,
    DoorRequested,
    Edge,
    Event,
    Offered,
    Record,
    Scanned,
    SetLock,
    Show,
    Tick,
    Verb,
)
from kiosk.core.step import judge
from kiosk.trust.documents import CommandDocument
from kiosk.trust.passes import Kind
from kiosk.trust.status import Status
from tests.core.bench import Bench, logged
from tests.keys import DAY, NOW, STRANGER, claims, document, signed, status_document, time_document

SCHEDULE = Schedule(
    Hours((Window(frozenset(range(7)), 6 * 60, 12 * 60),)),
    (Programme("heat", NOW + 600, NOW + 1200, None, "everybody"),),
)
DOORS = {
    "main": DoorRules(interlock=frozenset({"inner"}), schedule=SCHEDULE, has_bolt=True),
    "inner": DoorRules(interlock=frozenset({"main"}), schedule=SCHEDULE),
    "locker": DoorRules(has_contact=False, holders=frozenset({1, 2}), classes=frozenset({0})),
}
REVOKED, GOOD = 8, (1, 2, 3)
TEXTS = {index: signed(claims(index)) for index in (*GOOD, REVOKED)}
FORGED = signed(claims(1), STRANGER)
names = st.sampled_from(list(DOORS))


class Watched(Bench):
    """A bench whose every step is looked at."""

    def __init__(self, check: Callable[[list[Command]], None]) -> None:
        self.check: Callable[[list[Command]], None] = lambda _: None
        super().__init__()
        self.check = check

    def take(self, event: Event) -> list[Command]:
        commands = super().take(event)
        self.check(commands)
        return commands


class Station(RuleBasedStateMachine):
    """People, buttons, a fire, technicians, a disk and a clock, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Watched(self.check)
        doors = {name: Door(name, rules) for name, rules in DOORS.items()}
        self.bench.state = replace(self.bench.state, doors=doors, inputs={}, phone_door="main")
        self.powered = dict.fromkeys(DOORS, False)
        self.contacts = dict.fromkeys(DOORS, DoorState.UNKNOWN)
        self.pressed: dict[str, float] = {}
        self.fire: float | None = None
        self.asked: dict[str, float] = {}
        self.waiting: dict[int, tuple[str, float]] = {}
        self.commands = 0
        self.bench.take(Tick())
        self.bench.take(Offered(status_document(1, {REVOKED: Status.REVOKED})))

    def check(self, commands: list[Command]) -> None:
        now = self.bench.boot
        for command in commands:
            match command:
                case SetLock(name, unlocked):
                    self.powered[name] = unlocked
                case Record(entries, _, ticket):
                    for entry in entries:
                        if isinstance(entry, fact.DoorAlarm) and entry.alarm != "none":
                            assert self.contacts[entry.door] is DoorState.OPEN, "no alarm without the contact saying so"
                        if isinstance(entry, fact.Granted) and ticket:
                            self.waiting[ticket] = (entry.door, now)
                case Show(name, shown):
                    assert shown is lamp(self.bench.state.doors[name], now)
                case _:
                    pass

    @rule(name=names, text=st.sampled_from([*TEXTS.values(), FORGED, "rubbish"]))
    def somebody_shows_a_code(self, name: str, text: str) -> None:
        before = dict(self.powered)
        claims_before = {door: set(known.claims) for door, known in self.bench.state.doors.items()}
        commands = self.bench.take(Scanned(name, text, self.bench.boot))
        granted = [each for each in logged(commands) if isinstance(each, fact.Granted)]
        if not granted:
            gone = {door: claims_before[door] - set(known.claims) for door, known in self.bench.state.doors.items()}
            assert all(
                self.powered[door] == before[door]
                or gone[door]
                or Claim.PROGRAMME in self.bench.state.doors[door].claims
                for door in DOORS
            ), "a refused pass never moves the lock"
        else:
            assert text in {TEXTS[index] for index in GOOD}, "no invalid pass opens"
            self.asked[name] = self.bench.boot

    @rule(name=names, index=st.sampled_from([*GOOD, REVOKED]), age=st.sampled_from([0, 14, 20]), replayed=st.booleans())
    def somebody_asks_by_phone(self, name: str, index: int, age: int, replayed: bool) -> None:
        """What a live pass would do that nobody has shown yet, if the command is provably in time and new; else nothing."""
        self.bench.take(Tick())  # a programme that began meanwhile opens by itself
        self.commands += not replayed
        issued_at, powered = NOW + round(self.bench.boot) - age, dict(self.powered)
        unseen = signed(claims(index, Kind.LIVE, issued_at=NOW - DAY - self.commands))
        would = judge(self.bench.state, unseen, name, Instant(self.bench.boot, NOW + self.bench.boot))
        in_time = self.bench.state.clock.latest(self.bench.boot) <= issued_at + 15
        number = max(1, self.commands)
        new = number > self.bench.state.commanded
        asked = CommandDocument(number, f"c{number}", "37081101", "admit", issued_at, issued_at + 15, name)
        asked = replace(asked, index=index, pass_class=0)
        entries = logged(self.bench.take(Offered(document(asked))))
        granted = any(isinstance(each, fact.Granted) for each in entries)
        assert granted == (would.reason is None and in_time and new)
        assert self.powered == powered, "not before its commit"
        if granted:
            self.asked[name] = self.bench.boot

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), works=st.booleans())
    def the_disk_answers(self, data: st.DataObject, works: bool) -> None:
        ticket = data.draw(st.sampled_from(sorted(self.waiting)))
        del self.waiting[ticket]
        self.bench.take(Committed(ticket) if works else CommitFailed(ticket, "full"))

    @rule(name=names, active=st.booleans())
    def the_exit_button(self, name: str, active: bool) -> None:
        self.bench.take(Edge(f"{name}.exit", active, self.bench.boot))
        if active:
            self.pressed.setdefault(name, self.bench.boot)
        else:
            self.pressed.pop(name, None)

    @rule(active=st.booleans())
    def the_fire_input(self, active: bool) -> None:
        self.bench.take(Edge("fire", active, self.bench.boot))
        self.fire = (self.bench.boot if self.fire is None else self.fire) if active else None

    @rule(name=st.sampled_from(["main", "inner"]), opened=st.booleans())
    def the_leaf(self, name: str, opened: bool) -> None:
        if opened:
            self.contacts[name] = DoorState.OPEN
        self.bench.take(Edge(f"{name}.contact", opened, self.bench.boot))
        self.bench.wait(2 * SETTLE)  # until the station has seen it
        if not opened:
            self.contacts[name] = DoorState.CLOSED

    @rule(thrown=st.booleans())
    def the_bolt(self, thrown: bool) -> None:
        self.bench.take(Edge("main.bolt", thrown, self.bench.boot))

    @rule(name=names, verb=st.sampled_from(Verb), seconds=st.sampled_from([0.0, 3.0, 100.0, 1e9]))
    def a_technician(self, name: str, verb: Verb, seconds: float) -> None:
        self.bench.take(DoorRequested(name, verb, "li", seconds))

    @rule()
    def the_time_arrives(self) -> None:
        self.bench.take(Asked("n"))
        self.bench.take(Offered(time_document(NOW + round(self.bench.boot), "n")))

    @rule(seconds=st.sampled_from([0.01, 0.5, 4.0, 11.0, 95.0, 700.0]))
    def time_passes(self, seconds: float) -> None:
        self.bench.wait(seconds)

    @invariant()
    def never_locked_while_fire_is_on(self) -> None:
        if self.fire is not None and self.bench.boot > self.fire + SETTLE:
            assert all(self.powered.values())

    @invariant()
    def the_exit_button_always_frees(self) -> None:
        for name, since in self.pressed.items():
            if self.bench.boot > since + SETTLE:
                assert self.powered[name]

    @invariant()
    def every_claim_ends_or_hangs_on_an_input(self) -> None:
        for door in self.bench.state.doors.values():
            for claim, until in door.claims.items():
                assert until <= self.bench.boot + MAX_OVERRIDE or claim in {Claim.FIRE, Claim.EXIT}

    @invariant()
    def released_no_longer_than_somebody_wants_it(self) -> None:
        for name, door in self.bench.state.doors.items():
            assert self.powered[name] == (winner(door) not in {None, Claim.LOCKDOWN})

    @invariant()
    def a_pass_keeps_a_door_no_longer_than_its_pulse(self) -> None:
        for name, door in self.bench.state.doors.items():
            if set(door.claims) == {Claim.PASS}:
                assert name in self.asked
                assert door.claims[Claim.PASS] <= self.asked[name] + COMMIT_PATIENCE + door.rules.pulse + 0.001

    @invariant()
    def the_commit_patience_holds(self) -> None:
        for pending in self.bench.state.pending.values():
            assert self.bench.boot <= pending.deadline

    @invariant()
    def two_interlocked_doors_are_never_both_opened_by_passes(self) -> None:
        by_pass = [name for name in ("main", "inner") if winner(self.bench.state.doors[name]) is Claim.PASS]
        awaited = {pending.door for pending in self.bench.state.pending.values()} & {"main", "inner"}
        assert len({*by_pass, *awaited}) <= 1

    @invariant()
    def an_alarm_is_about_an_open_door(self) -> None:
        for name, door in self.bench.state.doors.items():
            if door.alarm in {AlarmState.PRE_ALARM, AlarmState.HELD_OPEN, AlarmState.FORCED_OPEN}:
                assert self.contacts[name] is DoorState.OPEN

    @invariant()
    def the_lamps_show_what_the_door_does(self) -> None:
        for door in self.bench.state.doors.values():
            assert door.shown is lamp(door, self.bench.boot) or door.denied_until <= self.bench.boot


Station.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestStation = Station.TestCase


@pytest.mark.parametrize(
    "walks", [pytest.param(150, marks=pytest.mark.slow), pytest.param(1000, marks=pytest.mark.soak)]
)
@pytest.mark.timeout(1800)
def test_many_more_days_of_the_station(walks: int) -> None:
    """Each walk of a hundred steps."""
    many = settings(max_examples=walks, stateful_step_count=100, deadline=None, derandomize=True, database=None)
    run_state_machine_as_test(Station, settings=many)
