"""Whose passes end soon, as a list that can be taken in again; and how many cards were replaced, by month and district."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from kiosk.central.numbers.files import csv_of
from kiosk.central.numbers.tables import Column, Table
from kiosk.central.people_file import CHINA, COLUMNS, EVERYWHERE, last_day
from kiosk.central.store.people import Credential
from kiosk.language import _
from kiosk.trust.passes import PassClass

DAYS: Final = 30
YEAR: Final = 366 * 86_400
COUNTY: Final = 6
"""Digits of a code that name a county."""


class Replaced(Struct, frozen=True):
    """How many cards were replaced in each of these months: in all, and of each county."""

    months: list[str]
    whole: list[int]
    counties: dict[str, list[int]]


def ending_csv(found: Sequence[Credential]) -> bytes:
    """The list as a file that takes in again: somebody writes new days into it, and it renews them or prints new cards."""
    columns = tuple(Column(names[0], names[0]) for names in COLUMNS.values())
    rows = tuple(
        (
            each.holder,
            each.facts.card,
            PassClass(each.facts.pass_class).name.lower(),
            last_day(each.facts.until),
            each.facts.scope or EVERYWHERE,
            each.facts.district,
        )
        for each in found
    )
    return csv_of(Table(_("Passes that end soon"), columns, rows))


def replaced_by_month(replaced: Iterable[tuple[str, float]], now: float) -> Replaced:
    """Of each replaced card the district and when: the last twelve months, this one last."""
    months = _months(now)
    counted = Counter((district[:COUNTY], _month(at)) for district, at in replaced)
    counties = sorted({county for county, month in counted if month in months})
    by_county = {county: [counted[county, month] for month in months] for county in counties}
    return Replaced(months, [sum(each[at] for each in by_county.values()) for at in range(len(months))], by_county)


def _months(now: float) -> list[str]:
    today = datetime.fromtimestamp(now, CHINA)
    numbers = [today.year * 12 + today.month - 1 - back for back in range(11, -1, -1)]
    return [f"{number // 12}-{number % 12 + 1:02}" for number in numbers]


def _month(at: float) -> str:
    return datetime.fromtimestamp(at, CHINA).strftime("%Y-%m")
