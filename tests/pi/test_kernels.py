"""Kernels that let go of a pin whose program dies, one that holds on to it, and a board that does not say which it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.keys import claims, signed
from tests.pi.machine import BOARD, LOCK, Pi, blank, board

pytestmark = [pytest.mark.pi, pytest.mark.timeout(7200), pytest.mark.filterwarnings("ignore")]
HOLDS_ON = "pinctrl_bcm2835.persist_gpio_outputs=1"
"""As a Raspberry Pi's own kernel is by default (raspberrypi/linux#6150)."""


@pytest.fixture(scope="module")
def unknown(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pi]:
    """A newer kernel on a board whose firmware did not put its revision into the device tree."""
    card = blank(built, tmp_path_factory.mktemp("unknown") / "card.qcow2")
    with board(built, card, kernel="trixie", tree="unknown.dtb") as pi:
        pi.start()
        yield pi


def killed_while_released(pi: Pi) -> list[int | None]:
    """What drives the lock while it is held released, is killed, and is secured by the next start."""
    before = len(pi.driven(LOCK))
    pi.hold_released()
    pi.kill_station()
    return [level for _at, level in pi.driven(LOCK)][before:]


def test_a_board_that_tells_no_revision_says_so_and_opens_its_door(unknown: Pi) -> None:
    assert unknown.checks()["machine.board"] == "warning"
    unknown.scan(signed(claims(6)))
    unknown.until_level(LOCK, 1)
    unknown.until_level(LOCK, 0)


def test_status_and_report_know_it_by_its_model_all_the_same(unknown: Pi) -> None:
    assert unknown.names() == {BOARD}


def test_a_kernel_that_lets_go_is_known_by_its_driver(unknown: Pi) -> None:
    assert unknown.out("uname -r").startswith("6.12")
    assert unknown.checks()["pins.strict_gpiod"] == "fine"
    assert killed_while_released(unknown)[:2] == [1, None]


def test_a_kernel_that_holds_on_is_known_too_and_systemd_takes_the_locks_power(built: Path, card: Path) -> None:
    with board(built, card, kernel="trixie", words=HOLDS_ON) as pi:
        pi.start()
        assert pi.checks()["pins.strict_gpiod"] == "warning"
        assert killed_while_released(pi) == [1, 0], "held on to, until a program took its power"
