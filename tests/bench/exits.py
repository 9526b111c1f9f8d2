"""From the exit button to the lock's pin: idle, under a flood of codes at the door, and of touches by a page inside."""

from __future__ import annotations

import statistics
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import requests

from kiosk.core.door.inputs import SETTLE
from kiosk.demo.place import free_port
from kiosk.local import Line, NotReachable, boot_time
from kiosk.wire import Scan
from tests.bench.road import Report
from tests.bench.touches import flooding, rate
from tests.programs.house import EXIT, LOCK, House, Station, until

PRESSES = 40
CODES_A_SECOND = 1000
BOUND = 50.0
"""Milliseconds that a flood may add."""


def measure() -> Report:
    """The table."""
    port = free_port()
    house = House(Path(tempfile.mkdtemp(prefix="bench-")), f"[desk]\ndisplay = true\nport = {port}\n")
    house.trust()
    with house.station() as station, house.program("desk"):
        until(lambda: requests.get(f"http://127.0.0.1:{port}", timeout=5).ok, "the page inside")
        idle = presses(station)
        stop = threading.Event()
        flooder = threading.Thread(target=flood, args=(house, stop))
        flooder.start()
        coded = presses(station)
        stop.set()
        flooder.join()
        with flooding(port) as told:
            touched = presses(station)
    rows = [
        [name, f"{pick(idle):.1f} ms", *(added(pick(each), pick(idle)) for each in (coded, touched)), bound]
        for name, pick, bound in (
            ("median", statistics.median, ""),
            ("99 %", lambda times: statistics.quantiles(times, n=100, method="inclusive")[98], ""),
            ("longest", max, f"+{BOUND:.0f} ms"),
        )
    ]
    columns = [
        "",
        "idle",
        f"{CODES_A_SECOND:,} codes a second of rubbish",
        f"a page that touches: {rate(told)}",
        "bound",
    ]
    return f"Exit button to the lock's pin, {PRESSES} presses, {SETTLE * 1000:.0f} ms of them debounce", columns, rows


def added(time: float, idle: float) -> str:
    return f"{time:.1f} ms ({time - idle:+.1f} ms)"


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
