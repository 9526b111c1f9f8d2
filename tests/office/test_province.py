"""A province of 4,540 stations with 30 days of figures: its numbers, map and report come. How fast: `make bench-office`."""

from __future__ import annotations

import random
from time import monotonic, time

import pytest

from kiosk.central.numbers.period import newest
from kiosk.central.store.registers import Registered
from tests.office.clerks import Clerk, Office
from tests.programs.province_of_days import codes, fill

pytestmark = pytest.mark.slow

PROVINCE = 4540
WITHIN = 20.0
"""Seconds: far beyond what a busy machine takes, and less than a page would that looks at each pair of stations."""


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


@pytest.mark.parametrize(
    "path",
    [
        "/numbers",
        "/numbers?prefix=3708",
        "/numbers?prefix=370811",
        "/map",
        "/numbers.pdf",
        "/numbers.xlsx",
        "/numbers.csv?by=place",
    ],
)
def test_it_comes(clerk: Clerk, path: str) -> None:
    began = monotonic()
    clerk.get(path).raise_for_status()
    assert monotonic() - began < WITHIN
