"""What is wrong, said in three touches: where, and what. It lies without its time, and leaves when others have come in since.

The day begins at 03:00 local time. What was said on a day leaves at the beginning of the day after the next, so 24 hours later
at least, sorted by its words. The same thing on the same day is one voice of more people. What cannot wait (a danger, a door
that is blocked) leaves at once; of the same thing once an hour, with all who said it meanwhile: a hand that plays fills no
logbook, and whoever says it later is heard all the same.

How much can lie here is bounded: by the vocabulary, by MOST_PEOPLE, and by the days until something is ripe.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from kiosk.core.desk.vocabulary import urgent
from kiosk.core.entries import Voiced

DAY: Final = 86_400
FIRST_TURN: Final = 3 * 3600
LIES_FOR: Final = 2
"""Beginnings of a day until it leaves."""

AGAIN_AFTER: Final = 3600.0
"""Seconds until what is urgent is told again."""

MOST_PEOPLE: Final = 100
"""Who say the same thing on one day; how many more there are changes nothing."""

Kind = tuple[str, str]
"""Where, and what."""


class Said(Struct, frozen=True, array_like=True):
    """So many people said that on that day; None: the day is not known yet."""

    day: int | None
    place: str
    what: str
    people: int

    @property
    def kind(self) -> Kind:
        """Where, and what."""
        return self.place, self.what


Lying = tuple[Said, ...]
"""Sorted, and each once."""


def day_of(wall: float, offset: int) -> int:
    """The days since 1970 that have begun at `wall` (seconds since 1970), each at 03:00, UTC plus `offset`."""
    return int((wall + offset - FIRST_TURN) // DAY)


def begins(day: int, offset: int) -> float:
    """When a day does, in seconds since 1970."""
    return float(day * DAY + FIRST_TURN - offset)


def said(lying: Lying, place: str, what: str, day: int | None) -> Lying:
    """One more person said that."""
    return _sorted((*lying, Said(day, place, what, 1)))


def dated(lying: Lying, day: int) -> Lying:
    """It is that day, and no later: the time was not known, or was ahead. What is ripe is of one day, however long it waits."""
    days = (day if each.day is None else max(day - LIES_FOR, min(day, each.day)) for each in lying)
    return _sorted(Said(of, *each.kind, each.people) for of, each in zip(days, lying, strict=True))


def ripe(lying: Lying, day: int) -> list[Kind]:
    """What is to leave on that day, sorted."""
    left = {
        each.kind for each in lying if each.day is not None and each.day + LIES_FOR <= day and not urgent(each.what)
    }
    return sorted(left)


def pressing(lying: Lying) -> list[Kind]:
    """What does not wait for a day."""
    return sorted({each.kind for each in lying if urgent(each.what)})


def taken(lying: Lying, kind: Kind, day: int | None = None) -> tuple[Lying, Voiced]:
    """The rest, and what is told: of all days, or of those that are ripe on `day`."""
    told = [each for each in lying if each.kind == kind and (day is None or (each.day or 0) + LIES_FOR <= day)]
    people = sum(each.people for each in told)
    return tuple(each for each in lying if each not in told), Voiced(*kind, people - 1, urgent(kind[1]))


def _sorted(said: Iterable[Said]) -> Lying:
    """Each once: nothing tells in which order they came."""
    people = Counter[tuple[int | None, str, str]]()
    for each in said:
        people[each.day, each.place, each.what] += each.people
    found = (Said(*what, min(count, MOST_PEOPLE)) for what, count in people.items())
    return tuple(sorted(found, key=lambda each: (each.day is not None, each.day or 0, each.kind)))
