"""A settings file that broke: every program goes on with the last good ones, and everybody is told."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from kiosk.settings.kept import COPY
from tests.keys import claims, signed
from tests.programs.house import House, until

MORE = """
[scanners.main]
door = "main"
camera = "{folder}/none"
[screen]
port = 18093
[central]
url = "http://127.0.0.1:9"
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    """One that has started once, and whose power then went."""
    house = House(tmp_path, MORE.format(folder=tmp_path))
    house.trust()
    with house.station():
        until((house.run / COPY).exists, "the copy in the folder of the sockets")
        until((house.data / COPY).exists, "the copy in the data folder")
    shutil.rmtree(house.run)
    return house


@pytest.mark.parametrize(
    "broken", ["misspelt", *(pytest.param(each, marks=pytest.mark.slow) for each in ("empty", "half", "gone"))]
)
def test_every_program_starts_and_a_pass_opens(broken: str, house: House) -> None:
    whole = house.config.read_text()
    match broken:
        case "misspelt":
            house.config.write_text(whole + "[logbook]\nkeep_acces_days = 3\n")
        case "empty":
            house.config.write_text("")
        case "half":
            house.config.write_text(whole[: len(whole) // 2])
        case _:
            house.config.unlink()
    with house.station() as station, ExitStack() as stack:
        others = [stack.enter_context(house.program(*words)) for words in (["scanner", "main"], ["sync"], ["screen"])]
        until(lambda: "scanner.main" in house.view().faults, "the scanner")
        assert station.verdict(signed(claims())) == "granted"
        assert "the last good settings are used" in house.view().faults["settings"]
        assert [each.poll() for each in others] == [None] * 3
        status = house.kiosk("status")
        assert status.returncode == 0
        assert "settings: " in status.stdout
        assert "kiosk config check" in status.stderr
        found = {each["id"]: each for each in json.loads(house.kiosk("doctor", "--json").stdout)["checks"]}
    assert found["settings.file"]["severity"] == "wrong"
    assert found["settings.kept"]["remedy"] == "kiosk config check && sudo systemctl restart 'kiosk-*'"
    assert found["programs.station"]["severity"] == "fine", "the rest is looked at, too"
    faults = [entry for entry in house.entries() if entry["kind"] == "fault" and entry["what"] == "settings"]
    assert len(faults) == 1, "the centre is told"
    assert house.kiosk("station", "--make-safe").returncode == 0
    check = house.kiosk("config", "check")
    assert check.returncode == 2
    assert "nothing was started" in check.stderr


def test_newer_settings_are_kept_once_a_station_has_started_with_them(house: House) -> None:
    before = (house.data / COPY).read_bytes()
    house.config.write_text(house.config.read_text().replace("pulse = 1.0", "pulse = 2.0"))
    assert house.kiosk("status").returncode == 3
    assert (house.data / COPY).read_bytes() == before, "nobody but the station keeps them"
    with house.station():
        until(lambda: (house.data / COPY).read_bytes() != before, "the new copy")
        assert "settings" not in house.view().faults


def test_broken_settings_do_not_replace_the_good_ones(house: House) -> None:
    before = (house.data / COPY).read_bytes()
    house.config.write_text("")
    with house.station():
        assert (house.run / COPY).exists(), "for those who may not look into the data folder"
    assert (house.data / COPY).read_bytes() == before


def test_making_safe_needs_no_good_settings(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.config.write_text(house.config.read_text() + "[logbok]\n")
    assert house.kiosk("station", "--make-safe").returncode == 0
    house.config.write_text('pins = "simulated"\nrubbish')
    assert house.kiosk("station", "--make-safe").returncode == 0


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = " + "9" * 5000, "a" + ".a" * 20000 + " = 1"])
def test_a_setting_is_explained_whatever_is_in_the_file(text: str, tmp_path: Path) -> None:
    house = House(tmp_path)
    house.config.write_text(text)
    done = house.kiosk("config", "explain", "pins", timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
