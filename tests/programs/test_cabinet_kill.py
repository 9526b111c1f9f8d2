"""SIGKILL at every write and flush between a release and its slot: never opened twice, nor without an entry that says so."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from kiosk.local import NotReachable, boot_time
from tests.programs.house import until
from tests.programs.test_cabinet import CONTACT, LOCK, PASS, SETTINGS, Cabinet, at, cabinet, furnished
from tests.programs.test_kill import attached

POINTS = [("fdatasync", 1), ("pwrite64", 7)]
"""The system call, and how many to go on by."""


def visit(room: Cabinet, strace: list[str]) -> bool:
    """Show both, take it, close the slot; whether the program got through."""
    process = room.station.process

    def gone() -> bool:
        return process.poll() is not None

    with ExitStack() as stack:
        try:
            stack.enter_context(attached(process, strace))
            after = boot_time()
            room.show(at())
            room.show(PASS)
            bench = room.station.bench
            until(lambda: gone() or bench.wait_for(LOCK, level=True, after=after, timeout=0.05))
            bench.drive(CONTACT, level=True)
            until(lambda: gone() or "taken" in room.outcomes())
            bench.drive(CONTACT, level=False)
            until(lambda: gone() or "locked" in room.house.kinds())
        except (AssertionError, NotReachable, OSError):
            pass
    return not gone()


def opened(room: Cabinet) -> int:
    return sum(edge.level for edge in room.station.bench.edges if edge.pin == LOCK)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("call", "step"), POINTS)
def test_killed_between_the_release_and_its_slot(tmp_path: Path, call: str, step: int) -> None:
    """Until the k-th call is one that it does not come to."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace IS ABSENT: install Debian's package strace")
    point, through, kills, burnt = 1, False, 0, 0
    while not through:
        house = furnished(tmp_path / str(point), SETTINGS)
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={point}"]
        with cabinet(house) as room:
            room.prove_time()
            through = visit(room, [strace, "-f", "-o", "/dev/null", *inject])
            before = opened(room)
        said = room.outcomes()
        assert before <= said.count("opened") <= 1, "the lock moved before it was written down"
        with cabinet(house) as room:
            room.prove_time()
            room.measure(5.0)
            room.show(PASS)
            room.show(at())
            if "opened" in said:
                until(lambda: room.view().told == "release_used", "to be told that it is used")
            else:
                until(lambda: opened(room) == 1, "the slot")
            assert before + opened(room) <= 1
        kills, burnt, point = kills + (not through), burnt + ("opened" in said and not before), point + step
        assert point < 100
    print(f"\n{call}: killed at {kills} points; at {burnt} the release was used and the lock had not moved")
    assert kills
