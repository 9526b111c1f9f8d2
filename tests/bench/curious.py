"""Whom the back end could name as discontented from half a year of bundles and the door's log, beside other rules."""

from __future__ import annotations

import statistics

import numpy as np

from tests.bench.road import Report
from tests.curious import DAYS, Habits, bundles, came_on_all, closed_every, lived, precision

REGULARS = 1500
"""Of each kind of station at the least, in eight stations or more."""

STATIONS = (
    Habits(300), Habits(300, answers=0.1), Habits(300, answers=1.0, says_so=0.9), Habits(600), Habits(100), Habits(60),
    Habits(30), Habits(20), Habits(12),
)  # fmt: skip


def measure() -> Report:
    """The table."""
    title = f"Precision with which the back end names discontented regulars, {DAYS} days"
    columns = [
        "regulars",
        "stations",
        "answer at",
        "say so at",
        "guessing",
        "ours",
        "bundles",
        "each week instead",
        "each night instead",
    ]
    return title, columns, [row(habits) for habits in STATIONS]


def row(habits: Habits) -> list[str]:
    """One kind of station."""
    found: list[list[float]] = [[], [], []]
    sent = []
    stations = max(8, REGULARS // habits.regulars)
    for seed in range(stations):
        half = lived(habits, seed)
        ours = bundles(half.visits)
        sent.append(len(ours))
        for precisions, closed in zip(
            found, (ours, closed_every(7, half.visits), closed_every(1, half.visits)), strict=True
        ):
            precisions.append(precision(half, closed, habits))
    kind = [f"{habits.regulars}", f"{stations}", f"{habits.answers:.0%}", f"{habits.says_so:.0%}"]
    ours_is, *others = map(spread, found)
    return [*kind, f"{habits.named / habits.regulars:.2f}", ours_is, f"{statistics.mean(sent):.0f}", *others]


def spread(values: list[float]) -> str:
    """Mean and standard deviation."""
    return f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}"


def voices() -> Report:
    """Whoever says the same thing again and again is among those who came on each of these days."""
    rows = []
    for regulars in (300, 100, 30):
        half, chance = lived(Habits(regulars), 1), np.random.default_rng(1)
        for times in (1, 2, 3, 5, 8):
            found = [came_on_all(half, times, chance) for _ in range(40)]
            alone = sum(each == 1 for each in found) / len(found)
            rows.append([f"{regulars}", f"{times}", f"{statistics.median(found):.0f}", f"{alone:.0%}"])
    title = f"Among how many somebody is who says the same thing on some days of {DAYS}"
    return title, ["regulars", "days", "came on each, median", "nobody else"], rows
