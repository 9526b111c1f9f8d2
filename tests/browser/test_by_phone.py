"""The other way in, whole: the display's code as a phone's camera sees it, the page that it leads to, the lock's pin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from kiosk.central.store import CentralStore
from kiosk.central.store.place import SETTINGS
from kiosk.demo.place import free_port
from kiosk.screen import words
from tests.browser.conftest import scanned, visit
from tests.browser.test_pass_page import SIZE
from tests.browser.test_pass_road import typed
from tests.programs.house import LOCK, PATIENCE, until
from tests.programs.town import CODE, Town

pytestmark = pytest.mark.browser

PATIENT = PATIENCE * 1000


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A station whose camera sees nothing, with a display; and a server with a page for phones."""
    camera = '[scanners.main]\ndoor = "main"\nkeyboard = "/nowhere"\n'
    town = Town(tmp_path, more=camera)
    origin = f"http://localhost:{town.port}"
    (town.central / SETTINGS).write_text(f'[addresses]\npasses = "{origin}"\n')
    screen = f'[screen]\nport = {free_port()}\npass_page = "{origin}"\n'
    town.house.config.write_text(town.house.config.read_text() + screen)
    with town.server():
        town.enrol(town.port)
        yield town


@contextmanager
def display_of(chromium: Any, town: Town) -> Iterator[Any]:
    port = town.house.config.read_text().split("[screen]\nport = ")[1].split("\n")[0]
    url = f"http://127.0.0.1:{port}/"
    with town.house.program("screen"):
        until(lambda: requests.get(url, timeout=5).ok, "the display's page")
        with visit(chromium, url) as page:
            yield page


def heard(town: Town) -> bool:
    """Whether the server knows of a display that shows a code here; it writes that within seconds of the first question."""
    with closing(CentralStore(town.central)) as store:
        return store.phone_door_heard(CODE) > 0


def told(page: Any, how: str) -> str:
    page.wait_for_selector(f"#opened.{how}", timeout=PATIENT)
    return str(page.locator("#opened").inner_text())


def test_a_phone_scans_the_display_and_the_door_opens_or_says_why_not(chromium: Any, town: Town) -> None:
    typed(town, "passes", "issue", "h-1")
    context = chromium.new_context(viewport=SIZE, locale="en-GB")
    phone = context.new_page()
    phone.goto(f"http://localhost:{town.port}/pass")
    phone.fill("#typed", typed(town, "passes", "code", "h-1"))
    phone.click("#enrol button")
    phone.wait_for_selector("#code svg")
    with town.house.station() as station, town.house.program("sync"), display_of(chromium, town) as display:
        display.locator("body.coded", has_text=words.BY_PHONE[1]).wait_for(timeout=PATIENT)
        address = until(lambda: scanned(display), "a code that a camera reads")[0]
        assert address.startswith(f"http://localhost:{town.port}/o/{CODE}.main.")
        until(lambda: heard(town), "the server to know of the display")
        phone.goto(address)
        phone.click("#open")
        assert told(phone, "good") == "It is open. Please come in."
        assert station.bench.wait_for(LOCK, level=True) is not None
        assert station.next("granted")["way"] == "phone"
        typed(town, "command", CODE, "lockdown", "--for", "10m")
        until(lambda: town.house.view().doors["main"].mode == "locked_down", "the lock down")
        phone.click("#open")
        assert told(phone, "bad") == "The station is locked down for now. Nobody can enter."
        assert station.next("denied")["way"] == "phone"
    context.close()
