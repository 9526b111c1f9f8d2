"""What desks send of the doctor and of the cabinet, at the centre: counted by day, shown to whoever may see that station."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.central.gathering import Gathering
from kiosk.central.numbers.medicine import medicine_table
from kiosk.central.retention import DAY
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.medicine import Times
from tests.programs.test_days import CODES, NOW, entry, take

TODAY = "2026-11-23"
HERE, THERE, FAR = CODES


@pytest.fixture
def store(central_folder: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(central_folder)) as store:
        yield store


def counted(store: CentralStore, scope: Scope = EVERYWHERE, prefix: str = "", first: str = TODAY) -> list[Times]:
    assert sum(Gathering(store).gather(NOW)) >= 0
    return store.medicine(scope, prefix, first, TODAY)


def test_they_are_counted_by_day_and_station_and_each_once(store: CentralStore) -> None:
    sent = [
        entry(1, "consulted", NOW, seconds=120.0, ended="left"),
        entry(2, "released", NOW, release="a" * 64, slot="cabinet1", outcome="opened"),
        entry(3, "released", NOW, release="a" * 64, slot="cabinet1", outcome="taken"),
        entry(4, "released", NOW, release="b" * 64, slot="cabinet1", outcome="kept_too_warm"),
        entry(5, "consulted", NOW, seconds=60.0, ended="over"),
    ]
    take(store, sent, stream="services")
    take(store, sent[:1], stream="services", code=FAR)
    assert counted(store) == [
        Times("consulted", 3, 300.0), Times("kept_too_warm", 1), Times("opened", 1), Times("taken", 1),
    ]  # fmt: skip
    assert counted(store, Scope(FAR)) == [Times("consulted", 1, 120.0)]
    assert counted(store, prefix=HERE[:-1]) != counted(store)
    table = medicine_table(counted(store))
    assert table.rows[:2] == (("the doctor's link was shown", 3, 5.0), ("release: kept too warm", 1, None))


def test_nothing_is_kept_with_it_of_which_release_it_was(store: CentralStore) -> None:
    take(store, [entry(1, "released", NOW, release="a" * 64, slot="cabinet1", outcome="taken")], stream="services")
    assert counted(store)
    rows = store._engine.all("SELECT * FROM medicine_days")
    assert rows == [(HERE, TODAY, "taken", 1, 0.0)]


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "consulted", "seconds": -1},
        {"kind": "consulted", "seconds": 1e300},
        {"kind": "consulted", "seconds": "long"},
        {"kind": "consulted"},
        {"kind": "released", "outcome": "eaten"},
        {"kind": "released", "outcome": 7},
        {"kind": "released"},
    ],
    ids=str,
)
def test_what_a_station_makes_up_is_passed_over(store: CentralStore, said: dict[str, object]) -> None:
    take(
        store,
        [entry(1, str(said["kind"]), NOW, **{key: said[key] for key in said if key != "kind"})],
        stream="services",
    )
    assert counted(store) == []


def test_it_goes_with_what_points_to_nobody(store: CentralStore) -> None:
    take(store, [entry(1, "consulted", NOW, seconds=10.0)], stream="services")
    assert counted(store)
    later = NOW + store.retention.other * DAY + 2 * DAY
    assert sum(store.purge(later)) > 0
    assert counted(store, first="2020-01-01") == []
