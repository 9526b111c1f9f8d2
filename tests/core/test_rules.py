"""Each door by its own rules: hours, programmes, interlock, holders; and what its lamps show."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.door.door import Door, DoorRules
from kiosk.core.door.hours import Hours, Programme, Schedule, Window
from kiosk.core.door.tables import LockState
from kiosk.core.events import (
    Asked,
    Command,
    DoorRequested,
    Edge,
    Offered,
    Scanned,
    Show,
    Verb,
)
from kiosk.trust.passes import Kind, PassClass
from tests.core.bench import Bench, logged
from tests.keys import (
    NOW,
    claims,
    signed,
    time_document,
)


def known_clock(bench: Bench) -> None:
    """Let the station know the time: Tuesday 2026-12-05 or so, to the second."""
    bench.take(Asked("n"))
    bench.take(Offered(time_document(NOW + round(bench.boot), "n")))


def closed_now(**more: object) -> DoorRules:
    """Open for one minute a week, which is not now."""
    minute = Hours((Window(frozenset({(NOW // 86_400 + 6) % 7}), 0, 1),))
    return DoorRules(schedule=Schedule(minute), **more)  # type: ignore[arg-type]


def with_rules(rules: DoorRules) -> Bench:
    bench = Bench()
    bench.state = replace(bench.state, doors={"main": replace(bench.state.doors["main"], rules=rules)})
    return bench


def test_outside_the_hours_workers_are_refused_only_once_it_is_provable_and_stewards_never() -> None:
    bench = with_rules(closed_now())
    assert bench.outcome(signed(claims(1))) == "open", "nobody can prove what time it is"
    bench.wait(6)
    known_clock(bench)
    assert bench.outcome(signed(claims(2))) == "closed"
    assert bench.outcome(signed(claims(3, pass_class=PassClass.STEWARD))) == "open"


def test_a_programme_opens_the_hours_or_the_door_itself_and_ends() -> None:
    for admits in ("passes", "everybody"):
        programme = Programme("heat", NOW + 100, NOW + 200, None, admits)
        schedule = replace(closed_now().schedule, programmes=(programme,))
        bench = with_rules(DoorRules(schedule=schedule))
        known_clock(bench)
        bench.wait(97)
        assert bench.is_locked()
        assert bench.outcome(signed(claims(1))) == "closed"
        bench.wait(5)
        assert bench.is_locked() is (admits == "passes")
        assert bench.state.doors["main"].mode == ("normal" if admits == "passes" else "held_open")
        assert bench.outcome(signed(claims(2))) == "open"
        bench.wait(100)
        assert bench.is_locked()
        assert bench.outcome(signed(claims(3))) == "closed"


def test_a_programme_yields_to_a_lock_down_and_to_what_becomes_of_the_clock() -> None:
    programme = Programme("heat", NOW, NOW + 10_000, None, "everybody")
    bench = with_rules(DoorRules(schedule=Schedule(None, (programme,))))
    known_clock(bench)
    bench.wait(1)
    assert not bench.is_locked()
    bench.take(DoorRequested("main", Verb.LOCKDOWN, "li", 60))
    assert bench.is_locked()
    bench.wait(61)
    assert not bench.is_locked()
    bench.take(Asked("m"))
    bench.take(Offered(time_document(NOW + 20_000, "m")))
    bench.wait(1)
    assert bench.is_locked(), "a newer answer says that it is over"


def test_evacuation_frees_the_door_above_a_lock_down_and_ends() -> None:
    bench = Bench()
    bench.take(DoorRequested("main", Verb.LOCKDOWN, "li", 600))
    bench.take(DoorRequested("main", Verb.EVACUATE, "li", 60))
    assert not bench.is_locked()
    assert bench.state.doors["main"].mode == "emergency"
    bench.wait(61)
    assert bench.is_locked()
    bench.take(DoorRequested("main", Verb.EVACUATE, "li"))
    bench.take(DoorRequested("main", Verb.RELEASE, "li"))
    assert bench.is_locked()
    assert bench.state.doors["main"].mode == "normal", "a release ends the lock down too"


def two_doors(**rules: object) -> Bench:
    """A porch: `main` outside and `inner` behind it."""
    bench = Bench()
    doors = {
        name: Door(name, DoorRules(interlock=frozenset({other}), **rules))  # type: ignore[arg-type]
        for name, other in (("main", "inner"), ("inner", "main"))
    }
    bench.state = replace(bench.state, doors=doors, inputs={})
    for name in doors:
        bench.take(Edge(f"{name}.contact", active=False, at=bench.boot))
    bench.wait(0.1)
    bench.said.clear()
    return bench


def test_one_pass_opens_a_porch_and_then_its_inner_door() -> None:
    bench, text = two_doors(), signed(claims(kind=Kind.LIVE, expires=NOW + 600))
    assert bench.outcome(text) == "open"
    assert bench.outcome(text, "inner") == "interlocked", "the lock of the first is released"
    bench.take(Edge("main.contact", active=True, at=bench.boot))
    bench.wait(20)
    assert bench.outcome(text, "inner") == "interlocked", "the first stands open"
    bench.take(Edge("main.contact", active=False, at=bench.boot))
    bench.wait(0.1)
    assert bench.outcome(text, "inner") == "open"


def test_two_passes_at_both_doors_of_a_porch_in_the_same_instant_open_one() -> None:
    bench = two_doors()
    bench.take(Scanned("main", signed(claims(1)), 0.0))
    (denied,) = logged(bench.take(Scanned("inner", signed(claims(2)), 0.0)))
    assert isinstance(denied, fact.Denied)
    assert denied.reason == "interlocked"


def test_a_door_whose_bolt_is_jammed_while_it_is_released_holds_the_other_back() -> None:
    bench = two_doors(has_bolt=True)
    assert bench.outcome(signed(claims(1))) == "open"
    bench.take(Edge("main.bolt", active=True, at=bench.boot))
    bench.wait(2)
    assert bench.state.doors["main"].lock is LockState.FAULT
    assert bench.outcome(signed(claims(2)), "inner") == "interlocked"


def test_an_interlock_holds_back_neither_an_exit_button_nor_a_technician() -> None:
    bench = two_doors()
    bench.take(DoorRequested("main", Verb.HOLD, "li", 60))
    bench.take(Edge("inner.exit", active=True, at=bench.boot))
    bench.wait(0.1)
    assert [each.lock for each in bench.state.doors.values()] == [LockState.UNLOCKED, LockState.UNLOCKED]


def test_a_locker_opens_for_its_holders_and_rests_as_long_as_it_is_told() -> None:
    bench = with_rules(DoorRules(has_contact=False, holders=frozenset({7}), rest=3600.0))
    assert bench.outcome(signed(claims(8))) == "not_yours"
    assert bench.outcome(signed(claims(7))) == "open"
    bench.wait(3590)
    assert bench.outcome(signed(claims(7))) == "replayed"
    bench.wait(11)
    assert bench.outcome(signed(claims(7))) == "open"
    assert fact.NotTaken("main") not in logged(bench.said), "without a contact nobody can tell"


def lamps(commands: Iterable[Command]) -> list[str]:
    return [each.lamp for each in commands if isinstance(each, Show)]


def test_the_lamps_tell_who_may_walk_in_and_what_is_wrong() -> None:
    bench = Bench()
    assert bench.state.doors["main"].shown == "ready"
    assert lamps(bench.show("rubbish")) == ["denied"]
    assert lamps(bench.show("rubbish")) == ["denied"], "each refusal sounds"
    bench.said.clear()
    bench.wait(3)
    bench.show(signed(claims()))
    bench.wait(6)
    bench.take(DoorRequested("main", Verb.LOCKDOWN, "li", 10))
    bench.wait(11)
    bench.take(DoorRequested("main", Verb.HOLD, "li", 10))
    bench.wait(11)
    bench.take(Edge("main.contact", active=True, at=bench.boot))
    bench.wait(31)
    bench.take(Edge("main.contact", active=False, at=bench.boot))
    bench.wait(1)
    assert lamps(bench.said) == [
        "ready",
        "granted",
        "ready",
        "closed",
        "ready",
        "free",
        "ready",
        "alarm",
        "ready",
    ]


def test_whoever_is_let_in_sees_green_also_right_after_somebody_else_was_refused() -> None:
    bench = Bench()
    assert lamps(bench.show("rubbish")) == ["denied"]
    assert lamps(bench.show(signed(claims()))) == ["granted"]


def test_a_door_that_is_held_open_is_warned_of_before_the_alarm() -> None:
    bench = Bench()
    bench.show(signed(claims()))
    bench.take(Edge("main.contact", active=True, at=bench.boot))
    bench.wait(40)
    assert lamps(bench.said) == ["granted", "ready", "warning", "alarm"]
