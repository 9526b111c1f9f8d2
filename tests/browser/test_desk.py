"""The page inside in a browser, beside a real station and a real `kiosk desk`: touched by fingers and by keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest
import requests

from kiosk.core.desk.urn import Urn
from kiosk.demo.place import free_port
from kiosk.desk import words
from kiosk.local import Line
from kiosk.logbook.urn import UrnFile
from kiosk.wire import Shown
from tests.keys import claims, signed
from tests.programs.house import PATIENCE, House, until

pytestmark = pytest.mark.browser

LEFT: Final = (
    "async () => [localStorage.length, sessionStorage.length, document.cookie, (await caches.keys()).length,"
    " (await indexedDB.databases()).length, history.length, document.activeElement.tagName]"
)
NOTHING: Final = [0, 0, "", 0, 0, 2, "BODY"]
"""What is left in a browser: in its history are the blank page that the test came from, and this one."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("inside"), f"[desk]\ndisplay = true\nport = {free_port()}\n")
    house.trust()
    return house


@pytest.fixture(scope="module")
def url(house: House) -> Iterator[str]:
    url = f"http://127.0.0.1:{house.config.read_text().rsplit('port = ', 1)[1].strip()}"
    with house.station(), house.program("desk"):
        until(lambda: requests.get(url, timeout=5).ok, "the page")
        yield url


@pytest.fixture
def page(chromium: Any, url: str) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 800, "height": 480}, has_touch=True)
    page = context.new_page()
    page.goto(url)
    ready(page)
    yield page
    context.close()


def ready(page: Any) -> None:
    page.locator("#stage:not([inert]) .face:enabled").first.wait_for(timeout=PATIENCE * 1000)


def says(page: Any, said: words.Words) -> None:
    page.locator("body", has_text=said[0]).wait_for(timeout=PATIENCE * 1000)


def touches(house: House) -> int:
    if not house.data.joinpath("ratings.urn").exists():
        return 0
    bundle = msgspec.json.decode(UrnFile(house.data).read() or b"", type=Urn).open
    return sum(bundle.counts) + bundle.surplus


def test_a_touch_is_kept_thanked_for_and_leaves_the_page_as_it_was(page: Any, house: House) -> None:
    before, count = page.content(), touches(house)
    page.locator(".face").nth(3).tap()
    says(page, words.SAVED)
    assert touches(house) == count + 1
    assert page.evaluate("document.getElementById('stage').inert"), "no second touch by the same finger"
    thanks = page.content()
    page.locator("#stage .main").tap()
    ready(page)
    page.locator(".face").first.tap()
    says(page, words.SAVED)
    assert page.content() == thanks, "whatever the answer was"
    page.locator("#stage .main").tap()
    ready(page)
    assert page.content() == before
    assert page.evaluate(LEFT) == NOTHING
    assert touches(house) == count + 2


def test_a_key_rates_in_one_press(page: Any, house: House) -> None:
    count = touches(house)
    page.locator("nav [lang=en]").tap()
    page.keyboard.press("2")
    page.get_by_text(words.SAVED[1]).first.wait_for()
    assert touches(house) == count + 1


def test_who_cannot_be_heard_is_told_so(page: Any, house: House) -> None:
    count = touches(house)
    page.route("**/touched", lambda route: route.fulfill(status=503))
    page.keyboard.press("1")
    says(page, words.NOT_SAVED)
    assert touches(house) == count


def test_a_voice_lies_in_the_urn_when_it_is_thanked_for(page: Any, house: House) -> None:
    """Without a time of its own, and without anything by which it would be found."""
    for each in ("反映问题", "饮水", "不热"):
        page.locator("#stage:not([inert])").get_by_role("button", name=each).first.tap()
    says(page, words.SAVED)
    lying = msgspec.json.decode(UrnFile(house.data).read() or b"", type=Urn).voices
    assert [each.kind for each in lying] == [("water", "not_hot")]
    assert not house.entries("services")


def test_a_pass_that_is_no_stewards_is_told_so_and_the_door_stays_as_it_is(page: Any, house: House) -> None:
    line = Line(house.run / "scan.sock")
    line.send(Shown(signed(claims(index=3))))
    told = page.locator("#told")
    told.get_by_text("读码器不开门").wait_for()
    told.get_by_text("opens no door").wait_for()
    line.close()
    assert "granted" not in house.kinds()
