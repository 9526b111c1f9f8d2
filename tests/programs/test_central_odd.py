"""What only an odd or hostile station sends, on both databases: it is held or refused alone, and comes twice without harm."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from kiosk.central.store import CentralStore
from kiosk.central.store.logs import Sent
from kiosk.contract.bodies import Batch
from tests.databases import Cluster

CODES = ("37081101", "37081102")
LONG = "".join(sha256(f"{number}".encode()).hexdigest() for number in range(110))  # what no index can shrink


def entry(seq: int = 1, **more: Any) -> dict[str, Any]:
    return {"seq": seq, "boot_id": "b", "boot": 1.0, "wall": 1e9, "kind": "granted", "door": "main"} | more


def sent(entry: dict[str, Any], epoch: int = 1, station: str = CODES[0]) -> Sent:
    return Sent(station, "access", Batch(f"{epoch:016x}", entry["seq"], "b", 1.0, 1.0, [entry]), True)


@pytest.fixture
def store(central_folder: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(central_folder)) as store:
        yield store


@pytest.mark.parametrize(
    "odd",
    [
        {"door": ["main"]},
        {"door": {}},
        {"door": LONG},
        {"door": "a\0b"},
        {"boot_id": LONG},
        {"boot_id": "a\0b"},
        {"boot_id": "驿\u2028\x7f"},
        {"kind": "a\0b"},
        {"kind": LONG},
        {"kind": "\0", "boot": "\0"},
        {"boot": 5e-324, "wall": -1.7e308},
        {"boot": 10**300, "wall": -0.0},
        {"a": 2**53 + 1, "b": 2**64 - 1, "c": -(2**63), "d": 2**70},
    ],
    ids=range(13),
)
def test_an_odd_entry_harms_no_other_and_is_the_same_when_it_comes_again(
    odd: dict[str, Any], store: CentralStore
) -> None:
    for _ in range(3):
        became = store.take_all([sent(entry(), station="1000"), sent(entry(**odd)), sent(entry(), station="9000")], 1.0)
        assert [each[0] for each in became if isinstance(each, tuple)] == [1, 1, 1]
    assert not store.alarms()
    assert store.take_all([sent(entry(2))], 1.0) == [(2, [])]


def test_a_boot_that_is_refused_for_its_name_makes_no_other_foreign(store: CentralStore) -> None:
    wrong = [entry(1), entry(2, boot_id=LONG), entry(3, boot_id=7), entry(4)]
    (became,) = store.take_all([Sent(CODES[0], "access", Batch("0" * 16, 1, "b", 1.0, 1.0, wrong), True)], 1.0)
    assert isinstance(became, tuple)
    assert (became[0], [each.seq for each in became[1]]) == (4, [2, 3])


@pytest.mark.parametrize("odd", ["abc", 1.5, [1], {}, None, True, "\0", 2**70, "-"])
def test_codes_at_two_stations_are_found_whatever_else_stations_send(odd: Any, store: CentralStore) -> None:
    for station in CODES:
        copied: dict[str, Any] = {"index": 7, "pass_kind": 2, "shown_at": 5, "token": 'a\0"\\u0000'}
        store.take_all([sent(entry(**copied), 1, station)], 1.0)
        for epoch, name in enumerate(("index", "pass_kind", "shown_at", "token"), 2):
            store.take_all([sent(entry(**copied, x="\0") | {name: odd}, epoch, station)], 1.0)
    assert (7, 2, 5, CODES) in [
        (each.index, each.pass_kind, each.shown_at, each.stations) for each in store.shared_codes()
    ]


def test_two_processes_lock_the_logs_of_a_station_in_one_order(postgresql: Cluster, tmp_path: Path) -> None:
    postgresql.give(tmp_path)
    with closing(CentralStore(tmp_path)) as one, closing(CentralStore(tmp_path)) as other:

        def take(store: CentralStore, epochs: range) -> list[Any]:
            return [store.take_all([sent(entry(seq), epoch) for epoch in epochs], 1.0) for seq in range(1, 30)]

        with ThreadPoolExecutor(2) as pool:
            there, back = pool.submit(take, one, range(40)), pool.submit(take, other, range(39, -1, -1))
            for became in [*there.result(), *back.result()]:
                assert all(isinstance(each, tuple) for each in became)
