"""What each figure is held to, and whether it is."""

from __future__ import annotations

import os
from collections.abc import Mapping

from msgspec import Struct

from tests.bench.province.measures import CORES, INGEST, Found

SQLITE, POSTGRESQL, TWO, STORELESS, JUDGING = (
    "SQLite", "PostgreSQL", "PostgreSQL, 2 processes", "no store", "no store, entries judged",
)  # fmt: skip
ONE_SHARE, TWO_SHARES = "PostgreSQL, 1 process with a share", "PostgreSQL, 2 processes with a share each"
OURS = (SQLITE, POSTGRESQL)

SHARE = 0.4
"""Of a core for a process, so that for two of them, their database and the stations there are enough: of two, for example."""

A_DAY = 5_000_000
"""Entries of a province in a day."""


OF_OLDER, OF_STORELESS, OF_JUDGING = (
    "the same, times the older server",
    "the same, of a server with no store",
    "the same, of one that judges the entries, too",
)
BY_TWO, CORES_OF_TWO = "the same, by two processes", "the same, by two processes, cores in use"
BY_SHARES = f"the same, by two processes, each with {SHARE:g} of a core"


class Bound(Struct, frozen=True):
    """A figure with its unit; the most or the least that it may be, by engine where they differ."""

    figure: str
    unit: str
    most: float | None = None
    least: Mapping[str, float] = {}

    def words(self) -> str:
        if self.most is not None:
            return f"{self.unit}, ≤ {self.most:g}".strip(", ")
        least = sorted({f"{each:g}" for each in self.least.values()}, reverse=True)
        return f"{self.unit}, ≥ {' and '.join(least)}".strip(", ") if least else self.unit

    def holds(self, kind: str, value: float) -> bool | None:
        if self.most is not None:
            return value <= self.most
        return value >= self.least[kind] if kind in self.least else None


BOUNDS = (
    Bound("a held poll", "kB", 12),
    Bound("memory, all polls held", "MB"),
    Bound("60 batches/s of 3, median", "ms", 10),
    Bound("60 batches/s of 3, 99 %", "ms", 500),
    Bound("60 batches/s of 3, polls late, 99 %", "ms", 500),
    Bound("60 batches/s of 3, processor", "cores"),
    Bound("200 batches/s of 3, median", "ms", 50),
    Bound("200 batches/s of 3, 99 %", "ms", 1000),
    Bound("a revocation to the last station", "s beyond gathering", 5),
    Bound(INGEST, "requests/s"),
    Bound(CORES, f"of {os.cpu_count()}"),
    Bound(OF_OLDER, "", least={SQLITE: 3.5, POSTGRESQL: 2}),
    Bound(OF_STORELESS, "", least={SQLITE: 0.6}),
    Bound(OF_JUDGING, ""),
    Bound(BY_TWO, "times"),
    Bound(CORES_OF_TWO, f"of {os.cpu_count()}"),
    Bound(BY_SHARES, "times", least={POSTGRESQL: 1.5}),
    Bound("bytes an entry", "", 270),
    Bound("a year of the province on paper", "GB"),
    Bound("storm of 500 each, all told after", "s"),
    Bound("storm, longest batch", "s", 20),
    Bound("storm, batches over 20 s", "", 0),
    Bound("storm, memory at its peak", "MB", 400),
    Bound("storm, peak by memory with all polls held", "times", 3),
)


def compared(found: dict[str, Found], older: str) -> None:
    """Put in what follows from how much several servers take in."""
    for each in (found[name] for name in OURS if name in found):
        for figure, beside in ((OF_OLDER, older), (OF_STORELESS, STORELESS), (OF_JUDGING, JUDGING)):
            if beside in found:
                each[figure] = each[INGEST] / found[beside][INGEST]
    if TWO in found:
        found[POSTGRESQL][BY_TWO] = found[TWO][INGEST] / found[POSTGRESQL][INGEST]
        found[POSTGRESQL][CORES_OF_TWO] = found[TWO][CORES]
    if TWO_SHARES in found:
        found[POSTGRESQL][BY_SHARES] = found[TWO_SHARES][INGEST] / found[ONE_SHARE][INGEST]


def derived(found: Found) -> None:
    """Put in what follows from several figures of one server."""
    if "bytes an entry" in found:
        found["a year of the province on paper"] = found["bytes an entry"] * A_DAY * 365 / 1e9
    if "storm, memory at its peak" in found:
        found["storm, peak by memory with all polls held"] = (
            found["storm, memory at its peak"] / found["memory, all polls held"]
        )


def judged(bound: Bound, found: dict[str, Found]) -> str:
    """In a word, or by the names of those that do not hold it."""
    asked = {name: bound.holds(name, found[name][bound.figure]) for name in OURS if bound.figure in found.get(name, {})}
    wrong = [name for name, holds in asked.items() if holds is False]
    if wrong:
        return f"NOT HELD: {', '.join(wrong)}"
    return "held" if True in asked.values() else ""
