"""From a pass that is shown to the lock's pin: at a door, and at the desk for a slot, each behind its commit, side by side."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from kiosk.local import boot_time
from tests.bench.road import Report
from tests.keys import claims, signed
from tests.programs import test_cabinet as cabinets
from tests.programs.house import CONTACT, LOCK, Station, until

VISITS = 30
LEAF = 0.05
"""Seconds for which a leaf or a slot stands open: more than its debounce."""


def measure() -> Report:
    """The table."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    settings = cabinets.SETTINGS.replace("holds = 3", f"holds = {VISITS}")
    house = cabinets.furnished(folder / "house", settings, VISITS)
    with cabinets.cabinet(house) as room:
        room.prove_time()
        door = [at_the_door(room.station, number) for number in range(VISITS)]
        slot = [at_the_desk(room, number) for number in range(VISITS)]
    rows = [
        [name, f"{pick(door):.1f} ms", f"{pick(slot):.1f} ms", f"{pick(slot) - pick(door):+.1f} ms"]
        for name, pick in (("median", statistics.median), ("95 %", _p95), ("longest", max))
    ]
    columns = ["", "a door, by a pass", "a slot, by a release and its holder's pass", "slot less door"]
    return f"A pass that is shown to the lock's pin, {VISITS} times each, behind the commit", columns, rows


def at_the_door(station: Station, number: int) -> float:
    """Milliseconds; each time by another holder, who goes in."""
    shown = station.scan(signed(claims(100 + number)))
    return moved(station, shown, LOCK, CONTACT)


def at_the_desk(room: cabinets.Cabinet, number: int) -> float:
    """The same for a slot, whose release waits already for the holder's pass."""
    room.show(cabinets.at(number + 1))
    until(lambda: room.view().medicine, "the release to wait")
    shown = boot_time()
    room.show(cabinets.PASS)
    return moved(room.station, shown, cabinets.LOCK, cabinets.CONTACT)


def moved(station: Station, shown: float, lock: int, contact: int) -> float:
    """Milliseconds from the pass to the pin; then what it freed is opened and shut."""
    bench = station.bench
    freed = bench.wait_for(lock, level=True, after=shown)
    assert freed is not None, "nothing was freed"
    for level in (True, False):
        bench.drive(contact, level=level)
        stands = boot_time() + LEAF
        while boot_time() < stands:  # as a hand holds it
            pass
    assert bench.wait_for(lock, level=False, after=freed.at) is not None
    return (freed.at - shown) * 1000


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[18]
