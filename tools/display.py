"""Writes docs/screen.png: the page of `kiosk screen` in Chromium, beside a socket that says what a station would."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from kiosk.demo.run import Place, free_port, wait_for_port
from kiosk.sockets.listening import Loop
from kiosk.sockets.peer import Peer
from kiosk.wire import DoorView, Logged, Message, TrustView, View

SIZE = (800, 480)
"""Pixels, of the Raspberry Pi's own small display."""

TRIES = 20
"""Chromium takes its picture when the page is loaded; the first event may come a moment later."""

AWAY = (0x22, 0x22, 0x22)
"""What the page looks like until then."""

SETTINGS = """\
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
NOTICE = {
    "zh": "高温关爱周：7月20日至27日，中午对所有人开放",
    "en": "Heat week, 20 to 27 July: open to everybody at noon",
}
DENIED = Logged({"kind": "denied", "door": "main", "reason": "expired"})


def view(lamp: str, texts: dict[str, str] | None = None) -> View:
    """A station in order, whose lamps show this."""
    door = DoorView("normal", "locked", "closed", "none", lamp)
    trust = TrustView(None, "fresh", 0.0)
    return View(
        "37081101", "1", "", "", 0.0, "synced", {"keyset": 1}, trust, {"main": door}, {}, {}, {}, {}, texts=texts or {}
    )


FACES: tuple[tuple[Message, ...], ...] = (
    (view("ready", NOTICE),),
    (view("granted"),),
    (view("denied"), DENIED),
    (view("warning"),),
)


def main() -> None:
    """Four faces in one picture."""
    browser = shutil.which("chromium")
    if browser is None:
        print("docs/screen.png is left as it is: chromium IS ABSENT")
        return
    shots = [shot(browser, messages) for messages in FACES]
    picture = np.vstack([np.hstack(shots[:2]), np.hstack(shots[2:])])
    cv2.imwrite(str(Path(__file__).parents[1] / "docs" / "screen.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def shot(browser: str, messages: tuple[Message, ...]) -> cv2.typing.MatLike:
    """The page when the station has said this; BGR, uint8, of SIZE."""
    with tempfile.TemporaryDirectory(prefix="kiosk-") as folder, saying(Path(folder) / "control.sock", messages):
        place, port = Place(Path(folder)), free_port()
        place.config.write_text(SETTINGS.format(folder=folder, port=port), encoding="utf-8")
        out = Path(folder) / "shot.png"
        words = ["--headless", "--no-sandbox", "--hide-scrollbars", "--timeout=4000"]
        words.append(f"--window-size={SIZE[0]},{SIZE[1]}")
        with place.program("screen"):
            wait_for_port(port, place, "screen")
            for _ in range(TRIES):
                subprocess.run([browser, *words, f"--screenshot={out}", f"http://127.0.0.1:{port}"], check=True)
                picture = cv2.imread(str(out))
                if picture is not None and tuple(picture[0, 0]) != AWAY:
                    return picture
    raise RuntimeError("the page shows nothing")


@contextmanager
def saying(path: Path, messages: tuple[Message, ...]) -> Iterator[None]:
    """A station's socket at which each subscriber hears this."""
    loop, over = Loop(), threading.Event()

    def answer(peer: Peer, _line: bytes) -> None:
        for message in messages:
            peer.send(message)

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
