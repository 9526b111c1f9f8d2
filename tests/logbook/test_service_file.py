"""The file of the services: a change whole or not at all, a damaged row, a broken file, a disk that refuses."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.core.entries import Locked
from kiosk.core.events import Committed, Faulted, Keep, KeepService, Record, ServicesLost
from kiosk.core.services import restore
from kiosk.logbook.cold import read_cold
from kiosk.logbook.services import FILE, SERVICES, ServicesFile, read_services
from kiosk.station.start import restored_services
from tests.core.bench import Bench
from tests.core.test_services import held, service
from tests.keys import NOW
from tests.logbook.test_writer import STAMP, Desk

ROWS = {"a": service(5), "b": service(6, "b"), "": service(9, "c", ends=NOW)}


def filled(folder: Path) -> None:
    file = ServicesFile(folder)
    file.keep(KeepService(name, 1, body) for name, body in ROWS.items())
    file.close()


def change(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / FILE)) as db:
        for each in statements:
            db.execute(each)
        db.commit()


def taken_back(folder: Path) -> tuple[dict[str, int], int, str]:
    """What a station holds after a start, the number that it asks with, and why the file is a new one."""
    file = ServicesFile(folder)
    state = restored_services(Bench().state, file, 0.0)
    assert file.rows().keys() == {*state.services.held, *([""] if state.services.number else [])}
    file.close()
    return held(state), state.services.number, file.replaced


def test_what_is_stored_is_there_after_a_start_and_what_is_stored_empty_is_gone(tmp_path: Path) -> None:
    filled(tmp_path)
    assert taken_back(tmp_path) == ({"a": 5, "b": 6}, 9, "")
    file = ServicesFile(tmp_path)
    file.keep([KeepService("a", 0, b""), KeepService("nothing", 0, b"")])
    file.close()
    assert taken_back(tmp_path) == ({"b": 6}, 9, "")


@pytest.mark.parametrize("how", ["withdrawn", "at a start"])
def test_of_what_has_gone_no_byte_is_left_in_any_file(tmp_path: Path, how: str) -> None:
    canary = bytes(range(100, 132))
    file = ServicesFile(tmp_path)
    file.keep([KeepService("campaign", 1, canary * 200), KeepService("b", 2, service(6, "b"))])
    file.keep([KeepService("campaign", 3, canary * 9)])
    if how == "withdrawn":
        file.keep([KeepService("campaign", 0, b"")])
    else:
        file.keep_only(["b"])
    found = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    assert [name for name, data in found.items() if canary[:8] in data] == []
    assert service(6, "b")[-64:] in b"".join(found.values())
    file.close()


DAMAGE = {
    "a body": "UPDATE services SET body = x'00' || body WHERE id = 'a'",
    "a body that is text": "UPDATE services SET body = 'text' WHERE id = 'a'",
    "no bytes": "UPDATE services SET body = x'' WHERE id = 'a'",
    "an id": "UPDATE services SET id = 'z' WHERE id = 'a'",
    "an id that is no text": "UPDATE services SET id = CAST(x'ff00' AS TEXT) WHERE id = 'a'",
    "no id": "UPDATE services SET id = NULL WHERE id = 'a'",
    "an id that is a number": "UPDATE services SET id = 7.5 WHERE id = 'a'",
    "somebody else's": "INSERT INTO services VALUES ('x', 1, x'01')",
    "the number's": "UPDATE services SET body = x'01' WHERE id = ''",
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_row_asks_for_everything_costs_no_other_and_is_gone_at_the_next_start(
    what: str, tmp_path: Path
) -> None:
    filled(tmp_path)
    change(tmp_path, DAMAGE[what])
    rest = {"a": 5, "b": 6} if what in {"somebody else's", "the number's"} else {"b": 6}
    assert taken_back(tmp_path) == (rest, 0, "")
    assert taken_back(tmp_path) == (rest, 0, ""), "also at the next start: it was not asked yet"


@pytest.mark.parametrize("how", ["rubbish", "half", "empty", "a folder"])
def test_a_broken_file_is_moved_aside_and_everything_asked_for(how: str, tmp_path: Path) -> None:
    filled(tmp_path)
    file = tmp_path / FILE
    whole = file.read_bytes()
    file.unlink()
    if how == "a folder":
        file.mkdir()
    else:
        file.write_bytes({"rubbish": b"rubbish" * 999, "half": whole[: len(whole) // 2], "empty": b""}[how])
    found, number, why = taken_back(tmp_path)
    assert (found, number, bool(why)) == ({}, 0, True)
    assert taken_back(tmp_path) == ({}, 0, "")


def test_a_folder_that_takes_no_write_is_read_all_the_same(tmp_path: Path) -> None:
    filled(tmp_path)
    assert read_services(tmp_path) == ROWS
    assert read_services(tmp_path / "nowhere") == {}
    (tmp_path / "memory").mkdir()
    file = ServicesFile(tmp_path / "memory")
    file.take_over(tmp_path)
    assert file.rows() == ROWS
    file.close()


def test_a_change_is_whole_or_not_there(tmp_path: Path) -> None:
    filled(tmp_path)
    file = ServicesFile(tmp_path)
    bad = KeepService("b", "no number", b"x")  # type: ignore[arg-type]
    file._db.execute(
        "CREATE TEMP TRIGGER t BEFORE INSERT ON services WHEN new.version = 'no number' BEGIN SELECT RAISE(FAIL, 'no'); END"
    )
    with pytest.raises(sqlite3.IntegrityError):
        file.keep([KeepService("a", 7, b"new"), bad])
    assert file.rows() == ROWS
    file.close()


def test_more_rows_than_may_be_held_are_taken_back_in_within_the_bounds() -> None:
    rows = {f"n{version}": service(version, f"n{version}") for version in range(1, 80)}
    assert len(held(restore(Bench().state, rows, 0.0))) == 64


# The writer.


def test_the_writer_stores_services_beside_the_documents(desk: Desk) -> None:
    desk.writer.put(KeepService("a", 5, b"five"))
    desk.writer.put(KeepService("", 5, b"five"))
    desk.writer.put(KeepService("a", 6, b"six"))
    desk.writer.close()
    assert read_services(desk.folder) == {"a": b"six", "": b"five"}


def test_a_file_that_breaks_while_it_is_written_is_told_begun_anew_and_costs_nothing_else(desk: Desk) -> None:
    desk.writer._services.close()
    (desk.folder / FILE).write_bytes(b"rubbish" * 1000)
    desk.writer.put(Keep("policy", 3, b"policy"))
    desk.writer.put(KeepService("a", 5, b"five"))
    desk.writer.put(Record((Locked("main"),), STAMP, 1))
    answers = [desk.answers.get(timeout=30) for _ in range(3)]
    assert ServicesLost() in answers
    assert Committed(1) in answers
    (fault,) = [each for each in answers if isinstance(each, Faulted)]
    assert fault.what == SERVICES
    desk.writer.close()
    assert read_services(desk.folder) == {}
    assert read_cold(desk.folder)[0] == {"policy": b"policy"}


def test_a_services_file_that_takes_no_write_holds_up_no_document(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.folder / FILE, isolation_level=None)) as thief:
        desk.writer._services._db.execute("PRAGMA busy_timeout=10")
        thief.execute("BEGIN IMMEDIATE")
        desk.writer.put(KeepService("a", 5, b"five"))
        desk.writer.put(Keep("policy", 3, b"policy"))
        desk.answers.get(timeout=30)
        desk.writer.put(Keep("status", 4, b"list"))
        desk.answers.get(timeout=30)
        thief.execute("ROLLBACK")
    desk.answers.get(timeout=30)
    desk.writer.close()
    assert read_services(desk.folder) == {"a": b"five"}
    assert read_cold(desk.folder)[0] == {"policy": b"policy", "status": b"list"}
