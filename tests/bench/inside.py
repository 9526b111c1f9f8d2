"""From a finger on the display inside (Chromium) to the answer on the disk, idle and beside a busy scanner, and a bare POST.

And what `kiosk desk` takes of the memory, and of the logbook when that page floods it.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import sync_playwright

from kiosk.demo.film import write_film
from kiosk.demo.place import free_port
from kiosk.wire.base import STREAMS
from tests.bench.road import RATE, Report, film, p95, resident
from tests.bench.touches import flooding, rate
from tests.browser.conftest import OPTIONS
from tests.keys import claims, signed
from tests.programs.house import House, until

TOUCHES = 24
FLOODED = 60.0
"""Seconds."""

CARDS = 20
"""Of the film before the scanner, which lasts as long as the touches."""

SINCE = "addEventListener('pointerdown', (event) => { window.touchedAt = event.timeStamp; }, true)"
TOOK = """() => {
  const found = performance.getEntriesByType("resource").filter((each) => each.name.endsWith("/touched")).at(-1);
  return found && found.responseEnd > window.touchedAt ? found.responseEnd - window.touchedAt : 0;
}"""
BARE = b"""<!doctype html><title>bare</title><button class="face" style="width: 40vw; height: 40vh">1</button>
<script>document.querySelector("button").onclick = () => fetch("/touched", { method: "POST", body: "1" });</script>"""


def measure() -> Report:
    """The table."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    port, path = free_port(), folder / "film.avi"
    write_film(film([signed(claims(index=number + 1)) for number in range(CARDS)]), path)
    scanner = f'[scanners.main]\ndoor = "main"\ncamera = "{path}"\nrate = {RATE}\n'
    house = House(folder / "station", f"[desk]\ndisplay = true\nport = {port}\n{scanner}")
    house.trust()
    with (
        house.station(),
        house.program("desk") as desk,
        bare(folder / "bare") as bare_url,
        sync_playwright() as playwright,
    ):
        url = f"http://127.0.0.1:{port}/"
        until(lambda: requests.get(url, timeout=5).ok, "the page")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(OPTIONS))
        idle = touched(browser, url)
        with house.program("scanner"):
            busy = touched(browser, url)
        with house.program("scanner"):
            plain = touched(browser, bare_url)
        browser.close()
        memory, shared_once = whole(desk.pid), resident(desk.pid)
        before = written(house)
        with flooding(port) as told:
            time.sleep(FLOODED)
        grown = (written(house) - before) * 60 / FLOODED
    rows = [
        [name, *(f"{pick(times):.0f} ms" for times in (busy, idle, plain)), bound]
        for name, pick, bound in (("median", statistics.median, ""), ("95 %", p95, "200 ms"), ("longest", max, ""))
    ]
    rows += [
        ["memory of kiosk desk", f"{memory:.1f} MB", "", "", "45 MB"],
        ["the same, shared pages counted once", f"{shared_once:.1f} MB", "", "", ""],
        [f"a flood of touches ({rate(told)}): logbook", f"{grown:.0f} bytes a minute", "", "", "1,000"],
    ]
    title = f"From a finger on the display inside to the disk, {TOUCHES} touches"
    return title, ["", "beside a busy scanner", "idle", "a bare POST, written and flushed; busy", "bound"], rows


def touched(browser: Any, url: str) -> list[float]:
    """Milliseconds from each touch to its answer, as fast as the station takes them."""
    page = browser.new_context(viewport={"width": 800, "height": 480}, has_touch=True).new_page()
    page.goto(url)
    page.evaluate(SINCE)
    times = []
    for number in range(TOUCHES):
        following = time.monotonic() + 1.2
        page.locator("body:not(:has(#stage[inert])) .face:enabled").nth(number % page.locator(".face").count()).tap()
        times.append(page.wait_for_function(TOOK).json_value())
        if page.locator("#stage .main").count():
            page.locator("#stage .main").tap()
        time.sleep(max(0.0, following - time.monotonic()))
    page.context.close()
    return times


def whole(pid: int) -> float:
    """Megabytes (10^6 bytes) that are resident, whoever else has the same pages."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024 / 1e6


def written(house: House) -> int:
    """Bytes of all entries in the logbook, of each stream."""
    return sum(len(json.dumps(entry)) for stream in STREAMS for entry in house.entries(stream))


@contextmanager
def bare(folder: Path) -> Iterator[str]:
    """A server that adds what was touched to a file."""
    folder.mkdir(parents=True)

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(BARE)

        def do_POST(self) -> None:
            with folder.joinpath("touches").open("ab") as file:
                file.write(self.rfile.read(int(self.headers["Content-Length"])))
                file.flush()
                os.fsync(file.fileno())
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
