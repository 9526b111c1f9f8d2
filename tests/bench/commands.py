"""From a command at the central server to the lock's pin, through its long poll, sync and station."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from kiosk.central.store import CentralStore
from kiosk.demo.founding import founded
from kiosk.local import boot_time
from kiosk.trust.documents import CommandDocument
from tests.bench.road import Report
from tests.programs.house import LOCK, until
from tests.programs.town import CODE, Town

COMMANDS = 20


def measure() -> Report:
    """The table."""
    town = Town(Path(tempfile.mkdtemp(prefix="bench-")))
    times = []
    with town.server():
        town.enrol(town.port)
        store = CentralStore(town.central)
        issuer = founded(town.central, store)
        with town.house.station() as station, town.house.program("sync"):
            until(lambda: town.house.view().quality == "synced", "the time")
            for _ in range(COMMANDS):
                sent_at = boot_time()
                issuer.command(CommandDocument(1, "x", CODE, "unlock", 0, 0, seconds=1), 60.0)
                moved = station.bench.wait_for(LOCK, level=True, after=sent_at)
                assert moved is not None, "the command did not move the lock"
                times.append((moved.at - sent_at) * 1000)
                station.bench.wait_for(LOCK, level=False, after=moved.at)
        store.close()
    rows = [["median", f"{statistics.median(times):.0f} ms", ""], ["longest", f"{max(times):.0f} ms", "500 ms"]]
    return f"Command at the central server to the lock's pin, online, {COMMANDS} times", ["", "kiosk", "bound"], rows
