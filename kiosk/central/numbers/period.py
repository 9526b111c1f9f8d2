"""The days of a table or a report, where the stations are. Only computes."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from msgspec import Struct

from kiosk.central.figures import local

MOST_DAYS = 400


class Period(Struct, frozen=True):
    """From the first day to the last, both of them in it."""

    first: date
    last: date

    @property
    def days(self) -> list[str]:
        """Each of its days (ISO 8601)."""
        return [
            (self.first + timedelta(days=number)).isoformat() for number in range((self.last - self.first).days + 1)
        ]


def month(text: str) -> Period | None:
    """That of `2026-10`; None for what is no month."""
    found = re.fullmatch(r"(\d{4})-(\d{2})", text, re.ASCII)
    if not found or not 1 <= int(found[2]) <= 12 or not 2000 <= int(found[1]) <= 9998:
        return None
    year, number = int(found[1]), int(found[2])
    return Period(date(year, number, 1), date(year, number, monthrange(year, number)[1]))


def newest(now: float, days: int) -> Period:
    """So many days up to the one of that time."""
    today = date.fromisoformat(local(now)[0])
    return Period(today - timedelta(days=days - 1), today)
