"""Kernels that let go of a pin whose program dies, one that holds on to it, and a board that does not say which it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.keys import claims, signed
from tests.pi.machine import LOCK, PATIENCE, Pi, board
from tests.programs.house import until

pytestmark = [pytest.mark.pi, pytest.mark.timeout(3600), pytest.mark.filterwarnings("ignore")]
HOLDS_ON = "pinctrl_bcm2835.persist_gpio_outputs=1"
"""As a Raspberry Pi's own kernel is by default (raspberrypi/linux#6150)."""


def killed_while_released(pi: Pi) -> list[int | None]:
    """What drives the lock while it is held released, is killed, and is secured by the next start."""
    pi.out("kiosk door hold --for 30m")
    pi.until_level(LOCK, 1)
    pi.out("systemctl kill -s KILL kiosk-station")
    until(lambda: pi.run("kiosk status")[0] == 0, "the next start", PATIENCE)
    return [level for _at, level in pi.driven(LOCK)][1:]


def test_a_kernel_that_lets_go_is_known_by_its_driver(built: Path, card: Path) -> None:
    with board(built, card, kernel="trixie") as pi:
        pi.power_on()
        pi.await_station()
        assert pi.checks()["pins.strict_gpiod"] == "fine"
        assert killed_while_released(pi)[:2] == [1, None]


def test_a_kernel_that_holds_on_is_known_too_and_systemd_takes_the_locks_power(built: Path, card: Path) -> None:
    with board(built, card, kernel="trixie", words=HOLDS_ON) as pi:
        pi.power_on()
        pi.await_station()
        assert pi.checks()["pins.strict_gpiod"] == "warning"
        assert killed_while_released(pi) == [1, 0], "held on to, until a program took its power"


def test_a_board_that_tells_no_revision_opens_its_door(built: Path, card: Path) -> None:
    with board(built, card, tree="unknown.dtb") as pi:
        pi.power_on()
        pi.await_station()
        assert pi.checks()["machine.board"] == "warning"
        pi.scan(signed(claims(6)))
        pi.until_level(LOCK, 1)
