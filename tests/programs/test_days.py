"""Figures: each entry is counted once, whenever it comes and in whatever order, and what is counted stays."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kiosk.central.figures import (
    ALWAYS,
    LEVELS,
    MOST_AT_ONCE,
    OTHER,
    STATION,
    Figures,
    figures_of,
    level_within,
    local,
    moment,
    places,
    total,
)
from kiosk.central.retention import DAY
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store import CentralStore
from kiosk.central.store.days import MOST_BETWEEN, STEP
from kiosk.central.store.sightings import SILENT_AFTER, Sighting
from kiosk.contract.bodies import Batch
from kiosk.core.entries import Denied, ExitPressed, Granted, Started, Used
from kiosk.trust.passes import PassClass
from kiosk.trust.reasons import Reason
from tests.keys import private, public

CODES = ("37081101", "37081102", "37090001")
NOW = 1_795_392_000.0
TODAY = "2026-11-23"
WEEK = [f"2026-11-{day:02}" for day in range(16, 27)]


@pytest.fixture
def store(central_folder: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(central_folder)) as store:
        yield store


def entry(seq: int, kind: str, wall: float = NOW, **more: Any) -> dict[str, Any]:
    return {"seq": seq, "boot_id": "b", "boot": 1.0, "wall": wall, "quality": "synced", "kind": kind} | more


def take(
    store: CentralStore, entries: list[dict[str, Any]], now: float = NOW, code: str = CODES[0], stream: str = "access"
) -> None:
    store.take(code, stream, Batch("00112233445566aa", entries[0]["seq"], "b", 1.0, 1.0, entries), now)


def figures(store: CentralStore, prefix: str = "", days: list[str] = WEEK) -> Figures:
    return total(line.figures for line in store.days(EVERYWHERE, prefix, level_within(prefix), days))


def counted(store: CentralStore) -> int:
    return sum(store.count())


def test_a_day_of_a_station_and_of_every_place_in_which_it_lies(store: CentralStore) -> None:
    door: dict[str, Any] = {"door": "main"}
    night = [
        entry(1, "started", version="1"),
        entry(2, "granted", pass_class=0, index=7, **door),
        entry(3, "granted", pass_class=0, index=7, again=True, **door),
        entry(4, "granted", pass_class=1, index=8, **door),
        entry(5, "not_taken", **door),
        entry(6, "denied", reason="expired", suppressed=4, **door),
        entry(7, "exit_pressed", **door),
        entry(8, "fault", what="scanner.main"),
        entry(9, "locked", **door),
        entry(10, "not_taken", door="raincoats", slot=True),
    ]
    take(store, night)
    take(store, [entry(1, "granted", pass_class=0, **door)], code=CODES[1])
    used: dict[str, Any] = {
        "appliance": "fridge",
        "seconds": 3600.0,
        "metered": 3600.0,
        "ran": 900.0,
        "watt_hours": 61.5,
        "starts": 2,
    }
    take(store, [entry(1, "used", **used)], stream="telemetry")
    assert counted(store) == 12
    assert figures(store, CODES[0]) == Figures(
        granted={"worker": 1, "technician": 1}, again=1, not_taken=1, denied={"expired": 5}, exits=1,
        hours=tuple(2 * (hour == local(NOW)[1]) for hour in range(24)), faults=1, starts=1,
        milliwatt_hours=61_500, metered=3600,
    )  # fmt: skip
    for prefix in ("", "37", "370", "3708", "370811"):
        assert figures(store, prefix).granted == {"worker": 2, "technician": 1}
    assert figures(store, "3709") == Figures()
    assert [line.place for line in store.days(EVERYWHERE, "", 6, WEEK)] == ["370811"]
    assert (counted(store), store.uncounted()) == (0, 0)


def test_what_comes_days_late_is_counted_on_its_day_and_stays_when_its_entry_goes(store: CentralStore) -> None:
    take(store, [entry(1, "granted", pass_class=0)])
    counted(store)
    take(store, [entry(2, "granted", NOW - 5 * DAY, pass_class=0)], NOW + 9 * DAY)
    counted(store)
    assert [(line.day, line.figures.visits) for line in store.days(EVERYWHERE, "37", 2, WEEK)] == [
        ("2026-11-18", 1),
        (TODAY, 1),
    ]
    before = figures(store)
    list(store.purge(NOW + 500 * DAY))
    assert store.counts() == {}
    counted(store)
    assert figures(store) == before


def test_two_that_both_count_count_once(store: CentralStore, central_folder: Path) -> None:
    take(store, [entry(seq, "exit_pressed") for seq in range(1, 5)])
    with closing(CentralStore(central_folder)) as other:
        begun = other._behind()
        assert counted(store) == 4
        assert not other._settled(begun, other._figures(begun))
    assert figures(store).exits == 4


def test_no_step_counts_more_than_its_numbers(store: CentralStore) -> None:
    for first in range(1, STEP + 101, 300):
        take(store, [entry(seq, "exit_pressed") for seq in range(first, first + 300)])
    assert max(store.count()) == STEP
    assert store.uncounted() == 0
    assert figures(store).exits == 2100


def test_the_silent_are_counted_for_the_time_in_which_somebody_watched(store: CentralStore) -> None:
    for number, code in enumerate(CODES[:2]):
        store.enrol(code, store.make_claim(code, NOW), public(private(31 + number)), NOW - 2 * SILENT_AFTER)
    store.saw([Sighting(CODES[0], NOW, "1", "")])
    assert list(store.watch(NOW)) == []
    assert list(store.watch(NOW + 300)) == [2]
    assert figures(store, "370811") == Figures(silent=300, watched=600)
    assert figures(store, CODES[0]) == Figures(watched=300)
    assert list(store.watch(NOW + 301 + MOST_BETWEEN)) == [], "a server that was away has watched nobody"
    assert figures(store, "370811").watched == 600


BODIES = st.one_of(
    st.builds(
        Granted, st.just("main"), st.just(7), st.integers(0, 5), st.just(0), st.just("t"), st.just(9), st.booleans()
    ),
    st.builds(Denied, st.just("main"), st.sampled_from(["expired", "closed", "of tomorrow"]), suppressed=st.integers(0, 3)),
    st.builds(Used, st.just("fan"), st.just(3600.0), st.just(60.5), st.just(1.0), st.floats(0, 999), st.just(1)),
    st.builds(ExitPressed, st.just("main")),
    st.builds(Started, st.just("1")),
)  # fmt: skip
TOLD = st.tuples(
    st.sampled_from(CODES),
    st.floats(-6, 1).map(lambda days: NOW + days * DAY),
    st.sampled_from(["synced", "holdover", "floor"]),
    BODIES,
)


@settings(max_examples=10)
@given(told=st.lists(TOLD, max_size=30), data=st.data())
def test_in_whatever_order_entries_come_the_figures_are_those_of_a_fresh_count(
    told: list[Any], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(CentralStore(Path(folder))) as store:
        numbers = dict.fromkeys(CODES, 0)
        expected: dict[tuple[int, str, str], Figures] = {}
        for code, wall, quality, fact in told:
            numbers[code] += 1
            kind, body = (
                type(fact).__struct_config__.tag,
                {name: getattr(fact, name) for name in fact.__struct_fields__},
            )
            late = data.draw(st.floats(1, 40)) * DAY
            take(store, [entry(numbers[code], str(kind), wall, **body) | {"quality": quality}], NOW + late, code)
            if data.draw(st.booleans()):
                counted(store)
            day, hour = local(wall - 1800 if kind == "used" else wall)
            for key in places(code, day):
                expected[key] = expected.get(key, Figures()) + figures_of(str(kind), hour, body)
        counted(store)
        held = {(level, *key): each for level in LEVELS for key, each in _held(store, level)}
        assert held == expected


def _held(store: CentralStore, level: int) -> list[tuple[tuple[str, str], Figures]]:
    return [
        ((line.place, line.day), line.figures)
        for line in store.days(EVERYWHERE, "", level, [*WEEK, ALWAYS])
        if line.figures != Figures()
    ]


def test_a_lockdown_may_say_anything_and_keeps_no_other_entry_out(store: CentralStore) -> None:
    odd: tuple[dict[str, Any], ...] = (
        {"seconds": 10**18},
        {"seconds": -1},
        {"verb": ["lockdown"]},
        {"verb": {}},
        {"door": []},
    )
    for seq, more in enumerate(odd, 1):
        told: dict[str, Any] = {"door": f"d{seq}", "verb": "lockdown", "seconds": 60}
        take(store, [entry(seq, "operated", NOW, **told | more)])
    assert [(each.what, each.detail) for each in store.lockdowns(CODES[0])] == [("d1", "1e+07")]


@settings(max_examples=50)
@given(
    kind=st.sampled_from(["granted", "denied", "used", "fault", "anything"]),
    body=st.dictionaries(
        st.sampled_from(["again", "pass_class", "reason", "suppressed", "watt_hours", "metered", "seconds", "quality"]),
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.just(10**400),
            st.floats(),
            st.text(max_size=3),
            st.lists(st.none()),
        ),
    ),
    wall=st.floats(),
)
@example(kind="used", body={"seconds": 10**400, "metered": -(10**400), "watt_hours": 10**400}, wall=NOW)
def test_a_station_may_send_anything(kind: str, body: dict[str, Any], wall: float) -> None:
    found = figures_of(kind, local(moment(wall, NOW, kind, body))[1], body)
    assert set(found.granted) <= {each.name.lower() for each in PassClass} | {OTHER}
    assert set(found.denied) <= {*Reason, OTHER}
    assert 0 <= found.refused <= MOST_AT_ONCE + 1
    assert 0 <= found.milliwatt_hours <= MOST_AT_ONCE * 1000


@pytest.mark.parametrize(
    ("wall", "quality", "expected"),
    [
        (NOW - 9 * DAY, "synced", NOW - 9 * DAY),
        (NOW - 9 * DAY, "floor", NOW - 9 * DAY),
        (NOW - 9 * DAY, "unset", NOW),
        (NOW + 2 * DAY, "synced", NOW),
        (-5.0, "synced", NOW),
        (math.inf, "synced", NOW),
    ],
)
def test_a_clock_that_knows_nothing_is_not_asked(wall: float, quality: str, expected: float) -> None:
    assert moment(wall, NOW, "granted", {"quality": quality}) == expected


def test_days_are_those_of_the_stations() -> None:
    midnight = 1_795_449_600.0
    assert local(midnight) == ("2026-11-24", 0)
    assert local(midnight - 1) == ("2026-11-23", 23)
    assert local(moment(midnight, midnight, "used", {"seconds": 3600.0})) == ("2026-11-23", 23), "of the hour before"


def test_the_parts_of_a_prefix() -> None:
    prefixes = ("", "3", "37", "370", "3708", "37081", "370811", "37081101")
    assert [level_within(prefix) for prefix in prefixes] == [4, 4, 4, 4, 6, 6, STATION, STATION]
