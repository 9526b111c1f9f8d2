"""The office's pages with passes, policies, notices and enrolments in a browser: axe, phones, desks, both languages, keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any

import pytest

from tests.browser.conftest import send
from tests.browser.test_contrast import violations
from tests.keys import private, public
from tests.office.clerks import PASSWORD, Office, open_office
from tests.office.test_people_pages import TEXT, day, issued

pytestmark = pytest.mark.browser

SIZES = {"zh-CN": (390, 844), "en-GB": (1280, 800)}
PAGES = (
    *("/people", "/people?words=a", "/people/one?holder=a1", "/people/new", "/people/import", "/people/revoke"),
    *("/policies", "/policies/one?prefix=3708", "/policies/edit?prefix=3708", "/notices", "/enrolments", "/proposals"),
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """In which everything has been used once."""
    with open_office(tmp_path_factory.mktemp("office") / "central-data") as found:
        clerk, now = found.hire("wang"), time()
        found.store.enrol("37081101", found.store.make_claim("37081101", now), public(private(1)), now)
        for holder in ("a1", "a2"):
            issued(clerk, holder)
        clerk.send("/people/one", "/people/one?holder=a1", holder="a1", number="1", do="replace", reason="遗失")
        clerk.send("/policies/edit", text=TEXT.format("3708"), version="0", do="publish", reason="冬季")
        clerk.send("/policies/edit", text="fresh_for = 90000\n", version="0", do="publish", reason="全省")
        notice = {
            "id": "heat",
            "station": "3708",
            "ends": f"{day()}T18:00",
            "text_zh": "屋内有绿豆汤",
            "text_en": "Hot",
        }
        clerk.send("/notices", do="publish", **notice)
        clerk.send("/enrolments", station="37081103")
        yield found


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, chromium: Any, office: Office) -> Iterator[Any]:
    """Somebody has logged in, in a language, on a phone or at a desk."""
    width, height = SIZES[request.param]
    context = chromium.new_context(viewport={"width": width, "height": height}, locale=request.param)
    found = context.new_page()
    found.goto(f"{office.url}/office/login")
    found.fill("#name", "wang")
    found.fill("#password", PASSWORD)
    found.keyboard.press("Enter")
    found.wait_for_selector("nav")
    yield found
    context.close()


def sound(page: Any) -> None:
    """Nothing that axe finds, and nothing beside the screen."""
    assert violations(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url


def test_every_page_passes_axe_and_fits(page: Any, office: Office) -> None:
    for path in PAGES:
        page.goto(f"{office.url}/office{path}")
        sound(page)


def test_so_do_those_that_a_form_gives(page: Any, office: Office, tmp_path: Path) -> None:
    page.goto(f"{office.url}/office/policies/edit?prefix=3708")
    page.fill("#text", TEXT.format("3708").replace("06:00", "07:00"))
    send(page, "button[value=preview]")
    sound(page)
    page.fill("#text", "stale_fro = 3\n")
    send(page, "button[value=preview]")
    sound(page)
    page.goto(f"{office.url}/office/people/import")
    file = tmp_path / "名册.csv"
    file.write_bytes(f"代号,有效期至\nz1,{day()}\n王小明,{day()}\n".encode("gbk"))
    page.set_input_files("#file", file)
    send(page, "button[value=check]")
    assert page.locator(".lines li").count() == 1
    sound(page)
    page.goto(f"{office.url}/office/enrolments")
    page.fill("#station", "37081105")
    send(page, "form.narrow button.main")
    sound(page)


def test_a_pass_is_issued_by_keys_alone(page: Any, office: Office) -> None:
    """A wrong order first: its error leads to its field."""
    holder = f"k{page.viewport_size['width']}"
    page.goto(f"{office.url}/office/people/new")
    page.focus("#holder")
    page.keyboard.type("王")
    page.keyboard.press("Enter")
    page.focus(".errors a")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type(holder)
    page.keyboard.press("Enter")
    page.wait_for_selector("figure.code svg")
    sound(page)
    assert [each.state for each in office.store.credentials(holder)] == ["valid"]
