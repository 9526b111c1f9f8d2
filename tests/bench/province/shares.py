"""A share of the processors, by a control group of the kernel: processes that have it each do what they do on a larger machine.

Where a server, its database and the stations want all processors that there are, no second process can have one of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/cpu")
"""Where groups are made: of the second version, and of the first."""

PERIOD = 20_000
"""Microseconds within which a group has its share, so that nobody waits long for the next one."""


class NoShares(OSError):
    """This machine lets us make no group that has a share."""


@contextmanager
def share(cores: float) -> Iterator[list[str]]:
    """A command before another that puts it, and all that it starts, into a group of so many cores. Raises NoShares."""
    folder = _made(cores)
    try:
        yield ["/bin/sh", "-c", f'echo $$ >{folder}/cgroup.procs && exec "$@"', "sh"]
    finally:
        folder.rmdir()


def _made(cores: float) -> Path:
    for root in GROUPS:
        folder = root / f"kiosk-bench-{os.getpid()}-{cores:g}"
        try:
            folder.mkdir()
        except OSError:
            continue
        if _limited(folder, round(cores * PERIOD)):
            return folder
        folder.rmdir()
    raise NoShares


def _limited(folder: Path, quota: int) -> bool:
    newer, older = folder / "cpu.max", folder / "cpu.cfs_quota_us"
    try:
        if newer.exists():
            newer.write_text(f"{quota} {PERIOD}")
        elif older.exists():
            (folder / "cpu.cfs_period_us").write_text(f"{PERIOD}")
            older.write_text(f"{quota}")
        else:
            return False
    except OSError:
        return False
    return True
