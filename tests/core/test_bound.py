"""Bound passes: a screenshot dies with the holder's next use and within minutes, and phones' clocks are wrong."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from kiosk.central.store import CentralStore
from kiosk.contract.bodies import Batch
from kiosk.core import entries as fact
from kiosk.core.clock import Clock
from kiosk.core.door.access import MAX_FRESH, MAX_MARKS, PHONE_WINDOW, Mark, Memory, place, remember
from kiosk.core.events import Asked, Offered
from kiosk.demo.founding import founded
from kiosk.trust.passes import Kind, show_bound
from kiosk.trust.status import Status
from tests.core.bench import Bench, logged
from tests.keys import NOW, PHONE, STRANGER, bound, claims, signed, time_document


def shown(bench: Bench, *, wrong: float = 0.0, index: int = 7) -> str:
    """What a phone shows now, whose clock is wrong by so many seconds."""
    return show_bound(bound(index), PHONE, round(NOW + bench.boot + wrong))


def known(bench: Bench) -> Bench:
    """Let the station know the time to the second."""
    bench.take(Asked("n"))
    bench.take(Offered(time_document(NOW + round(bench.boot), "n")))
    return bench


def test_a_phone_opens_each_time_that_it_is_shown() -> None:
    bench = known(Bench())
    for _ in range(3):
        assert bench.outcome(shown(bench)) == "open"
        bench.wait(20)


def test_a_screenshot_dies_with_the_holders_next_use_and_within_minutes() -> None:
    bench = known(Bench())
    screenshot = shown(bench)
    bench.wait(30)
    assert bench.outcome(shown(bench)) == "open", "the holder"
    assert bench.outcome(screenshot) == "replayed", "not even within the second chance"
    late = shown(bench)
    bench.wait(PHONE_WINDOW + 5)
    assert bench.outcome(late) == "too_old"


def test_the_same_code_is_a_second_chance_for_ten_seconds() -> None:
    bench = known(Bench())
    text = shown(bench)
    assert bench.outcome(text) == "open"
    bench.wait(9)
    assert bench.outcome(text) == "open"
    bench.wait(2)
    assert bench.outcome(text) == "replayed"


@pytest.mark.parametrize(("wrong", "outcome"), [(-240, "open"), (240, "open"), (-310, "too_old"), (310, "phone_ahead")])
def test_a_phones_clock_may_be_minutes_wrong(wrong: float, outcome: str) -> None:
    bench = known(Bench())
    assert bench.outcome(shown(bench, wrong=wrong)) == outcome


def test_without_a_clock_only_what_is_provable_is_refused() -> None:
    bench = Bench()
    assert bench.outcome(shown(bench, wrong=10**6)) == "open", "nobody knows that the phone is ahead"
    assert bench.outcome(shown(bench, wrong=10**5)) == "replayed", "the holder's time must rise"
    assert bench.outcome(show_bound(bound(8), PHONE, 0)) == "too_old", "before this version was made"


def test_a_phone_that_was_far_ahead_is_not_held_to_it_once_the_time_is_known() -> None:
    bench = Bench()
    assert bench.outcome(shown(bench, wrong=10**6)) == "open"
    bench.wait(20)
    assert bench.outcome(shown(bench)) == "replayed", "nobody knows which of the two was wrong"
    known(bench)
    assert bench.outcome(shown(bench)) == "open"


def test_another_phones_signature_and_the_pass_without_the_phone_open_nothing() -> None:
    bench = known(Bench())
    assert bench.outcome(show_bound(bound(), STRANGER, NOW)) == "bad_holder_signature"
    assert bench.outcome(bound()) == "needs_phone"
    assert bench.outcome(show_bound(signed(claims()), PHONE, NOW)) == "bad_profile", "a card inside a phone's signature"
    forged = signed(replace(claims(7, Kind.BOUND), holder_key=bytes(32)), STRANGER)
    assert bench.outcome(show_bound(forged, PHONE, NOW)) == "bad_signature"


def test_two_offline_stations_and_one_screenshot(tmp_path: Path) -> None:
    """Each decides by what it can know; the central server sees both, and suspends the credential."""
    here, there = known(Bench()), known(Bench())
    screenshot = shown(here)
    granted = [
        each for bench in (here, there) for each in logged(bench.show(screenshot)) if isinstance(each, fact.Granted)
    ]
    assert len(granted) == 2, "within minutes each station opens once: nobody could know of the other"
    for bench in (here, there):
        bench.wait(11)
        assert bench.outcome(screenshot) == "replayed"
    store = CentralStore(tmp_path)
    issuer = founded(tmp_path, store, lambda: float(NOW))
    for _ in range(9):
        store.add_credential("somebody")
    for station, entry in zip(("37081101", "37081102"), granted, strict=True):
        clock = {"boot_id": "b", "boot": 1.0, "wall": float(NOW), "quality": "synced"}
        body = {"seq": 1, **clock, **msgspec.to_builtins(entry)}
        store.take(station, "access", Batch("0" * 16, 1, "b", 1.0, 1.0, [body]), NOW)
    (found,) = store.shared_codes()
    assert (found.index, found.shown_at, found.stations) == (7, NOW + round(here.boot - 11), ("37081101", "37081102"))
    issuer.set_status(found.index, Status.SUSPENDED)
    statuses, _ = store.statuses()
    assert statuses == {7: Status.SUSPENDED}
    store.close()


@pytest.mark.slow
def test_the_memory_of_a_hundred_thousand_holders_is_bounded_and_keeps_the_newest() -> None:
    memory, clock = Memory(), Clock(NOW, 0.0)
    for index in range(100_000):
        at = place("main", Kind.BOUND, index, "")
        memory = remember(
            memory, at, Mark(index * 0.001, Kind.BOUND, NOW + 10**6, 90.0, NOW + 10**6), clock, index * 0.001
        )
    assert len(memory.marks) <= MAX_MARKS
    assert len(memory.fresh) < MAX_FRESH
    newest = range(100_000 - MAX_MARKS, 100_000)
    assert all(memory[place("main", Kind.BOUND, index, "")] for index in newest)


def test_marks_that_can_refuse_nobody_any_more_go() -> None:
    memory, clock = Memory(), Clock(NOW, 0.0)
    for index in range(10 * MAX_FRESH):
        memory = remember(memory, f"{index}@main", Mark(float(index), Kind.CARD, NOW), clock, float(index))
    assert len(memory.marks) < 2 * MAX_FRESH


@pytest.mark.parametrize("edge", [" ", "\ufeff", "\r\n", "\u3000"])
def test_a_code_with_a_blank_or_a_bom_around_it_is_that_code_and_no_second_one(edge: str) -> None:
    bench = known(Bench())
    live, card = signed(claims(3, kind=Kind.LIVE)), signed(claims(4))
    for text in (shown(bench), live, card):
        assert bench.outcome(edge + text) == "open"
    bench.wait(11)
    for text in (live, card):
        assert [bench.outcome(each) for each in (text, text + edge, edge + text + edge)] == ["replayed"] * 3
    assert bench.outcome(edge + "YZE1:37081101:ABCD-EFGH") not in {"open", "not_a_pass"}, "an enrolment code, too"
