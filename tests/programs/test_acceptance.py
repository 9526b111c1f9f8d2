"""`kiosk test --acceptance`: a technician with a multimeter before a board of a new kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk.cli.trial.acceptance import between, level
from tests.keys import claims, signed
from tests.programs.house import House, Station, until
from tests.programs.terminal import Terminal, terminal
from tests.programs.test_trials import closed, opens_and_closes, unlocked


@pytest.mark.parametrize(
    ("volts", "high", "result"),
    [
        (0.02, False, "passed"),
        (3.29, True, "passed"),
        (None, True, "skipped"),
        (1.7, False, "failed: 1.7 V, and not -0.1 to 0.4"),
        (1.7, True, "failed: 1.7 V, and not 2.6 to 3.6"),
        (5.0, True, "failed: 5 V, and not 2.6 to 3.6"),
    ],
)
def test_a_voltage_between_the_levels_is_neither(volts: float | None, high: bool, result: str) -> None:
    assert level(volts, high=high) == result


def test_a_supply_that_sags_fails() -> None:
    assert between(4.7, 4.75, 5.25).startswith("failed: 4.7 V")


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.config.write_text(house.config.read_text().replace("exit = { pin = 22 }", ""))
    house.trust()
    return house


def measures(screen: Terminal, question: str, volts: str) -> None:
    screen.sees(question)
    screen.sees("in volts")
    screen.types(volts)


def goes_through(screen: Terminal, station: Station, *, after_a_crash: str) -> None:
    """Every step but the lock's own trial; there is neither an exit button nor a lamp."""
    screen.sees("Your name, for the report")
    screen.types("李工")
    measures(screen, "Position 2", "5,08")
    measures(screen, "furthest from rest", "about nothing")
    measures(screen, "A number, such as", "0.06")
    measures(screen, "pin now", "-")
    screen.sees("nobody leaning")
    assert not unlocked(station)
    screen.types("y")
    screen.sees("in volts")
    until(lambda: unlocked(station), "the lock's power")
    screen.types("3.28")
    screen.sees("kiosk door hold --for 1m")  # a pulse would be over before the second command is typed
    measures(screen, "two seconds later", after_a_crash)
    assert station.house.view().doors["main"].mode == "normal", "no hold outlasts its step"
    screen.sees("nobody leaning")
    screen.types("n")
    screen.sees("Hold any QR code")
    station.scan(signed(claims()))
    screen.sees("It was read")
    screen.sees("Show a valid pass")
    station.scan(signed(claims()))
    screen.sees("It was accepted")
    opens_and_closes(station)
    for question in ("kiosk log", "back by itself"):
        screen.sees(question)
        screen.types("y")


def test_what_was_measured_and_seen_goes_into_a_file_without_the_station(house: House) -> None:
    """Of a board whose kernel keeps the lock's pin high after a crash."""
    out = house.folder / "sent"
    with house.station() as station, terminal(house, "test", "--acceptance", "--out", str(out)) as screen:
        closed(station)
        goes_through(screen, station, after_a_crash="3.2")
        assert screen.ends()[0] == 1
    (path,) = out.iterdir()
    text = path.read_text()
    found = json.loads(text)
    assert {name for name, result in found["steps"].items() if result == "passed"} >= {
        "supply",
        "power_on",
        "released",
        "pass",
    }
    assert [found["steps"][name] for name in ("secured", "lock", "exit", "lamps")] == ["skipped"] * 4
    assert found["steps"]["killed"].startswith("failed: 3.2 V")
    assert (found["passed"], found["by"], found["pins"]) == (False, "李工", "simulated")
    assert "37081101" not in text


def test_what_was_measured_before_an_early_end_is_in_the_file_and_nothing_stays_released(house: House) -> None:
    out = house.folder / "sent"
    words = ("test", "--acceptance", "--by", "李工", "--out", str(out))
    with house.station() as station, terminal(house, *words) as screen:
        measures(screen, "Position 2", "5.08")
        measures(screen, "furthest from rest", "0.06")
        measures(screen, "pin now", "-")
        screen.sees("nobody leaning")
        screen.types("y")
        screen.sees("in volts")
        until(lambda: station.house.view().doors["main"].mode == "held_open", "the hold")
        screen.presses("\x03")
        code, shown = screen.ends()
        assert (code, "Next: kiosk test --acceptance" in shown) == (1, True), shown
        assert until(lambda: station.house.view().doors["main"].mode == "normal", "the end of the hold")
    (path,) = out.iterdir()
    found = json.loads(path.read_text())
    assert (found["passed"], found["steps"]["supply"]) == (False, "passed")
    assert [found["steps"][name].partition(":")[0] for name in ("released", "killed")] == ["interrupted", "not tried"]


def test_the_step_behind_the_crash_waits_for_the_station_and_a_magnet_has_its_power_again(house: House) -> None:
    wired = house.config.read_text()
    house.config.write_text(wired.replace("lock = { pin = 17 }", 'lock = { pin = 17, wiring = "fail_safe" }'))
    with terminal(house, "test", "--acceptance", "--by", "李工", "--out", str(house.folder / "sent")) as screen:
        with house.station():
            for question in ("Position 2", "furthest from rest", "pin now"):
                measures(screen, question, "-")
            screen.sees("nobody leaning")
            screen.types("n")
            screen.sees("kiosk door hold --for 1m")
        measures(screen, "twenty seconds later", "3.28")
        screen.sees("Waiting until the station answers")
        with house.station():
            screen.sees("nobody leaning")
            screen.types("n")
            screen.sees("Hold any QR code")
            screen.presses("\x03")
            assert screen.ends()[0] == 1
    (path,) = (house.folder / "sent").iterdir()
    found = json.loads(path.read_text())["steps"]
    assert [found[name].partition(":")[0] for name in ("killed", "lock", "reader")] == [
        "passed",
        "skipped",
        "interrupted",
    ]


@pytest.mark.parametrize("words", [(), ("lock", "--acceptance")])
def test_a_part_and_the_acceptance_are_two_things(house: House, words: tuple[str, ...]) -> None:
    done = house.kiosk("test", *words)
    assert (done.returncode, "or --acceptance" in done.stderr) == (2, True)
