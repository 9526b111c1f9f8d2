"""Writes docs/cloud*.png: the demo's province as everybody sees it on a telephone, in Chromium."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any, Final

from kiosk.central.codes import printed
from kiosk.central.store import CentralStore
from kiosk.demo.founding import founded
from kiosk.demo.place import Place, free_port, wait_for_port
from kiosk.demo.province import TROUBLES, settle
from tools.display import DOCS, drawn

SIZE: Final = {"width": 390, "height": 844}
LANGUAGES: Final = {"en-US": "", "zh-CN": ".zh-CN"}
PAGES: Final = {"cloud-station": f"/s/{printed(min(TROUBLES))}", "cloud-map": "/map"}


def main() -> None:
    """Each page in both languages."""
    drawn("docs/cloud*.png", draw)


def draw(browser: Any, place: Place) -> None:
    """As soon as the server answers: the stations were heard just now."""
    place.central.mkdir()
    with closing(CentralStore(place.central)) as store:
        founded(place.central, store)
        settle(store, time.time())
    port = free_port()
    with place.program("central", "serve", "--only", "public", "--data", str(place.central), "--port", str(port)):
        wait_for_port(port, place)
        for language, ending in LANGUAGES.items():
            page = browser.new_context(locale=language, viewport=SIZE, java_script_enabled=False).new_page()
            for name, path in PAGES.items():
                page.goto(f"http://127.0.0.1:{port}{path}")
                page.screenshot(path=DOCS / f"{name}{ending}.png")
            page.context.close()


if __name__ == "__main__":
    main()
