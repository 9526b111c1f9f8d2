"""Writes docs/screen*.png: the page of `kiosk screen` in Chromium, beside a socket that says what a station would."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from kiosk.demo.place import Place, free_port, wait_for_port
from kiosk.sockets.listening import Loop
from kiosk.sockets.peer import Peer
from kiosk.wire.base import Message
from kiosk.wire.views import DoorView, TrustView, View

DOCS: Final = Path(__file__).parents[1] / "docs"
LYING, STANDING = (800, 480), (480, 800)
"""Pixels of the Raspberry Pi's own panel of 7 inches."""

EDGE: Final = 8
"""Pixels of white between two faces."""

SETTINGS: Final = """\
pins = "simulated"
[station]
code = "37081101"
name = "中山路驿站"
data_dir = "{folder}/data"
run_dir = "{folder}"
[doors.main]
lock = {{ pin = 17 }}
[screen]
port = {port}
call = "0531-12351"
"""
NOTICE: Final = {
    "zh": "高温关爱周：7月20日至27日，中午对所有人开放",
    "en": "Heat week, 20 to 27 July: open to everybody at noon",
}
NEARBY: Final = {
    "zh": "最近的驿站：经十路86号，向东步行八分钟，昼夜开放",
    "en": "Open day and night: 86 Jingshi Road, eight minutes' walk to the east",
}
EVENING: Final = datetime.fromisoformat("2026-07-20T22:05:00+08:00").timestamp()
MORNING: Final = datetime.fromisoformat("2026-07-21T06:00:00+08:00").timestamp()


def view(lamp: str, refused: str = "", opens: float | None = None, **more: Any) -> View:
    """A station in order, whose lamps show this."""
    door = DoorView("normal", "locked", "closed", "none", lamp, refused, opens)
    trust = TrustView(None, "fresh", 0.0)
    given: dict[str, Any] = {"documents": {"keyset": 1}, "texts": NOTICE, "quality": "synced", **more}
    return View(
        *("37081101", "1", "", "", EVENING), trust=trust, doors={"main": door}, sensors={}, streams={}, programs={},
        faults={}, **given,
    )  # fmt: skip


REFUSED: Final = ("denied", view("denied", "too_old"))
CLOSED: Final = ("closed", view("ready", opens=MORNING, nearby=NEARBY, texts={}))
STRANGER: Final = ("away", view("ready", documents={}, texts={}, quality="unset"))
FACES: Final = (
    ("ready", view("ready")),
    ("granted", view("granted")),
    REFUSED,
    CLOSED,
    ("warning", view("warning")),
    STRANGER,
)
PICTURES: Final = {"screen.png": (LYING, FACES, 2), "screen-standing.png": (STANDING, (FACES[0], REFUSED, CLOSED), 3)}
"""For each: the size of a face, the faces by their sign and what is said, and how many stand side by side."""


def main() -> None:
    """Each picture, of several faces."""
    with chromium("docs/screen*.png") as browser:
        for name, (size, faces, side_by_side) in PICTURES.items() if browser else ():
            shots = [shot(browser, size, sign, said) for sign, said in faces]
            rows = [np.hstack(shots[at : at + side_by_side]) for at in range(0, len(shots), side_by_side)]
            cv2.imwrite(str(DOCS / name), np.vstack(rows)[:-EDGE, :-EDGE], [cv2.IMWRITE_PNG_COMPRESSION, 9])


@contextmanager
def chromium(pictures: str) -> Iterator[Any]:
    """Debian's browser; None where it is not installed, and the pictures stay as they are."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  the other pictures do not need it

    path = shutil.which("chromium")
    if path is None:
        print(f"{pictures} are left as they are: chromium IS ABSENT")
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def drawn(pictures: str, draw: Callable[[Any, Place], None]) -> None:
    """Draw them in a place of their own, where there is a browser."""
    with chromium(pictures) as browser, tempfile.TemporaryDirectory(prefix="kiosk-") as folder:
        if browser:
            draw(browser, Place(Path(folder)))


def shot(browser: Any, size: tuple[int, int], sign: str, said: Message) -> cv2.typing.MatLike:
    """The page when the station has said this; BGR, uint8, of the size and an edge to its right and below."""
    with (
        tempfile.TemporaryDirectory(prefix="kiosk-") as folder,
        saying(Path(folder) / "control.sock", lambda _line: said),
    ):
        place, port = Place(Path(folder)), free_port()
        place.config.write_text(SETTINGS.format(folder=folder, port=port), encoding="utf-8")
        with place.program("screen"):
            wait_for_port(port, place, "screen")
            page = browser.new_page(viewport={"width": size[0], "height": size[1]})
            page.goto(f"http://127.0.0.1:{port}")
            page.locator(f"body.{sign} #clock:not(:empty)").wait_for()
            picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
            assert picture is not None  # noqa: S101  Chromium makes no broken ones
            page.close()
    return cv2.copyMakeBorder(picture, 0, EDGE, 0, EDGE, cv2.BORDER_CONSTANT, value=(255, 255, 255))


@contextmanager
def saying(path: Path, said: Callable[[bytes], Message]) -> Iterator[None]:
    """A station's socket at which whoever sends a line hears this."""
    loop, over = Loop(), threading.Event()

    def answer(peer: Peer, line: bytes) -> None:
        peer.send(said(line))

    def serve() -> None:
        while not over.is_set():
            loop.wait(0.5)

    loop.serve(path, answer)
    thread = threading.Thread(target=serve)
    thread.start()
    yield
    over.set()
    loop.wake()
    thread.join()
    loop.close()


if __name__ == "__main__":
    main()
