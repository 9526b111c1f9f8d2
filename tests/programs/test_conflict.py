"""Two stations under one name: what one sends under numbers that the other has used is neither acknowledged nor lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.central.store import CentralStore
from kiosk.central.store.logs import MOST_ASIDE, ConflictFound, GapFound
from kiosk.contract.bodies import Batch
from tests.conftest import ROOT
from tests.programs.office import rows_read

CODE = "37081101"
EPOCH = "00112233445566aa"


@pytest.fixture
def store(central_folder: Path) -> Iterator[CentralStore]:
    store = CentralStore(central_folder)
    yield store
    store.close()


def entry(seq: int, boot: str = "a", **more: Any) -> dict[str, Any]:
    return {"seq": seq, "boot_id": boot, "boot": 1.0, "wall": 1e9, "kind": "denied", "door": "main", **more}


def batch(first: int, *entries: dict[str, Any], tombstones: tuple[int, ...] = ()) -> Batch:
    return Batch(EPOCH, first, "a", 1.0, 1.0, list(entries), list(tombstones))


def take(store: CentralStore, sent: Batch, *, conflicts: bool = True) -> int:
    return store.take(CODE, "access", sent, 1.0, conflicts=conflicts)[0]


def alarms(store: CentralStore) -> set[str]:
    return {alarm.what for alarm in store.alarms()}


def test_a_number_with_other_content_is_a_conflict_and_nothing_of_it_is_stored(store: CentralStore) -> None:
    take(store, batch(1, entry(1), entry(2), entry(3)))
    with pytest.raises(ConflictFound) as found:
        take(store, batch(2, entry(2), entry(3, reason="revoked"), entry(4)))
    assert (found.value.expected, len(store.numbers(CODE)), alarms(store)) == (3, 3, {"two_stations"})
    assert take(store, batch(4, entry(4))) == 4, "the station whose numbers they are goes on"


def test_a_boot_that_another_has_followed_is_a_conflict_and_what_came_before_it_is_taken(store: CentralStore) -> None:
    take(store, batch(1, entry(1), entry(2, "b")))
    with pytest.raises(ConflictFound) as found:
        take(store, batch(3, entry(3, "b"), entry(4, "c"), entry(5, "a"), entry(6, "a")))
    assert (found.value.expected, len(store.numbers(CODE))) == (5, 4)
    with pytest.raises(ConflictFound):
        take(store, batch(5, entry(5, "b")))
    assert take(store, batch(5, entry(5, "c"))) == 5


@pytest.mark.parametrize("many", ["boots", "epochs"])
def test_what_a_station_has_sent_before_makes_no_batch_of_its_own_dearer(
    many: str, store: CentralStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All others wait for it: one that was taken over may name any number of boots, and begin any number of epochs."""
    costs, read = [], rows_read(store, monkeypatch)
    for turn in range(20):
        first, epoch = (20 * turn + 1, 0) if many == "boots" else (1, turn)
        entries = [entry(seq, f"{turn} {seq}") for seq in range(first, first + 20)]
        store.take(CODE, "access", Batch(f"{epoch:016x}", first, "a", 1.0, 1.0, entries), 1.0)
        costs.append(sum(read))
        read.clear()
    assert len(set(costs[2:])) == 1


def test_two_numbers_that_come_again_are_compared_and_nothing_that_lies_between(
    store: CentralStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [entry(seq) if seq % 2 else entry(seq, boot_id=7) for seq in range(1, 201)]
    assert take(store, batch(1, *held)) == 200
    read = rows_read(store, monkeypatch)
    assert take(store, batch(1, *held[:2], *held[198:])) == 200
    assert max(read) == 2
    for wrong in (entry(1, door="back"), entry(2, boot_id=8)):
        with pytest.raises(ConflictFound) as found:
            take(store, batch(1, wrong, entry(199)))
        assert found.value.expected == wrong["seq"]


def test_older_firmware_is_acknowledged_and_what_it_sent_is_set_aside_once(store: CentralStore) -> None:
    take(store, batch(1, entry(1), entry(2), entry(3)), conflicts=False)
    other = batch(2, entry(2, reason="revoked"), entry(3), entry(4))
    for _ in range(3):
        assert take(store, other, conflicts=False) == 4
    assert store.set_aside(CODE) == [other.entries]
    assert alarms(store) == {"two_stations"}
    assert take(store, batch(5, entry(5, "b"), entry(6, "a")), conflicts=False) == 6, "stored, so not set aside"
    assert len(store.set_aside(CODE)) == 1


def test_what_is_set_aside_is_bounded(store: CentralStore) -> None:
    take(store, batch(1, entry(1)))
    rows = [(CODE, number.to_bytes(4, "big"), "access", EPOCH, 1, 1.0, "[]") for number in range(MOST_ASIDE)]
    store._engine.run_each("INSERT INTO aside VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    assert take(store, batch(1, entry(1, reason="revoked")), conflicts=False) == 1
    assert len(store.set_aside(CODE)) == MOST_ASIDE
    assert alarms(store) == {"two_stations", "aside_is_full"}


def test_a_repetition_is_none_whatever_was_in_it(store: CentralStore) -> None:
    deep: Any = []
    for _ in range(40):
        deep = [deep]
    refused = [{"seq": 4}, entry(5, x="y" * 9000), entry(6, x=deep), entry(7, seq_="é")]
    sent = batch(1, entry(1), *refused, entry(8, "b", x=1.5e-7), tombstones=(2, 3))
    for _ in range(3):
        assert take(store, sent) == 8
        assert take(store, batch(2, *sent.entries[1:], tombstones=(2, 3))) == 8
    assert store.alarms() == []
    assert len(store.numbers(CODE)) == 3


def test_what_is_not_held_any_longer_contradicts_nothing(store: CentralStore) -> None:
    sent = batch(1, entry(1), entry(2, "b"), entry(3, "b"))
    take(store, sent)
    store._engine.run("DELETE FROM entries")
    assert take(store, sent) == 3
    with pytest.raises(ConflictFound):
        take(store, batch(4, entry(4, "a")))


def test_a_tombstone_for_what_is_held_contradicts_nothing(store: CentralStore) -> None:
    take(store, batch(1, entry(1), entry(2)))
    assert take(store, batch(1, tombstones=(1, 2, 3))) == 3


def test_a_gap_comes_first(store: CentralStore) -> None:
    with pytest.raises(GapFound) as found:
        take(store, batch(2, entry(2)))
    assert not isinstance(found.value, ConflictFound)


def test_each_stream_and_epoch_has_boots_of_its_own(store: CentralStore) -> None:
    take(store, batch(1, entry(1, "a"), entry(2, "b")))
    store.take(CODE, "telemetry", batch(1, entry(1, "a")), 1.0, conflicts=True)
    store.take("37081102", "access", batch(1, entry(1, "a")), 1.0, conflicts=True)
    assert store.alarms() == []


@pytest.mark.parametrize(
    "odd", [True, "3", None, 2.0, -1, 0, 10**30, 2**62, [], {"a": 1}], ids=lambda each: str(type(each).__name__)
)
def test_an_entry_without_a_number_that_can_be_one_is_refused_in_its_place(odd: Any, store: CentralStore) -> None:
    sent = batch(1, entry(1), {**entry(0), "seq": odd}, entry(4), tombstones=(2,))
    for _ in range(2):
        acked, rejected = store.take(CODE, "access", sent, 1.0, conflicts=True)
        assert acked == 4
    assert [seq for _, _, seq in store.numbers(CODE)] == [1, 4]
    assert rejected == [], "the second time they were passed over"


def test_a_file_of_an_older_release_opens_and_knows_its_boots_and_doors(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "central.db")
    db.executescript((ROOT / "tests" / "programs" / "central-0.2.0.sql").read_text())
    db.close()
    store = CentralStore(tmp_path)
    older: list[dict[str, Any]] = [
        {"seq": 1, "boot_id": "b1", "boot": 1.0, "wall": 1.0, "kind": "locked", "door": "main"},
        {"seq": 2, "boot_id": "b2", "boot": 1.0, "wall": 1.0, "kind": "locked", "door": "main"},
        {"seq": 3},
    ]
    assert take(store, batch(1, *older)) == 3
    with pytest.raises(ConflictFound):
        take(store, batch(4, entry(4, "b1")))
    assert store.doors(CODE) == ["main"]
    store.close()


def test_entries_that_an_older_release_wrote_into_a_newer_file_are_carried_along(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "central.db")
    db.executescript((ROOT / "tests" / "programs" / "central-0.2.0.sql").read_text())
    newer = (ROOT / "kiosk" / "central" / "store" / "migrations" / "sqlite" / "003_alarms_conflicts.sql").read_text()
    db.executescript(";".join(newer.split("\n\n")))
    db.execute("INSERT INTO _sqlite_migrations VALUES (3, 'central', 'm003_alarms_conflicts', '')")
    db.execute(
        "INSERT INTO entries SELECT station, stream, epoch, 4, kind, 'b3', boot, wall, received, body FROM entries LIMIT 1"
    )
    db.execute("UPDATE marks SET acked = 4")
    db.commit()
    db.close()
    store = CentralStore(tmp_path)
    assert [seq for _, _, seq in store.numbers(CODE)] == [1, 2, 4]
    with pytest.raises(ConflictFound):
        take(store, batch(5, entry(5, "b3"), entry(6, "b2")))
    store.close()
