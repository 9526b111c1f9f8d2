"""Test support: the curious back end, which has all that stations ever send and knows their rules. Whom does it name?

A station of regulars with habits lives through half a year under the real rules of the desk. The back end has each grant with
its holder and its time, and each bundle with the time at which it was closed. For each regular it estimates how many answers
*dissatisfied* a visit of theirs adds, and it names as many as are discontented, those of whom it estimates most.

Its estimate is the best that is linear, and it is told what nobody tells it: how many are discontented, and how they answer. A
Gibbs sampler over who is discontented was tried beside it, and named no more of them. What it does not model: what people say
aloud, and what they know of each other.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from kiosk.core.desk.events import Touched
from kiosk.core.desk.ratings import ANSWERS, FEWEST
from kiosk.core.desk.urn import Urn
from kiosk.core.entries import Rated
from kiosk.core.events import Record, Tick
from tests.inside import MONDAY, Inside

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DAYS: Final = 180
DAY: Final = 86_400.0
DISSATISFIED: Final = 3
REGULAR: Final = 20
"""Days of the half year."""


class Habits(Struct, frozen=True):
    """What is as it is at a station; the back end knows it. `answers`: at this share of their visits people touch an answer.

    `discontented`: the share of such people, who touch *dissatisfied* at `says_so` of their answers, others at `others_do`.
    """

    regulars: int = 300
    answers: float = 0.5
    discontented: float = 0.16
    says_so: float = 0.8
    others_do: float = 0.05

    @property
    def named(self) -> int:
        """How many are discontented."""
        return round(self.discontented * self.regulars)


class Visit(Struct, frozen=True):
    """Who came when (seconds since the first Monday at 03:00), and what they touched, if they did."""

    at: float
    index: int
    answer: int | None


class HalfAYear(Struct, frozen=True):
    """What happened at a station, in order, and who is discontented."""

    visits: list[Visit]
    discontented: Bools


class Closed(Struct, frozen=True):
    """A bundle, and when it was closed."""

    at: float
    rated: Rated


def lived(habits: Habits, seed: int) -> HalfAYear:
    """Regulars come more or less often, each but on a day of the week, and are away for weeks now and then."""
    chance = np.random.default_rng(seed)
    often, off = chance.beta(1.2, 2.5, habits.regulars), chance.integers(0, 7, habits.regulars)
    discontented = chance.permutation(habits.regulars) < habits.named
    back = np.zeros(habits.regulars)
    visits = []
    for day in range(DAYS):
        leaving = chance.random(habits.regulars) < 0.004
        back = np.where(leaving, day + chance.integers(3, 21, habits.regulars), back)
        coming = (chance.random(habits.regulars) < often) & (off != day % 7) & (back <= day)
        for index in np.flatnonzero(coming):
            at = (day + chance.uniform(0.1, 0.8)) * DAY
            visits.append(Visit(at, int(index), _answer(habits, bool(discontented[index]), chance)))
    return HalfAYear(sorted(visits, key=lambda visit: visit.at), discontented)


def _answer(habits: Habits, discontented: bool, chance: np.random.Generator) -> int | None:
    if chance.random() >= habits.answers:
        return None
    if chance.random() < (habits.says_so if discontented else habits.others_do):
        return DISSATISFIED
    return int(chance.choice(3, p=(0.5, 0.35, 0.15)))


def bundles(visits: list[Visit]) -> list[Closed]:
    """What the station sends of that half year."""
    found: list[Closed] = []

    def record(told: Record) -> None:
        found.extend(Closed(told.stamp.wall - MONDAY, each) for each in told.entries if isinstance(each, Rated))

    inside, night = Inside(Urn("curious"), record=record), 0
    for visit in visits:
        while night * DAY <= visit.at:
            inside.take(Tick(), night * DAY)
            night += 1
        inside.enter(visit.index, visit.at)
        if visit.answer is not None:
            inside.take(Touched(visit.answer), visit.at)
    inside.take(Tick(), night * DAY)
    return found


def closed_every(days: int, visits: list[Visit]) -> list[Closed]:
    """What it would send if a bundle closed after so many days with FEWEST answers of as many people, however few come."""
    found, counts, people, ends = list[Closed](), [0] * len(ANSWERS), set[int](), days * DAY
    for visit in visits:
        while ends <= visit.at:
            if min(sum(counts), len(people)) >= FEWEST:
                found.append(Closed(ends, Rated("station", (counts[0], counts[1], counts[2], counts[3]))))
                counts, people = [0] * len(ANSWERS), set[int]()
            ends += days * DAY
        people.add(visit.index)
        if visit.answer is not None:
            counts[visit.answer] += 1
    return found


def estimated(visits: list[Visit], closed: list[Closed], habits: Habits) -> Floats:
    """For each regular, how much more dissatisfaction than others' a visit of theirs seems to add.

    The answers of a bundle are those of its visits, each with a chance of its own; so by least squares, with what is known of
    how much people differ (a ridge).
    """
    present = _present(visits, [each.at for each in closed], habits.regulars)
    came = present.sum(axis=1)
    answered = sum(sum(each.rated.counts) for each in closed) / came.sum()
    said = np.array([each.rated.counts[DISSATISFIED] for each in closed], dtype=float)
    usual = said.sum() / came.sum()
    noise = 1.0 / np.sqrt(np.maximum(usual * (1 - usual) * came, 1e-9))
    share = habits.discontented
    differ = share * (1 - share) * (answered * (habits.says_so - habits.others_do)) ** 2
    seen, more = present * noise[:, None], (said - usual * came) * noise
    found: Floats = seen.T @ np.linalg.solve(differ * seen @ seen.T + np.eye(len(closed)), more)
    return found


def _present(visits: list[Visit], ends: list[float], regulars: int) -> Floats:
    """How often each came between the ends of two bundles; whoever came after the last is in none."""
    found = np.zeros((len(ends) + 1, regulars))
    of = np.searchsorted(ends, [visit.at for visit in visits])
    np.add.at(found, (of, np.array([visit.index for visit in visits])), 1)
    return found[:-1]


def precision(half: HalfAYear, closed: list[Closed], habits: Habits) -> float:
    """How many of those whom it names are discontented; 1 for all of them."""
    named = np.argsort(-estimated(half.visits, closed, habits))[: habits.named]
    return float(half.discontented[named].mean())


def came_on_all(half: HalfAYear, times: int, chance: np.random.Generator) -> int:
    """Of how many people somebody is one who said the same thing on so many days: those who came on each of them.

    A voice without its time still has its day, since it leaves at the second 03:00 after it.
    """
    days: list[set[int]] = [set() for _ in range(DAYS)]
    for visit in half.visits:
        days[int(visit.at // DAY)].add(visit.index)
    came = {who: [day for day in range(DAYS) if who in days[day]] for who in {visit.index for visit in half.visits}}
    who = chance.choice([each for each, on in came.items() if len(on) >= REGULAR])
    return len(set.intersection(*(days[day] for day in chance.choice(came[who], times, replace=False))))
