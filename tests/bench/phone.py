"""The page with a pass in Chromium, without a network: milliseconds from opening to the first code, beside its parts."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any, Final

from kiosk.central.passpage.assets import assets
from tests.bench.road import Report
from tests.passpage.phones import open_counter

TIMES: Final = 40
SIGN: Final = """async () => {
    const {Holder} = await import(document.body.dataset.root + "/holder.js");
    const {drawn} = await import(document.body.dataset.root + "/qr.js");
    const holder = await Holder.here(), began = performance.now();
    const text = await holder.code(), signed = performance.now();
    drawn(text, false, true);
    return [signed - began, performance.now() - signed];
}"""


def measure() -> Report:
    """Median, 95 % and worst. Nothing of it where there is no Chromium."""
    columns = ["", "median", "95 %", "worst"]
    title = f"The page with a pass, {TIMES} times without a network (ms), and its bytes on the road"
    path = shutil.which("chromium")
    if path is None:
        return title, columns, [["Chromium is absent", "", "", ""]]
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        opened = _opened(browser, Path(folder) / "central")
        browser.close()
    size = sum(len(each.packed) for each in assets().values())
    rows = [[name, *_told(values)] for name, values in opened.items()]
    return title, columns, [*rows, ["bytes", f"{size:,}", "", ""]]


def _opened(browser: Any, folder: Path) -> dict[str, list[float]]:
    with open_counter(folder) as counter:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{counter.origin}/pass")
        page.fill("#typed", counter.code(counter.holder("bench")))
        page.click("#enrol button")
        page.wait_for_selector("#code svg")
        page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        context.set_offline(True)
        found: dict[str, list[float]] = {"first code after opening": [], "of it: signed": [], "of it: drawn": []}
        for _ in range(TIMES):
            page.reload()
            page.wait_for_selector("body[data-open]")
            each = (float(page.get_attribute("body", "data-open")), *page.evaluate(SIGN))
            for values, value in zip(found.values(), each, strict=True):
                values.append(value)
        context.close()
    return found


def _told(values: list[float]) -> list[str]:
    most = statistics.quantiles(values, n=20)[-1]
    return [f"{each:.0f}" for each in (statistics.median(values), most, max(values))]
