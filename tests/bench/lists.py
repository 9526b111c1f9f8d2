"""The list of revoked passes: its size and a look-up, beside a table in SQLite and a set of texts."""

from __future__ import annotations

import random
import sqlite3
import statistics
import tempfile
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from kiosk.trust.status import Status, StatusList, pack, unpack
from tests.bench.decision import HOLDERS
from tests.bench.road import Report
from tests.keys import NOW, status_document

T = TypeVar("T")

LOOK_UPS = 20_000


def measure() -> Report:
    """The table."""
    choose = random.Random(1)  # noqa: S311
    revoked = choose.sample(range(HOLDERS), HOLDERS // 100)
    asked = [choose.randrange(HOLDERS) for _ in range(LOOK_UPS)]
    packed = pack(dict.fromkeys(revoked, Status.REVOKED), HOLDERS)
    unpacked, size = sized(lambda: unpack(packed) or b"")
    ours = StatusList(1, NOW, unpacked)
    texts, texts_size = sized(lambda: {f"credential-{index:08d}" for index in revoked})
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    table = _table(folder / "revoked.db", revoked)
    wire = len(status_document(1, dict.fromkeys(revoked, Status.REVOKED), HOLDERS))
    joined = zlib.compress("\n".join(sorted(texts)).encode(), 9)
    file = (folder / "revoked.db").stat().st_size
    look_ups: list[Callable[[int], bool]] = [
        lambda index: ours[index] == Status.REVOKED,
        lambda index: table.execute("SELECT 1 FROM revoked WHERE id = ?", (index,)).fetchone() is not None,
        lambda index: f"credential-{index:08d}" in texts,
    ]
    times = [f"{1e6 * median(find, asked):.2f} µs" for find in look_ups]
    rows = [
        ["on the wire", f"{wire / 1000:.1f} kB", "", f"{len(joined) / 1000:.1f} kB", "25 kB"],
        ["kept", f"{size / 1e6:.2f} MB", f"{file / 1e6:.2f} MB of file", f"{texts_size / 1e6:.2f} MB", "0.5 MB"],
        ["a look-up, median", *times, "5 µs"],
    ]
    table.close()
    return (
        f"{HOLDERS:,} credentials, 1 % revoked",
        ["", "status list", "SQLite table of ids", "set of texts", "bound"],
        rows,
    )


def sized(make: Callable[[], T]) -> tuple[T, int]:
    """What is made, and the bytes that it keeps."""
    tracemalloc.start()
    made = make()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return made, size


def median(find: Callable[[int], bool], asked: list[int]) -> float:
    """Seconds for one look-up: the median over runs of a hundred."""
    times = []
    for begin in range(0, len(asked), 100):
        part = asked[begin : begin + 100]
        began = perf_counter()
        for index in part:
            find(index)
        times.append((perf_counter() - began) / len(part))
    return statistics.median(times)


def _table(path: Path, revoked: list[int]) -> sqlite3.Connection:
    table = sqlite3.connect(path)
    table.execute("CREATE TABLE revoked (id INTEGER PRIMARY KEY)")
    table.executemany("INSERT INTO revoked VALUES (?)", [(index,) for index in revoked])
    table.commit()
    return table
