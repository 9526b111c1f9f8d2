"""The public pages in Chromium, as telephones have them: small, at 200 %, without JavaScript, on a slow line; axe on each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kiosk.central.codes import printed
from kiosk.central.sheets import Sheet
from tests.browser.conftest import needed
from tests.browser.test_contrast import violations
from tests.public.ground import Ground, open_ground
from tests.public.test_pages import MOST

pytestmark = pytest.mark.browser

CODE, OTHER = "37081101", "37081102"
SMALL, PHONE = (320, 568), (390, 844)
HERE = f"/s/{printed(CODE)}"
PATHS = (
    HERE, f"/s/{printed(OTHER)}", "/map", "/map?words=x", "/s/1", f"{HERE}/say", f"{HERE}/say?place=door", f"{HERE}/door",
    f"{HERE}/rated", "/receipt",
)  # fmt: skip
SLOW_2G = {"offline": False, "latency": 300, "downloadThroughput": 50_000 // 8, "uploadThroughput": 20_000 // 8}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with open_ground(tmp_path_factory.mktemp("public") / "central") as found:
        found.build(CODE)
        found.build(OTHER, Sheet(hours=("daily 00:00-24:00",)), "火车站驿站", ("35.41", "116.61"))
        found.hear(CODE)
        told = {"kind": "appliance_alarm", "alarm": "fridge.too_warm", "value": 9.0, "raised": True}
        found.tell(CODE, told, 1)
        yield found


def opened(chromium: Any, size: tuple[int, int], locale: str, **more: Any) -> Any:
    return chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale=locale, **more).new_page()


@pytest.mark.parametrize("size", [SMALL, PHONE], ids=["320x568", "390x844"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_every_page_passes_axe_and_is_no_wider_than_the_screen(
    chromium: Any, ground: Ground, size: tuple[int, int], locale: str
) -> None:
    page = opened(chromium, size, locale)
    found = {}
    for path in PATHS:
        page.goto(ground.url + path)
        found[path] = [each for each in violations(page) if "color-contrast: <text" not in each]
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
    page.context.close()


def test_text_at_200_percent_stays_within_the_screen_and_is_whole(chromium: Any, ground: Ground) -> None:
    page = opened(chromium, SMALL, "en")
    for path in PATHS:
        page.goto(ground.url + path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") <= SMALL[0], path
        cut = page.evaluate(
            "[...document.querySelectorAll('a, button, p, h1, h2, li')].filter(each => each.scrollWidth > each.clientWidth + 1"
            " && getComputedStyle(each).display !== 'inline' && each.clientWidth).map(each => each.textContent)"
        )
        assert cut == [], path
    page.context.close()


def test_every_text_holds_seven_to_one(chromium: Any, ground: Ground) -> None:
    page = opened(chromium, PHONE, "zh-CN")
    axe = needed("axe_playwright_python.sync_playwright").Axe()
    for path in PATHS:
        page.goto(ground.url + path)
        found = axe.run(page, options={"runOnly": ["color-contrast-enhanced"]}).response
        assert [node["html"] for each in found["violations"] for node in each["nodes"]] == [], path
    page.context.close()


def test_a_poster_leads_to_the_way_without_javascript_and_on_a_slow_line(chromium: Any, ground: Ground) -> None:
    """What counts on 2G is how much is asked for and how often: seconds are the machine's."""
    page = opened(chromium, PHONE, "zh-CN", java_script_enabled=False)
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW_2G)
    came: list[Any] = []
    page.on("response", lambda answer: came.append(answer))  # noqa: PLW0108  it must be a function of ours
    page.goto(f"{ground.url}/s/{printed(CODE)}")
    assert page.locator(".said.yes").is_visible()
    assert page.locator(".ways a").first.is_visible()
    page.wait_for_load_state("networkidle")
    assert len(came) == 1, "one answer, and the page is there"
    assert sum(len(each.body()) for each in came) < MOST
    page.click("text=全部驿站")
    page.fill("#words", printed(OTHER))
    page.click("main button")
    page.click(f'.next a[href="/s/{printed(OTHER)}"]')
    page.locator(".said.unknown").wait_for()
    page.click("text=English")
    page.locator(".said", has_text="Not known").wait_for()
    page.context.close()
