"""What takes long: restarts by the dozen with the package's own units, and a disk that loses what it has not flushed."""

from __future__ import annotations

import random
import shutil
import statistics
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.logbook.test_power import Promised, wrong
from tests.vm import machine as vm
from tests.vm.machine import PATIENCE, PYTHON
from tools.deb import build

pytestmark = [
    pytest.mark.vm,
    pytest.mark.vm_long,
    pytest.mark.timeout(3600),
    pytest.mark.filterwarnings("ignore"),
]
RESTARTS = 12
IMAGES = 200
UNITS = "tests.vm.units"


def test_a_dozen_power_cuts_in_a_row_and_every_entry_that_was_promised_is_there(folder: Path, disk: Path) -> None:
    """Each time a pass opens the door, and the power goes some moments later: while entry or relock is written, or nothing."""
    build("trixie", "amd64")
    chance, promised, seconds = random.Random(1), list[int](), list[float]()  # noqa: S311
    with vm.restored(folder, disk) as machine:
        vm.play(machine, UNITS, "install")
        vm.play(machine, UNITS, "enabled")
    for turn in range(RESTARTS):
        with vm.booted(folder, disk) as machine:
            found = vm.play(machine, UNITS, f"booted {100 + turn}")
            machine.run(f"sleep {chance.uniform(0, 3):.2f}")
            machine.power_cut()
        assert found["kept"][: len(promised)] == promised, f"after cut {turn}"
        assert found["whole"]
        promised = found["kept"]
        seconds.append(found["seconds"])
    print(
        f"\n{RESTARTS} cuts, {len(promised)} entries, none lost; kernel to door {statistics.median(seconds):.0f} s, emulated"
    )


@pytest.mark.parametrize("synchronous", ["FULL", "NORMAL"])
def test_of_a_disk_that_drops_and_tears_what_was_not_flushed(synchronous: str, folder: Path, disk: Path) -> None:
    """One run in the machine, each write and flush of its second disk logged; from that log the disks as cuts leave them."""
    place = folder / "lossy"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    base, written, log = place / "base.img", place / "disk.img", place / "log"
    for path, size in ((base, "64M"), (written, "")):
        path.touch()
        if size:
            subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", path, size], check=True)
    shutil.copyfile(base, written)
    log.touch()
    heard = recorded(folder, disk, written, log, synchronous)
    losses, dropped = cut_images(folder, place, base, log, heard)
    print(f"\nsynchronous={synchronous}: {IMAGES} images, {dropped} that lack something, {len(losses)} with a loss")
    if synchronous == "FULL":
        assert losses == []
    else:
        assert losses, "the same test finds losses where there are some"
    shutil.rmtree(place)


def recorded(folder: Path, disk: Path, written: Path, log: Path, synchronous: str) -> list[tuple[int, bytes]]:
    """Run the program that keeps a logbook; what it promised, each with the length that the log had by then."""
    drivers = f"driver=blklogwrites,node-name=lossy,file.driver=file,file.filename={written}"
    logs = f"log.driver=file,log.filename={log},log-sector-size=512"
    more = ["-blockdev", f"{drivers},{logs}", "-device", "virtio-blk-pci,drive=lossy"]
    heard: list[tuple[int, bytes]] = []
    with vm.booted(folder, disk, more=more, channels=["promises"]) as machine:
        line = machine._connect(machine.path("promises"), 10)

        def listen() -> None:
            rest = b""
            while data := line.recv(4096):
                *words, rest = (rest + data).split(b"\n")
                heard.extend((log.stat().st_size, each) for each in words)

        listening = threading.Thread(target=listen, daemon=True)
        listening.start()
        work = f"tests.logbook.work /run/data/data {synchronous} > /dev/virtio-ports/promises"
        code, _, errors = machine.run(
            f"mkdir -p /run/data && mount /dev/vdb /run/data && {PYTHON} -m {work}", timeout=PATIENCE
        )
        assert code == 0, errors
        machine.power_cut()
        listening.join(10)
        line.close()
    assert len(heard) > 20, "promises"
    return heard


def cut_images(
    folder: Path, place: Path, base: Path, log: Path, heard: list[tuple[int, bytes]]
) -> tuple[list[str], int]:
    """Cut at random points, mount what is left, open the logbook; what was lost, and how many images lacked anything."""
    sys.path.insert(0, str(folder))
    replay: Any = import_module("logreplay").Log(str(log))
    sys.path.remove(str(folder))
    chance, losses, lacking = random.Random(1), list[str](), 0  # noqa: S311
    mounted, image = place / "mnt", place / "crash.img"
    mounted.mkdir()
    for number in range(IMAGES):
        cut = chance.randrange(1, len(replay.entries) + 1)
        told = Promised()
        for length, words in heard:
            if length <= replay.entries[cut - 1][4]:
                told.hear(words)
        shutil.copyfile(base, image)
        _, dropped = replay.image(str(base), str(image), cut, rng=chance)
        lacking += dropped > 0
        subprocess.run(["mount", "-o", "loop", image, mounted], check=True)
        try:
            if what := wrong(mounted / "data", told):
                losses.append(f"image {number}, cut at {cut}: {what}")
        finally:
            subprocess.run(["umount", mounted], check=True)
    return losses, lacking
