"""`kiosk logbook` on the file of a station that runs, that is damaged, and that is not there."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path

import pytest

from kiosk.core.clock import Quality
from kiosk.core.entries import Denied, Stamp
from kiosk.logbook.store import Logbook
from tests.keys import STRANGER, claims, signed
from tests.programs.house import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.trust()
    with house.station() as station:
        assert station.verdict(signed(claims(5))) == "granted"
        assert station.verdict(signed(claims(6), STRANGER)) == "bad_signature"
        station.next("locked")
        shown = house.kiosk("logbook")
        assert shown.returncode == 0, shown.stderr
        assert "access" in shown.stdout, "also while the station runs"
    return house


def test_it_counts_and_tells_what_waits(house: House) -> None:
    found = json.loads(house.kiosk("logbook", "--json").stdout)
    access = found["streams"]["access"]
    assert access["rows"] == access["newest"] == access["waiting"] == len(house.entries())
    assert access["oldest_waiting"] == house.entries()[0]["wall"]
    assert 0 < found["bytes"] < found["bound_bytes"] == 256_000_000
    assert found["set_aside"] == []


def test_it_exports_json_lines_and_csv(house: House) -> None:
    done = house.kiosk("logbook", "export", "--after", "1")
    assert [json.loads(line) for line in done.stdout.splitlines()] == house.entries()[1:]
    file = house.folder / "out.csv"
    assert house.kiosk("logbook", "export", "--format", "csv", "--out", str(file)).returncode == 0
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert [row["kind"] for row in rows] == house.kinds()
    assert json.loads(rows[1]["details"])["index"] == 5


def test_it_finds_a_changed_entry_that_sqlite_does_not_see(house: House) -> None:
    assert house.kiosk("logbook", "verify").returncode == 0
    with sqlite3.connect(house.data / "logbook.db") as db:
        db.execute("UPDATE access SET body = replace(body, '\"index\":5', '\"index\":6') WHERE seq = 2")
    db.close()
    done = house.kiosk("logbook", "verify", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "ok": False,
        "file": "",
        "damaged": {"access": [2], "telemetry": [], "services": []},
    }


def test_without_a_file_it_says_so(tmp_path: Path) -> None:
    for words in (("logbook",), ("logbook", "verify"), ("logbook", "export")):
        done = House(tmp_path).kiosk(*words)
        assert (done.returncode, "kiosk doctor" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_the_log_goes_on_past_a_place_that_cannot_be_read_and_says_what_it_left_out(tmp_path: Path) -> None:
    house = House(tmp_path)
    book = Logbook(house.data, "b")
    book.append([(Stamp(1.0, 1e9, Quality.SYNCED), Denied("main", f"reason {n}")) for n in range(1000)])
    book.close()
    file = house.data / "logbook.db"
    pages = bytearray(file.read_bytes())
    place = [at for at in range(0, len(pages), 1024) if pages[at] == 0x0D and b"reason" in pages[at : at + 1024]][-3]
    pages[place : place + 100] = b"\xa5" * 100
    file.write_bytes(pages)
    done = house.kiosk("log", "-n", "900", "--json")
    seqs = [json.loads(line)["seq"] for line in done.stdout.splitlines()]
    assert (done.returncode, len(seqs), seqs[-1]) == (0, 900, 1000)
    (first, last) = (int(word) for word in done.stderr.split() if word.isdecimal())
    assert set(range(seqs[0], 1001)) - set(seqs) == set(range(first, last + 1))
