"""The third stream in the logbook: it has a bound of its own, and costs the other two nothing."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.core.clock import Quality
from kiosk.core.entries import Absent, Denied, Dropped, Entry, Rated, Stamp, Stream
from kiosk.core.events import CommitFailed, Committed, Record
from kiosk.logbook import salvage
from kiosk.logbook.reader import FILE, STREAMS, Heads, Reader
from kiosk.logbook.store import MOST_OF_SERVICES, SERVICES_PART, Logbook
from kiosk.logbook.waiting import MOST_SERVICES, Waiting
from tests.logbook.test_power import MEMORY
from tests.logbook.test_writer import Desk, until

STAMP = Stamp(1.0, 1e9, Quality.SYNCED)
COUNTS = (3, 1, 0, 0)
LARGE = "x" * 5000


def book_with(folder: Path, services: int, words: str = "rest?") -> Logbook:
    book = Logbook(folder, "boot")
    book.append([(STAMP, Rated(words, COUNTS)) for _ in range(services)])
    return book


def numbers(folder: Path, stream: Stream) -> list[int]:
    reader = Reader(folder)
    found = [row.seq for row in reader.rows(stream)]
    reader.close()
    return found


def test_it_has_numbers_and_a_mark_of_its_own(tmp_path: Path) -> None:
    book = book_with(tmp_path, 3)
    book.append([(STAMP, Denied("main", "expired"))])
    book.acknowledge("services", 2, 0.0)
    assert book.heads() == {"access": Heads(1, 0), "telemetry": Heads(0, 0), "services": Heads(3, 2)}
    assert json.loads(book.last("services", 1)[0].body) == {
        "kind": "rated", "question": "rest?", "counts": [3, 1, 0, 0],
    }  # fmt: skip
    book.acknowledge("services", 3, forget_before=2e9)
    assert (numbers(tmp_path, "services"), numbers(tmp_path, "access")) == ([], [1])
    book.close()


def test_a_bundle_of_several_entries_is_one_commit_and_does_not_wait(desk: Desk) -> None:
    parts = tuple(Rated(f"{number}", COUNTS) for number in range(3))
    desk.writer.put(Record(parts, STAMP, 7))
    assert desk.answers.get(timeout=30) == Committed(7)
    assert desk.count("services") == 3


def test_an_entry_that_is_too_large_is_refused_alone_and_counted(desk: Desk) -> None:
    room = MOST_OF_SERVICES - len(
        json.dumps({"kind": "rated", "question": "", "counts": COUNTS}, separators=(",", ":"))
    )
    desk.writer.put(Record((Rated("x" * (room + 1), COUNTS),), STAMP, 1))
    assert isinstance(desk.answers.get(timeout=30), CommitFailed)
    desk.writer.put(Record((Rated("x" * room, COUNTS),), STAMP, 2))
    until(lambda: desk.count("services") == 1)
    reader = Reader(desk.folder)
    (row,) = reader.rows("access")
    reader.close()
    assert json.loads(row.body) == {"kind": "dropped", "stream": "services", "count": 1}


def test_beyond_its_part_its_own_oldest_go_first_those_that_the_server_has(tmp_path: Path) -> None:
    book = book_with(tmp_path, 500, LARGE)
    book.append([(STAMP, Denied("main", "expired"))])
    book.acknowledge("services", 150, 0.0)
    most = SERVICES_PART * 400 * len(LARGE)
    gone = []
    while dropped := book.trim(most, STAMP):
        gone.append(dropped)
    assert gone == [100, 50]
    assert numbers(tmp_path, "services")[0] == 151
    assert numbers(tmp_path, "access") == [1], "what the server has goes without a word"
    assert book.trim(most // 2, STAMP) == 100
    assert json.loads(book.last("access", 1)[0].body) == {
        "kind": "dropped", "stream": "services", "first": 151, "last": 250,
    }  # fmt: skip
    book.close()


def sized(stream: Stream, size: int) -> Entry:
    words = "x" * size
    made: dict[Stream, Entry] = {"access": Denied("main", words), "telemetry": Absent("t", words)}
    return made.get(stream, Rated(words, COUNTS))


@given(
    st.lists(st.tuples(st.sampled_from(STREAMS), st.integers(1, 60), st.integers(1, 2000)), max_size=12),
    st.integers(1, 400_000),
)
@settings(max_examples=20, deadline=None)
def test_services_never_displace_what_the_server_lacks_of_access(
    made: list[tuple[Stream, int, int]], most: int
) -> None:
    with TemporaryDirectory(dir=MEMORY) as name:
        folder = Path(name)
        book = Logbook(folder, "boot")
        for stream, count, size in made:
            book.append([(STAMP, sized(stream, size))] * count)
        access = numbers(folder, "access")
        while numbers(folder, "services") and book.trim(most, STAMP):
            assert numbers(folder, "access")[: len(access)] == access
        book.close()


def test_what_waits_in_memory_has_a_bound_of_its_own_and_goes_before_access() -> None:
    waiting = Waiting(most=MOST_SERVICES + 4)
    for number in range(MOST_SERVICES + 2):
        waiting.take(STAMP, Rated(f"{number}", COUNTS))
    waiting.take(STAMP, Denied("main", "one"))
    entries = [entry for _, entry in waiting.due()]
    assert entries[:3] == [Dropped("services", count=2), Denied("main", "one"), Rated("2", COUNTS)]
    for number in range(4):
        waiting.take(STAMP, Denied("main", f"{number}"))
    entries = [entry for _, entry in waiting.due()]
    assert (entries[0], entries[6]) == (Dropped("services", count=3), Rated("3", COUNTS))
    waiting.written(waiting.due())
    assert (len(waiting), waiting.due_at()) == (0, None)


def test_what_a_broken_logbook_holds_of_it_survives_with_its_numbers_and_its_mark(tmp_path: Path) -> None:
    book = book_with(tmp_path, 300)
    book.acknowledge("services", 120, 0.0)
    book.close()
    data = bytearray((tmp_path / FILE).read_bytes())
    data[:100] = bytes(100)
    (tmp_path / FILE).write_bytes(data)
    Logbook(tmp_path, "boot two").close()
    (broken,) = salvage.waiting(tmp_path)
    assert salvage.salvage(broken) == salvage.Salvaged(300, 0)
    reader = Reader(tmp_path, f"salvaged-{book.epoch}.db")
    assert (reader.heads()["services"], reader.count("services")) == (Heads(300, 120), 300)
    reader.close()
    salvage.acknowledge(tmp_path, book.epoch, "services", 300)
    assert not list(tmp_path.glob("salvaged-*"))


@pytest.mark.parametrize("closed", [True, False], ids=["in the file", "in the WAL"])
def test_an_entry_of_several_pages_survives_whole(closed: bool, tmp_path: Path) -> None:
    book = Logbook(tmp_path, "boot")
    words = [f"{number}" * size for number in (1, 2) for size in (900, 980, 990, 1010, 2040, 3060, 5900)]
    for each in words:
        book.append([(STAMP, Rated(each, COUNTS))])
    if closed:
        book.close()
    for suffix in ("", "-wal") if not closed else ("",):
        (tmp_path / f"{FILE}.broken-1{suffix}").write_bytes((tmp_path / f"{FILE}{suffix}").read_bytes())
    assert salvage.salvage(tmp_path / f"{FILE}.broken-1") == salvage.Salvaged(len(words), 0)
    reader = Reader(tmp_path, f"salvaged-{book.epoch}.db")
    assert [(row.intact, row.wire()["question"]) for row in reader.rows("services")] == [(True, each) for each in words]
    reader.close()
    book.close()
