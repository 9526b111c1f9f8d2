"""What a technician waits for: `kiosk --help` and `kiosk status`, against bare Python.

Once in this environment, whose own start-up file counts for both; once as the package starts it, by Debian's Python alone.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import msgspec

from kiosk.update.versions import HOME
from tests.bench.road import Report
from tests.conftest import ROOT
from tests.programs.house import House, environment
from tools.deb import LAUNCHER

ROUNDS = 15
SYSTEM = "/usr/bin/python3"


def measure() -> Report:
    """The table."""
    house = House(Path(tempfile.mkdtemp(prefix="bench-")))
    ways = {"here": ([sys.executable], [sys.executable, "-m", "kiosk"])}
    if _same_python():
        launcher = house.folder / "kiosk"
        libraries = Path(msgspec.__file__).parents[1]
        launcher.write_text(LAUNCHER.replace(f'"{HOME}"', f'"{ROOT}"; sys.path.insert(0, "{libraries}")'))
        ways["packaged"] = ([SYSTEM, "-I"], [SYSTEM, "-I", str(launcher)])
    rows = [row for name, (python, kiosk) in ways.items() for row in _rows(house, name, python, kiosk)]
    return f"From Enter to the end, median of {ROUNDS}", ["", "time", "times bare Python", "bound"], rows


def _same_python() -> bool:
    told = subprocess.run([SYSTEM, "-V"], capture_output=True, text=True, check=False).stdout.split()
    return bool(told) and told[-1].split(".")[:2] == [str(each) for each in sys.version_info[:2]]


def _rows(house: House, way: str, python: list[str], kiosk: list[str]) -> list[list[str]]:
    status = [*kiosk, "-c", str(house.config), "status"]
    bare = _median([*python, "-c", "pass"])
    times = {"kiosk --help": _median([*kiosk, "--help"]), "kiosk status, no station": _median(status)}
    with house.station():
        times["kiosk status"] = _median(status)
    told = [[f"{name}, {way}", f"{1000 * each:.0f} ms", f"{each / bare:.1f}", "4"] for name, each in times.items()]
    return [[f"python -c pass, {way}", f"{1000 * bare:.0f} ms", "1.0", ""], *told]


def _median(command: list[str]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = perf_counter()
        subprocess.run(command, capture_output=True, check=False, env=environment())
        times.append(perf_counter() - began)
    return statistics.median(times[1:])
