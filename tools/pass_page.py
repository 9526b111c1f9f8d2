"""Writes docs/pass-page*.png: the page with a pass as on a phone: a code, the help, and what it says a month later."""

from __future__ import annotations

from contextlib import closing
from typing import Any, Final

import cv2
import numpy as np

from kiosk.central.store import CentralStore
from kiosk.demo.founding import founded
from kiosk.demo.phone import address_pages, one_time_code
from kiosk.demo.place import Place, free_port, wait_for_port
from tools.display import DOCS, EDGE, drawn

SIZE: Final = {"width": 390, "height": 844}
LANGUAGES: Final = {"en-US": "", "zh-CN": ".zh-CN"}
MONTH_LATER: Final = "{ const real = Date.now; Date.now = () => real() + 30 * 86400e3; }"


def main() -> None:
    """Three pictures side by side, in both languages."""
    drawn("docs/pass-page*.png", draw)


def draw(browser: Any, place: Place) -> None:
    """As whoever has just typed a code sees it, and a month later without a network."""
    place.central.mkdir()
    port = free_port()
    url = address_pages(place.central, port)
    with closing(CentralStore(place.central)) as store:
        founded(place.central, store)
    with place.program("central", "serve", "--data", str(place.central), "--port", str(port)):
        wait_for_port(port, place)
        for language, ending in LANGUAGES.items():
            context = browser.new_context(locale=language, viewport=SIZE)
            shots = [*_seen(context, url, one_time_code(place.central))]
            context.close()
            edge = np.full((shots[0].shape[0], EDGE, 3), 160, "uint8")
            whole = np.hstack([shots[0], edge, shots[1], edge, shots[2]])
            cv2.imwrite(str(DOCS / f"pass-page{ending}.png"), whole)


def _seen(context: Any, url: str, code: str) -> Any:
    page = context.new_page()
    page.goto(url)
    page.fill("#typed", code)
    page.click("#enrol button")
    page.wait_for_selector("#code svg")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    yield _shot(page)
    page.click("#helps")
    page.evaluate("document.getElementById('help').scrollIntoView()")
    yield _shot(page)
    context.set_offline(True)
    context.add_init_script(MONTH_LATER)
    page.reload()
    page.wait_for_selector("#told:not([hidden])")
    yield _shot(page)


def _shot(page: Any) -> Any:
    return cv2.imdecode(np.frombuffer(page.screenshot(), "uint8"), cv2.IMREAD_COLOR)


if __name__ == "__main__":
    main()
