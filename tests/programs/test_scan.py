"""`kiosk scan`: what the camera reads, from a film, and why each code would open the door or not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kiosk.demo.film import Film, Visit, write_film
from tests.keys import STRANGER, claims, signed
from tests.programs.house import House, until
from tests.programs.terminal import terminal


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.avi"
    visits = (
        Visit(signed(claims(), STRANGER), 0.5, hold=6.0, holding="card", side=420),
        Visit(signed(claims(scope="3708")), 7.5, hold=12.0, holding="card", side=420),
    )
    write_film(Film(visits, seconds=20.0), path)
    return path


def test_each_code_is_told_with_its_reason_and_not_whole(tmp_path: Path, film: Path) -> None:
    house = House(tmp_path, f'[scanners.main]\ndoor = "main"\ncamera = "{film}"\nrate = 15.0\n')
    house.trust()
    with house.station():
        refused = house.kiosk("scan")
        assert (refused.returncode, "kiosk doctor" in refused.stderr) == (3, True), "no scanner runs yet"
        assert house.kiosk("maintenance", "on").returncode == 0
        with house.program("scanner"):
            until((house.run / "scanner" / "main.sock").exists, "the scanner")
            done = house.kiosk("scan", "--why", "--once", "--json", timeout=90)
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            told = lines[-1]
            assert (told["opens"], told["reason"]) in {(False, "bad_signature"), (True, ""), (False, "replayed")}
            assert signed(claims(), STRANGER).startswith(told["code"]) or signed(claims()).startswith(told["code"][:4])
            assert len(told["code"]) < 20 < told["length"]


@pytest.mark.slow
def test_a_strangers_code_steers_no_terminal(tmp_path: Path) -> None:
    film = tmp_path / "film.avi"
    write_film(Film((Visit("\x1b[2J\x1b[31mPWN\x07", 0.5, hold=20.0, holding="card", side=420),), seconds=21.0), film)
    house = House(tmp_path, f'[scanners.main]\ndoor = "main"\ncamera = "{film}"\nrate = 15.0\n')
    house.trust()
    with house.station():
        assert house.kiosk("maintenance", "on").returncode == 0
        with house.program("scanner"):
            until((house.run / "scanner" / "main.sock").exists, "the scanner")
            with terminal(house, "scan", "--why", "--once") as shown:
                code, seen = shown.ends()
    assert code == 0
    assert "\\x1b[2J\\x1b[31mPWN" in seen
    assert not {"\x1b[2J", "\x07"} & set(re.findall(r"\x1b\[2J|\x07", seen))


def test_a_station_without_a_camera_says_so(tmp_path: Path) -> None:
    done = House(tmp_path).kiosk("scan")
    assert (done.returncode, "There is no such camera" in done.stderr) == (2, True)
