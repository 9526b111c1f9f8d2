"""The other way in: from *open* on a phone's page (Chromium) to the lock's pin and to the words, beside a pass that is read."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from kiosk.central.by_phone import MOST_A_DAY
from kiosk.central.store.place import SETTINGS
from kiosk.local import boot_time
from tests.bench.road import Report, p95
from tests.browser.conftest import OPTIONS
from tests.programs.house import LOCK, Station, until
from tests.programs.town import Town

PHONES = 4
"""Three times each, which is all that a station is asked in a minute."""


def measure() -> Report:
    """The table."""
    town = Town(Path(tempfile.mkdtemp(prefix="bench-")))
    origin = f"http://localhost:{town.port}"
    (town.central / SETTINGS).write_text(f'[addresses]\npasses = "{origin}"\n')
    town.house.config.write_text(town.house.config.read_text() + f'[screen]\npass_page = "{origin}"\n')
    with town.server(), sync_playwright() as playwright:
        town.enrol(town.port)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(OPTIONS))
        with town.house.station() as station, town.house.program("sync"):
            until(lambda: town.house.view().phone_code, "the code")
            shown = [_shown(station, text) for text in town.passes(PHONES * MOST_A_DAY)]
            asked = [times for number in range(PHONES) for times in _asked(town, station, browser, number)]
        browser.close()
    locks, words = ([each[which] for each in asked] for which in (0, 1))
    rows = [
        [name, *(f"{pick(times):.0f} ms" for times in (locks, words, shown)), bound]
        for name, pick, bound in (("median", _median, ""), ("95 %", p95, "1000 ms"))
    ]
    title = f"The other way in, {len(asked)} times, loopback"
    return title, ["", "open to lock", "open to words", "a pass's text to lock", "bound (to lock)"], rows


def _median(times: list[float]) -> float:
    return sorted(times)[len(times) // 2]


def _shown(station: Station, text: str) -> float:
    with _to_lock(station) as took:
        station.scan(text)
    return took[0]


@contextmanager
def _to_lock(station: Station) -> Iterator[list[float]]:
    """Milliseconds from now to the lock's release; then it is waited for to be locked again."""
    began, took = boot_time(), list[float]()
    yield took
    edge = station.bench.wait_for(LOCK, level=True, after=began)
    assert edge is not None, "the lock did not move"
    took.append((edge.at - began) * 1000)
    station.bench.wait_for(LOCK, level=False, after=edge.at)


def _asked(town: Town, station: Station, browser: Any, number: int) -> Iterator[tuple[float, float]]:
    origin, data = f"http://localhost:{town.port}", ("--data", str(town.central))
    town.house.kiosk("central", "passes", "issue", f"h-{number}", *data)
    page = browser.new_context().new_page()
    page.goto(f"{origin}/pass")
    page.fill("#typed", town.house.kiosk("central", "passes", "code", f"h-{number}", *data).stdout.strip())
    page.click("#enrol button")
    page.wait_for_selector("#code svg")
    for _ in range(MOST_A_DAY):
        page.goto(f"{origin}/o/{town.house.view().phone_code}")
        page.wait_for_selector("#open")
        with _to_lock(station) as took:
            began = boot_time()
            page.click("#open")
            page.wait_for_selector("#opened.good")
            told = (boot_time() - began) * 1000
        yield took[0], told
    page.context.close()
