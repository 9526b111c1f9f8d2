"""`kiosk replay`: a running station's events are saved, read by their owner alone, and replayed elsewhere."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from tests.keys import STRANGER, claims, signed
from tests.programs.house import House


def test_the_recent_events_of_a_station_are_saved_and_replayed(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.trust()
    file = tmp_path / "events.rec"
    text = signed(claims(5))
    with house.station() as station:
        assert station.verdict(text) == "granted"
        assert station.verdict(signed(claims(6), STRANGER)) == "bad_signature"
        station.next("locked")
        saved = house.kiosk("replay", "--save", str(file))
        assert saved.returncode == 0, saved.stderr
        assert house.kiosk("replay", "--save", str(file)).returncode == 2, "a file that is there is not written over"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = house.kiosk("replay", str(file))
    assert told.returncode == 0, told.stderr
    for words in (
        "main: opened for card 5 (worker)",
        "main: refused: This pass was not issued by the union",
        "-> SetLock door=main unlocked=True",
    ):
        assert words in told.stdout
    assert told.stdout.strip().endswith("1 granted, 1 refused: all as the station decided.")
    assert text not in told.stdout, "a recording's passes open doors; the words do not tell them"
    summary = json.loads(house.kiosk("replay", "--json", str(file)).stdout)
    assert (summary["ok"], summary["entries"]["granted"], summary["differ"]) == (True, 1, [])


def test_without_a_station_or_a_recording_it_says_so(tmp_path: Path) -> None:
    house = House(tmp_path)
    done = house.kiosk("replay", "--save", str(tmp_path / "x"))
    assert (done.returncode, "kiosk doctor" in done.stderr) == (3, True)
    done = house.kiosk("replay", str(tmp_path / "x"))
    assert (done.returncode, "there is no such file" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
    (tmp_path / "x").write_bytes(b"rubbish")
    done = house.kiosk("replay", str(tmp_path / "x"))
    assert (done.returncode, "no recording" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
