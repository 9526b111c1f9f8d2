"""Kernel devices, seen from the programs: GPIO lines, video devices, a USB keyboard, in the virtual machine of ../shared/vm.

The machine is emulated: what is slow here says nothing of a Pi.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.keys import claims, signed
from tests.programs.house import until
from tests.vm import machine as vm
from tests.vm.machine import PATIENCE, PYTHON

pytestmark = [pytest.mark.vm, pytest.mark.timeout(2400), pytest.mark.filterwarnings("ignore")]
"""vm.py leaves files to the garbage collector."""

KEYS = {
    " ": "spc",
    "$": "shift-4",
    "%": "shift-5",
    "*": "shift-8",
    "+": "shift-equal",
    "-": "minus",
    ".": "dot",
    "/": "slash",
}
KEYS |= {":": "shift-semicolon"} | {each: each for each in "0123456789"}
KEYS |= {each: f"shift-{each.lower()}" for each in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
"""What a reader types for each character of a pass, in QEMU's names."""

AT_A_TIME = 3
"""Characters typed before the machine is asked for an answer: QEMU keeps sixteen changes of keys, and a capital is four."""


def play(machine: Any, scene: str) -> dict[str, Any]:
    return vm.play(machine, "tests.vm.guest", scene, "/run/house-*/*.log")


def test_a_pass_and_the_exit_button_move_the_kernels_line(machine: Any) -> None:
    assert play(machine, "lock") == {
        "secured": 0,
        "granted": True,
        "relocked": True,
        "exit": True,
        "second": [1, True, True],
        "stopped": 0,
    }


def test_a_kill_in_mid_unlock_is_made_good_by_the_next_start(machine: Any) -> None:
    """The kernel keeps the line as it was, as a Pi's does without strict_gpiod."""
    assert play(machine, "kill") == {"after the kill": 1, "after the start": True, "entry": True}


def test_no_wrong_level_ever_shows_on_an_active_low_relay(machine: Any) -> None:
    assert play(machine, "active_low") == {"pulses at the start": 0, "moved": True, "stopped": 1}


def test_a_line_that_a_crash_left_driven_is_driven_on_and_lgpio_would_let_go_of_it(machine: Any) -> None:
    """Why the pin factory is ours: lgpio's makes an input of each line first."""
    assert play(machine, "claims_of_a_driven_line") == {
        "lgpio": ["output", "input", "output"],
        "ours": ["output", "output", "output"],
    }


def test_every_edge_of_a_button_is_told(machine: Any) -> None:
    assert play(machine, "edges") == {"told": 200, "pressed": 100}


def test_a_line_that_another_program_holds_is_named(machine: Any) -> None:
    found = play(machine, "held")
    assert found["code"] == 1
    assert "line 17 of /dev/gpiochip0" in found["said"]
    assert "gpioinfo" in found["said"]


def test_a_camera_that_returns_under_another_number_is_found_by_its_path(machine: Any) -> None:
    found = play(machine, "camera")
    assert (found["first"], found["second"]) == (1, 2)
    assert found["pulled"]


def test_controls_reach_the_camera(machine: Any) -> None:
    assert play(machine, "controls") == {"missing": ["exposure_ms", "focus"], "gain": "gain: 77"}


def test_a_reader_that_types_is_grabbed_and_opens_the_door(machine: Any) -> None:
    machine.start(
        f"{PYTHON} -m tests.vm.guest keyboard > /run/keyboard.json 2> /run/keyboard.err; touch /run/keyboard-done"
    )
    until(lambda: machine.run("test -e /run/keyboard-ready")[0] == 0, "the scanner", PATIENCE)
    for at, character in enumerate(signed(claims(5)), start=1):
        vm.monitor(machine, f"sendkey {KEYS[character]} 20")
        if at % AT_A_TIME == 0:
            machine.run("true")
    vm.monitor(machine, "sendkey ret 20")
    until(lambda: machine.run("test -e /run/keyboard-done")[0] == 0, "the entry", PATIENCE)
    found = json.loads(machine.run("cat /run/keyboard.json")[1])
    assert (found["index"], found["reason"]) == (5, None)
    assert "busy" in found["grab"][0]
