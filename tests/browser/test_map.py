"""The map in Chromium: moved by mouse and keyboard, what lies together is one mark, and pictures come from the named server."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import time
from typing import Any

import pytest

from kiosk.central.office.leaflet import library
from kiosk.central.store.registers import Registered
from kiosk.central.store.sightings import SILENT_AFTER
from tests.browser.conftest import absent
from tests.browser.test_contrast import violations
from tests.browser.test_office import DESK, PHONE, began
from tests.keys import private, public
from tests.office.clerks import KEPT, Office, open_office
from tests.programs.house import until
from tests.programs.province_of_days import codes

pytestmark = pytest.mark.browser

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082".replace(" ", "")
)
"""A picture in PNG, of which nothing can be seen."""


@contextmanager
def tiles() -> Iterator[tuple[str, list[str]]]:
    """A server with pictures of the ground: its address, and what was asked for."""
    asked = list[str]()

    class Tiles(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(PIXEL)

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Tiles) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def filled(office: Office, count: int = 400) -> None:
    """Stations around a city, and one alone that is silent."""
    chance = random.Random(4)  # noqa: S311  no secret
    office.store.add_account("wang", "administrator", "", KEPT, time())
    names = codes(count)
    spots = [(35.4 + chance.gauss(0, 0.2), 116.6 + chance.gauss(0, 0.2)) for _ in names]
    office.store.add_stations(
        [
            Registered(code, "站", latitude=f"{north:.5f}", longitude=f"{east:.5f}")
            for code, (north, east) in zip(names, spots, strict=True)
        ],
        time(),
    )
    office.store.add_stations([Registered("37990101", "alone <b>", latitude="36.4", longitude="117.6")], time())
    claim = office.store.make_claim("37990101", time())
    office.store.enrol("37990101", claim, public(private(31)), time() - 2 * SILENT_AFTER)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, list[str]]]:
    """An office whose settings name a server with pictures, and what that was asked for."""
    if not library():
        absent("LEAFLET (apt install libjs-leaflet) IS")
    folder: Path = tmp_path_factory.mktemp("map")
    with tiles() as (address, asked):
        said = f'[map]\ntiles = "{address}/{{z}}/{{x}}/{{y}}.png"\nattribution = "© <i>nobody</i>"\n'
        (folder / "central.toml").write_text(said, encoding="utf-8")
        with open_office(folder) as office:
            filled(office)
            yield office, asked


def opened(chromium: Any, office: Office, size: tuple[int, int] = DESK, **more: Any) -> Any:
    page = began(chromium, office, size, **more)
    page.wrong = []
    page.on("console", lambda message: page.wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.goto(f"{office.url}/office/map")
    page.locator("#ground .mark").first.wait_for()
    return page


def test_what_lies_together_is_one_mark_until_somebody_comes_nearer(
    chromium: Any, ground: tuple[Office, list[str]]
) -> None:
    office, asked = ground
    page = opened(chromium, office)
    assert not page.locator("#drawn").is_visible()
    counts = [int(each) for each in page.locator(".many-in-one").all_inner_texts()]
    assert sum(counts) + page.locator(".mark svg").count() == 401, "none is lost"
    before = len(counts)
    until(lambda: len(asked) > 0)
    assert "© <i>nobody</i>" in page.inner_text(".leaflet-control-attribution")
    page.locator(".many-in-one").first.click()
    page.wait_for_function("() => document.activeElement.id == 'ground'")
    assert page.locator(".mark").count() != before
    assert page.wrong == []
    page.context.close()


def test_by_the_keyboard_one_comes_to_a_station(chromium: Any, ground: tuple[Office, list[str]]) -> None:
    page = opened(chromium, ground[0])
    alone = page.locator('.mark[aria-label^="37990101"]')
    assert alone.get_attribute("aria-label") == "37990101 · alone <b> · silent"
    page.focus("#ground")
    scale = page.inner_text(".leaflet-control-scale-line")
    page.keyboard.press("+")
    page.wait_for_function(
        "before => document.querySelector('.leaflet-control-scale-line').innerText !== before", arg=scale
    )
    page.keyboard.press("-")
    alone.wait_for()
    alone.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/stations/37990101")
    page.context.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_it_passes_axe_and_is_no_wider_than_the_screen(
    chromium: Any, ground: tuple[Office, list[str]], size: tuple[int, int], locale: str
) -> None:
    page = opened(chromium, ground[0], size, locale=locale)
    unsure = (
        "color-contrast: "  # axe cannot tell it where pictures of the ground lie about, also beyond the map's frame
    )
    assert [each for each in violations(page) if not each.startswith(unsure)] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.context.close()


def test_without_javascript_it_is_drawn(chromium: Any, ground: tuple[Office, list[str]]) -> None:
    page = began(chromium, ground[0], java_script_enabled=False)
    page.goto(f"{ground[0].url}/office/map")
    assert page.locator("#drawn svg.map").is_visible()
    assert not page.locator("#ground").is_visible()
    page.context.close()
