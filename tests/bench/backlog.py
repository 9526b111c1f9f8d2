"""Weeks without a network: how sync drains a backlog, what it weighs meanwhile, and what an entry costs on the wire."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec
from msgspec import Struct

from kiosk.core.clock import Quality
from kiosk.core.entries import Entry, Granted, Measured, Stamp
from kiosk.local import boot_id
from kiosk.logbook.reader import Reader
from kiosk.logbook.store import Logbook
from tests.bench.road import Report
from tests.programs import middle
from tests.programs.house import until
from tests.programs.middle import Exchange, Middle
from tests.programs.town import Town, World

BACKLOGS: Final = (1_000, 1_000_000)
MEASURED: Final = 100_000
"""Entries that are drained while it is measured; of a smaller backlog all."""

GROUP: Final = 10_000


class Drained(Struct):
    """One run."""

    start: float = 0.0
    rate: float = 0.0
    memory: dict[str, float] = {}
    wire: float = 0.0
    plain: float = 0.0


def measure() -> Report:
    """The table."""
    runs = [drain(Path(tempfile.mkdtemp(prefix="bench-")), backlog) for backlog in BACKLOGS]
    few, many = runs
    rows = [
        ["drained, entries a second", f"{few.rate:.0f}", f"{many.rate:.0f}", ""],
        *(
            [f"most resident memory, {name}", f"{few.memory[name]:.1f} MB", f"{many.memory[name]:.1f} MB", "60 MB"]
            for name in ("station", "sync")
        ),
        ["start of the station, seconds", f"{few.start:.1f}", f"{many.start:.1f}", ""],
        ["an entry on the wire, all headers counted", f"{few.wire:.1f} bytes", f"{many.wire:.1f} bytes", ""],
        ["the same as JSON", f"{few.plain:.0f} bytes", f"{many.plain:.0f} bytes", ""],
    ]
    return (
        "A backlog, of which one entry in ten is an access",
        ["", *(f"{each:,} waiting" for each in BACKLOGS), "bound"],
        rows,
    )


def drain(folder: Path, backlog: int) -> Drained:
    """Fill a logbook, then let station, sync and central server run."""
    town, found, sent = Town(folder), Drained(), [0]

    def counting(exchange: Exchange) -> None:
        if exchange.is_batch:
            sent[0] += len(exchange.request)
        middle.honest(exchange)

    with town.server(), closing(Middle(town.port)) as man, man.doing(counting):
        town.enrol(man.port)
        town.house.config.write_text(town.house.config.read_text() + "[logbook]\nmost_megabytes = 2000\n")
        fill(town.house.data, backlog)
        found.plain = plain(town.house.data)
        began = monotonic()
        with town.house.station() as station:
            found.start = monotonic() - began
            with town.house.program("sync") as sync:
                until(lambda: acked(town) > 0, "the first batch", patience=120)
                from_, began = acked(town), monotonic()
                wanted = from_ + min(backlog - from_ - 1, MEASURED)
                until(lambda: acked(town) >= wanted, "the drain", patience=300)
                found.rate = (acked(town) - from_) / max(0.001, monotonic() - began)
                found.wire = sent[0] / acked(town)
                for name, pid in (("station", station.process.pid), ("sync", sync.pid)):
                    found.memory[name] = World.most_memory(pid) / 1000
    return found


def fill(folder: Path, backlog: int) -> None:
    """As a station does in weeks."""
    book = Logbook(folder, boot_id())
    for first in range(0, backlog, GROUP):
        numbers = range(first, min(first + GROUP, backlog))
        book.append([(Stamp(float(number), 1.79e9 + number, Quality.HOLDOVER), one(number)) for number in numbers])
    book.close()


def one(number: int) -> Entry:
    """Nine readings and a worker."""
    if number % 10:
        return Measured("fridge", 4.0 + number % 97 / 50, "°C")
    return Granted("main", number % 5000, 0, 0, f"{number * 2654435761 % 2**64:016x}", 1_800_000_000)


def plain(folder: Path) -> float:
    """Bytes of an entry's JSON, on average over the first thousand of each stream, by their share."""
    reader = Reader(folder)
    sizes = {
        stream: [len(msgspec.json.encode(row.wire())) for row in reader.batch(stream, 0, 1000, 10**9)]
        for stream in reader.heads()
    }
    reader.close()
    return 0.1 * sum(sizes["access"]) / len(sizes["access"]) + 0.9 * sum(sizes["telemetry"]) / len(sizes["telemetry"])


def acked(town: Town) -> int:
    """What the server holds of both streams."""
    return sum(stream.acked for stream in town.house.view().streams.values())
