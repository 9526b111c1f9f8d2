"""The rules as a whole: from a code to a command, in values and in virtual time."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk import BUILD_TIME
from kiosk.core import entries as fact
from kiosk.core.clock import Instant, Quality
from kiosk.core.door.access import COMMIT_PATIENCE
from kiosk.core.door.door import DoorRules
from kiosk.core.events import (
    Asked,
    CommitFailed,
    Committed,
    DoorRequested,
    Edge,
    Event,
    Faulted,
    Keep,
    KeepFloor,
    Maintained,
    Offered,
    Reading,
    Record,
    Scanned,
    SetLock,
    Tick,
    Verb,
)
from kiosk.core.state import FAULT_CHANGES
from kiosk.core.step import OF_THE_DESK, step
from kiosk.trust.keyset import NO_KEYS, Keyset
from kiosk.trust.passes import Kind, PassClass
from kiosk.trust.reasons import Reason
from kiosk.trust.status import Status
from tests.core.bench import Bench, logged
from tests.keys import (
    DAY,
    DOCUMENT,
    ISSUER,
    KEYSET,
    NOW,
    STRANGER,
    claims,
    document,
    keyset_document,
    signed,
    status_document,
    time_document,
    trusted,
)


def test_a_valid_pass_is_logged_before_the_lock_moves() -> None:
    bench = Bench()
    commands = bench.take(Scanned("main", signed(claims()), 0.05))
    (record,) = commands
    assert isinstance(record, Record)
    assert isinstance(record.entries[0], fact.Granted)
    assert bench.is_locked()
    commands = bench.take(Committed(record.ticket))
    assert SetLock("main", True, 0.05) in commands


@pytest.mark.parametrize("answer", ["slow", "full"])
def test_the_door_waits_for_the_disk_no_longer_than_the_commit_patience(answer: str) -> None:
    bench = Bench()
    (record,) = bench.take(Scanned("main", signed(claims()), 0.0))
    assert isinstance(record, Record)
    if answer == "slow":
        bench.wait(COMMIT_PATIENCE)
    else:
        bench.take(CommitFailed(record.ticket, "disk full"))
    assert not bench.is_locked()
    assert "logbook" in bench.state.faults
    bench.take(Committed(record.ticket))
    assert bench.state.faults == {}
    assert sum(isinstance(each, SetLock) and each.unlocked for each in bench.said) == 1


def test_a_card_opens_again_after_90_seconds_and_within_10() -> None:
    bench, text = Bench(), signed(claims())
    assert bench.outcome(text) == "open"
    bench.wait(9)
    assert bench.outcome(text) == "open", "the second chance of somebody who missed the door"
    bench.wait(2)
    assert bench.outcome(text) == "replayed", "a second chance does not start another one"
    bench.wait(78)
    assert bench.outcome(text) == "replayed"
    bench.wait(1.1)
    assert bench.outcome(text) == "open"


def test_a_live_pass_opens_once_until_it_expires() -> None:
    bench, text = Bench(), signed(claims(kind=Kind.LIVE, issued_at=NOW, expires=NOW + 600))
    assert bench.outcome(text) == "open"
    bench.wait(100)
    assert bench.outcome(text) == "replayed"
    bench.wait(10 * 3600)
    assert bench.outcome(text) in {"replayed", "expired"}


def test_another_pass_of_the_same_holder_is_another_pass() -> None:
    bench = Bench()
    assert bench.outcome(signed(claims(kind=Kind.LIVE, expires=NOW + 600))) == "open"
    bench.wait(20)
    assert bench.outcome(signed(claims(kind=Kind.LIVE, expires=NOW + 700))) == "open"


def test_status_scope_class_and_lock_down_refuse() -> None:
    bench = Bench(classes=frozenset({0}))
    bench.take(Offered(status_document(1, {7: Status.REVOKED, 8: Status.SUSPENDED})))
    assert bench.outcome(signed(claims(7))) == "revoked"
    assert bench.outcome(signed(claims(8))) == "suspended"
    assert bench.outcome(signed(claims(9, scope="3709"))) == "wrong_station"
    assert bench.outcome(signed(claims(9, pass_class=PassClass.VISITOR))) == "wrong_class"
    bench.take(DoorRequested("main", Verb.LOCKDOWN, "tester", 60))
    assert bench.outcome(signed(claims(9))) == "locked_down"
    bench.wait(61)
    assert bench.outcome(signed(claims(9, scope="3708"))) == "open"


def test_a_lock_down_between_a_grant_and_its_commit_ends_the_grant() -> None:
    bench = Bench()
    (record,) = bench.take(Scanned("main", signed(claims()), 0.0))
    assert isinstance(record, Record)
    bench.take(DoorRequested("main", Verb.LOCKDOWN, "li", 1))
    assert fact.NotTaken("main") in logged(bench.take(Committed(record.ticket)))
    bench.wait(2)
    assert bench.is_locked()


def test_un_revoking_works_and_an_older_list_cannot_come_back() -> None:
    bench = Bench()
    bench.take(Offered(status_document(1, {7: Status.REVOKED})))
    bench.take(Offered(status_document(2, {})))
    assert bench.outcome(signed(claims(7))) == "open"
    assert fact.DocumentRefused("old_version") in logged(bench.take(Offered(status_document(1, {7: Status.REVOKED}))))
    bench.wait(100)
    assert bench.outcome(signed(claims(7))) == "open"


def test_expiry_is_refused_only_when_it_is_provable() -> None:
    bench, text = Bench(), signed(claims(issued_at=BUILD_TIME, expires=NOW - DAY))
    assert bench.outcome(text) == "open", "the system's clock proves nothing"
    bench.wait(100)
    bench.take(Offered(time_document(NOW)))
    assert bench.outcome(text) == "expired"


def test_a_nonce_answered_in_time_synchronises_and_a_replayed_answer_only_raises_the_floor() -> None:
    bench = Bench()
    bench.take(Asked("n1"))
    bench.wait(1)
    bench.take(Offered(time_document(NOW, "n1")))
    assert bench.state.clock.quality(bench.boot) is Quality.SYNCED
    assert bench.outcome(signed(claims(not_before=NOW + DAY))) == "not_yet_valid"
    hi = bench.state.clock.latest(bench.boot)
    bench.take(Offered(time_document(NOW, "n1")))
    assert bench.state.clock.latest(bench.boot) == hi


def test_the_floor_is_kept_every_ten_minutes_once_it_is_known() -> None:
    bench = Bench()
    bench.wait(3600)
    assert not [each for each in bench.said if isinstance(each, KeepFloor)]
    bench.take(Offered(time_document(NOW)))
    bench.said.clear()
    for _ in range(3600):
        bench.wait(1)
    floors = [each.floor for each in bench.said if isinstance(each, KeepFloor)]
    assert len(floors) == 6
    assert NOW + 3000 - 1 < floors[-1] < NOW + 3601


def test_documents_of_strangers_change_nothing() -> None:
    bench = Bench()
    for body in (
        keyset_document(key=STRANGER),
        document(KEYSET, DOCUMENT),
        keyset_document(Keyset(9, NOW, (trusted(ISSUER, "issuer"),))),
        status_document(1, {})[:-3],
        b"",
    ):
        commands = bench.take(Offered(body))
        assert [type(each) for each in logged(commands)] == [fact.DocumentRefused]
        assert not any(isinstance(each, Keep) for each in commands)
    assert bench.state.trust.keyset == KEYSET


def test_a_flood_of_bad_documents_is_counted_and_not_logged_one_by_one() -> None:
    bench = Bench()
    entries = [each for _ in range(500) for each in logged(bench.take(Offered(b"rubbish")))]
    assert len(entries) == 20


def test_a_new_station_takes_its_first_keyset_and_then_trusts() -> None:
    bench = Bench(keyset=NO_KEYS)
    assert bench.outcome(signed(claims())) == "unknown_key"
    commands = bench.take(Offered(keyset_document()))
    assert Keep("keyset", 1, keyset_document()) in commands
    assert bench.outcome(signed(claims())) == "open"


def test_the_exit_button_frees_in_every_mode_after_its_debounce() -> None:
    for verb in (None, Verb.LOCKDOWN):
        bench = Bench()
        if verb:
            bench.take(DoorRequested("main", verb, "tester", 600))
        bench.take(Edge("main.exit", active=True, at=bench.boot))
        bench.wait(0.021)
        assert not bench.is_locked()
        bench.wait(300)
        assert not bench.is_locked(), "while it is pressed"
        bench.take(Edge("main.exit", active=False, at=bench.boot))
        bench.wait(6)
        assert bench.is_locked()


def test_an_exit_button_that_is_pressed_for_a_minute_is_a_fault_and_frees_all_the_same() -> None:
    bench = Bench()
    bench.take(Edge("main.exit", active=True, at=bench.boot))
    bench.wait(59)
    assert "main.exit" not in bench.state.faults
    bench.wait(2)
    assert "stuck" in bench.state.faults["main.exit"]
    assert not bench.is_locked()
    bench.take(Edge("main.exit", active=False, at=bench.boot))
    bench.wait(6)
    assert bench.state.faults == {}
    assert bench.is_locked()
    told = [each for each in logged(bench.said) if isinstance(each, fact.Fault | fact.FaultCleared)]
    assert [type(each) for each in told] == [fact.Fault, fact.FaultCleared]


def test_an_opened_housing_is_a_fault_until_it_is_closed() -> None:
    bench = Bench()
    for active in (True, False):
        bench.take(Edge("tamper", active=active, at=bench.boot))
        bench.wait(1)
        assert ("tamper" in bench.state.faults) == active
    told = [each for each in logged(bench.said) if isinstance(each, fact.Fault | fact.FaultCleared)]
    assert [each.what for each in told] == ["tamper", "tamper"]


def test_maintenance_is_armed_for_a_while_and_told() -> None:
    bench = Bench()
    bench.take(Maintained("tester", 60.0))
    assert bench.state.maintenance_until == bench.boot + 60.0
    bench.take(Maintained("tester", 0.0))
    assert bench.state.maintenance_until == bench.boot
    assert [each for each in logged(bench.said) if isinstance(each, fact.Maintenance)] == [
        fact.Maintenance("tester", 60.0),
        fact.Maintenance("tester"),
    ]


def test_somebody_who_needs_longer_gets_it() -> None:
    rules = DoorRules()
    for extended, pulse in ((False, rules.pulse), (True, rules.extended_pulse)):
        bench = Bench()
        bench.show(signed(claims(extended=extended)))
        bench.wait(pulse - 0.1)
        assert not bench.is_locked()
        bench.wait(0.2)
        assert bench.is_locked()


def test_a_bouncing_contact_is_one_event() -> None:
    bench = Bench()
    for number in range(7):
        bench.take(Edge("main.exit", active=number % 2 == 0, at=bench.boot))
        bench.boot += 0.002
    bench.wait(0.1)
    assert [type(each) for each in logged(bench.said)].count(fact.ExitPressed) == 1


def test_a_short_glitch_is_no_event() -> None:
    bench = Bench()
    bench.take(Edge("main.exit", active=True, at=bench.boot))
    bench.boot += 0.005
    bench.take(Edge("main.exit", active=False, at=bench.boot))
    bench.wait(1)
    assert bench.is_locked()
    assert logged(bench.said) == []


def test_fire_frees_every_door_until_it_is_over() -> None:
    bench = Bench()
    bench.take(DoorRequested("main", Verb.LOCKDOWN, "tester", 6000))
    bench.take(Edge("fire", active=True, at=bench.boot))
    bench.wait(3600)
    assert not bench.is_locked()
    bench.take(Edge("fire", active=False, at=bench.boot))
    bench.wait(1)
    assert bench.is_locked()


def test_technicians_overrides_are_logged_with_their_name_and_end() -> None:
    bench = Bench()
    assert fact.Operated("main", "hold", "li", 60.0) in logged(bench.take(DoorRequested("main", Verb.HOLD, "li", 60)))
    bench.wait(59)
    assert not bench.is_locked()
    bench.wait(2)
    assert bench.is_locked()
    bench.take(DoorRequested("main", Verb.HOLD, "li", 10**9))
    bench.wait(24 * 3600 + 1)
    assert bench.is_locked(), "no override is without end"


def test_faults_are_told_once_when_they_come_and_once_when_they_go() -> None:
    bench = Bench()
    for detail in ("lost", "lost", "lost", None, None):
        bench.take(Faulted("camera", detail))
    assert logged(bench.said) == [fact.Fault("camera", "lost"), fact.FaultCleared("camera")]


def test_a_loose_cable_fills_no_card() -> None:
    bench = Bench()
    for number in range(5000):
        bench.boot += 0.1
        bench.take(Faulted("scanner.main", "gone" if number % 2 else None))
    told = [each for each in logged(bench.said) if isinstance(each, fact.Fault | fact.FaultCleared)]
    assert len(told) <= FAULT_CHANGES.most + 5
    assert bench.state.faults["scanner.main"] == "gone", "the view still tells it as it is"
    bench.take(Faulted("scanner.main", None))
    bench.wait(FAULT_CHANGES.within + 1)
    assert logged(bench.said)[-1] == fact.FaultCleared("scanner.main"), "and in the end the logbook does"


def test_events_for_unknown_doors_and_sensors_change_nothing() -> None:
    bench = Bench()
    before = bench.state
    bench.take(Scanned("cellar", signed(claims()), 0.0))
    bench.take(DoorRequested("cellar", Verb.OPEN, "tester"))
    bench.take(Reading("x", 1.0))
    assert bench.state == before


texts = st.sampled_from(
    [signed(claims(7)), signed(claims(7), STRANGER), signed(claims(8)), "rubbish", signed(claims(9, scope="99"))]
)
events = st.one_of(
    st.builds(Scanned, st.just("main"), texts, st.just(0.0)),
    st.builds(Committed, st.integers(0, 5)),
    st.builds(CommitFailed, st.integers(0, 5), st.just("full")),
    st.builds(Edge, st.sampled_from(["main.contact", "main.exit", "fire"]), st.booleans(), st.just(math.nan)),
    st.builds(DoorRequested, st.just("main"), st.sampled_from(Verb), st.just("x"), st.floats(0, 100)),
    st.builds(Offered, st.sampled_from([b"", keyset_document(), status_document(3, {8: Status.REVOKED})])),
    st.builds(Reading, st.just("t"), st.floats(-100, 100)),
    st.just(Tick()),
)


@given(st.lists(st.tuples(events, st.floats(0, 40)), max_size=60), st.floats(-1e10, 1e10))
def test_whatever_happens_a_refused_pass_never_moves_the_lock_and_the_wall_clock_moves_no_timer(
    happened: list[tuple[Event, float]], wall_jump: float
) -> None:
    """The same events under a wall clock that is wrong by centuries give the same locks at the same boot times."""
    first, second = Bench(), Bench()
    for event, seconds in happened:
        for bench in (first, second):
            at = replace(event, at=bench.boot) if isinstance(event, Edge) else event
            bench.state, commands = step(
                bench.state, at, Instant(bench.boot, NOW + (wall_jump if bench is second else 0))
            )
            bench.said += commands
            granted = any(isinstance(each, fact.Granted) for each in logged(commands))
            if isinstance(event, Scanned) and not granted:
                assert not any(isinstance(each, SetLock) and each.seen is not None for each in commands)
            bench.wait(seconds)
    assert [each for each in first.said if isinstance(each, SetLock)] == [
        each for each in second.said if isinstance(each, SetLock)
    ]


@pytest.mark.parametrize(("prefix", "reason"), OF_THE_DESK.items())
def test_what_is_meant_for_the_desk_is_refused_at_a_door_and_nothing_of_it_is_written_down(
    prefix: str, reason: Reason
) -> None:
    bench = Bench()
    commands = bench.take(Scanned("main", f" {prefix}ABCDEFGH", 0.0))
    assert logged(commands) == []
    assert bench.state.doors["main"].refused == reason
    assert bench.is_locked()
