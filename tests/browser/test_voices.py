"""From a phone without JavaScript to the office and back: rate, say, ask by the receipt, answer, dispute; and axe."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import time
from typing import Any

import pytest
import uvicorn
from msgspec import Struct
from starlette.applications import Starlette

from kiosk.central.cases import Cases
from kiosk.central.codes import printed
from kiosk.central.office.app import routes as of_office
from kiosk.central.public.app import routes as of_public
from kiosk.central.store import CentralStore
from kiosk.central.voices import tokens
from kiosk.central.voices.owners import OwnerRule
from kiosk.demo.founding import founded
from kiosk.demo.place import free_port
from tests.browser.conftest import send
from tests.browser.test_contrast import violations
from tests.office.clerks import KEPT, PASSWORD
from tests.programs.house import until
from tests.public.ground import Ground
from tests.test_photos import located

pytestmark = pytest.mark.browser

CODE = "37081101"


class City(Struct, frozen=True):
    """A server with the public pages and the office, as one process has them."""

    url: str
    store: CentralStore

    @property
    def page(self) -> str:
        return f"{self.url}/s/{printed(CODE)}"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    folder, port, least = tmp_path_factory.mktemp("city") / "central-data", free_port(), tokens.LEAST_AGE
    with closing(CentralStore(folder)) as store:
        routes = [*of_public(store), *of_office(store, founded(folder, store))]
        server = uvicorn.Server(
            uvicorn.Config(Starlette(routes=routes), port=port, log_level="warning", lifespan="off")
        )
        thread = threading.Thread(target=server.run)
        thread.start()
        # a test does not wait as a reader does
        tokens.LEAST_AGE = 0.0  # type: ignore[misc]
        try:
            until(lambda: server.started)
            Ground(f"http://127.0.0.1:{port}", store).build(CODE)
            store.add_account("li.ming", "steward", "3708", KEPT, time())
            Cases(store).set_rule(OwnerRule("3708", "", "li.ming"), "li.ming", time())
            yield City(f"http://127.0.0.1:{port}", store)
        finally:
            tokens.LEAST_AGE = least  # type: ignore[misc]
            server.should_exit = True
            thread.join(30)


def phone(chromium: Any, language: str = "en-GB", *, scripts: bool = False) -> Any:
    size = {"width": 390, "height": 844}
    return chromium.new_context(viewport=size, locale=language, java_script_enabled=scripts).new_page()


def steward(chromium: Any, city: City) -> Any:
    page = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB").new_page()
    page.goto(f"{city.url}/office/login")
    page.fill("#name", "li.ming")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("nav")
    return page


def test_from_a_touch_to_the_answer_on_the_page(chromium: Any, city: City, tmp_path: Path) -> None:
    photo = tmp_path / "tap.jpg"
    photo.write_bytes(located())
    page, office = phone(chromium), steward(chromium, city)
    page.goto(city.page)
    page.click("button[value=not_content]")
    assert "once a day" in page.inner_text("main")
    page.click("text=Say what is wrong")
    page.click("text=drinking water")
    page.check("input[value=no_water]")
    page.fill("#text", "no drop since yesterday")
    page.set_input_files("#photo", photo)
    page.click("text=Send it")
    receipt = page.inner_text(".receipt")
    page.goto(city.page)
    assert "drinking water: no water" in page.inner_text(".voices")
    assert "no drop" not in page.inner_text("main")
    office.goto(f"{city.url}/office/voices?which=mine")
    office.click("text=drinking water: no water")
    office.click("text=Publish the text")
    office.fill("#words", "The valve is new.")
    office.click("button[value=do]")
    assert "done" in office.inner_text("main")
    page.reload()
    told = page.inner_text(".voices")
    assert "The valve is new." in told
    assert "no drop since yesterday" in told
    page.click("text=I have a receipt")
    page.fill("#receipt", receipt)
    page.click("text=Look it up")
    assert "The valve is new." in page.inner_text(".became")
    page.click("text=No, it is not so")
    assert "disputed" in page.inner_text(".became")
    for each in (page, office):
        each.context.close()


def test_the_longest_page_passes_axe_in_english(chromium: Any, city: City) -> None:
    page = phone(chromium, scripts=True)
    page.goto(city.page)
    sound(page)
    page.context.close()


def test_every_page_passes_axe_and_can_be_touched(chromium: Any, city: City) -> None:
    page = phone(chromium, "zh-CN", scripts=True)
    for path in (city.page, *(f"{city.page}/{each}" for each in ("say", "say?place=door", "door", "rated"))):
        page.goto(path)
        sound(page)
    page.goto(f"{city.page}/say?place=toilet")
    page.check("input[value=dirty]")
    send(page, "form[enctype] button")
    sound(page)
    page.goto(f"{city.page}/door")
    send(page, "main button")
    sound(page)
    page.goto(f"{city.url}/receipt")
    page.fill("#receipt", "1234")
    send(page, "main button")
    sound(page)
    page.context.close()


def test_the_office_passes_axe(chromium: Any, city: City) -> None:
    office = steward(chromium, city)
    for path in ("/voices?which=all", "/voices/owners", "/voices/1"):
        office.goto(f"{city.url}/office{path}")
        assert violations(office) == [], path
        assert office.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    office.context.close()


def sound(page: Any) -> None:
    """Nothing that axe finds, nothing beside the screen, and nothing too small for a thumb in a glove."""
    assert violations(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url
    small = page.eval_on_selector_all(
        "main button, main .choice, main .tiles a, main .acts a, main .back",
        "found => found.map(each => [each.innerText, each.getBoundingClientRect().height]).filter(each => each[1] < 44)",
    )
    assert small == [], page.url
