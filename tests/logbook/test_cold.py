"""What a station keeps twice: the better file heals the other, and what is damaged in both is as if it were not there."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from kiosk import keyfiles
from kiosk.keyfiles import ROOT_KEY, STATION_KEY
from kiosk.logbook.cold import COPY, FILE, ColdState, read_cold

DOCUMENTS = {"keyset": b"keys", "status": b"list"}
KEY = bytes(range(32))


def filled(folder: Path) -> None:
    cold = ColdState(folder)
    with cold.transaction():
        cold.keep("keyset", 1, b"keys")
        cold.keep("status", 3, b"list")
        cold.keep_floor(77.5)
    cold.close()


def change(path: Path, statement: str) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(statement)
    db.close()


SPOILT = ("empty", "zeroed", "half", "gone", "a folder", "a link to itself", "a pipe")


def spoil(path: Path, how: str) -> None:
    content = path.read_bytes()
    path.unlink()
    match how:
        case "empty" | "zeroed" | "half":
            path.write_bytes({"empty": b"", "zeroed": bytes(len(content)), "half": content[: len(content) // 2]}[how])
        case "a folder":
            path.mkdir()
        case "a link to itself":
            path.symlink_to(path.name)
        case "a pipe":
            os.mkfifo(path)


CHANGED = {
    "a document": "UPDATE documents SET body = x'00' WHERE kind = 'status'",
    "a document's type": "UPDATE documents SET body = 7 WHERE kind = 'keyset'",
    "a document's name": "UPDATE documents SET kind = CAST(x'ff' AS TEXT) WHERE kind = 'status'",
    "the floor": "UPDATE meta SET value = '99999999' WHERE key = 'clock_floor'",
    "the floor's form": "UPDATE meta SET value = 'nan' WHERE key = 'clock_floor'",
    "a checksum": "UPDATE meta SET value = '3:00000000' WHERE key = 'checksum status'",
    "a row": "DELETE FROM documents",
}


@pytest.mark.parametrize("name", [FILE, COPY])
@pytest.mark.parametrize("how", SPOILT)
def test_a_file_that_is_spoilt_is_made_anew_from_the_other(how: str, name: str, tmp_path: Path) -> None:
    filled(tmp_path)
    spoil(tmp_path / name, how)
    if how != "a pipe":  # at which sqlite3 would wait, with nobody else to read
        assert read_cold(tmp_path) == (DOCUMENTS, 77.5)
    cold = ColdState(tmp_path)
    assert (cold.documents(), cold.floor()) == (DOCUMENTS, 77.5)
    assert bool(cold.faults) is ((how, name) != ("gone", COPY)), "a previous version made no copy"
    cold.close()
    again = ColdState(tmp_path)
    assert (again.faults, again.documents(), again.floor()) == ((), DOCUMENTS, 77.5)
    again.close()


@pytest.mark.parametrize("name", [FILE, COPY])
@pytest.mark.parametrize("how", CHANGED)
def test_a_value_that_is_not_as_it_was_written_comes_from_the_other_file(how: str, name: str, tmp_path: Path) -> None:
    filled(tmp_path)
    change(tmp_path / name, CHANGED[how])
    assert read_cold(tmp_path) == (DOCUMENTS, 77.5)
    cold = ColdState(tmp_path)
    assert (cold.documents(), cold.floor()) == (DOCUMENTS, 77.5)
    assert cold.faults or name == COPY
    cold.close()


def test_what_is_damaged_in_both_is_told_and_not_used(tmp_path: Path) -> None:
    filled(tmp_path)
    for name in (FILE, COPY):
        change(tmp_path / name, CHANGED["a document"])
        change(tmp_path / name, CHANGED["the floor"])
    cold = ColdState(tmp_path)
    assert (cold.documents(), cold.floor()) == ({"keyset": b"keys"}, 0.0)
    assert "clock_floor, status" in cold.faults[0]
    cold.keep("status", 4, b"new")
    assert cold.documents()["status"] == b"new"
    cold.close()


def test_the_newer_file_wins_and_a_floor_that_was_lowered_stays_so(tmp_path: Path) -> None:
    filled(tmp_path)
    old = (tmp_path / FILE).read_bytes()
    cold = ColdState(tmp_path)
    with cold.transaction():
        cold.keep("status", 4, b"newer")
        cold.keep_floor(5.0, lowered=True)
    cold.close()
    (tmp_path / FILE).write_bytes(old)
    cold = ColdState(tmp_path)
    assert (cold.documents()["status"], cold.floor()) == (b"newer", 5.0)
    assert "from the copy" in cold.faults[0]
    cold.close()


def test_files_of_a_previous_version_get_their_copy_without_a_word(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / COPY).unlink()
    change(tmp_path / FILE, "DELETE FROM meta WHERE key != 'clock_floor'")
    change(tmp_path / FILE, "UPDATE documents SET version = 9, body = x'09' WHERE kind = 'status'")
    cold = ColdState(tmp_path)
    assert cold.faults == ()
    cold.close()
    (tmp_path / FILE).unlink()
    assert read_cold(tmp_path) == ({"keyset": b"keys", "status": b"\x09"}, 77.5)


@pytest.mark.parametrize("key", [ROOT_KEY, STATION_KEY])
@pytest.mark.parametrize("side", ["", keyfiles.COPY])
@pytest.mark.parametrize("how", SPOILT)
def test_a_key_that_is_spoilt_comes_from_the_other_file(how: str, side: str, key: str, tmp_path: Path) -> None:
    keyfiles.keep(tmp_path, key, KEY)
    spoil(tmp_path / (key + side), how)
    assert keyfiles.read_kept(tmp_path, key).raw == KEY
    healed = keyfiles.heal(tmp_path, key)
    assert healed.raw == KEY
    assert bool(healed.wrong) is ((how, side) != ("gone", keyfiles.COPY))
    assert keyfiles.heal(tmp_path, key) == keyfiles.Kept(KEY)
    assert (tmp_path / key).stat().st_mode & 0o777 == keyfiles.MODES[key]


def test_any_flipped_bit_of_a_key_is_seen(tmp_path: Path) -> None:
    keyfiles.keep(tmp_path, ROOT_KEY, KEY)
    whole = (tmp_path / ROOT_KEY).read_bytes()
    for bit in range(8 * len(whole)):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        (tmp_path / ROOT_KEY).write_bytes(content)
        assert keyfiles.read_kept(tmp_path, ROOT_KEY).raw == KEY


def test_a_key_of_a_previous_version_gets_its_copy_and_one_put_there_by_hand_counts(tmp_path: Path) -> None:
    keyfiles.keep(tmp_path, ROOT_KEY, KEY)
    other = tmp_path / "other"
    keyfiles.write_raw(other, KEY[::-1], 0o644)
    (tmp_path / ROOT_KEY).write_text(other.read_text().splitlines()[0])
    assert keyfiles.heal(tmp_path, ROOT_KEY) == keyfiles.Kept(KEY[::-1])
    (tmp_path / ROOT_KEY).unlink()
    assert keyfiles.heal(tmp_path, ROOT_KEY).raw == KEY[::-1]


def test_without_a_key_there_is_nothing_wrong_and_with_two_damaged_ones_it_says_what_to_do(tmp_path: Path) -> None:
    assert keyfiles.heal(tmp_path, ROOT_KEY) == keyfiles.Kept(b"")
    for name in (ROOT_KEY, ROOT_KEY + keyfiles.COPY):
        (tmp_path / name).write_bytes(b"\xff")
    kept = keyfiles.heal(tmp_path, ROOT_KEY)
    assert (kept.raw, kept.wrong[-1]) == (b"", "there is no other: enrol the station anew")


@pytest.mark.parametrize("change", ["\ufeff{}", "{}\r\n", "\ufeff{}  \r\n"])
def test_a_key_that_another_editor_has_saved_is_read(tmp_path: Path, change: str) -> None:
    keyfiles.keep(tmp_path, ROOT_KEY, KEY)
    path = tmp_path / ROOT_KEY
    text = path.read_text()
    for saved in (text.replace("\n", "\r\n"), text.replace("\n", "\r"), text.split("\n")[0]):
        path.write_bytes(change.format(saved).encode())
        assert keyfiles.read_raw(path) == KEY


@pytest.mark.parametrize("data", [b"", b"\xff\xfeA\0", b"AAA", "“AAAA”".encode(), b"A" * 44])
def test_what_is_no_key_is_said_in_words(tmp_path: Path, data: bytes) -> None:
    (tmp_path / ROOT_KEY).write_bytes(data)
    with pytest.raises(ValueError, match=r"root\.pub (holds no key in Base64|has \d+ bytes of a key and not 32)"):
        keyfiles.read_raw(tmp_path / ROOT_KEY)
