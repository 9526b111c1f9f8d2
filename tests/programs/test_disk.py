"""A disk that hangs, fails, is full or read-only, under a station that runs: nobody waits longer than the commit patience."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk.core.door.access import COMMIT_PATIENCE
from kiosk.demo.place import stop
from tests.keys import STRANGER, claims, signed
from tests.programs.house import EXIT, LOCK, House, Station, until

HANGS = 3.0
"""Seconds for which each flush of the hanging disk takes."""

SLACK = 1.0
"""Seconds that a loaded test machine may add."""

DISKS = {
    "hangs": ("fdatasync", f"delay_enter={HANGS * 1e6:.0f}"),
    "fails": ("fdatasync", "error=EIO"),
    "is full": ("pwrite64", "error=ENOSPC"),
    "is read-only": ("pwrite64", "error=EROFS"),
}


@contextmanager
def broken(pid: int, call: str, how: str) -> Iterator[None]:
    """From now until the block ends the kernel does that to each such call of the process, in all its threads."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace IS ABSENT: install Debian's package strace")
    command = [strace, "-f", "-p", str(pid), "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:{how}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as tracer:
        try:
            until(
                lambda: tracer.poll() is not None or all(map(traced, Path(f"/proc/{pid}/task").iterdir())), "the tracer"
            )
            if tracer.poll() is not None:
                pytest.skip(f"strace MAY NOT ATTACH: {(tracer.stderr.read() if tracer.stderr else b'').decode()}")
            yield
        finally:
            stop(tracer)


def traced(task: Path) -> bool:
    return "TracerPid:\t0" not in (task / "status").read_text()


def moved(station: Station, *, unlocked: bool, after: float) -> float:
    """The boot time at which the lock's pin next took that level."""
    edge = station.bench.wait_for(LOCK, level=unlocked, after=after)
    assert edge is not None
    return edge.at


@pytest.mark.parametrize("disk", DISKS)
def test_the_door_does_the_right_thing_while_the_disk(disk: str, tmp_path: Path) -> None:
    house = House(tmp_path)
    house.trust()
    with house.station() as station:
        assert station.verdict(signed(claims(1))) == "granted"
        relocked = moved(station, unlocked=False, after=1.0)
        with broken(station.process.pid, *DISKS[disk]):
            shown = station.scan(signed(claims(2)))
            opened = moved(station, unlocked=True, after=relocked)
            assert opened - shown < COMMIT_PATIENCE + SLACK < HANGS
            assert station.next("granted")["index"] == 2
            until(lambda: "logbook" in house.view().faults)
            assert station.verdict(signed(claims(3), STRANGER)) == "bad_signature"
            relocked = moved(station, unlocked=False, after=opened)
            station.bench.drive(EXIT, level=False)
            freed = moved(station, unlocked=True, after=relocked)
            station.bench.drive(EXIT, level=True)
            moved(station, unlocked=False, after=freed)
        assert station.verdict(signed(claims(4))) == "granted"
        until(lambda: "logbook" not in house.view().faults, "the fault's end")
    kinds = [(entry["kind"], entry.get("index")) for entry in house.entries()]
    assert [kinds.count(("granted", index)) for index in (1, 2, 4)] == [1, 1, 1], "also what the disk refused meanwhile"
