"""The curious back end, with all that a station ever sends: it names discontented regulars hardly better than by guessing."""

from __future__ import annotations

import statistics

import pytest

from tests.curious import Habits, bundles, closed_every, lived, precision

SEEDS = range(6)
WEEKLY = 0.28
"""Measured before the rules were chosen, with another model."""


@pytest.mark.slow
def test_half_a_year_of_bundles_names_few_of_the_discontented_and_nightly_ones_would_many() -> None:
    habits, weekly, nightly = Habits(), [], []
    for seed in SEEDS:
        half = lived(habits, seed)
        weekly.append(precision(half, bundles(half.visits), habits))
        nightly.append(precision(half, closed_every(1, half.visits), habits))
    assert statistics.mean(weekly) < WEEKLY + statistics.stdev(weekly)
    assert statistics.mean(nightly) > statistics.mean(weekly) + 2 * statistics.stdev(weekly)


@pytest.mark.slow
@pytest.mark.parametrize("regulars", [12, 30, 60])
def test_where_few_come_it_names_no_more_of_them_and_bundles_of_each_week_would(regulars: int) -> None:
    habits, ours, weekly = Habits(regulars), [], []
    for seed in range(900 // regulars):
        half = lived(habits, seed)
        ours.append(precision(half, bundles(half.visits), habits))
        weekly.append(precision(half, closed_every(7, half.visits), habits))
    error = statistics.stdev(ours) / len(ours) ** 0.5
    assert statistics.mean(ours) < WEEKLY + error
    assert statistics.mean(weekly) > statistics.mean(ours) + 2 * error
