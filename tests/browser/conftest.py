"""Debian's Chromium, and the display's page in it at a size, beside no program: faces are shown by the page's own script."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NoReturn

import cv2
import msgspec
import numpy as np
import pytest
import zxingcpp

from kiosk.screen.faces import Face
from kiosk.screen.page import Page
from kiosk.wire.inside import DeskView, Kept
from tests.browser.inside import Beside, beside

REQUIRED: Final = "KIOSK_BROWSER_REQUIRED"
"""Set by CI: what is absent is a failure there, and no skip."""

OPTIONS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--hide-scrollbars"),
)
MEASURE: Final = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")
ORIGIN: Final = "http://127.0.0.1:8090/"


def absent(what: str) -> NoReturn:
    if os.environ.get(REQUIRED):
        pytest.fail(f"{what} ABSENT, and {REQUIRED} is set")
    pytest.skip(f"{what} ABSENT: apt install chromium fonts-noto-cjk, or `make test-browser` as root")


def needed(module: str) -> Any:
    """A module of the developers' own packages."""
    try:
        return import_module(module)
    except ModuleNotFoundError:
        absent(f"{module.partition('.')[0].upper()} (pip install -e '.[dev]') IS")


@pytest.fixture(scope="package")  # Playwright's loop runs until then, and asyncio has room for one
def chromium() -> Iterator[Any]:
    sync_api = needed("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None or shutil.which("fc-list") is None:
        absent("CHROMIUM OR FONTCONFIG IS")
    fonts = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=True).stdout
    if "Noto Sans CJK SC" not in fonts:
        absent("THE FONT NOTO SANS CJK SC IS")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(OPTIONS))
        yield browser
        browser.close()


class Tab:
    """The page, as it is served for a station of this name, who is called like that."""

    def __init__(self, page: Any, name: str, call: str) -> None:
        served = Page(name, call)
        self.page, self.made, self._parts, self._listening = page, served.made, served.parts, list[Any]()
        page.route("**/*", self._answer)
        page.goto(ORIGIN)
        page.evaluate(MEASURE)

    def _answer(self, route: Any) -> None:
        path = "/" + route.request.url.removeprefix(ORIGIN)
        if path == "/events":  # there are none, and the page waits
            self._listening.append(route)
            return
        text, kind = self._parts.get(path, ("", "text/plain"))
        route.fulfill(status=200 if text else 204, body=text, content_type=f"{kind}; charset=utf-8")

    def close(self) -> None:
        for route in self._listening:
            route.abort()
        self.page.context.close()

    def show(self, face: Face) -> None:
        self.page.evaluate("face => show(face)", msgspec.to_builtins(face))

    def each(self, faces: dict[str, Face], script: str) -> dict[str, Any]:
        """What a script says of the page at each of these faces."""
        told = self.page.evaluate(
            f"faces => Object.entries(faces).map(([name, face]) => {{ show(face); return [name, {script}]; }})",
            msgspec.to_builtins(faces),
        )
        return dict(told)


Opener = Callable[..., Tab]

LANDSCAPE = [(480, 320), (800, 480), (1024, 600), (1280, 800), (1366, 768), (1920, 1080)]
"""Panels, in pixels."""


@pytest.fixture
def tab(chromium: Any) -> Iterator[Opener]:
    """Opens the page at a size."""
    tabs = list[Tab]()

    def open_tab(size: tuple[int, int], name: str = "中山路驿站", call: str = "0531-12351") -> Tab:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
        tabs.append(Tab(context.new_page(), name, call))
        return tabs[-1]

    yield open_tab
    for each in tabs:
        each.close()


@contextmanager
def visit(chromium: Any, url: str) -> Iterator[Any]:
    """A page that a real program serves."""
    page = chromium.new_page(viewport={"width": 800, "height": 480})
    page.goto(url)
    yield page
    page.close()


def pictured(page: Any) -> Any:
    """The page as it stands now: uint8, shape (height, width, 3), BGR."""
    picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def scanned(page: Any) -> list[str]:
    """What a telephone's camera reads on the display."""
    return [each.text for each in zxingcpp.read_barcodes(pictured(page))]


@pytest.fixture(scope="package")
def desk_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Beside]]:
    """The address of a `kiosk desk`, and the station beside it, for all that shows what it likes there."""
    with beside(tmp_path_factory.mktemp("desk") / "house", DeskView("37081101")) as found:
        yield found


@pytest.fixture
def station(desk_program: tuple[str, Beside]) -> Beside:
    """It has heard nothing yet, and takes whatever is touched."""
    station = desk_program[1]
    station.heard.clear()
    station.answer = Kept()
    return station


@pytest.fixture(scope="package")
def gloves(chromium: Any) -> Iterator[Any]:
    """A context that is touched, in which time goes by when it is told to."""
    context = chromium.new_context(viewport={"width": 800, "height": 480}, has_touch=True)
    context.clock.install()
    yield context
    context.close()


def send(page: Any, button: str) -> None:
    """Send the form of that button, and be on the page that answers it: a click alone waits for none."""
    with page.expect_navigation():
        page.click(button)
