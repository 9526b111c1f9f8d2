"""What a technician does on a board: set-up by answers, every part tried, a reader that types; and what the programs cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import ROOT
from tests.keys import claims, signed
from tests.pi.machine import CONTACT, EXIT, LOCK, Pi, board
from tests.vm.test_vm import KEYS

pytestmark = [pytest.mark.pi, pytest.mark.timeout(7200), pytest.mark.filterwarnings("ignore")]
BOUNDS: Final = {"kiosk-station": 60, "kiosk-scanner@main": 75, "kiosk-sensors": 35}
"""Megabytes, resident; docs/figures.md."""

NAIVE_PIN: Final = 20
NAIVE: Final = f"""\
cat >/opt/naive.py <<'END'
import sys
sys.path.insert(0, "/usr/lib/yizhan-kiosk")
import gpiozero, requests
from hardware import kernel_pins, zbar
zbar.reader()
lock = gpiozero.DigitalOutputDevice({NAIVE_PIN}, pin_factory=kernel_pins.open_header())
while True:
    __import__("time").sleep(60)
END
cat >/etc/systemd/system/naive.service <<'END'
[Service]
ExecStart=/usr/bin/python3 /opt/naive.py
[Install]
WantedBy=multi-user.target
END
systemctl enable naive; sync
"""
"""A station as everybody writes it, as far as its imports and its first pin."""

KEYBOARD: Final = r"""
keyboard=$(ls /dev/input/by-path/*-event-kbd | head -n 1)
sed -i "s|^engine = .*|keyboard = \"$keyboard\"|; /^baud = /d" /etc/kiosk/station.toml
kiosk config check && systemctl restart kiosk-station kiosk-scanner@main
"""


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
    station.scan(signed(claims(8)))
    station.sees("Show a valid pass")
    station.scan(signed(claims(9)))
    opened(station, "It was accepted", "sensors")
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
    station.scan(signed(claims(10)))
    station.until_level(LOCK, 1)


def test_a_usb_reader_that_types_opens_the_door(built: Path, card: Path) -> None:
    with board(built, card, more=["-device", "usb-kbd"]) as pi:
        pi.power_on()
        pi.await_station()
        pi.out(KEYBOARD)
        pi.await_station()
        for character in signed(claims(11)):
            pi.press(KEYS[character])
            pi.out("true")  # a reader types no faster
        pi.press("ret")
        pi.until_level(LOCK, 1)


def test_the_door_is_there_about_as_soon_as_one_that_everybody_writes(built: Path, card: Path) -> None:
    """Both in one start, since an emulated board's seconds say nothing by themselves."""
    with board(built, card) as pi:
        pi.power_on()
        pi.shell()
        pi.out(NAIVE)
    with board(built, card) as pi:
        pi.power_on()
        pi.await_station()
        ours, naive = (pi.driven(pin)[0][0] - pi.began for pin in (LOCK, NAIVE_PIN))
    print(
        f"\nfrom power-on to the lock's pin: {ours:.0f} s, as everybody writes it {naive:.0f} s; emulated, in one start"
    )
    assert ours < 2 * naive
