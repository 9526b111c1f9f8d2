"""Ratings from inside at the central server: each bundle counts once, whatever stations send."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.central.gathering import Gathering, first_day
from kiosk.central.retention import DAY
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.bundles import STEP
from kiosk.central.voices.ratings import Bundle
from tests.programs.test_days import CODES, NOW, entry, take

MONDAY = 1_795_374_000.0
"""2026-11-23 03:00 at +08:00."""


@pytest.fixture
def store(central_folder: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(central_folder)) as store:
        yield store


def rated(seq: int, generation: int = 0, **more: Any) -> dict[str, Any]:
    said = {"question": "station", "counts": [3, 1, 1, 0], "surplus": 2, "entered": 9, "weeks": 1, "urn": "ab12"}
    return entry(seq, "rated", MONDAY, **said | {"generation": generation} | more)


def gathered(store: CentralStore, scope: Scope = EVERYWHERE) -> list[Bundle]:
    assert sum(Gathering(store).gather(NOW)) >= 0
    return store.ratings(scope, "2000-01-01", "2100-01-01")


def test_a_bundle_that_comes_twice_counts_once_and_of_its_weeks(store: CentralStore) -> None:
    take(store, [rated(1), rated(2)], stream="services")
    take(store, [rated(1, generation=1, weeks=3)], stream="services", code=CODES[1])
    first, second = gathered(store)
    assert first == Bundle(CODES[0], "desk", "2026-11-16", (3, 1, 1, 0), 2, 9)
    assert second == Bundle(CODES[1], "desk", "2026-11-02", (3, 1, 1, 0), 2, 9)
    assert gathered(store) == [first, second], "what was counted is not counted again"
    take(store, [rated(3, generation=1)], stream="services")
    assert gathered(store)[0].counts == (6, 2, 2, 0)


def test_many_are_gone_through_in_steps(store: CentralStore) -> None:
    for begin in range(1, 2 * STEP, 50):
        take(store, [rated(seq, generation=seq) for seq in range(begin, begin + 50)], stream="services")
    assert gathered(store)[0].counts[0] == 3 * 2 * STEP


def test_a_station_that_boasts_stops_nobody_elses_count(store: CentralStore) -> None:
    boast = {"counts": [10**6, 0, 0, 0], "surplus": 10**6, "entered": 10**6}
    for begin in range(1, 2_251, 250):
        take(store, [rated(seq, generation=seq, **boast) for seq in range(begin, begin + 250)], stream="services")
    take(store, [rated(1)], stream="services", code=CODES[1])
    assert [each.counts[0] for each in gathered(store)] == [2_250 * 10**6, 3]


NO_BUNDLES: Final[tuple[dict[str, Any], ...]] = (
    {"question": "lunch"}, {"counts": [1, 2, 3]}, {"counts": [-1, 0, 0, 0]}, {"counts": "many"}, {"urn": ""}, {"urn": None},
    {"weeks": 0}, {"weeks": 10**9}, {"entered": -1}, {"generation": 2**40}, {"counts": [10**18] * 4},
)  # fmt: skip


def test_what_is_no_bundle_is_passed_over(store: CentralStore) -> None:
    take(store, [rated(seq, **more) for seq, more in enumerate(NO_BUNDLES, 1)], stream="services")
    assert gathered(store) == []
    take(store, [rated(len(NO_BUNDLES) + 1)], stream="services")
    assert [each.counts for each in gathered(store)] == [(3, 1, 1, 0)]


def test_a_station_whose_clock_is_ahead_puts_nothing_into_the_future(store: CentralStore) -> None:
    take(store, [rated(1) | {"wall": NOW + 400 * DAY}], stream="services")
    assert gathered(store)[0].first == "2026-11-16"


@given(st.none() | st.integers() | st.floats() | st.text(max_size=5))
def test_whatever_time_a_station_says_it_is_a_monday_that_has_been(wall: Any) -> None:
    first = date.fromisoformat(first_day(wall, NOW, 1))
    assert (first.weekday(), first <= date(2026, 11, 16)) == (0, True)
