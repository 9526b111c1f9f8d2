"""A card of which only one partition is written: power cuts, and that partition write-protected, or destroyed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.vm import machine as vm
from tools.deb import build

pytestmark = [pytest.mark.vm, pytest.mark.timeout(2400), pytest.mark.filterwarnings("ignore")]
READ_ONLY_SYSTEM = "init=/opt/vmtest/overlay"
SLOT = 16


@pytest.fixture(scope="module")
def data(folder: Path) -> Iterator[Path]:
    """The partition, which is a disk of its own here."""
    build("trixie", "amd64")
    path = folder / "data.img"
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-L", "kiosk-data", path, "64M"], check=True)
    yield path
    path.unlink()


def drive(image: Path, slot: int, mode: str = "") -> list[str]:
    """A disk in that slot of the machine; the kernel counts disks from the lowest slot on."""
    return [
        "-drive",
        f"file={image},if=none,id=slot{slot},format=raw{mode}",
        "-device",
        f"virtio-blk-pci,drive=slot{slot},addr={slot}",
    ]


@contextmanager
def station(folder: Path, disk: Path, drives: list[str], kernel: str = READ_ONLY_SYSTEM) -> Iterator[Any]:
    with vm.booted(folder, disk, more=drives, kernel=kernel) as machine:
        print(f"\na boot answers after {machine.ready:.1f} s")
        yield machine


def play(machine: Any, scene: str) -> dict[str, Any]:
    return vm.play(machine, "tests.vm.card", scene)


@pytest.fixture(scope="module")
def card(folder: Path, disk: Path, data: Path) -> Path:
    """After its first start."""
    with station(folder, disk, drive(data, SLOT), kernel="") as machine:
        found = play(machine, "first_boot")
        machine.power_cut()
    assert "only read, but for kiosk-data" in found["told"][0]
    assert "ready for the enrolment" in found["told"][1]
    assert len(found["again"]) == 2, "nothing more is changed"
    assert found["cmdline"].count("overlayroot=tmpfs") == 1
    return disk


def test_the_system_is_only_read_and_what_the_station_knows_outlasts_a_power_cut(
    folder: Path, card: Path, data: Path
) -> None:
    kept: list[int] = []
    for index in (21, 22):
        with station(folder, card, drive(data, SLOT)) as machine:
            found = play(machine, f"opens {index}")
            machine.power_cut()
        assert (found["button"], found["knows passes"], found["gone"]) == (True, True, True)
        assert found["checks"] == {"machine.data": "fine"}
        assert found["kept"][: len(kept)] == kept
        assert len(found["kept"]) > len(kept)
        kept = found["kept"]


def test_a_data_partition_that_takes_no_write_keeps_nobody_out(folder: Path, card: Path, data: Path) -> None:
    """A card that has locked itself, after a power cut: its journal cannot be played back either."""
    with station(folder, card, drive(data, SLOT, ",readonly=on")) as machine:
        found = play(machine, "opens 23")
    assert (found["button"], found["knows passes"]) == (True, True), "a pass opens"
    assert found["checks"] == {"machine.data": "fine", "disk.writable": "wrong"}
    assert "data_folder" in found["faults"]


def test_a_data_partition_that_is_damaged_is_repaired(folder: Path, card: Path, data: Path) -> None:
    with data.open("r+b") as file:
        file.seek(1024)  # superblock and group descriptors; copies of them lie elsewhere
        file.write(bytes(7 * 1024))
    with station(folder, card, drive(data, SLOT)) as machine:
        found = play(machine, "opens 24")
    assert (found["button"], found["knows passes"], found["checks"]) == (True, True, {"machine.data": "fine"})


def test_a_stick_with_the_same_label_is_not_taken_for_it(folder: Path, card: Path, data: Path, tmp_path: Path) -> None:
    """Whoever reaches a socket would bring a root key of their own."""
    stick = tmp_path / "stick.img"
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-L", "kiosk-data", stick, "16M"], check=True)
    with station(folder, card, [*drive(stick, SLOT - 1), *drive(data, SLOT)]) as machine:
        found = play(machine, "opens 26")
    assert (found["knows passes"], found["checks"]) == (True, {"machine.data": "fine"})
    assert found["data"] == "/dev/vdc", "the stick is the second disk"


def test_without_its_data_partition_the_exit_button_works_and_the_doctor_says_why_passes_do_not(
    folder: Path, card: Path, data: Path
) -> None:
    with data.open("r+b") as file:
        file.write(bytes(64 << 20))
    with station(folder, card, drive(data, SLOT)) as machine:
        found = play(machine, "opens 25")
    assert (found["button"], found["knows passes"]) == (True, False)
    assert found["checks"] == {"machine.data": "wrong"}
