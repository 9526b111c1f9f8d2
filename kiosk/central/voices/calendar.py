"""Working days: the week's, less holidays, and the weekends that are worked instead, as China moves them each year."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from msgspec import Struct

SATURDAY: Final = 5
MOST_DAYS: Final = 60
"""Days of one holiday, from its first to its last."""

MOST: Final = 500
LAST_YEAR: Final = 9990
"""A calendar of days has an end; nobody's clock is right there."""


class Calendar(Struct, frozen=True, forbid_unknown_fields=True):
    """Days, or first and last day with a `/` between them (ISO 8601): 2026-10-01/2026-10-07. `worked`: days of a weekend."""

    holidays: tuple[str, ...] = ()
    worked: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for what is no day, and for one that is in both."""
        if len(self.holidays) + len(self.worked) > MOST:
            raise ValueError(f"more than {MOST} days")
        both = sorted(days_of(self.holidays) & days_of(self.worked))
        if both:
            raise ValueError(f"{both[0]} is a holiday, and worked")

    def after(self, day: date, count: int) -> date:
        """The working day that comes so many working days after a day."""
        days, left = Days(self), count
        while left and day.year < LAST_YEAR:
            day += timedelta(days=1)
            left -= days.working(day)
        return day

    def knows(self, year: int) -> bool:
        """Whether it says anything of a year's holidays."""
        return any(day.year == year for day in days_of(self.holidays))


class Days:
    """The days of a calendar, to be asked often."""

    def __init__(self, calendar: Calendar) -> None:
        self._holidays, self._worked = days_of(calendar.holidays), days_of(calendar.worked)

    def working(self, day: date) -> bool:
        """Whether people work then."""
        return day in self._worked or (day.weekday() < SATURDAY and day not in self._holidays)


def days_of(texts: Iterable[str]) -> frozenset[date]:
    """Every day that they name. Raises ValueError."""
    return frozenset(day for text in texts for day in _between(text))


def _between(text: str) -> Iterator[date]:
    first, _slash, last = text.partition("/")
    begins = _day(first)
    count = (_day(last or first) - begins).days
    if not 0 <= count < MOST_DAYS or begins.year >= LAST_YEAR:
        raise ValueError(f"{text}: the last day is before the first, or more than {MOST_DAYS} days later")
    for number in range(count + 1):
        yield begins + timedelta(days=number)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text}: no day such as 2026-10-01") from error
