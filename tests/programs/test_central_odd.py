"""What only an odd or hostile station sends, on both databases: it is held or refused alone, and comes twice without harm."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from kiosk.central.store import CentralStore
from kiosk.central.store.batches import written
from kiosk.central.store.engine import StoreFailed, Trouble
from kiosk.central.store.logs import ConflictFound, GapFound, Sent
from kiosk.central.store.sqlite import Sqlite
from kiosk.contract.bodies import Batch
from kiosk.decoding import DEPTH
from tests.databases import Cluster

CODES = ("37081101", "37081102")
LONG = "".join(sha256(f"{number}".encode()).hexdigest() for number in range(110))  # what no index can shrink


def entry(seq: int = 1, **more: Any) -> dict[str, Any]:
    return {"seq": seq, "boot_id": "b", "boot": 1.0, "wall": 1e9, "kind": "granted", "door": "main"} | more


def sent(entry: dict[str, Any], epoch: int = 1, station: str = CODES[0]) -> Sent:
    return Sent(station, "access", Batch(f"{epoch:016x}", entry["seq"], "b", 1.0, 1.0, [entry]), True)


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else 1


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


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        (nested(DEPTH - 1), True),
        (nested(DEPTH), False),
        ([{"a": 2**63 - 1}, True, -(2**63), 1e300], True),
        ([{"a": 2**63}], False),
        ({"a": [1, -(2**63) - 1]}, False),
    ],
    ids=range(5),
)
def test_an_entry_is_written_unless_it_is_too_deep_or_has_a_number_that_is_too_long(value: Any, fits: bool) -> None:
    assert bool(written(entry(more=value))) is fits


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


def test_two_processes_that_hear_a_station_and_its_copy_never_wait_for_each_other(
    postgresql: Cluster, tmp_path: Path
) -> None:
    """Their logs are others, and what they tell of, its doors, is the same, in another order."""
    postgresql.give(tmp_path)
    together = Barrier(2)

    def take(store: CentralStore, epochs: dict[int, str]) -> list[Any]:
        became = []
        for station in range(40):
            together.wait(30)
            batches = [sent(entry(door=door), epoch, f"{station:08}") for epoch, door in epochs.items()]
            became += store.take_all(batches, 1.0)
        return became

    with closing(CentralStore(tmp_path)) as one, closing(CentralStore(tmp_path)) as other:
        with ThreadPoolExecutor(2) as pool:
            there = pool.submit(take, one, {1: "porch", 2: "main"})
            back = pool.submit(take, other, {3: "main", 4: "porch"})
            assert [*there.result(), *back.result()] == [(1, [])] * 160
        assert {tuple(sorted(one.doors(f"{station:08}"))) for station in range(40)} == {("main", "porch")}


def test_so_many_statements_take_any_number_of_batches(tmp_path: Path) -> None:
    """A province that comes back after a restart waits for few answers of the database, and not for some of each station."""
    with closing(CentralStore(tmp_path)) as store:
        said = list[str]()
        assert isinstance(store._engine, Sqlite)
        store._engine.db.set_trace_callback(lambda words: said.append(words.split()[0]))
        for seq, most in ((1, 30), (2, 14), (3, 11)):
            said.clear()
            batches = [sent(entry(seq, door=f"d{number}"), station=f"{number:08}") for number in range(64)]
            assert store.take_all(batches, 1.0) == [(seq, [])] * 64
            assert len(said) <= most


def test_what_the_database_refuses_of_one_is_kept_from_no_other(store: CentralStore) -> None:
    store.take_all([sent(entry(), station=code) for code in CODES], 1.0)
    copied = "log, seq + 1, kind, boot_number, boot, wall, received, body FROM entries ORDER BY log LIMIT 1"
    store._engine.run(f"INSERT INTO entries (log, seq, kind, boot_number, boot, wall, received, body) SELECT {copied}")
    refused, taken = store.take_all([sent(entry(2), station=code) for code in CODES], 1.0)
    assert isinstance(refused, StoreFailed)
    assert taken == (2, [])


def test_a_database_that_has_lost_its_newest_logs_gets_no_entry_into_anothers(store: CentralStore) -> None:
    """A standby that took over may lack them, and gives their numbers out again."""
    store.take_all([sent(entry(), station=code) for code in CODES], 1.0)
    for table in ("entries", "boots", "logs"):
        store._engine.run(f"DELETE FROM {table}")
    for number, code in enumerate(reversed(CODES), 1):
        store._engine.run("INSERT INTO logs VALUES (?, ?, 'access', ?, 0, 0)", (number, code, f"{1:016x}"))
    assert store.take_all([sent(entry(door=code), station=code) for code in CODES], 2.0) == [(1, [])] * 2
    for code in CODES:
        assert [each["door"] for each in store.entries(code, "access")] == [code]


def test_batches_of_one_log_that_come_together_are_taken_one_after_the_other(store: CentralStore) -> None:
    other = entry(1, door="back")
    numbers = [sent(entry(1)), sent(entry(3)), sent(entry(2)), sent(other), sent(entry(1)), sent(entry(3))]
    became = store.take_all(numbers, 1.0)
    assert [type(each) for each in became] == [tuple, GapFound, tuple, ConflictFound, tuple, tuple]
    assert became[-1] == (3, [])
    assert [seq for _, _, seq in store.numbers(CODES[0])] == [1, 2, 3]


def test_a_number_of_more_than_64_bits_is_the_values_fault_and_no_crash(tmp_path: Path) -> None:
    with closing(CentralStore(tmp_path)) as store, pytest.raises(StoreFailed) as failed:
        store.credential(2**63)
    assert failed.value.trouble is Trouble.REFUSED
