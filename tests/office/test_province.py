"""A province of 4,540 stations with 30 days of figures: how long its numbers, its map and its report take."""

from __future__ import annotations

import random
from collections.abc import Callable
from time import monotonic, time

import pytest

from kiosk.central.numbers.period import newest
from kiosk.central.store.registers import Registered
from tests.office.clerks import Clerk, Office
from tests.programs.province_of_days import codes, fill

pytestmark = pytest.mark.slow

PROVINCE = 4540
WITHIN = 1.0
"""Seconds for most pages: what somebody waits for without a thought, on a machine that others use as well."""

TIMES = 40


@pytest.fixture(scope="module")
def clerk(office: Office) -> Clerk:
    chance = random.Random(4)  # noqa: S311  no secret
    found = [
        Registered(code, f"站{code}", "", f"{36.3 + chance.gauss(0, 0.8):.5f}", f"{118.5 + chance.gauss(0, 1.7):.5f}")
        for code in codes(PROVINCE)
    ]
    office.store.add_stations(found, time())
    fill(office.store, codes(PROVINCE), newest(time(), 30).days)
    return office.hire("director", "viewer")


def timed(ask: Callable[[], object], times: int = TIMES) -> list[float]:
    found = []
    for _ in range(times):
        began = monotonic()
        ask()
        found.append(monotonic() - began)
    return sorted(found)


@pytest.mark.parametrize("path", ["/numbers", "/numbers?prefix=3708", "/numbers?prefix=370811", "/map"])
def test_a_page_is_there_at_once(clerk: Clerk, path: str) -> None:
    times = timed(lambda: clerk.get(path).raise_for_status())
    assert times[TIMES // 2] < WITHIN, f"median {times[TIMES // 2]:.3f} s, 95 % {times[TIMES * 95 // 100]:.3f} s"


@pytest.mark.parametrize("path", ["/numbers.pdf", "/numbers.xlsx", "/numbers.csv?by=place"])
def test_a_file_takes_seconds_at_most(clerk: Clerk, path: str) -> None:
    times = timed(lambda: clerk.get(path).raise_for_status(), 3)
    assert times[1] < 10, times
