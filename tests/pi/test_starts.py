"""A start after the power went in mid-unlock, with the data on their own partition, beside a station as everybody writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.keys import claims, signed
from tests.pi.machine import LOCK, PATIENCE, Pi, board, plugged
from tests.programs.house import until
from tests.vm.test_vm import AT_A_TIME, KEYS

pytestmark = [pytest.mark.pi, pytest.mark.timeout(7200), pytest.mark.filterwarnings("ignore")]
MOVES: Final = """\
systemctl stop kiosk-station kiosk-scanner@main kiosk-sensors
udevadm settle
sh /usr/share/yizhan-kiosk/first-boot && systemctl daemon-reload
systemctl start kiosk-data && systemctl start kiosk-station kiosk-scanner@main kiosk-sensors
"""
"""The data go onto their partition, beside a stick of the same label."""

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
sed 's/^run()$/import hardware.keyboard\nhardware.keyboard.SILENCE = 3600.0\nrun()/' /usr/bin/kiosk >/opt/patient
chmod +x /opt/patient
mkdir -p /etc/systemd/system/kiosk-scanner@.service.d
cat >/etc/systemd/system/kiosk-scanner@.service.d/patient.conf <<'END'
[Service]
ExecStart=
ExecStart=/opt/patient scanner %i
END
systemctl daemon-reload
keyboard=$(ls /dev/input/by-path/*-event-kbd | head -n 1)
sed -i "s|^engine = .*|keyboard = \"$keyboard\"|; /^baud = /d" /etc/kiosk/station.toml
kiosk config check && systemctl restart kiosk-station kiosk-scanner@main
"""
"""Only Enter ends a text: half a second of silence, which else does, too, lies between any two keys that are pressed here."""


@pytest.fixture(scope="module")
def told(station: Pi) -> list[dict[str, Any]]:
    """What the logbook said before the power of the board that the tests share went, for good, in mid-unlock."""
    station.out(MOVES)
    station.out(NAIVE)
    station.await_station()
    station.scan(signed(claims(20)))
    station.until_level(LOCK, 1)
    station.until_level(LOCK, 0)
    last = station.newest()
    station.hold_released()
    station.await_entry(last, "unlocked")  # the lock has its power before that is written
    found = station.entries()
    station.cut()
    return found


@pytest.fixture(scope="module")
def again(built: Path, first_card: Path, told: list[dict[str, Any]]) -> Iterator[Pi]:
    """The same card's next start."""
    assert told
    with board(built, first_card, cache="writethrough", more=plugged(first_card.parent)) as pi:
        pi.start()
        yield pi


def test_a_start_after_a_cut_in_mid_unlock_says_so_and_gives_the_lock_no_power(
    again: Pi, told: list[dict[str, Any]]
) -> None:
    assert again.entries()[: len(told)] == told
    assert "interrupted_unlock" in again.kinds()[len(told) :]
    assert [level for _at, level in again.driven(LOCK)] == [0]


def test_a_stick_with_the_same_label_is_not_taken_for_the_data(again: Pi) -> None:
    """Whoever reaches a socket would bring a root key of their own."""
    assert "/dev/sda" in again.out("blkid -o device -t LABEL=kiosk-data").splitlines()
    assert again.out("findmnt --noheadings --output SOURCE /data") == "/dev/mmcblk0p3"


def test_the_door_is_there_about_as_soon_as_one_that_everybody_writes(again: Pi) -> None:
    """Both in one start, since an emulated board's seconds say nothing by themselves."""
    ours, naive = (first_driven(again, pin) for pin in (LOCK, NAIVE_PIN))
    print(
        f"\nfrom power-on to the lock's pin: {ours:.0f} s, as everybody writes it {naive:.0f} s, in one start; emulated"
    )
    assert ours < 2 * naive


def first_driven(pi: Pi, pin: int) -> float:
    """Seconds from power-on until the pin is an output, which is awaited."""
    return until(lambda: pi.driven(pin), f"pin {pin} as an output", PATIENCE)[0][0] - pi.began


def test_a_usb_reader_that_types_opens_the_door(again: Pi) -> None:
    again.out(KEYBOARD)
    again.await_station()
    for at, character in enumerate(signed(claims(11)), start=1):
        again.press(KEYS[character])
        if at % AT_A_TIME == 0:
            again.out("true")
    again.press("ret")
    again.until_level(LOCK, 1)
