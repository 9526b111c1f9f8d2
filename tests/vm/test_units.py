"""The units in the virtual machine: what systemd does with them on a kernel's own devices."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from kiosk.trust.release import Release, sign_release
from kiosk.update.bundle import write_bundle
from tests.conftest import ROOT
from tests.keys import NOW
from tests.keys import ROOT as TRUSTED
from tests.vm import machine as vm
from tests.vm.packed import repacked
from tools.deb import build

pytestmark = [pytest.mark.vm, pytest.mark.timeout(2400), pytest.mark.filterwarnings("ignore")]
MOST_MEGABYTES = {
    "kiosk-station": 60,
    "kiosk-sensors": 35,
    "kiosk-sync": 60,
    "kiosk-scanner@main": 75,
    "kiosk-screen": 60,
    "kiosk-desk": 60,
}
"""Resident; the design's bounds, and for the two displays, which it leaves open, those of sync."""


@pytest.fixture(scope="module", autouse=True)
def package() -> Path:
    """Built before the machine starts, which sees it through its share."""
    return build("trixie", "amd64")


@pytest.fixture(scope="module")
def bundles(package: Path) -> None:
    """Updates to 9.0.0, and to 9.1.0, whose station does not start."""
    folder = ROOT / "build" / "vm"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for version, spoiled in (("9.0.0", ""), ("9.1.0", "station/program.py")):
        deb = repacked(package, version, folder / f"{version}.deb", spoiled)
        release = Release(version, NOW, "all", {"deb13_amd64": hashlib.sha256(deb.read_bytes()).digest()})
        write_bundle(folder / f"{version}.update", sign_release(release, TRUSTED), {"deb13_amd64": deb})
        deb.unlink()


def play(machine: Any, scene: str) -> dict[str, Any]:
    return vm.play(machine, "tests.vm.units", scene)


@pytest.mark.vm_short
def test_the_package_is_installed(machine: Any) -> None:
    assert play(machine, "install") == {"installed": "install ok installed"}


@pytest.mark.vm_short
def test_the_package_runs_in_its_sandboxes_and_a_picture_of_a_pass_opens_and_so_does_the_button(machine: Any) -> None:
    assert play(machine, "start") == {
        "opened by a picture": True,
        "display": True,
        "relocked": True,
        "opened by the button": True,
        "active": dict.fromkeys(
            ("kiosk-station", "kiosk-sensors", "kiosk-sync", "kiosk-screen", "kiosk-desk", "kiosk-scanner@main"),
            "active",
        ),
        "account": "kiosk",
    }


@pytest.mark.vm_short
def test_a_slot_on_pins_opens_by_itself_and_its_contact_says_that_it_was_taken(machine: Any) -> None:
    told = ["operated", "unlocked", "taken", "locked"]
    assert play(machine, "slots") == {
        "at the start": [0, 0],
        "held": False,
        "raincoats": [[1, 0, 0], told],
        "plasters": [[0, 1, 0], told],
    }


@pytest.mark.vm_short
def test_the_programs_stay_small(machine: Any) -> None:
    found = play(machine, "weighed")
    print(f"\nresident: {found}")
    assert all(megabytes <= MOST_MEGABYTES[name] for name, megabytes in found.items()), found


def test_a_station_killed_in_mid_unlock_that_does_not_return_leaves_the_lock_without_power(machine: Any) -> None:
    found = play(machine, "killed")
    assert found.pop("word").startswith("kiosk-station has failed: signal KILL. Next: kiosk doctor")
    assert found == {"without power": True, "was not started again": True}


@pytest.mark.vm_short
def test_a_station_that_hangs_is_restarted_by_its_watchdog(machine: Any) -> None:
    assert play(machine, "hung") == {"restarted": True, "opened": True}


def test_who_has_taken_over_a_program_gets_neither_lock_nor_key_nor_more_network(machine: Any) -> None:
    found = play(machine, "attacks")
    for unit, outcomes in found.items():
        assert (outcomes.pop("socket") == "done") is (unit in {"kiosk-sync", "kiosk-screen", "kiosk-desk"}), unit
        assert (outcomes.pop("network") == "done") is (unit == "kiosk-sync"), (unit, "the pages have loopback alone")
        assert (outcomes.pop("volatile") == "done") is (unit == "kiosk-sync"), (unit, "which sends what is in memory")
        assert (outcomes.pop("camera") == "done") is (unit == "kiosk-scanner@"), unit
        assert "done" not in outcomes.values(), (unit, outcomes)


@pytest.mark.usefixtures("bundles")
def test_an_update_is_kept_and_one_that_does_not_start_goes_back_by_itself(machine: Any) -> None:
    found = play(machine, "update")
    assert found.pop("9.0.0") == [0, ["Version 9.0.0 runs."], "9.0.0"]
    assert found.pop("9.1.0") == [
        1,
        ["Back to version 9.0.0: the station does not answer", "Next: kiosk doctor"],
        "9.0.0",
    ]
    assert found == {"opened": True, "relocked": True}


def test_the_power_goes_in_mid_entry_and_after_the_next_boot_all_is_there(
    machine: Any, folder: Path, disk: Path
) -> None:
    promised = play(machine, "cut")["promised"]
    machine.power_cut()
    with vm.booted(folder, disk) as again:
        found = play(again, "booted")
    print(f"\nfrom the kernel's start to the first opened door: {found['seconds']:.0f} s, emulated")
    assert found["kept"][: len(promised)] == promised
    assert (found["interrupted"], found["whole"]) == (1, True)
    assert found["version"] == "9.0.0", "and not the one on trial"
