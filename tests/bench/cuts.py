"""The power is cut after every system call of an urn: what people said inside, and the ballots and remarks of a poll."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.road import Report
from tests.logbook import test_ballots_power, test_urn_power
from tests.logbook.disk import Call, record
from tests.logbook.test_power import MOMENTS, strace


def measure() -> Report:
    """The table: over all cuts, each with nothing, everything and some of what was not flushed."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        said = test_urn_power.cut_everywhere(*_written(Path(folder, "said"), "tests.logbook.inside"), MOMENTS)
        cast = test_ballots_power.cut_everywhere(*_written(Path(folder, "cast"), "tests.logbook.booth"))
    rows = (
        ("what is said inside: answers, voices, rounds", said.cuts, said.lost + said.forgotten, said.doubled),
        ("a poll's votes", cast.cuts, cast.lost, cast.twice),
        ("their remarks", cast.cuts, cast.remarks_lost, cast.remarks_twice),
    )
    return "The power cut after each system call", ["urn", "cuts", "lost", "twice"], [[*map(str, row)] for row in rows]


def _written(disk: Path, program: str) -> tuple[list[Call], Path]:
    """Every call of a program that keeps its urn on this disk."""
    disk.mkdir()
    return record(disk, strace(), "-m", program, str(disk / "data"), "flushed"), disk
