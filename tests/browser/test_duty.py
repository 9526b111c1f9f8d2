"""A duty in Chromium: what is wrong is seen, reached by the keyboard, and written down; no page is wider than a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import time
from typing import Any

import pytest

from kiosk.central import looking
from tests.browser.test_contrast import violations
from tests.office.clerks import KEPT, PASSWORD, Office, open_office
from tests.office.test_duty import HERE, THERE, alarm, enrolled, silence, tell

pytestmark = pytest.mark.browser

DESK, PHONE = (1280, 800), (390, 844)
PAGES = ("/", "/?still=1", "/cause?key=silent%40370811%2A", "/told")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A district is silent, a door was forced, a fridge is too warm, and something is to be mended."""
    with open_office(tmp_path_factory.mktemp("office")) as found, pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "KEPT_FOR", 0)
        found.store.add_account("wang", "administrator", "", KEPT, time())
        enrolled(found)
        silence(found, HERE[:4])
        alarm(found, THERE)
        tell(found, HERE[4], "appliance_alarm", alarm="fridge.too_warm", sensor="t", value=9.5, raised=True)
        tell(found, THERE, "fault", what="gps", detail="no_fix")
        yield found


@pytest.fixture
def duty(chromium: Any, office: Office) -> Iterator[Callable[..., Any]]:
    """Logs in, in a language and at a size."""
    contexts = list[Any]()

    def begin(size: tuple[int, int], locale: str = "zh-CN") -> Any:
        contexts.append(chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale=locale))
        page = contexts[-1].new_page()
        page.goto(f"{office.url}/office/")
        page.fill("#name", "wang")
        page.fill("#password", PASSWORD)
        page.click("main button")
        return page

    yield begin
    for each in contexts:
        each.close()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_a_page_passes_axe_and_is_no_wider_than_the_screen(
    duty: Callable[..., Any], office: Office, path: str, size: tuple[int, int], locale: str
) -> None:
    page = duty(size, locale)
    page.goto(f"{office.url}/office{path}")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_all_that_is_wrong_is_seen_without_scrolling_at_a_desk(duty: Callable[..., Any]) -> None:
    page = duty(DESK)
    assert page.locator(".state").bounding_box()["y"] < 200
    assert page.locator(".cause").count() == 4
    forced = page.locator(".cause.door .trouble").first
    assert forced.bounding_box()["y"] < 800
    assert float(forced.evaluate("each => parseFloat(getComputedStyle(each).fontSize)")) >= 22, "to be read from afar"


def test_a_cause_is_acknowledged_and_given_to_somebody_by_keys_alone(duty: Callable[..., Any]) -> None:
    page = duty(DESK, "en")
    page.locator(".cause", has_text="forced").get_by_role("button").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "wang has seen it" in page.locator(".cause", has_text="forced").inner_text()
    page.locator(".cause .trouble", has_text="forced").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.locator("#act-assigned").focus()
    page.keyboard.press("Space")
    page.locator("#whom").select_option("wang")
    with page.expect_navigation():
        page.locator("#why").press("Enter")
    assert "assigned → wang" in page.locator(".log").inner_text()
