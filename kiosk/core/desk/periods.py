"""Days and weeks of a campaign that gives one in each, by the station's own calendar.

Which one it is counts only where it is proven: around midnight, as long as it may be either day, it is neither.
"""

from __future__ import annotations

from typing import Final, Literal

from kiosk.core.clock import Clock

DAY: Final = 86_400
ONCE: Final = ""
"""The one period of a campaign that gives one in all."""


def period_of(per: Literal["once", "day", "week"], clock: Clock, boot: float, offset: int) -> str | None:
    """The period that it provably is; None where that is not known. `offset`: local time less UTC, in seconds."""
    if per == "once":
        return ONCE
    latest = clock.latest(boot)
    if not latest < float("inf"):
        return None
    name = day_name if per == "day" else week_name
    first, last = (name(int((each + offset) // DAY)) for each in (clock.earliest(boot), latest))
    return first if first == last else None


def day_name(day: int) -> str:
    """Of a day, counted from 1970 on: `2026-11-27`."""
    return "{:04}-{:02}-{:02}".format(*date_of(day))


def week_name(day: int) -> str:
    """Of the week of a day, which begins on a Monday and is of the year that has its Thursday (ISO 8601): `2026-W48`."""
    year, month, date = date_of(day - (day + 3) % 7 + 3)
    return f"{year:04}-W{_before(year, month, date) // 7 + 1:02}"


def date_of(day: int) -> tuple[int, int, int]:
    """Year, month and day of the month, by the proleptic Gregorian calendar.

    Years are counted from March on, so that the leap day is their last; 400 of them are an era of 146,097 days.
    """
    era, of_era = divmod(day + 719_468, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    march = (5 * of_year + 2) // 153
    month = march + 3 if march < 10 else march - 9
    return year + era * 400 + (month <= 2), month, of_year - (153 * march + 2) // 5 + 1


def _before(year: int, month: int, date: int) -> int:
    """Days of its year before this one."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    months = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)[month - 1]
    return months + date - 1 + (leap and month > 2)
