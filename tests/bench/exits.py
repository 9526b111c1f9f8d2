"""From the exit button to the lock's pin, idle and under a flood of codes; and from a pass in the flood to the pin."""

from __future__ import annotations

import statistics
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from kiosk.core.door.inputs import SETTLE
from kiosk.local import Line, NotReachable, boot_time
from kiosk.wire import Scan
from tests.bench.road import Report
from tests.programs.house import EXIT, LOCK, House, Station

PRESSES = 40
CODES_A_SECOND = 1000
BOUND = 50.0
"""Milliseconds that a flood may add."""


def measure() -> Report:
    """The table."""
    house = House(Path(tempfile.mkdtemp(prefix="bench-")))
    house.trust()
    with house.station() as station:
        idle = presses(station)
        stop = threading.Event()
        flooding = threading.Thread(target=flood, args=(house, stop))
        flooding.start()
        under = presses(station)
        stop.set()
        flooding.join()
    rows = [
        [name, f"{pick(idle):.1f} ms", f"{pick(under):.1f} ms", f"{pick(under) - pick(idle):+.1f} ms", bound]
        for name, pick, bound in (
            ("median", statistics.median, ""),
            ("99 %", lambda times: statistics.quantiles(times, n=100, method="inclusive")[98], ""),
            ("longest", max, f"+{BOUND:.0f} ms"),
        )
    ]
    columns = ["", "idle", f"{CODES_A_SECOND:,} codes a second of rubbish", "added", "bound"]
    return f"Exit button to the lock's pin, {PRESSES} presses, {SETTLE * 1000:.0f} ms of them debounce", columns, rows


def presses(station: Station) -> list[float]:
    """Milliseconds from the button's level to the lock's, for each press."""
    times, bench = [], station.bench
    for _ in range(PRESSES):
        pressed = boot_time()
        bench.drive(EXIT, level=False)
        freed = bench.wait_for(LOCK, level=True, after=pressed)
        assert freed is not None, "the exit button did not free the door"
        times.append((freed.at - pressed) * 1000)
        bench.drive(EXIT, level=True)
        assert bench.wait_for(LOCK, level=False, after=freed.at) is not None
    return times


def flood(house: House, stop: threading.Event) -> None:
    """Rubbish from the scanner's socket, by the hundred."""
    line = Line(house.run / "scan.sock")
    number = 0
    while not stop.wait(0.1):
        with suppress(NotReachable):
            for _ in range(CODES_A_SECOND // 10):
                number += 1
                line.send(Scan("main", f"YZ1:RUBBISH{number}", boot_time()))
    line.close()
