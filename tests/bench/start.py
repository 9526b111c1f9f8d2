"""What a technician waits for: `kiosk --help` and `kiosk status`, against bare Python."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from tests.bench.road import Report
from tests.programs.house import House, environment

ROUNDS = 15
KIOSK = [sys.executable, "-m", "kiosk"]


def measure() -> Report:
    """The table."""
    house = House(Path(tempfile.mkdtemp(prefix="bench-")))
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "kiosk --help": [*KIOSK, "--help"],
        "kiosk status, no station": [*KIOSK, "-c", str(house.config), "status", "--json"],
    }
    with_station = {"kiosk status": [*KIOSK, "-c", str(house.config), "status", "--json"]}
    times = {name: _median(command) for name, command in commands.items()}
    with house.station():
        times |= {name: _median(command) for name, command in with_station.items()}
    bare = times["python -c pass"]
    rows = [
        [name, f"{1000 * each:.0f} ms", f"{each / bare:.1f}", "" if name.startswith("python") else "4"]
        for name, each in times.items()
    ]
    return f"From Enter to the end, median of {ROUNDS}", ["", "time", "times bare Python", "bound"], rows


def _median(command: list[str]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = perf_counter()
        subprocess.run(command, capture_output=True, check=False, env=environment())
        times.append(perf_counter() - began)
    return statistics.median(times[1:])
