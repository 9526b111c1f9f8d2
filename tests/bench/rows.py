"""A day's rows in the logbook: corners of a line, beside steps of a dead band. And how far a picture made of them is off."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable
from datetime import UTC, datetime

from kiosk.demo.model import Model
from kiosk.demo.virtual import Virtual, live_a_day
from kiosk.logbook.curves import day_of
from kiosk.settings.appliances import SensorTable
from kiosk.settings.loading import load
from tests.bench.road import Report
from tests.conftest import ROOT

Samples = list[tuple[float, float]]


def steps(samples: Samples, table: SensorTable) -> Samples:
    """What a dead band with a heartbeat keeps."""
    kept = samples[:1]
    for at, value in samples[1:]:
        if abs(value - kept[-1][1]) > table.dead_band or at - kept[-1][0] >= table.heartbeat:
            kept.append((at, value))
    return kept


def measure() -> Report:
    """The table."""
    settings = load(ROOT / "config" / "station.toml")
    virtual = Virtual(settings, datetime(2026, 7, 31, 16, tzinfo=UTC).timestamp())
    live_a_day(virtual, Model())
    virtual.stop()
    day = day_of((at.wall, entry) for at, entry in sorted(virtual.told, key=lambda each: each[0].wall))
    rows = []
    for name, samples in virtual.samples.items():
        table, curve = settings.sensors[name], day.curves[name]
        by_steps = steps(samples, table)
        corners = sum(map(len, curve.pieces))
        rows.append(
            [
                name,
                f"{len(samples):,}",
                f"{len(by_steps):,}",
                f"{corners:,}",
                f"{len(by_steps) / corners:.1f}",
                f"{_error(samples, _hold(by_steps)):.2f}" if table.dead_band else "",
                f"{_error(samples, curve.at):.2f}" if table.dead_band else "",
                f"{table.dead_band:g} {table.unit}",
            ]
        )
    count, told = virtual.counted()
    rows.append(
        ["all, with what is not a value", f"{count:,}", "", f"{told:,}", "", "", "", f"{count / told:.0f} times fewer"]
    )
    columns = ["", "samples", "dead band", "corners", "ratio", "error, dead band", "error, corners", "dead band"]
    return "A usual day of the simulated room, in rows", columns, rows


def _hold(kept: Samples) -> Callable[[float], float | None]:
    """A picture of steps."""
    times = [at for at, _ in kept]
    return lambda moment: kept[bisect(times, moment) - 1][1]


def _error(samples: Samples, picture: Callable[[float], float | None]) -> float:
    """How far the picture is from the samples at most, where it shows something."""
    return max(abs(value - found) for at, value in samples if (found := picture(at)) is not None)
