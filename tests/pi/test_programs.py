"""What a technician does on a board: every part tried at its terminal, set-up by answers; and what the programs cost."""

from __future__ import annotations

import json
from typing import Final

import pytest

from kiosk.central.codes import printed
from tests.conftest import ROOT
from tests.keys import claims, signed
from tests.pi.machine import CONTACT, EXIT, LOCK, Pi

pytestmark = [pytest.mark.pi, pytest.mark.timeout(7200), pytest.mark.filterwarnings("ignore")]
BOUNDS: Final = {"kiosk-station": 60, "kiosk-scanner@main": 75, "kiosk-sensors": 35}
"""Megabytes, resident; docs/figures.md."""

POSTER: Final = f"https://yizhan.example.org/s/{printed('37081101')}"


def resident(pi: Pi, unit: str) -> float:
    """Megabytes of a unit's main process."""
    pid = pi.out(f"systemctl show --property=MainPID --value {unit}")
    return int(pi.out(f"awk '/^VmRSS/ {{print $2}}' /proc/{pid}/status")) / 1000


def test_each_program_stays_within_its_memory(station: Pi) -> None:
    found = {unit: resident(station, unit) for unit in BOUNDS}
    print("\nresident: " + ", ".join(f"{unit} {size:.0f} of {BOUNDS[unit]} MB" for unit, size in found.items()))
    assert {unit for unit, size in found.items() if size > BOUNDS[unit]} == set()


def test_every_part_can_be_tried_at_the_boards_own_terminal(station: Pi) -> None:
    """The sensors' trial fails, having a thermometer that is not there."""
    station.types("kiosk test all --by Li --out /root; echo code $?")
    station.sees("nobody leaning")
    station.types("y")
    opened(station, "Open the door while", "contact saw it open")
    answered(station, "hold it closed now")
    station.sees("Press the exit button")
    station.drive(EXIT, 0)
    opened(station, "The station saw it", "contact saw it open")
    station.drive(EXIT, 1)
    for question in ("Pi unplugged", "Can you see them", "Was it blue"):
        answered(station, question)
    station.sees("Hold any QR code")
    station.scan(POSTER)
    station.sees("Show a valid pass")
    station.scan(signed(claims(9)))
    opened(station, "It was accepted", "poster at hand")
    station.types("y")
    station.sees("Hold the poster")
    station.scan(POSTER)
    station.sees("code 1")
    (text,) = station.out("cat /root/commissioning-*.json").splitlines()
    tests = json.loads(text)["tests"]
    assert {name for name, result in tests.items() if result == "passed"} == {*tests} - {"sensors"}


def opened(pi: Pi, before: str, after: str) -> None:
    """Somebody goes through the door once these words were shown; it falls shut once the others were."""
    pi.sees(before)
    pi.drive(CONTACT, 1)
    pi.sees(after)
    pi.drive(CONTACT, 0)


def answered(pi: Pi, question: str) -> None:
    pi.sees(question)
    pi.types("y")


def test_the_setup_by_answers_leaves_a_station_that_opens(station: Pi) -> None:
    text = (ROOT / "tests/pi/station.toml").read_text().replace('code = "37081101"', 'code = "37081101"\nname = "门"')
    station.out(f"cat >/run/answers.toml <<'END'\n{text}\nEND\nkiosk setup --answers /run/answers.toml")
    assert json.loads(station.out("kiosk status --json"))["running"]
    station.await_station()
    station.scan(signed(claims(10)))
    station.until_level(LOCK, 1)
