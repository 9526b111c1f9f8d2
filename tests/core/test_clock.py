"""The clock: true time is always inside the interval, and only what is provable refuses a pass."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from kiosk import BUILD_TIME
from kiosk.core.clock import (
    LEEWAY,
    PASS_MAY_RAISE,
    Clock,
    Instant,
    Quality,
    provably_early,
    provably_expired,
    raise_by_pass,
    raise_floor,
    synchronise,
)

HOUR = 3600.0


def booted(at: float = 0.0) -> Clock:
    return Clock(lo=BUILD_TIME, lo_at=at)


def test_a_clock_that_knows_nothing_refuses_nobody() -> None:
    clock = booted()
    assert clock.quality(5.0) is Quality.UNSET
    assert not provably_expired(clock, BUILD_TIME + 1, 5.0)
    assert not provably_early(clock, 2**33, 5.0)


def test_a_floor_proves_expiry_but_never_earliness() -> None:
    clock = raise_floor(booted(), BUILD_TIME + HOUR, 10.0)
    assert clock.quality(11.0) is Quality.FLOOR
    assert provably_expired(clock, BUILD_TIME + HOUR - LEEWAY - 1, 10.0)
    assert not provably_expired(clock, BUILD_TIME + HOUR - LEEWAY, 10.0)
    assert clock.latest(10.0) == math.inf


def test_an_answered_nonce_bounds_both_sides_and_ages() -> None:
    clock = synchronise(booted(), BUILD_TIME + HOUR, asked_at=100.0, boot=102.0)
    assert clock.earliest(102.0) == BUILD_TIME + HOUR
    assert BUILD_TIME + HOUR + 2 <= clock.latest(102.0) <= BUILD_TIME + HOUR + 4
    assert clock.quality(102.0) is Quality.SYNCED
    assert clock.quality(102.0 + 2 * HOUR) is Quality.HOLDOVER
    assert provably_early(clock, BUILD_TIME + 2 * HOUR, 102.0)


def test_what_may_be_deleted_goes_by_what_an_answer_proved() -> None:
    assert raise_floor(booted(), BUILD_TIME + HOUR, 0.0).proven(5.0) == 0.0
    clock = synchronise(booted(), BUILD_TIME + HOUR, 0.0, 0.5)
    assert clock.proven(9.5) == clock.earliest(9.5)


def test_one_pass_raises_the_floor_by_a_day_at_most() -> None:
    clock = raise_by_pass(booted(), BUILD_TIME + 400 * 24 * HOUR, 0.0)
    assert clock.earliest(0.0) == BUILD_TIME + PASS_MAY_RAISE


def test_the_wall_clock_is_believed_only_where_it_can_be_true() -> None:
    clock = synchronise(booted(), BUILD_TIME + HOUR, 0.0, 0.5)
    assert clock.wall(Instant(0.5, 0.0)) == BUILD_TIME + HOUR
    assert clock.wall(Instant(0.5, BUILD_TIME + HOUR + 1)) == BUILD_TIME + HOUR + 1
    assert clock.wall(Instant(0.5, BUILD_TIME + 9 * HOUR)) == clock.latest(0.5)


steps = st.lists(
    st.tuples(
        st.sampled_from(["floor", "sync", "pass"]),
        st.floats(0, 10_000),  # seconds that pass before it
        st.floats(0, 5_000),  # how old the proof is
        st.floats(0, 60),  # how long the answer took
    ),
    max_size=30,
)


@given(st.floats(BUILD_TIME, BUILD_TIME + 10**8), st.floats(-50e-6, 50e-6), steps)
def test_true_time_is_never_outside_the_interval(
    began: float, drift: float, events: list[tuple[str, float, float, float]]
) -> None:
    """Whatever honest proofs arrive, in whatever order and however late, with a crystal within its tolerance."""
    clock, boot = booted(), 0.0

    def true(at: float) -> float:
        return began + at * (1 + drift)

    for kind, passed, age, took in events:
        boot += passed + took
        proven = max(0.0, true(boot) - age)
        if kind == "floor":
            clock = raise_floor(clock, proven, boot)
        elif kind == "pass":
            clock = raise_by_pass(clock, proven, boot)
        else:
            clock = synchronise(clock, true(boot - took / 2), boot - took, boot)
        assert clock.earliest(boot) <= true(boot) + 1e-3
        assert clock.latest(boot) >= true(boot) - 1e-3
    assert clock.earliest(boot + 1e6) <= true(boot + 1e6) + 1e-3
