"""`kiosk setup` as somebody meets it in a terminal at the door: simulated pins, a film for a camera, a real central server."""

from __future__ import annotations

import json
import os
import signal
import threading
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from kiosk.demo.film import Film, Visit, write_film
from kiosk.demo.walker import Bench
from tests.conftest import ROOT
from tests.hardware.slaves import Slave, answer
from tests.keys import claims, signed
from tests.programs.house import CONTACT, EXIT, LOCK, House, until
from tests.programs.nmcli import TYPED, fake
from tests.programs.terminal import Terminal, terminal
from tests.programs.town import CODE, Town

__all__ = ["fake"]


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """A card as the package leaves it, but for where its files lie; pins are simulated where there are none."""
    town = Town(tmp_path)
    text = (ROOT / "config" / "station.toml").read_text(encoding="utf-8")
    folders = f'data_dir = "{town.house.data}"\nrun_dir = "{town.house.run}"\n'
    town.house.config.write_text(text.replace("[station]\n", "[station]\n" + folders), encoding="utf-8")
    return town


def written(house: House) -> dict[str, Any]:
    return tomllib.loads(house.config.read_text(encoding="utf-8"))


def step(screen: Terminal, title: str, key: str = "") -> None:
    screen.sees(title)
    screen.sees("q: leave")
    screen.types(key)


def tells(screen: Terminal, question: str, text: str = "") -> None:
    screen.sees(question)
    screen.types(text)


@contextmanager
def touching(house: House, pin: int, *, level: bool) -> Iterator[None]:
    """A finger that takes the pin to this level again and again: nobody knows when it is first looked at."""
    away = threading.Event()

    def touch() -> None:
        with closing(Bench(house.run / "pins.sock")) as bench:
            while not away.wait(0.15):
                bench.drive(pin, level=not level)
                away.wait(0.05)
                bench.drive(pin, level=level)

    finger = threading.Thread(target=touch)
    finger.start()
    try:
        yield
    finally:
        away.set()
        finger.join()


def place(screen: Terminal) -> None:
    step(screen, "code and name")
    tells(screen, "Code", CODE)
    tells(screen, "Name", "")


def door(screen: Terminal, house: House) -> None:
    """A relay that is on at the other level, a contact, a button, a lamp."""
    step(screen, "the door's pins")
    tells(screen, "Simulate the pins", "y")
    tells(screen, "Lock: pin (- for none) [17]", "")
    tells(screen, "without power", "1")
    tells(screen, "Is nobody leaning", "")
    with closing(Bench(house.run / "pins.sock")) as bench:
        tells(screen, "Is nobody leaning", "y")
        assert bench.wait_for(LOCK, level=True)
        assert bench.wait_for(LOCK, level=False)
        tells(screen, "What did it do", "1")
    tells(screen, "Door contact: pin (- for none) [27]", "")
    tells(screen, "Is the door closed now", "y")
    screen.sees("Now open it")
    with touching(house, CONTACT, level=False):
        screen.sees("saw the door open")
    tells(screen, "Exit button", "")
    screen.sees("Press the exit button")
    with touching(house, EXIT, level=False):
        screen.sees("saw it")
    tells(screen, "Fire release", "-")
    tells(screen, "lamps or a buzzer", "y")
    tells(screen, "Red lamp", "")
    tells(screen, "Was it on", "y")
    for lamp in ("Green lamp", "Blue lamp", "Buzzer"):
        tells(screen, lamp, "-")


def reader(screen: Terminal, film: Path) -> None:
    step(screen, "the camera")
    tells(screen, "Which one", "1")
    tells(screen, "Path", str(film))
    screen.sees("▀")
    tells(screen, "Is that what is before the door", "y")
    screen.sees("It was read: YZ1:...")


def enrolment(screen: Terminal, town: Town) -> None:
    """A code that nobody made, and then the right one."""
    step(screen, "enrolment")
    claim = town.house.kiosk("central", "claim", CODE, "--data", str(town.central)).stdout.strip()
    tells(screen, "Address", f"http://127.0.0.1:{town.port}")
    tells(screen, "Claim code", "WRNG-WRNG-WRNG")
    screen.sees("does not take this code")
    tells(screen, "Address", "")
    tells(screen, "Claim code", claim)
    tells(screen, "the same six words", "")
    tells(screen, "the same six words", "y")


@pytest.mark.slow
@pytest.mark.usefixtures("fake")
def test_from_a_fresh_card_to_a_door_that_opens(town: Town, tmp_path: Path) -> None:
    film, house = tmp_path / "film.avi", town.house
    write_film(Film((Visit(signed(claims()), 0.5, hold=3.0),), seconds=4.5), film)
    with town.server(), terminal(house, "setup") as screen:
        place(screen)
        door(screen, house)
        reader(screen, film)
        step(screen, "sensors on the buses")
        slave = Slave(lambda request: answer(request[0], *_voltage(request)) if request[0] == 3 else b"")
        tells(screen, "Another port", slave.port)
        screen.sees("device 3 answers as")
        tells(screen, "A name for it", "mains")
        step(screen, "cable, Wi-Fi or LTE")
        slave.close()
        tells(screen, "And now", "2")
        screen.sees("union  90 %")
        tells(screen, "Which one", "1")
        tells(screen, "Password", TYPED)
        screen.sees("connected with union")
        tells(screen, "And now", "1")
        enrolment(screen, town)
        screen.sees("the start of the programs")
        with house.station() as station:
            _begin(screen)
            step(screen, "commissioning", "s")
            screen.sees("is written")
            assert screen.ends()[0] == 0
            assert station.verdict(town.make_pass()) == "granted"
            assert station.bench.wait_for(LOCK, level=True)
    table = written(house)
    assert table["doors"]["main"] == {
        "lock": {"pin": 17, "active_high": True, "wiring": "fail_secure"},
        "contact": {"pin": 27, "open_when": "low"},
        "exit": {"pin": 22, "active_low": True},
        "lamps": {"red": 6},
    }
    assert table["sensors"]["mains"]["device"] == 3
    assert table["scanners"]["main"] == {"door": "main", "camera": str(film)}


def _begin(screen: Terminal) -> None:
    screen.sees("q: leave")
    screen.types("")


def _voltage(request: bytes) -> list[int]:
    """230 V in the first register of a meter, and nothing that can be true in the others."""
    count = int.from_bytes(request[4:6], "big")
    return [2301] * count if int.from_bytes(request[2:4], "big") == 0 else [0xFFFF] * count


def test_it_may_be_left_at_any_time_and_goes_on_where_it_was(town: Town) -> None:
    house = town.house
    before = house.config.read_bytes()
    with terminal(house, "setup") as screen:
        place(screen)
        step(screen, "the door's pins", "q")
        code, shown = screen.ends()
        assert (code, "Left at: the door's pins" in shown) == (1, True)
    assert house.config.read_bytes() == before, "a station without a door is none"
    told = json.loads(house.kiosk("doctor", "--json").stdout)["checks"]
    assert [check["severity"] for check in told[:3]] == ["fine", "wrong", "warning"]
    with terminal(house, "setup") as screen:
        step(screen, "the door's pins")
        tells(screen, "Simulate the pins", "y")
        tells(screen, "Lock: pin", "99")
        tells(screen, "Lock: pin", "5")
        tells(screen, "without power", "1")
        tells(screen, "Is nobody leaning", "y")
        tells(screen, "What did it do", "3")
        tells(screen, "Is nobody leaning", "y")
        tells(screen, "What did it do", "1")
        screen.sees("Door contact")
    until(lambda: written(house)["doors"]["main"]["lock"]["pin"] == 5, "what was answered outlives a kill")
    assert written(house)["doors"]["main"]["lock"]["active_high"] is False
    assert written(house)["station"]["code"] == CODE
    with terminal(house, "setup") as screen:
        step(screen, "the door's pins", "s")
        for title in ("the camera", "sensors", "the network", "enrolment", "the start", "commissioning"):
            step(screen, title, "s")
        code, shown = screen.ends()
    assert (code, "Skipped: the door's pins" in shown) == (0, True)
    assert house.kiosk("config", "check").returncode == 0


def test_what_is_no_answer_is_told_and_what_is_a_proof_cannot_be_skipped(town: Town) -> None:
    with terminal(town.house, "setup") as screen:
        step(screen, "code and name")
        tells(screen, "Code", "JA-XH-012")
        screen.sees("expected text, 4 to 12 letters and digits")
        tells(screen, "Code", CODE)
        tells(screen, "Name", "")
        step(screen, "the door's pins")
        tells(screen, "Simulate the pins, for a trial [y/N]", "maybe")
        screen.sees("y for yes, n for no")
        tells(screen, "Simulate the pins, for a trial [y/N]", "是")
        tells(screen, "Lock: pin", "")
        tells(screen, "without power", "1")
        tells(screen, "Is nobody leaning", "s")
        screen.sees("y for yes, n for no")
        tells(screen, "Is nobody leaning", "q")
        assert screen.ends()[0] == 1


def test_an_end_in_the_middle_of_a_trial_keeps_what_was_answered_and_takes_parts_out_that_are_not_there(
    town: Town,
) -> None:
    house = House(town.house.folder / "other")
    with terminal(house, "setup", "door") as screen:
        step(screen, "the door's pins")
        tells(screen, "Lock: pin (- for none) [17]", "4")
        tells(screen, "without power", "2")
        with closing(Bench(house.run / "pins.sock")) as bench:
            tells(screen, "Is nobody leaning", "y")
            assert bench.wait_for(4, level=False), "a magnet's power goes while it is released"
            tells(screen, "What did it do", "1")
        tells(screen, "Door contact", "-")
        screen.sees("taken out of the settings: doors.main.contact")
        tells(screen, "Exit button", "")
        screen.sees("Press the exit button")
        screen._process.send_signal(signal.SIGTERM)
        code, shown = screen.ends()
    assert (code, "Left at: the door's pins" in shown) == (1, True)
    assert "# contact = { pin = 27 }\n" in house.config.read_text()
    door = written(house)["doors"]["main"]
    assert (door["lock"], door["exit"]) == ({"pin": 4, "active_high": True, "wiring": "fail_safe"}, {"pin": 22})
    assert "Traceback" not in shown


def test_what_both_ends_see_is_compared_again_and_an_impostors_keys_are_thrown_away(town: Town) -> None:
    house = House(town.house.folder)
    with town.server(), terminal(house, "setup", "enrolment") as screen:
        step(screen, "enrolment")
        for answered in ("n", "y"):
            claim = house.kiosk(
                "central", "claim", CODE, "--reason", "again", "--data", str(town.central)
            ).stdout.strip()
            tells(screen, "Address", f"http://127.0.0.1:{town.port}")
            tells(screen, "Claim code", claim)
            tells(screen, "the same six words", answered)
            kept = _stands(screen, answered)
            assert (house.data / "root.pub").exists() is kept
        assert screen.ends()[0] == 0
    with terminal(house, "setup", "enrolment") as screen:
        step(screen, "enrolment")
        screen.sees("enrolled already")
        tells(screen, "the same six words", "y")
        tells(screen, "Enrol it anew", "")
        assert screen.ends()[0] == 0
    assert (house.data / "root.pub").exists()


def _stands(screen: Terminal, answered: str) -> bool:
    """Whether the keys are kept; told once the verb has said what it did with them."""
    screen.sees("thrown away" if answered == "n" else "enrolled")
    return answered == "y"


def test_one_step_alone_asks_again_what_is_wrong_and_changes_nothing_else(town: Town) -> None:
    house = House(town.house.folder / "other")
    before = written(house)
    with terminal(house, "setup", "station") as screen:
        step(screen, "code and name")
        tells(screen, f"Code [{CODE}]", "x")
        screen.sees("station.code")
        tells(screen, "Code", "")
        tells(screen, "Name", "新站")
        assert screen.ends()[0] == 0
    assert written(house) == {**before, "station": {**before["station"], "name": "新站"}}


def test_chinese(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.programs.terminal.environment", lambda: {**os.environ, "LC_ALL": "zh_CN.UTF-8"})
    with terminal(town.house, "setup") as screen:
        screen.sees("驿站的编号和名称")
        screen.sees("回车：开始")
        screen.types("q")
        assert "停在" in screen.ends()[1]
