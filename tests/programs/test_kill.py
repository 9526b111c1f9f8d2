"""SIGKILL at every write and flush of the station's files, and at every message that tells of a step: from start to relock.

strace delivers the signal at the k-th call, for each k until the program gets through: the same points each time. A kill loses
nothing that the kernel has; what a power cut loses is another test's.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from kiosk.demo.place import stop
from kiosk.local import NotReachable, boot_time
from kiosk.trust.passes import Kind
from tests.keys import NOW, claims, signed
from tests.programs.house import CONTACT, LOCK, House, Station, until

POINTS = [
    ("first", "fdatasync", 5),
    ("first", "pwrite64", 31),
    ("later", "fdatasync", 5),
    ("later", "pwrite64", 17),
    ("visit", "fdatasync", 1),
    ("visit", "pwrite64", 5),
    ("visit", "sendto", 3),
]
MORE_POINTS = [
    ("first", "fdatasync", 1),
    ("first", "pwrite64", 5),
    ("later", "fdatasync", 1),
    ("later", "pwrite64", 4),
    ("visit", "pwrite64", 2),
    ("visit", "sendto", 1),
]
"""The first start of a station makes its files, a later one opens them, and from a visit on it only writes entries. The system
call, and how many to go on by: each thread's calls are counted for itself, at a visit from when the station is up.

A message (sendto) leaves for the wiring of the pins and for each subscriber after every step between code and relock.
"""

TEXT = signed(claims(kind=Kind.LIVE, expires=NOW + 600))


def enter(house: House, strace: list[str], *, up: bool) -> tuple[bool, bool]:
    """Start, show a pass, walk in, relock, stop. Whether the lock was released, and whether the program got through.

    `up`: strace has it from when it is up, and not from its start.
    """
    with ExitStack() as stack:
        process = stack.enter_context(house.program("station", under=[] if up else [*strace, "-D"]))
        try:
            until(lambda: process.poll() is not None or house.view())
            if process.poll() is not None:
                return False, False
            station = Station(house, process)
            stack.callback(station.close)
            if up:
                stack.enter_context(attached(process, strace))
        except (AssertionError, NotReachable, OSError):
            return False, False
        try:
            at = boot_time()
            station.scan(TEXT)
            until(
                lambda: process.poll() is not None or station.bench.wait_for(LOCK, level=True, after=at, timeout=0.05)
            )
            station.bench.drive(CONTACT, level=True)
            until(lambda: process.poll() is not None or "taken" in house.kinds())
            station.bench.drive(CONTACT, level=False)
            until(lambda: process.poll() is not None or "locked" in house.kinds())
        except (NotReachable, OSError):
            pass
        finally:
            station.close()  # the last edges are read by then
        return any(edge.level and edge.pin == LOCK for edge in station.bench.edges), process.poll() is None


@contextmanager
def attached(process: subprocess.Popen[bytes], strace: list[str]) -> Iterator[None]:
    """All threads of a program that runs are strace's.

    One that is told to end just while its program dies waits for the first thread, which waits for the others: for ever.
    """
    tasks = Path(f"/proc/{process.pid}/task")
    with subprocess.Popen([*strace, "-p", str(process.pid)], stderr=subprocess.DEVNULL) as tracer:
        try:
            until(
                lambda: all(
                    re.search(r"^TracerPid:\t[1-9]", (each / "status").read_text(), re.MULTILINE)
                    for each in tasks.iterdir()
                )
            )
            yield
        finally:
            stop(tracer)


def check(house: House, opened: bool) -> None:
    """After the kill: the lock is secured, what opened the door is logged once, and no pass is burnt by an unlock cut off."""
    try:
        before = house.kinds()
    except sqlite3.Error:  # it was killed while it made the file
        before = []
    assert not opened or before.count("granted") == 1, before
    last = before[len(before) - before[::-1].index("started") :] if "started" in before else []
    complete = "locked" in last or "stopped" in last
    with house.station() as station:
        assert [edge.level for edge in station.bench.edges if edge.pin == LOCK] == [False]
        verdict = station.verdict(TEXT)
        assert verdict == "granted" or (complete and verdict == "replayed"), f"{before}, then {verdict}"
    entries = house.entries()  # it has stopped: what it told of before the disk had it is in the file now
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    kinds = [entry["kind"] for entry in entries]
    assert kinds.count("interrupted_unlock") == ("unlocked" in last and not complete), kinds


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("start", "call", "step"),
    [
        *(pytest.param(*each, marks=pytest.mark.slow) for each in POINTS),
        *(pytest.param(*each, marks=pytest.mark.soak) for each in MORE_POINTS),
    ],
)
def test_killed_at_every_write_and_flush(tmp_path: Path, start: str, call: str, step: int) -> None:
    """Until the k-th call is one that it does not come to."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace IS ABSENT: install Debian's package strace")
    kills, opened_at, point, through = 0, 0, 1, False
    while not through:
        house = House(tmp_path / str(point))
        house.trust()
        if start != "first":
            with house.station():
                pass
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={point}"]
        opened, through = enter(house, [strace, "-f", "-o", "/dev/null", *inject], up=start == "visit")
        check(house, opened)
        kills += not through
        opened_at += opened and not through
        point += step
        assert point < 400
    print(f"\n{start} start, {call}: killed at {kills} points, at {opened_at} after the lock was released")
    assert opened_at >= 1 or start != "visit"
