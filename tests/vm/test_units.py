"""The units in the virtual machine: what systemd does with them on a kernel's own devices."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.vm.test_vm import PATIENCE, PYTHON, folder, machine

__all__ = ["folder", "machine"]
pytestmark = [pytest.mark.vm, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]


def play(machine: Any, scene: str) -> dict[str, Any]:
    code, out, errors = machine.run(f"{PYTHON} -m tests.vm.units {scene}", timeout=PATIENCE)
    assert code == 0, errors + machine.run("journalctl -u 'kiosk-*' -o cat --no-pager | tail -n 60")[1]
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_programs_run_in_their_sandboxes_and_a_pass_opens(machine: Any) -> None:
    assert play(machine, "start") == {
        "active": {"kiosk-station": "active", "kiosk-sensors": "active", "kiosk-sync": "active"},
        "opened": True,
        "relocked": True,
        "account": "kiosk",
    }


def test_a_station_killed_in_mid_unlock_that_does_not_return_leaves_the_lock_without_power(machine: Any) -> None:
    assert play(machine, "killed") == {"without power": True, "was not started again": True}


def test_a_station_that_hangs_is_restarted_by_its_watchdog(machine: Any) -> None:
    assert play(machine, "hung") == {"restarted": True, "opened": True}


def test_who_has_taken_over_a_program_gets_neither_lock_nor_key_nor_more_network(machine: Any) -> None:
    found = play(machine, "attacks")
    for unit, outcomes in found.items():
        has_network = unit == "kiosk-sync"
        assert (outcomes.pop("socket") == "done") is has_network, unit
        assert (outcomes.pop("camera") == "done") is (unit == "kiosk-scanner@"), unit
        assert "done" not in outcomes.values(), (unit, outcomes)
