"""Test support: a province of stations with figures of many days, written as the server's counting writes them.

What it is not: counted. No entries lie behind the figures.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable

from kiosk.central.figures import HOURS, Figures
from kiosk.central.store import CentralStore

REFUSALS = ("expired", "closed", "not_a_pass", "revoked", "old_list")


def codes(count: int) -> list[str]:
    """Of 16 cities with some nine counties each."""
    return [f"37{1 + at % 16:02}{1 + at // 16 % 9:02}{1 + at // 144:02}" for at in range(count)]


def fill(store: CentralStore, stations: Iterable[str], days: Iterable[str], seed: int = 7) -> None:
    """Give each station figures on each day."""
    chance = random.Random(seed)  # noqa: S311  no secret, and each time the same
    stations = list(stations)
    for day in days:
        for first in range(0, len(stations), 500):
            with store.transaction():
                store._add({(code, day): _day(chance) for code in stations[first : first + 500]})


def _day(chance: random.Random) -> Figures:
    hours = tuple(int(chance.random() * 8 * math.exp(-(((hour - 13) / 5) ** 2))) for hour in range(HOURS))
    workers = sum(hours)
    return Figures(
        granted={"worker": max(0, workers - 1), "steward": min(1, workers)},
        again=workers // 9,
        not_taken=workers // 12,
        denied={chance.choice(REFUSALS): chance.randrange(1, 4)},
        exits=workers,
        hours=hours,
        faults=int(chance.random() < 0.02),
        milliwatt_hours=chance.randrange(4_000_000),
        metered=86_400,
        silent=300 * int(chance.random() < 0.1),
        watched=86_400,
    )
