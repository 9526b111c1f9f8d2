"""Opening hours and programmes: what is provable of an interval, against looking at every minute of it."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.clock import Clock
from kiosk.core.door.hours import (
    DAY,
    MINUTE,
    WEEK,
    Hours,
    Programme,
    Schedule,
    Window,
    freed_until,
    in_hours,
    is_open,
    next_programme,
    opens_next,
    provably_closed,
    runs,
)
from kiosk.opening import DAYS, parse_hours

CHINA = 8 * 3600
MONDAY = datetime(2026, 11, 23, tzinfo=UTC).timestamp() - CHINA
"""Midnight of a Monday in China."""

WINDOWS = st.builds(
    Window,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1440),
)
HOURS = st.builds(Hours, st.lists(WINDOWS, min_size=1, max_size=3).map(tuple), st.sampled_from([0, CHINA, -5 * 3600]))
PROGRAMMES = st.builds(
    lambda begins, minutes, hours, admits: Programme(
        "p", MONDAY + begins * MINUTE, MONDAY + (begins + minutes) * MINUTE, hours, admits
    ),
    st.integers(-2000, 8000),
    st.integers(1, 8000),
    st.none() | HOURS,
    st.sampled_from(["passes", "everybody"]),
)
SCHEDULES = st.builds(Schedule, st.none() | HOURS, st.lists(PROGRAMMES, max_size=2).map(tuple))
MINUTES = st.integers(-2000, 12_000)


def hours(*texts: str) -> Hours:
    return Hours(tuple(Window(*parse_hours(text)) for text in texts), CHINA)


def between(earliest: float, latest: float) -> Clock:
    """A clock that knows this much, at boot time 0."""
    return Clock(lo=earliest, lo_at=0.0, hi=latest, hi_at=0.0, raised=True)


@pytest.mark.parametrize(
    ("text", "opens_at", "closes_at"),
    [
        ("mon-fri 06:00-22:00", "mon 06:00", "mon 22:00"),
        ("sat,sun 08:00-20:00", "sun 08:00", "sun 20:00"),
        ("daily 22:00-06:00", "wed 22:00", "thu 06:00"),
        ("sun 22:00-06:00", "sun 22:00", "mon 06:00"),
        ("sat-mon 00:00-24:00", "sat 00:00", "tue 00:00"),
    ],
)
def test_hours_as_people_write_them(text: str, opens_at: str, closes_at: str) -> None:
    def at(when: str) -> float:
        day, _, time = when.partition(" ")
        return MONDAY + DAYS.index(day) * DAY + int(time[:2]) * 3600 + int(time[3:]) * 60

    found = hours(text)
    assert [in_hours(found, at(opens_at) + shift) for shift in (-1, 0)] == [False, True]
    assert [in_hours(found, at(closes_at) + shift) for shift in (-1, 0)] == [True, False]


@given(SCHEDULES, MINUTES, st.integers(0, 3000))
def test_closed_is_provable_exactly_when_every_minute_of_the_interval_is_closed(
    schedule: Schedule, begins: int, minutes: int
) -> None:
    clock = between(MONDAY + begins * MINUTE, MONDAY + (begins + minutes) * MINUTE)
    every = [is_open(schedule, MONDAY + minute * MINUTE) for minute in range(begins, begins + minutes + 1)]
    assert provably_closed(schedule, clock, 0.0) is not any(every)


@given(SCHEDULES, MINUTES, st.integers(0, 3000))
def test_a_closed_door_opens_next_at_the_first_minute_at_which_it_is_open(
    schedule: Schedule, begins: int, minutes: int
) -> None:
    latest = begins + minutes
    clock = between(MONDAY + begins * MINUTE, MONDAY + latest * MINUTE)
    after = (MONDAY + minute * MINUTE for minute in range(latest, latest + WEEK // MINUTE + 1))
    expected = next((at for at in after if is_open(schedule, at)), None)
    assert opens_next(schedule, clock, 0.0) == (expected if provably_closed(schedule, clock, 0.0) else None)


@given(SCHEDULES, MINUTES, st.integers(0, 3000))
def test_a_programme_frees_a_door_only_if_it_runs_at_every_minute_and_until_the_first_at_which_it_may_not(
    schedule: Schedule, begins: int, minutes: int
) -> None:
    clock = between(MONDAY + begins * MINUTE, MONDAY + (begins + minutes) * MINUTE)
    until = freed_until(schedule, clock, 0.0)
    free = [each for each in schedule.programmes if each.admits == "everybody"]
    every = [MONDAY + minute * MINUTE for minute in range(begins, begins + minutes + 1)]
    if until is None:
        return
    assert any(all(runs(programme, at) for at in every) for programme in free)
    assert until > 0
    latest = clock.latest(0.0)
    assert any(runs(programme, latest + until - 1) for programme in free)
    assert any(not runs(programme, latest + until) for programme in free)


@given(SCHEDULES, MINUTES)
def test_with_an_exact_clock_the_door_is_free_exactly_while_a_programme_runs(schedule: Schedule, minute: int) -> None:
    at = MONDAY + minute * MINUTE
    running = any(runs(each, at) for each in schedule.programmes if each.admits == "everybody")
    assert (freed_until(schedule, between(at, at), 0.0) is not None) is running


@given(SCHEDULES, MINUTES)
def test_the_next_programme_is_neither_missed_nor_waited_for_in_a_spin(schedule: Schedule, minute: int) -> None:
    clock = between(MONDAY + minute * MINUTE, MONDAY + minute * MINUTE)
    free = [each for each in schedule.programmes if each.admits == "everybody"]
    boot, wakes = 0.0, 0
    while (at := next_programme(schedule, clock, boot)) < math.inf and freed_until(schedule, clock, at) is None:
        boot, wakes = at, wakes + 1
        assert wakes < 60, "each wake is for another edge of a window"
    woken = math.floor((clock.earliest(min(at, 7 * DAY)) - MONDAY) / MINUTE)
    before = [any(runs(each, MONDAY + m * MINUTE) for each in free) for m in range(minute, woken + 1)]
    begins = [number for number in range(1, len(before)) if before[number] and not before[number - 1]]
    assert [number + minute for number in begins] in ([], [woken]), "woken at the first beginning, or none was missed"


def test_without_a_proof_nothing_is_closed_and_nothing_is_free() -> None:
    unset = Clock(lo=MONDAY, lo_at=0.0)
    programme = Programme("heat", MONDAY - DAY, MONDAY + WEEK, None, "everybody")
    schedule = Schedule(hours("sun 08:00-09:00"), (programme,))
    assert not provably_closed(schedule, unset, 0.0)
    assert freed_until(schedule, unset, 0.0) is None
    assert next_programme(schedule, unset, 0.0) == math.inf


def test_a_programme_ends_with_its_hours_and_one_for_passes_frees_nothing() -> None:
    daily = hours("daily 06:00-22:00")
    noon = between(MONDAY + DAY / 2, MONDAY + DAY / 2)
    free = Programme("heat", MONDAY - DAY, MONDAY + WEEK, daily, "everybody")
    assert freed_until(Schedule(None, (free,)), noon, 0.0) == 10 * 3600.0
    for_passes = Programme("exam", MONDAY - DAY, MONDAY + WEEK, daily, "passes")
    assert freed_until(Schedule(daily, (for_passes,)), noon, 0.0) is None
    assert next_programme(Schedule(daily, (for_passes,)), noon, 0.0) == math.inf
    assert next_programme(Schedule(None, (free,)), noon, 0.0) == pytest.approx(18 * 3600.0, abs=20)
