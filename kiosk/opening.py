"""Opening hours as people write them: `mon-fri 06:00-22:00`, `sat,sun 08:00-20:00`, `daily 00:00-24:00`."""

from __future__ import annotations

import re
from typing import Final

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FORM: Final = re.compile(r"(?P<days>[a-z,-]+) +(?P<opens>\d\d:\d\d)-(?P<closes>\d\d:\d\d)")
EXAMPLE: Final = 'write e.g. "mon-fri 06:00-22:00" or "sat,sun 08:00-20:00" or "daily 20:00-06:00"'
DAY: Final = 24 * 60


def parse_hours(text: str) -> tuple[frozenset[int], int, int]:
    """The days (0 is Monday), the minute of the day at which it opens, and for how many minutes.

    `22:00-06:00` ends on the next day. Raises ValueError with what is wrong.
    """
    found = FORM.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"{text!r} is no opening hours; {EXAMPLE}")
    days = _days(found["days"])
    opens, closes = _minute(found["opens"]), _minute(found["closes"])
    if opens in {closes, DAY}:
        raise ValueError(f"{text!r} is open for no time at all")
    return days, opens, (closes - opens) % DAY or DAY


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if part == "daily":
            days |= set(range(7))
        elif first in DAYS and (last in DAYS or not last):
            begin, end = DAYS.index(first), DAYS.index(last or first)
            days |= {day % 7 for day in range(begin, end + 1 + 7 * (end < begin))}
        else:
            raise ValueError(f"{part!r} is no day; {EXAMPLE}")
    return frozenset(days)


def _minute(text: str) -> int:
    hour, minute = int(text[:2]), int(text[3:])
    if hour * 60 + minute > DAY or minute >= 60:
        raise ValueError(f"{text!r} is no time of day")
    return hour * 60 + minute
