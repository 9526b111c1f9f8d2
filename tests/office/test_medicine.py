"""How often a doctor was asked and what became of releases, on a station's page and among the numbers: of nobody whose."""

from __future__ import annotations

from time import time
from uuid import uuid4

import pytest

from tests.keys import private, public
from tests.office.clerks import Clerk, Office


@pytest.fixture(scope="module")
def code(office: Office) -> str:
    code, now = f"38{uuid4().int % 10**6:06d}", time()
    office.store.enrol(code, office.store.make_claim(code, now), public(private(7)), now)
    for what in ("consulted", "opened", "taken", "kept_too_warm", "kept_too_warm"):
        office.store.add_medicine(code, now, what, 90.0 if what == "consulted" else 0.0)
    return code


@pytest.fixture(scope="module")
def viewer(office: Office, code: str) -> Clerk:
    return office.hire(f"m{code}", "viewer", code[:6])


def test_a_stations_page_tells_them_in_words(office: Office, viewer: Clerk, code: str) -> None:
    told = viewer.reads(f"/stations/{code}")
    assert "Doctor and medicine" in told
    assert "release: kept too warm 2" in told
    assert "the doctor's link was shown 1" in told
    other = f"{code[:6]}99"
    office.store.enrol(other, office.store.make_claim(other, time()), public(private(7)), time())
    assert "Doctor and medicine" not in viewer.reads(f"/stations/{other}")


def test_the_numbers_have_a_table_of_them_for_whoever_may_see_that_place(
    office: Office, viewer: Clerk, code: str
) -> None:
    assert "release: kept too warm 2" in viewer.reads("/numbers")
    told = viewer.get("/numbers.csv?by=medicine").text
    assert "What,Number,Minutes" in told
    assert "the doctor's link was shown,1,1.5" in told
    stranger = office.hire(f"s{code}", "viewer", "3999")
    assert "kept too warm" not in stranger.get("/numbers.csv?by=medicine").text
