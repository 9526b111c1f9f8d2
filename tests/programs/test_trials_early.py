"""`kiosk test` that ends before its last part: what was tried is in the report, and whoever tried is told how to go on."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.programs.house import House, Station
from tests.programs.terminal import Terminal, terminal
from tests.programs.test_read_only import Disk, mounted
from tests.programs.test_trials import LAMPS, commissioned

AWAY: Final = "the station does not answer"
AT_THE_TERMINAL: Final = "it was ended at the terminal"
CTRL_C, CTRL_D = "\x03", "\x04"


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A door with neither a contact nor a button, of which everything is asked."""
    house = House(tmp_path, LAMPS)
    wired = house.config.read_text()
    house.config.write_text(wired.replace("contact = { pin = 27 }\n", "").replace("exit = { pin = 22 }\n", ""))
    house.trust()
    return house


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if os.geteuid():
        pytest.skip("ROOT IS ABSENT: nobody else mounts")
    with mounted(tmp_path / "report") as disk:
        yield disk


@contextmanager
def commissioning(house: House, *words: str) -> Iterator[Terminal]:
    with terminal(house, "test", "all", "--by", "李工", "--out", str(house.folder / "report"), *words) as screen:
        yield screen


def tries_the_lock(screen: Terminal) -> None:
    """Up to the next question, at which the station is not asked for anything."""
    screen.sees("Is nobody leaning")
    screen.types("y")
    screen.sees("Did the lock click")
    screen.types("y")
    screen.sees("Can you see them")


@contextmanager
def begun(house: House, *words: str) -> Iterator[tuple[Terminal, Station]]:
    with house.station() as station, commissioning(house, *words) as screen:
        tries_the_lock(screen)
        yield screen, station


def report(house: House) -> dict[str, Any]:
    """The report for programs; that for people says the same."""
    people, programs = (next((house.folder / "report").glob(f"*.{form}")) for form in ("md", "json"))
    found: dict[str, Any] = json.loads(programs.read_text())
    assert all(f"| {name} | {result} |" in people.read_text() for name, result in found["tests"].items())
    return found


def ended_by(why: str) -> dict[str, str]:
    """What came of each part where that ended them at the lamps."""
    left = dict.fromkeys(("camera", "code", "poster", "sensors", "network"), f"not tried: {why}")
    return {"lock": "passed", "exit": "skipped", "lamps": f"interrupted: {why}", **left}


def impatient(screen: Terminal, _station: Station) -> None:
    screen.presses(CTRL_C)
    screen.sees("not tried")
    screen.presses(CTRL_C)


def told_to_end(screen: Terminal, _station: Station) -> None:
    screen.rests()
    screen._process.send_signal(signal.SIGTERM)


WAYS: Final[dict[str, Callable[[Terminal, Station], None]]] = {
    "Ctrl-C": lambda screen, _station: screen.presses(CTRL_C),
    "Ctrl-C, and again while the report is written": impatient,
    "end of input": lambda screen, _station: screen.presses(CTRL_D),
    "SIGTERM": told_to_end,
}


@pytest.mark.parametrize("way", WAYS)
def test_whoever_ends_it_at_the_terminal_loses_nothing_of_what_was_tried(house: House, way: str) -> None:
    with begun(house) as (screen, station):
        WAYS[way](screen, station)
        code, shown = screen.ends()
        assert (code, "Next: kiosk test all" in shown) == (1, True), shown
        found = report(house)
        assert (found["passed"], found["by"], found["tests"]) == (False, "李工", ended_by(AT_THE_TERMINAL))
        assert commissioned(house) == found["tests"]


def test_a_terminal_that_closes_takes_nothing_along(house: House) -> None:
    with begun(house) as (screen, _station):
        screen.hangs_up()
        assert screen.ends()[0] != 0
        assert report(house)["tests"] == commissioned(house) == ended_by(AT_THE_TERMINAL)


def dies(station: Station) -> None:
    station.kill()


def hangs(station: Station) -> None:
    station.process.send_signal(signal.SIGSTOP)


@pytest.mark.parametrize("falls_silent", [dies, pytest.param(hangs, marks=pytest.mark.slow)])
def test_a_station_that_falls_silent_leaves_what_was_tried_in_the_report(
    house: House, falls_silent: Callable[[Station], None]
) -> None:
    with begun(house) as (screen, station):
        falls_silent(station)
        screen.types("y")
        code, shown = screen.ends()
        station.process.send_signal(signal.SIGCONT)
    assert (code, "Next: kiosk doctor" in shown, "not in the logbook" in shown) == (3, True, True), shown
    found = report(house)
    assert (found["passed"], found["tests"]) == (False, ended_by(AWAY))
    assert {check["id"]: check["severity"] for check in found["checks"]}["programs.station"] == "wrong"


def test_a_restart_between_two_questions_ends_nothing_and_one_that_somebody_waits_in_does(house: House) -> None:
    with commissioning(house) as screen:
        with house.station():
            tries_the_lock(screen)
        with house.station():
            screen.types("n")
            screen.sees("Hold any QR code")
        assert screen.ends()[0] == 3
    found = report(house)["tests"]
    assert [found[name] for name in ("lock", "lamps", "camera", "code")] == [
        "passed",
        "skipped",
        f"interrupted: {AWAY}",
        f"not tried: {AWAY}",
    ]


def test_where_nothing_came_to_its_end_there_is_nothing_to_report(house: House) -> None:
    with house.station(), commissioning(house) as screen:
        screen.sees("Is nobody leaning")
        screen.presses(CTRL_C)
        code, shown = screen.ends()
        assert (code, "Aborted!" in shown) == (1, True)
    assert list((house.folder / "report").iterdir()) == []
    assert "commissioned" not in house.kinds()


def test_programs_are_told_why_too(house: House) -> None:
    with begun(house, "--json") as (screen, _station):
        screen.presses(CTRL_C)
        code, shown = screen.ends()
    found = json.loads(next(line for line in shown.splitlines() if line.startswith("{")))
    assert (code, found["ok"], found["errors"], len(found["files"])) == (1, False, [AT_THE_TERMINAL], 2)
    assert found["tests"] == ended_by(AT_THE_TERMINAL)


def test_a_full_disk_is_told_before_anybody_has_answered_anything(house: House, disk: Disk) -> None:
    disk.refuse("is full")
    with house.station(), commissioning(house) as screen:
        code, shown = screen.ends()
    assert (code, "the disk is full" in shown, "Next: kiosk test all --out /tmp" in shown) == (2, True, True), shown


def test_a_disk_that_fills_meanwhile_leaves_the_report_at_the_terminal(house: House, disk: Disk) -> None:
    with begun(house) as (screen, _station):
        disk.refuse("is full")
        screen.presses(CTRL_C)
        code, shown = screen.ends()
        assert (code, "the disk is full" in shown, "in no file" in shown) == (1, True, True), shown
        assert "| lock | passed |" in shown
        assert commissioned(house)["lock"] == "passed"
    assert [path.name for path in disk.folder.iterdir()] == ["filler"], "no half of a report"


def test_what_the_station_refuses_has_failed_and_ends_nothing(house: House) -> None:
    with house.station(), terminal(house, "test", "lock") as screen:
        screen.sees("Is nobody leaning")
        assert house.kiosk("door", "lockdown").returncode == 0
        screen.types("y")
        code, shown = screen.ends()
        assert (code, "failed: main is locked down" in shown) == (1, True), shown
        assert commissioned(house)["lock"].startswith("failed: main is locked down")


def test_a_door_that_the_running_station_does_not_know_is_no_traceback(house: House) -> None:
    with house.station():
        house.config.write_text(house.config.read_text() + "[doors.side]\nlock = { pin = 23 }\n")
        with terminal(house, "test", "lock", "--door", "side") as screen:
            screen.types("y")
            code, shown = screen.ends()
    assert (code, "no such door: side" in shown, "Traceback" in shown) == (1, True, False), shown
