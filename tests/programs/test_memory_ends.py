"""Memory ends, and the kernel itself chooses: programs with their units' scores, in a group that may have so much and no more.

What it does not model: the browsers, which are programs here that hold as much memory as the page of one does alone; swap, of
which a Pi of ours has none; and systemd, which starts again what was ended. Where we may lower no score (CAP_SYS_RESOURCE) the
station has 0 instead of its own, which makes it only harder.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Final

import pytest
from msgspec import Struct

from kiosk.demo.place import free_port, stop
from tests.conftest import ROOT
from tests.programs.house import PATIENCE, House, until

pytestmark = pytest.mark.slow

MEBIBYTE: Final = 1 << 20
LIMIT: Final = 320 * MEBIBYTE
BROWSER: Final = 60
"""MiB that a page's processes have of their own, and less: the scores are to decide, and not who is larger."""

HOLDS: Final = """
import os, sys
held = b"x" * (int(sys.argv[1]) << 20)
print("holds", flush=True)
file = os.memfd_create("more")
for _line in sys.stdin:
    os.write(file, b"x" * (1 << 20))
    print("more", flush=True)
"""
"""Has so many MiB of its own, and for each line that it reads the group has one more that is nobody's own."""

EATER: Final = 250
"""Of whoever takes more and more: where one victim does not free enough at once it is the next, and not the station."""

LIMITS: Final = ("memory.max", "memory.swap.max"), ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
"""Of a group of the second and of the first version: memory, and what counts swap."""


class Group(Struct, frozen=True):
    """A control group of processes that share LIMIT."""

    folder: Path

    def under(self, score: int) -> tuple[str, ...]:
        """A command before another that puts it into the group, with that score, before it takes any memory."""
        lowered = f"echo {score} >/proc/self/oom_score_adj 2>/dev/null"
        enters = f'echo $$ >{self.folder}/cgroup.procs && {{ {lowered} || [ {score} -lt 0 ]; }} && exec "$@"'
        return ("/bin/sh", "-c", enters, "sh")

    @property
    def kills(self) -> int:
        """How many of its processes the kernel has ended."""
        told = next(each for name in ("memory.events", "memory.oom_control") if (each := self.folder / name).exists())
        found = re.search(r"^oom_kill (\d+)$", told.read_text(), re.MULTILINE)
        assert found, told
        return int(found[1])


@pytest.fixture
def group() -> Iterator[Group]:
    """Where this machine lets us make one."""
    roots = [Path(each) for each in ("/sys/fs/cgroup", "/sys/fs/cgroup/memory")]
    made = next((each for root in roots if (each := _made(root / f"kiosk-test-{os.getpid()}"))), None)
    if made is None:
        pytest.skip("NO CONTROL GROUP CAN BE MADE HERE: nobody sees whom the kernel ends")
    yield Group(made)
    until(lambda: not (made / "cgroup.procs").read_text(), "the group to be empty")
    made.rmdir()


def _made(folder: Path) -> Path | None:
    """The group with its limit; None where there can be none with one."""
    try:
        folder.mkdir()
    except OSError:
        return None
    found = next(((memory, swap) for memory, swap in LIMITS if (folder / memory).exists()), None)
    if found is None or not _limited(folder, *found):
        folder.rmdir()
        return None
    return folder


def _limited(folder: Path, memory: str, swap: str) -> bool:
    try:
        (folder / memory).write_text(f"{LIMIT}")
        if (folder / swap).exists():
            (folder / swap).write_text("0" if "swap" in swap else f"{LIMIT}")
    except OSError:
        return False
    return True


def score(unit: str) -> int:
    """What the unit says to the kernel."""
    text = (ROOT / "systemd" / f"{unit}.service").read_text(encoding="utf-8")
    found = re.search(r"^OOMScoreAdjust=(-?\d+)$", text, re.MULTILINE)
    assert found, unit
    return int(found[1])


@contextmanager
def holding(group: Group, unit_score: int, mebibytes: int) -> Iterator[subprocess.Popen[bytes]]:
    """A program that holds so much, from when it says so until the block ends."""
    command = (*group.under(unit_score), sys.executable, "-c", HOLDS, str(mebibytes))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        try:
            assert said(process.stdout) == b"holds\n"
            yield process
        finally:
            stop(process)


def said(stream: IO[bytes] | None) -> bytes:
    """The next line, which the kernel may hold up while it ends somebody."""
    assert stream
    assert select.select([stream], [], [], PATIENCE)[0], "a line"
    return stream.readline()


def ended(group: Group, eater: subprocess.Popen[bytes], others: Mapping[str, subprocess.Popen[bytes]]) -> Iterator[str]:
    """Who is ended while one takes more and more, in this order; the next MiB is taken once they are gone.

    It is over when that one is, too.
    """
    everybody = {**others, "who takes more": eater}
    left = dict(everybody)
    for _each in range(LIMIT // MEBIBYTE):
        assert eater.stdin
        eater.stdin.write(b"more\n")
        told = said(eater.stdout)
        until(
            lambda: len(everybody) - len(left) + len(gone(left)) >= group.kills, "whom the kernel has ended to be gone"
        )
        for name in gone(left):
            del left[name]
            yield name
        if not told:
            return


def gone(left: Mapping[str, subprocess.Popen[bytes]]) -> list[str]:
    return [name for name, process in left.items() if process.poll() is not None]


def test_the_kernel_ends_the_browser_inside_first_and_lets_the_station_be(group: Group, tmp_path: Path) -> None:
    house = House(tmp_path / "house", f"[desk]\ndisplay = true\nport = {free_port()}\n")
    house.trust()
    with ExitStack() as stack:
        enter = stack.enter_context
        station = enter(house.station(under=group.under(score("kiosk-station"))))
        desk = enter(house.program("desk", under=group.under(score("kiosk-desk"))))
        inside, door = (enter(holding(group, score(unit), BROWSER)) for unit in ("kiosk-desk-browser", "kiosk-browser"))
        eater = enter(holding(group, EATER, 0))
        running = {"browser inside": inside, "browser at the door": door, "desk": desk, "station": station.process}
        first = ("browser inside", "browser at the door", "desk")
        assert tuple(islice(ended(group, eater, running), 3)) == first
        assert {running[name].returncode for name in first} == {-signal.SIGKILL}
        assert station.process.poll() is None
        assert house.view().station == "37081101", "it answers, and lets people in"
