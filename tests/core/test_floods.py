"""A flood is counted and not written: of refusals, of edges, of faults. What is over a limit is shown all the same."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core import entries as fact
from kiosk.core.clock import Instant
from kiosk.core.door.inputs import BURST, SETTLE
from kiosk.core.events import Edge, Faulted, Lamp, Scanned, Show
from kiosk.core.limit import Limit, due, tell
from kiosk.core.state import DENIALS, MOST_LIMITS
from kiosk.core.step import stopped
from tests.core.bench import Bench, logged
from tests.keys import NOW, claims, signed

HOUR = 3600.0
DAY = 86_400


def scanned(bench: Bench, seconds: float, every: float) -> int:
    """A wrong code, again and again; how often."""
    ends, scans = bench.boot + seconds, 0
    while bench.boot < ends:
        bench.take(Scanned("main", f"rubbish {scans}", bench.boot))
        scans += 1
        bench.wait(every)
    return scans


def told(bench: Bench) -> list[fact.Denied]:
    return [each for each in logged(bench.said) if isinstance(each, fact.Denied)]


@pytest.mark.parametrize("every", [pytest.param(0.066, marks=pytest.mark.slow), 1.6, 20.0])
def test_a_wrong_code_held_for_an_hour_is_a_handful_of_entries_and_every_refusal_is_counted(every: float) -> None:
    bench = Bench()
    scans = scanned(bench, HOUR, every)
    bench.wait(DENIALS.within + 1)
    entries = told(bench)
    assert len(entries) <= 45
    assert sum(1 + each.suppressed for each in entries) == scans


def test_refusals_of_many_holders_are_counted_in_bounded_memory() -> None:
    bench = Bench()
    old = {"issued_at": NOW - 60 * DAY, "expires": NOW - 30 * DAY}
    passes = [signed(claims(index, **old)) for index in range(1, MOST_LIMITS + 50)]  # type: ignore[arg-type]
    for text in passes:
        bench.show(text)
    assert len(bench.state.denials) <= MOST_LIMITS + 1
    bench.wait(2 * DENIALS.within)
    assert sum(1 + each.suppressed for each in told(bench)) == len(passes)
    bench.show(passes[0])
    assert len(bench.state.denials) == 1


def test_what_is_untold_at_the_programs_end_is_told_there() -> None:
    bench = Bench()
    scans = scanned(bench, 30.0, 0.1)
    bench.said.append(stopped(bench.state, Instant(bench.boot, NOW)))
    assert sum(1 + each.suppressed for each in told(bench)) == scans


def test_every_refusal_is_shown_with_its_reason_however_many_there_were() -> None:
    bench = Bench()
    scanned(bench, 60.0, 0.1)
    for text, reason in (("rubbish", "not_a_pass"), ("YZ1:AAAA", "bad_base45")):
        bench.wait(5)
        assert Show("main", Lamp.DENIED) in bench.show(text)
        assert bench.state.doors["main"].refused == reason


def test_one_flood_is_not_anothers() -> None:
    bench = Bench()
    scanned(bench, 60.0, 0.1)
    expired = signed(claims(4, issued_at=NOW - 60 * DAY, expires=NOW - 30 * DAY))
    assert fact.Denied("main", "expired", 4) in logged(bench.show(expired))
    bench.said.clear()
    for number in range(200):
        bench.take(Faulted("relay.light", None if number % 2 else "no_answer"))
    bench.take(Faulted("scanner", "has gone"))
    assert fact.Fault("scanner", "has gone") in logged(bench.said)
    assert len(logged(bench.said)) < 50


def chatter(bench: Bench, name: str, seconds: float, every: float) -> Counter[str]:
    bench.said.clear()
    ends, active = bench.boot + seconds, False
    while bench.boot < ends:
        active = not active
        bench.take(Edge(name, active=active, at=bench.boot))
        bench.wait(every)
    return Counter(type(each).__name__ for each in logged(bench.said))


@pytest.mark.parametrize("name", ["main.contact", "main.exit", "main.bolt", "fire", "tamper"])
@pytest.mark.parametrize("every", [0.03, 0.1, 0.5])
def test_an_input_that_chatters_is_a_fault_and_fills_nothing(name: str, every: float) -> None:
    bench = Bench(has_bolt=True)
    first = chatter(bench, name, max(20.0, 200 * every), every)
    assert first["Fault"] >= 1
    assert f"{name}.chatter" in bench.state.faults
    assert sum(first.values()) <= 4 * BURST[0]
    then = chatter(bench, name, 600.0, every)
    assert sum(then.values()) <= 20


def test_a_button_that_is_pressed_again_and_again_does_not_chatter() -> None:
    bench = Bench()
    assert chatter(bench, "main.exit", 80.0, 0.55)["ExitPressed"] == 73
    assert bench.state.faults == {}


def test_a_slow_chatter_is_found_within_the_hour() -> None:
    bench = Bench()
    chatter(bench, "main.contact", 3600.0, 1.2)
    assert "main.contact.chatter" in bench.state.faults


def test_a_chatter_ends_when_the_input_has_been_calm_for_a_minute() -> None:
    bench = Bench()
    chatter(bench, "main.contact", 60.0, 0.1)
    bench.take(Edge("main.contact", active=False, at=bench.boot))
    bench.wait(59)
    assert "main.contact.chatter" in bench.state.faults
    bench.wait(2)
    assert bench.state.faults == {}
    bench.take(Edge("main.contact", active=True, at=bench.boot))
    bench.wait(SETTLE)
    assert bench.state.doors["main"].door == "open"


@pytest.mark.parametrize("name", ["main.exit", "fire"])
def test_an_input_that_chatters_frees_the_door_at_once_all_the_same(name: str) -> None:
    bench = Bench()
    chatter(bench, name, 300.0, 0.1)
    bench.take(Edge(name, active=False, at=bench.boot))
    bench.wait(55)
    assert bench.is_locked()
    bench.take(Edge(name, active=True, at=bench.boot))
    bench.wait(SETTLE)
    assert not bench.is_locked()


@given(st.integers(0, 10**6), st.floats(0.01, 120.0))
def test_nothing_is_lost_by_a_limit(seed: int, mean: float) -> None:
    """However the occurrences come: those told and those counted are all there are."""
    chance, now, limit, counted = random.Random(seed), 0.0, DENIALS, 0  # noqa: S311
    for _ in range(300):
        now += chance.expovariate(1 / mean)
        if due(limit) <= now:
            counted += limit.suppressed
            limit = Limit(limit.most, limit.within, limit.longest)
        limit, suppressed = tell(limit, now)
        counted += 0 if suppressed is None else 1 + suppressed
    assert counted + limit.suppressed == 300
