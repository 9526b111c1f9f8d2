"""What stations on wheels tell of their stops, at the central server: the last of each, whatever they send, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from kiosk.central.gathering import Gathering
from kiosk.central.retention import DAY
from kiosk.central.scope import Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.stops import ToldOfStop
from kiosk.core.room.stops import MOST_REMEMBERED
from tests.programs.test_days import CODES, NOW, entry, take


@pytest.fixture
def store(central_folder: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(central_folder)) as store:
        yield store


def told(seq: int, what: Any = "arrived", stop: Any = "square", at: float = NOW - 600) -> dict[str, Any]:
    return entry(seq, "stopped_at", at, stop=stop, what=what)


def gathered(store: CentralStore) -> dict[tuple[str, str], ToldOfStop]:
    assert sum(Gathering(store).gather(NOW)) >= 0
    return store.told_of_stops()


def test_the_last_of_each_stop_is_kept_by_the_stations_time(store: CentralStore) -> None:
    take(store, [told(1), told(2, "left", at=NOW - 300), told(3, stop="lake", at=NOW - 60)], stream="services")
    take(store, [told(1, "missed")], stream="services", code=CODES[1])
    found = gathered(store)
    assert {key: (each.what, each.at) for key, each in found.items()} == {
        (CODES[0], "square"): ("left", NOW - 300), (CODES[0], "lake"): ("arrived", NOW - 60),
        (CODES[1], "square"): ("missed", NOW - 600),
    }  # fmt: skip
    assert store.told_of_stops(Scope(CODES[1])).keys() == {(CODES[1], "square")}
    store.keep_stop(ToldOfStop(CODES[0], "square", "arrived", NOW - 600), NOW)
    assert gathered(store) == found, "what comes later and is of before"


ODD: Final[tuple[dict[str, Any], ...]] = (
    {"what": "lost"}, {"what": None}, {"what": ["arrived"]}, {"stop": 3}, {"stop": "no such ID"}, {"stop": "x" * 40},
)  # fmt: skip


def test_what_is_no_such_entry_is_passed_over_and_a_time_ahead_of_ours_is_ours(store: CentralStore) -> None:
    entries = [told(number, **more) for number, more in enumerate(ODD, 1)]
    take(store, [*entries, told(len(ODD) + 1, at=NOW + 3 * DAY)], stream="services")
    [found] = gathered(store).values()
    assert found.at <= NOW


def test_it_goes_with_what_is_nobodys(store: CentralStore) -> None:
    take(store, [told(1)], stream="services")
    assert gathered(store)
    assert sum(store.purge(NOW + store.retention.persons * DAY + DAY)) >= 0
    assert store.told_of_stops(), "it names nobody"
    assert sum(store.purge(NOW + store.retention.other * DAY + DAY)) > 0
    assert store.told_of_stops() == {}


def test_of_a_station_as_many_are_kept_as_it_remembers_and_of_others_all(store: CentralStore) -> None:
    take(store, [told(1, stop="lake")], stream="services", code=CODES[1])
    entries = [told(each, stop=f"s{each}", at=NOW - 900 + each) for each in range(1, MOST_REMEMBERED + 6)]
    take(store, entries, stream="services")
    found = gathered(store)
    assert found.keys() == {(CODES[0], f"s{each}") for each in range(6, MOST_REMEMBERED + 6)} | {(CODES[1], "lake")}
