"""The numbers and the map in Chromium: readable by everybody (axe), on a phone and at a desk, and by the keyboard."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any

import pytest

from kiosk.central.numbers.period import newest
from kiosk.central.store.registers import Registered
from tests.browser.conftest import needed
from tests.office.clerks import KEPT, PASSWORD, Office, open_office
from tests.programs.province_of_days import codes, fill

pytestmark = pytest.mark.browser

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SIZES = {"desk": (1280, 800), "phone": (390, 844)}
PAGES = ("/numbers", "/numbers?prefix=370101", "/numbers?month=x", "/map")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder: Path = tmp_path_factory.mktemp("office")
    chance = random.Random(5)  # noqa: S311  no secret
    with open_office(folder) as found:
        places = [
            Registered(code, "站", "", f"{36 + chance.random():.4f}", f"{118 + chance.random():.4f}")
            for code in codes(90)
        ]
        found.store.add_stations([*places, Registered("37019999", "站", "", "999", "0")], time())
        fill(found.store, codes(90), newest(time(), 30).days)
        found.store.add_account("director", "viewer", "", KEPT, time())
        yield found


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, chromium: Any, office: Office) -> Iterator[Any]:
    width, height = SIZES[request.param]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", java_script_enabled=True
    )
    found = context.new_page()
    found.goto(f"{office.url}/office/login")
    found.fill("#name", "director")
    found.fill("#password", PASSWORD)
    found.click("main button")
    yield found
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_passes_axe_and_is_no_wider_than_its_window(page: Any, office: Office, path: str) -> None:
    page.goto(f"{office.url}/office{path}")
    axe = needed("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response
    assert [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_comes_to_what_is_wrong_and_past_what_is_well(page: Any, office: Office) -> None:
    page.goto(f"{office.url}/office/map")
    assert page.locator("svg.map a").count() == 90
    assert page.locator("svg.map a:not([tabindex='-1'])").count() == 0, "nothing is wrong with any"
    page.locator("svg.map a").first.evaluate("each => each.dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    page.wait_for_url("**/office/stations/3701*")
