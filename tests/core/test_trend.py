"""Few points for many samples, and no sample further from the lines between them than the dead band."""

from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.room import trend

values = st.floats(-1e3, 1e3, allow_nan=False)
steps = st.floats(0.05, 100.0)


def corners(samples: list[tuple[float, float]], dead_band: float) -> list[tuple[float, float]]:
    """The points that are kept of these samples, with the end of the last line."""
    (at, value), *rest = samples
    line = trend.begin(at, value)
    kept = [(at, value)]
    for at, value in rest:
        line, corner = trend.sample(line, at, value, dead_band)
        if corner:
            kept.append((line.at, line.value))
    return [*kept, (line.last_at, line.end)] if line.pending else kept


def on_the_line(kept: list[tuple[float, float]], moment: float) -> float:
    for (before, low), (after, high) in itertools.pairwise(kept):
        if before <= moment <= after:
            return low + (high - low) * (moment - before) / (after - before)
    return kept[0][1]


@given(st.lists(st.tuples(steps, values), min_size=1, max_size=120), st.floats(0.0, 50.0))
def test_no_sample_is_ever_further_from_the_line_than_the_dead_band(
    ahead: list[tuple[float, float]], dead_band: float
) -> None:
    now, samples = 0.0, []
    for seconds, value in ahead:
        now += seconds
        samples.append((now, value))
    kept = corners(samples, dead_band)
    for at, value in samples:
        assert abs(on_the_line(kept, at) - value) <= dead_band + 1e-6 * (1 + abs(value))


def test_a_straight_line_needs_two_points() -> None:
    assert len(corners([(float(at), 2.0 * at) for at in range(1000)], 0.1)) == 2


def test_a_wave_needs_few() -> None:
    wave = [(float(at), 3.0 * math.sin(at / 200)) for at in range(0, 20_000, 10)]
    assert len(corners(wave, 0.5)) < len(wave) / 20


def test_a_step_keeps_both_its_ends() -> None:
    steps_ = [(float(at), 0.0 if at < 50 else 100.0) for at in range(0, 100, 10)]
    assert corners(steps_, 1.0) == [(0.0, 0.0), (40.0, 0.0), (50.0, 100.0), (90.0, 100.0)]


def test_a_sample_that_is_not_later_changes_nothing() -> None:
    line, _ = trend.sample(trend.begin(0.0, 1.0), 10.0, 2.0, 0.5)
    assert trend.sample(line, 10.0, 99.0, 0.5) == (line, False)
    assert trend.sample(line, 3.0, 99.0, 0.5) == (line, False)
