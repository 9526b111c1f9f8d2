"""When a door is open by the calendar: weekly hours, and programmes with a beginning and an end.

The station's time is an interval, so both answers need a proof. A pass is refused as out of hours only if the door is closed
at every instant that it may be now (:func:`provably_closed`); a programme frees a door only if it runs at every such
instant (:func:`freed_until`). An offset from UTC is all there is of time zones: China has one, without summer time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct

from kiosk.core.clock import Clock
from kiosk.opening import parse_hours

MINUTE: Final = 60
DAY: Final = 86_400
WEEK: Final = 7 * DAY
THURSDAY: Final = 3
"""1970-01-01 was one; Monday is 0."""

MOST_READ: Final = 64
"""Hours that are kept as they were read: displays and policies ask for the same ones again and again."""

Admits = Literal["passes", "everybody"]


class Window(Struct, frozen=True):
    """From minute `opens` of each of `days` (0 is Monday) for `minutes`; it may reach into the next day."""

    days: frozenset[int]
    opens: int
    minutes: int


class Hours(Struct, frozen=True):
    """The hours of a week; `offset` is local time less UTC, in seconds."""

    windows: tuple[Window, ...]
    offset: int = 0


class Programme(Struct, frozen=True):
    """An opening from `begins` to `ends` (seconds since 1970), in its own hours or throughout, for `admits`."""

    name: str
    begins: float
    ends: float
    hours: Hours | None = None
    admits: Admits = "passes"


class Schedule(Struct, frozen=True):
    """A door's calendar. Without hours it is open day and night to those with a pass."""

    hours: Hours | None = None
    programmes: tuple[Programme, ...] = ()


ALWAYS: Final = Schedule()


@lru_cache(MOST_READ)
def weekly(texts: tuple[str, ...] | None, offset: int) -> Hours | None:
    """Hours as people write them (:mod:`kiosk.opening`), in local time of that offset. Raises ValueError."""
    return None if texts is None else Hours(tuple(Window(*parse_hours(text)) for text in texts), offset)


def in_hours(hours: Hours, at: float) -> bool:
    """Whether one of the windows holds at that time."""
    week = _second_of_week(hours, at)
    return any((week - start) % WEEK < length for start, length in _spans(hours))


def runs(programme: Programme, at: float) -> bool:
    """Whether the programme runs at that time."""
    return programme.begins <= at < programme.ends and (programme.hours is None or in_hours(programme.hours, at))


def is_open(schedule: Schedule, at: float) -> bool:
    """Whether a pass opens the door at that time."""
    if schedule.hours is None or in_hours(schedule.hours, at):
        return True
    return any(runs(programme, at) for programme in schedule.programmes)


def provably_closed(schedule: Schedule, clock: Clock, boot: float) -> bool:
    """Whether the door is closed at every instant that it may be now."""
    if schedule.hours is None:
        return False
    earliest, latest = clock.earliest(boot), clock.latest(boot)
    if latest - earliest >= WEEK:
        return False
    return not any(is_open(schedule, at) for at in (earliest, *turns(schedule, earliest, latest)))


def opens_next(schedule: Schedule, clock: Clock, boot: float) -> float | None:
    """When a door that is provably closed opens next, in seconds since 1970; None while it may be open."""
    if not provably_closed(schedule, clock, boot):
        return None
    latest = clock.latest(boot)
    return min((at for at in turns(schedule, latest, latest + WEEK) if is_open(schedule, at)), default=None)


def freed_until(schedule: Schedule, clock: Clock, boot: float) -> float | None:
    """The boot time until which a programme for everybody runs, if one runs at every instant that it may be now."""
    earliest, latest = clock.earliest(boot), clock.latest(boot)
    for programme in schedule.programmes:
        if programme.admits == "everybody" and runs(programme, earliest) and latest < _ends(programme, earliest):
            return boot + _ends(programme, earliest) - latest
    return None


def next_programme(schedule: Schedule, clock: Clock, boot: float) -> float:
    """The boot time at which a programme for everybody may begin; infinite if none will, or nobody can prove it."""
    earliest = clock.earliest(boot)
    if clock.latest(boot) == math.inf:
        return math.inf
    begins = (
        _begins(programme, earliest)
        for programme in schedule.programmes
        if programme.admits == "everybody" and earliest < programme.ends
    )
    return min((boot + LATE + (at - earliest) * (1 + 2e-4) for at in begins), default=math.inf)


LATE: Final = 0.01
"""Seconds after which a programme that is due is seen to run, whatever floating point makes of its beginning."""


def _begins(programme: Programme, after: float) -> float:
    """The first instant after `after` at which the programme begins to run; infinite if none."""
    if programme.hours is None:
        return programme.begins if programme.begins > after else math.inf
    for at in sorted({programme.begins, *_edges(programme.hours, max(after, programme.begins))}):
        if after < at < programme.ends and runs(programme, at):
            return at
    return math.inf


def _ends(programme: Programme, at: float) -> float:
    """When the run that holds at `at` ends."""
    if programme.hours is None:
        return programme.ends
    closing = (edge for edge in sorted(_edges(programme.hours, at)) if not in_hours(programme.hours, edge))
    return min(programme.ends, next(closing, math.inf))


def turns(schedule: Schedule, after: float, until: float) -> Iterator[float]:
    """Every instant in (after, until], an interval of a week at the most, at which the schedule may change."""
    for hours in (schedule.hours, *(programme.hours for programme in schedule.programmes)):
        if hours is not None:
            yield from (at for at in _edges(hours, after) if at <= until)
    for programme in schedule.programmes:
        yield from (at for at in (programme.begins, programme.ends) if after < at <= until)


def _edges(hours: Hours, after: float) -> set[float]:
    """For each beginning and end of a window, its next instant after `after`: within a week."""
    whole = math.floor(after)  # in whole seconds, so that an edge is on its own far side
    week = _second_of_week(hours, whole)
    return {
        whole + ((edge - week) % WEEK or WEEK) for start, length in _spans(hours) for edge in (start, start + length)
    }


def _second_of_week(hours: Hours, at: float) -> float:
    return (at + hours.offset + THURSDAY * DAY) % WEEK


def _spans(hours: Hours) -> Iterator[tuple[int, int]]:
    """Each window on each of its days: the second of the week at which it begins, and its length in seconds."""
    for window in hours.windows:
        for day in window.days:
            yield day * DAY + window.opens * MINUTE, window.minutes * MINUTE
