"""Rounds by a checklist, decided in values: when the next is due, what was not so, which medicine ends. A day is Beijing's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from msgspec import Struct

from kiosk.central.figures import local
from kiosk.core.desk.rounds import NO, WARN_BEFORE, YES
from kiosk.core.desk.vocabulary import PLACES
from kiosk.trust.service import Checklist

FOUND: Final = "round"
"""What the `what` of a case begins with that a round found: `round.CHECKLIST.ITEM`."""

Texts = Mapping[str, str]


class Listed(Struct, frozen=True):
    """A checklist that is published under an id, for the stations of a prefix, from when to when."""

    id: str
    scope: str
    begins: int
    ends: int
    said: Checklist

    def has(self, key: str) -> bool:
        """Whether a round looks at it."""
        return any(each.key == key for each in self.said.items)


class Round(Struct, frozen=True):
    """What a steward found at `at`: of each item `yes`, `no` or a month; what a sensor proved is `proven`."""

    station: str
    checklist: str
    at: float
    version: int
    results: dict[str, str]
    proven: tuple[str, ...] = ()

    @property
    def no(self) -> tuple[str, ...]:
        """What was not as it is to be."""
        return tuple(key for key, result in self.results.items() if result == NO)

    @property
    def months(self) -> dict[str, str]:
        """The last month of each medicine."""
        return {key: result for key, result in self.results.items() if result not in {YES, NO}}

    @property
    def expires(self) -> str:
        """The month in which the first of them ends; empty where it saw none."""
        return min(self.months.values(), default="")

    def ended(self, day: str) -> tuple[str, ...]:
        """Medicine that is over on that day, and counts as none."""
        return tuple(key for key, month in self.months.items() if day[:7] > month)

    def ending(self, day: str) -> tuple[str, ...]:
        """Medicine that is over soon."""
        over = self.ended(day)
        return tuple(key for key, month in self.months.items() if key not in over and day >= _told_from(month))


class Standing(Struct, frozen=True):
    """How a station stands with a checklist on a day. `last`: None for never; `cleaned`: how often of late, and when last.

    What it tells is found when it is asked: a list of a province asks of few.
    """

    station: str
    checklist: str
    last: Round | None
    due: str
    day: str
    cleaned: tuple[int, float] | None = None

    @property
    def overdue(self) -> bool:
        """Whether there should have been a round."""
        return self.day > self.due

    @property
    def ended(self) -> tuple[str, ...]:
        """Medicine that is over, and counts as none."""
        return self.last.ended(self.day) if self.last else ()

    @property
    def ending(self) -> tuple[str, ...]:
        """Medicine that is over soon."""
        return self.last.ending(self.day) if self.last else ()

    @property
    def no(self) -> tuple[str, ...]:
        """What the last round found that is not as it is to be."""
        return self.last.no if self.last else ()


def standing(station: str, since: float, checklist: Listed, last: Round | None, day: str) -> Standing:
    """How a station stands that has been there `since` (seconds since 1970)."""
    counted = last.at if last else max(since, checklist.begins)
    return Standing(station, checklist.id, last, _later(local(counted)[0], checklist.said.every), day)


@lru_cache(10_000)
def _later(day: str, days: int) -> str:
    """So many days after that one: thousands of stations have a handful of both."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def standings(
    stations: Iterable[tuple[str, float]], checklists: Iterable[Listed], rounds: Iterable[Round], now: float
) -> Iterator[Standing]:
    """How each station stands with each checklist that holds there now, what is overdue longest first."""
    holding = [each for each in checklists if each.begins <= now < each.ends]
    newest = {(each.station, each.checklist): each for each in rounds}
    day = local(now)[0]
    found = (
        standing(code, since, each, newest.get((code, each.id)), day)
        for code, since in stations
        for each in holding
        if code.startswith(each.scope)
    )
    yield from sorted(found, key=lambda each: (not each.overdue, each.due, each.station, each.checklist))


def place_of(item: str) -> str:
    """The kind of place that an item is of, for whoever owns that."""
    return item if item in PLACES else "other"


def found_at(checklist: str, item: str) -> str:
    """What a case says that a round found."""
    return f"{FOUND}.{checklist}.{item}"


def item_texts(checklists: Iterable[Listed]) -> dict[str, Texts]:
    """The words of every item, by what a case says of it."""
    return {found_at(each.id, item.key): item.texts for each in checklists for item in each.said.items}


def _told_from(month: str) -> str:
    """The first day on which it is told that a medicine ends in that month."""
    year, number = map(int, month.split("-"))
    following = date(year + number // 12, number % 12 + 1, 1)
    return (following - timedelta(seconds=WARN_BEFORE)).isoformat()
