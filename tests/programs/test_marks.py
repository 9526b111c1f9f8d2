"""What a process remembers of the logs that it writes: it holds as long as nobody else has written, and was done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from kiosk.central.remembered import MOST_KNOWN
from kiosk.central.store import CentralStore
from kiosk.central.store.logs import ConflictFound, GapFound, Sent
from tests.programs.office import CODE, sqlite_of
from tests.programs.test_central_bounds import CODES
from tests.programs.test_conflict import batch, entry


class Undone(Exception):
    """Somebody's mistake in the same transaction."""


@pytest.fixture
def store(central_folder: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(central_folder)) as store:
        yield store


def take(store: CentralStore, first: int, *boots: str, code: str = CODE) -> int:
    found = batch(first, *(entry(first + at, boot) for at, boot in enumerate(boots)))
    return store.take(code, "access", found, 1.0, conflicts=True)[0]


def test_what_another_process_took_meanwhile_is_seen(store: CentralStore, central_folder: Path) -> None:
    with closing(CentralStore(central_folder)) as other:
        for first in range(1, 12, 2):
            assert take(store, first, "a") == first
            assert take(other, first + 1, "a") == first + 1
        with pytest.raises(GapFound) as found:
            take(store, 20, "a")
    assert found.value.expected == 13
    assert [seq for *_, seq in store.numbers(CODE)] == [*range(1, 13)]


def test_what_was_undone_is_not_held_and_is_taken_again(store: CentralStore) -> None:
    assert take(store, 1, "a") == 1
    with suppress(Undone), store.transaction():
        assert take(store, 2, "a") == 2
        raise Undone
    with pytest.raises(GapFound) as found:
        take(store, 3, "a")
    assert found.value.expected == 2
    assert take(store, 2, "a", "a") == 3
    assert [seq for *_, seq in store.numbers(CODE)] == [1, 2, 3]


def test_a_boot_that_another_has_followed_is_known_however_the_log_is(store: CentralStore) -> None:
    take(store, 1, "a")
    take(store, 2, "a", "b")
    take(store, 4, "b", "b")
    with pytest.raises(ConflictFound) as found:
        take(store, 6, "b", "a")
    assert found.value.expected == 7
    assert take(store, 7, "b") == 7


def test_two_batches_of_one_log_that_came_together_are_taken_in_turn(store: CentralStore) -> None:
    sent = [Sent(CODE, "access", batch(first, entry(first), entry(first + 1))) for first in (1, 3, 5, 9)]
    became = store.take_all(sent, 1.0)
    assert [each[0] if isinstance(each, tuple) else each for each in became][:3] == [2, 4, 6]
    assert isinstance(became[3], GapFound)
    assert take(store, 7, "a") == 7


def test_a_log_that_is_forgotten_for_the_one_beside_it_is_looked_up_again(store: CentralStore) -> None:
    """So many are remembered; a station that was taken over may begin an epoch with each batch."""
    sent = [Sent(CODE, "access", replace(batch(1), epoch=f"{number:016x}")) for number in range(MOST_KNOWN + 1)]
    assert store.take_all(sent[:-1], 1.0) == [(0, [])] * MOST_KNOWN
    assert store.take_all([sent[0], sent[-1]], 1.0) == [(0, [])] * 2


def test_nothing_is_read_for_a_log_that_this_process_alone_writes(tmp_path: Path) -> None:
    """In SQLite: each row that is read is a turn among the threads that compute."""
    with closing(CentralStore(tmp_path)) as store:
        for first in (1, 2):
            for code in CODES:
                take(store, first, "a", code=code)
        said = list[str]()
        sqlite_of(store).set_trace_callback(said.append)
        store.take_all([Sent(code, "access", batch(3, entry(3))) for code in CODES], 1.0)
        sqlite_of(store).set_trace_callback(None)
    assert [each for each in said if each.startswith("SELECT")] == []
    assert len([each for each in said if each.startswith("INSERT INTO entries")]) == 2, "of two rows, and of one"
