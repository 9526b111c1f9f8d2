"""Supplies in two slots on the kernel's own lines, in the virtual machine: granted, taken, and a power cut between the two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.vm import machine as vm
from tools.deb import build

pytestmark = [pytest.mark.vm, pytest.mark.timeout(2400), pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module", autouse=True)
def package() -> Path:
    """Built before the machine starts, which sees it through its share."""
    return build("trixie", "amd64")


def play(machine: Any, scene: str) -> dict[str, Any]:
    return vm.play(machine, "tests.vm.supplies", scene)


def test_a_granted_slot_moves_its_line_and_no_other_and_its_contact_says_that_it_was_taken(machine: Any) -> None:
    vm.play(machine, "tests.vm.units", "install")
    assert play(machine, "published") == {"states": ["show_pass", "show_pass"]}
    assert play(machine, "handed") == {
        "raincoats": ["", [1, 0, 0], "had"],
        "plasters": ["", [0, 1, 0], "had"],
        "entries": [["raincoats", False], ["raincoats", True], ["plasters", False], ["plasters", True]],
    }


def test_after_a_power_cut_between_mark_and_slot_nobody_is_the_poorer_and_nobody_has_two(
    machine: Any, folder: Path, disk: Path
) -> None:
    """What was granted and never taken is not counted; what was taken is, once."""
    found = play(machine, "between")
    machine.power_cut()
    assert found["levels"] == [0, 0], "the slot has not moved"
    assert found["entries"][4:] == [["raincoats", False]], "and the mark is kept"
    with vm.booted(folder, disk) as again:
        found = play(again, "after")
    assert (found["states"], found["levels"]) == (["show_pass", "show_pass"], [0, 0])
    assert found["raincoats"] == ["", [1, 0, 0], "had"]
    assert found["entries"][5:] == [["raincoats", False], ["raincoats", True]]
