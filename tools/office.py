"""Writes docs/office*.png: the demo's province as an operator sees it, in Chromium."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any, Final

from kiosk.central.store import CentralStore
from kiosk.demo.founding import founded
from kiosk.demo.place import Place, free_port, wait_for_port
from kiosk.demo.province import CUT_OFF, OPERATOR, TROUBLES, codes, employ, settle
from tools.display import DOCS, drawn

SIZE: Final = {"width": 1280, "height": 720}
LANGUAGES: Final = {"en-US": "", "zh-CN": ".zh-CN"}
PAGES: Final = {
    "office": ("/", "h1"),
    "office-map": ("/map", ".leaflet-marker-icon"),
    "office-station": (f"/stations/{min(TROUBLES)}", "h1"),
}
"""Each with what is drawn last."""


def main() -> None:
    """Each page in both languages."""
    drawn("docs/office*.png", draw)


def draw(browser: Any, place: Place) -> None:
    """Once every station of the province has told its days."""
    place.central.mkdir()
    with closing(CentralStore(place.central)) as store:
        founded(place.central, store)
        settle(store, time.time())
        password, port = employ(store, time.time()), free_port()
        url = f"http://127.0.0.1:{port}"
        with place.program("central", "serve", "--data", str(place.central), "--port", str(port)):
            wait_for_port(port, place)
            with place.province(url):
                while not all(store.numbers(code) for code in codes() if code[:6] != CUT_OFF):
                    time.sleep(1.0)
                for language, ending in LANGUAGES.items():
                    shoot(browser.new_context(locale=language, viewport=SIZE), f"{url}/office", password, ending)


def shoot(context: Any, office: str, password: str, ending: str) -> None:
    """The pages as whoever logs in sees them."""
    page = context.new_page()
    page.goto(f"{office}/login")
    page.fill("[name=name]", OPERATOR)
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{office}/")
    for name, (path, last) in PAGES.items():
        page.goto(office + path)
        page.locator(last).first.wait_for()
        page.screenshot(path=DOCS / f"{name}{ending}.png")
    context.close()


if __name__ == "__main__":
    main()
