"""A new epoch: what the server lacks goes on once, whatever cuts it off, and the next start remembers who has come in."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from kiosk.core.clock import Quality
from kiosk.core.entries import Denied, Measured, Rated, Stamp
from kiosk.core.events import Faulted
from kiosk.logbook import epoch as epochs
from kiosk.logbook.jobs import Acked, NewEpoch
from kiosk.logbook.reader import FILE, Heads, Reader
from kiosk.logbook.store import Logbook
from tests.logbook.test_writer import Desk, until

STAMP = Stamp(1.0, 1e9, Quality.SYNCED)


def filled(folder: Path) -> Logbook:
    """Twelve entries, of which the server has nine, five values (two), and three ratings (one)."""
    book = Logbook(folder, "boot")
    book.append([(STAMP, Denied("main", f"{number}")) for number in range(1, 13)])
    book.append([(STAMP, Measured("t", float(number), "W")) for number in range(1, 6)])
    book.append([(STAMP, Rated(f"{number}?", (number, 0, 0, 0))) for number in range(1, 4)])
    book.acknowledge("services", 1, 0.0)
    book.acknowledge("access", 9, 0.0, {2: "no"})
    book.acknowledge("telemetry", 2, 0.0)
    return book


def waiting(folder: Path) -> dict[str, list[tuple[int, object]]]:
    """What sync would send, by stream: number and what it says."""
    reader = Reader(folder)
    heads = reader.heads()
    found: dict[str, list[tuple[int, object]]] = {
        stream: [
            (row.seq, next(row.wire()[name] for name in ("reason", "value", "question") if name in row.wire()))
            for row in reader.batch(stream, heads[stream].acked, 99, 10**6)
        ]
        for stream in heads
    }
    reader.close()
    return found


AFTER = {
    "access": [(number - 7, f"{number}") for number in range(8, 13)],
    "telemetry": [(number - 2, float(number)) for number in range(3, 6)],
    "services": [(1, "2?"), (2, "3?")],
}
BEFORE = {
    "access": [(number, f"{number}") for number in range(10, 13)],
    "telemetry": [(number, float(number)) for number in range(3, 6)],
    "services": [(2, "2?"), (3, "3?")],
}


def test_what_the_server_lacks_goes_on_with_new_numbers_and_the_rest_is_remembered(tmp_path: Path) -> None:
    book = filled(tmp_path)
    before = book.epoch
    book.begin_epoch("access", 8)
    assert book.epoch != before
    assert book.heads() == {"access": Heads(5, 0), "telemetry": Heads(3, 0), "services": Heads(2, 0)}
    assert waiting(tmp_path) == AFTER
    assert [row.wire()["reason"] for row in book.last("access", 99)] == [f"{number}" for number in range(12, 0, -1)]
    assert [row.wire()["question"] for row in book.last("services", 99)] == ["3?", "2?", "1?"]
    book.append([(STAMP, Denied("main", "next"))])
    assert waiting(tmp_path)["access"][-1] == (6, "next")
    reader = Reader(tmp_path)
    assert [(each.why, each.row.seq) for each in reader.refused()] == [("no", -2)]
    assert reader.check() == ""
    reader.close()
    book.close()
    again = Logbook(tmp_path, "boot")
    assert (again.replaced, again.epoch, again.heads()["access"]) == ("", book.epoch, Heads(6, 0))
    again.close()


@pytest.mark.parametrize("seq", [10, 11, 10**9])
def test_who_lies_about_the_number_makes_nothing_be_lost(seq: int, tmp_path: Path) -> None:
    book = filled(tmp_path)
    book.begin_epoch("access", seq)
    assert [says for _, says in waiting(tmp_path)["access"]] == ["10", "11", "12"]
    book.begin_epoch("access", -5)
    assert [says for _, says in waiting(tmp_path)["access"]] == ["10", "11", "12"]
    book.close()


class Cut(Exception):
    """The power."""


@pytest.mark.parametrize("at", range(8))
def test_a_cut_at_any_step_leaves_one_file_or_the_other_whole(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut before each change of a name; what is on the disk then is looked at in another folder."""
    book, steps, then = filled(tmp_path / "data"), [0], tmp_path / "then"
    for name in ("rename", "unlink"):
        real = getattr(Path, name)

        def cut(path: Path, *words: object, real: object = real, **more: object) -> object:
            if path.name.startswith("logbook") and steps[0] >= 0 and path.exists():
                if steps[0] == at:
                    steps[0] = -1
                    shutil.copytree(tmp_path / "data", then)
                    raise Cut
                steps[0] += 1
            return real(path, *words, **more)  # type: ignore[operator]

        monkeypatch.setattr(Path, name, cut)
    try:
        book.begin_epoch("access", 8)
    except Cut:
        again = Logbook(then, "boot")
        assert again.replaced == ""
        assert waiting(then) in (BEFORE, AFTER)
        assert sorted(path.name for path in then.iterdir() if path.name.startswith("logbook.")) == sorted(
            FILE + suffix for suffix in ("", "-shm", "-wal")
        )
        again.close()
    assert waiting(tmp_path / "data") == AFTER or at < 2
    book.close()


def test_a_disk_that_takes_no_new_file_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = filled(tmp_path)
    monkeypatch.setattr(epochs, "COLUMNS", "no_such_column")
    with pytest.raises(sqlite3.Error):
        book.begin_epoch("access", 8)
    assert waiting(tmp_path) == BEFORE
    book.append([(STAMP, Denied("main", "next"))])
    book.close()
    Logbook(tmp_path, "boot").close()
    assert not (tmp_path / epochs.NEW).exists()


def test_the_writer_begins_one_when_it_is_its_own_epoch_and_not_again_within_the_hour(tmp_path: Path) -> None:
    filled(tmp_path).close()
    desk = Desk(tmp_path)
    first = desk.writer.epoch
    desk.writer.put(NewEpoch("f" * 16, "access", 8))
    desk.writer.put(NewEpoch(first, "access", 8))
    answer = desk.answers.get(timeout=30)
    assert isinstance(answer, Faulted)
    assert answer.what == "cloned"
    second = desk.writer.epoch
    assert second != first
    assert desk.writer.heads["access"] == Heads(5, 0)
    desk.writer.put(NewEpoch(second, "access", 1))
    desk.writer.put(Acked("access", 3, 0.0))
    until(lambda: desk.writer.heads["access"] == Heads(5, 3))
    assert desk.writer.epoch == second
    desk.loops.end()
    desk.writer.close()
