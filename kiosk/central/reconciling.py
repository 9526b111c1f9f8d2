"""What was given twice, and why nobody could know it, as far as the entries' own times prove that. Only computes.

Nothing here says who: of a pair there is the station that gave again, and of what was cut off there are whole hours.
"""

from __future__ import annotations

import enum
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Final

from msgspec import Struct

from kiosk.central.store.campaigns import Handed

HOUR: Final = 3600.0


class Why(enum.StrEnum):
    """Why a station gave to somebody who had it."""

    NOT_HEARD = "not_heard"
    NOT_TOLD = "not_told"
    ON_ITS_WAY = "on_its_way"
    OWN_MARKS = "own_marks"
    NO_TIME = "no_time"


class Again(Struct, frozen=True):
    """At a station it was given to somebody who had it; `since`, `until`: when what the reason says was so, or both 0."""

    station: str
    day: str
    why: Why
    cut: str = ""
    since: float = 0.0
    until: float = 0.0


class Cut(Struct, frozen=True):
    """Between two full hours a station's entries had not come (`not_heard`), or its ledger was old (`not_told`)."""

    station: str
    why: Why
    since: float
    until: float


def given_again(handed: Iterable[Handed], max_age: float) -> Iterator[Again]:
    """Each giving but the first to everybody who had it, in the order of period and token.

    `max_age`: seconds for which a ledger counts as fresh.
    """
    for _whose, each in groupby(handed, key=lambda each: (each.period, each.token)):
        yield from (_judged(before, again, max_age) for before, again in pairwise(each))


def _judged(before: Handed, again: Handed, max_age: float) -> Again:
    station, day = again.station, again.day
    if before.station == station:
        return Again(station, day, Why.OWN_MARKS)
    if not (before.timed and again.timed):
        return Again(station, day, Why.NO_TIME)
    if before.received >= again.at:
        return Again(station, day, Why.NOT_HEARD, before.station, before.at, before.received)
    if again.at - before.received > max_age:
        return Again(station, day, Why.NOT_TOLD, station, before.received + max_age, again.at)
    return Again(station, day, Why.ON_ITS_WAY)


def counted(again: Iterable[Again]) -> Counter[Why]:
    """How often each reason was the one."""
    return Counter(each.why for each in again)


def cuts(again: Iterable[Again]) -> list[Cut]:
    """Which station was cut off or had an old ledger when, as far as that is proven by what was given twice."""
    found = sorted((each.cut, each.why, *_hours(each)) for each in again if each.cut)
    made: list[Cut] = []
    for station, why, since, until in found:
        last = made[-1] if made else None
        if last and (last.station, last.why) == (station, why) and since <= last.until:
            made[-1] = Cut(station, why, last.since, max(last.until, until))
        else:
            made.append(Cut(station, why, since, until))
    return made


def _hours(each: Again) -> tuple[float, float]:
    """From the full hour before it began to the one after it ended: no moment at which somebody stood there."""
    return math.floor(each.since / HOUR) * HOUR, math.ceil(each.until / HOUR) * HOUR


def by_station(again: Sequence[Again]) -> list[tuple[str, Counter[Why]]]:
    """Of each station that gave to somebody who had it, for which reasons."""
    stations = sorted({each.station for each in again})
    return [(code, counted(each for each in again if each.station == code)) for code in stations]
