"""Kernel devices, seen from the programs: GPIO lines, video devices, a USB keyboard, in the virtual machine of ../shared/vm.

KIOSK_VM names the folder in which its build.sh has made out/ and wheels/; without it the tests are skipped, and say so. The
machine is emulated: what is slow here says nothing of a Pi.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.keys import claims, signed
from tests.programs.house import until

pytestmark = [pytest.mark.vm, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]
"""vm.py leaves files to the garbage collector."""

PATIENCE = 300.0
MOUNT = "mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose"
SET_UP = f"""\
mkdir -p /run/mnt/repo /run/mnt/site /opt/vmtest; modprobe -a 9pnet_virtio 9p
{MOUNT} repo /run/mnt/repo && {MOUNT} site /run/mnt/site || exit 1
modprobe gpio-sim persist=1; /opt/vmtest/gpio_setup.sh rp1 54 '17:lock 27:contact 22:exit' pinctrl-rp1 || exit 1
cp /proc/cpuinfo /run/cpuinfo; printf 'Revision\\t: d04170\\n' >> /run/cpuinfo; mount --bind /run/cpuinfo /proc/cpuinfo
modprobe v4l2loopback video_nr=0,1 card_label=a,b exclusive_caps=1,1 max_buffers=4
modprobe vivid n_devs=1 node_types=0x1; modprobe -a hid-generic usbhid
"""
PYTHON = (
    "cd /run/mnt/repo; PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/run/mnt/repo:/run/mnt/site OPENBLAS_NUM_THREADS=1 python3"
)
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


@pytest.fixture(scope="module")
def folder() -> Path:
    found = os.environ.get("KIOSK_VM", "")
    if not found or not (Path(found) / "out" / "disk.img").exists():
        pytest.skip("KIOSK_VM NAMES NO BUILT VIRTUAL MACHINE: copy ../shared/vm somewhere and run its build.sh")
    return Path(found)


@pytest.fixture(scope="module")
def machine(folder: Path) -> Iterator[Any]:
    """A booted machine with this checkout and its libraries in it."""
    sys.path.insert(0, str(folder))
    module = import_module("vm")
    disk = folder / "kiosk.img"
    shutil.copyfile(folder / "out" / "disk.img", disk)
    extra = [*share("repo", ROOT), *share("site", libraries(folder)), "-device", "qemu-xhci", "-device", "usb-kbd"]
    with module.VM(str(disk), append=module.FAST, smp=2, mem=1500, extra=extra) as machine:
        machine.wait_ready()
        machine.run("mkdir -p /opt/vmtest")
        for name in ("gpio_setup.sh", "v4l2feed.py"):
            machine.put((folder / "guest-scripts" / name).read_text(), f"/opt/vmtest/{name}")
        machine.run(SET_UP, check=True)
        yield machine
    disk.unlink()


def share(tag: str, path: Path) -> list[str]:
    """QEMU's words for a folder that the guest can mount."""
    device = f"local,id={tag},path={path},security_model=none,readonly=on"
    return ["-fsdev", device, "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]


def libraries(folder: Path) -> Path:
    """What the programs import, for the guest's Python 3.13; made once."""
    site = folder / "site"
    if not site.exists():
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        wheels = [str(next((folder / "wheels").glob("lgpio-*.whl")))]  # to compare with
        wanted = [*project["dependencies"], *project["optional-dependencies"]["central"], *wheels]
        pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(site), "--python-version", "3.13"]
        subprocess.run([*pip, "--only-binary", ":all:", *wanted], check=True)
    return site


def play(machine: Any, scene: str) -> dict[str, Any]:
    code, out, errors = machine.run(f"{PYTHON} -m tests.vm.guest {scene}", timeout=PATIENCE)
    assert code == 0, errors + machine.run("tail -n 20 /run/house-*/*.log")[1]
    found: dict[str, Any] = json.loads(out)
    return found


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
    for character in signed(claims(5)):
        machine.qmp("human-monitor-command", **{"command-line": f"sendkey {KEYS[character]} 20"})
        time.sleep(0.06)
    machine.qmp("human-monitor-command", **{"command-line": "sendkey ret 20"})
    until(lambda: machine.run("test -e /run/keyboard-done")[0] == 0, "the entry", PATIENCE)
    found = json.loads(machine.run("cat /run/keyboard.json")[1])
    assert (found["index"], found["reason"]) == (5, None)
    assert "busy" in found["grab"][0]
