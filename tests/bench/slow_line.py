"""How long somebody on a bad line waits for a public page: reckoned from what it takes, and as Chromium has it on such a line.

A page is usable once it is painted: nothing of it waits for a script. What its first paint needs is counted in the page itself,
and its bytes on the connection; a photograph comes later (`loading="lazy"`) and holds up nothing.
"""

from __future__ import annotations

import gzip
import http.client
import math
import random
import re
import shutil
from collections.abc import Iterator
from time import time
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct
from playwright.sync_api import sync_playwright

from kiosk.central.cases import Cases, Said
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.voices import CaseFilter
from kiosk.central.voices.case import Answer, Event, Own
from kiosk.core.desk.vocabulary import WHATS
from tests.browser.conftest import OPTIONS
from tests.public.ground import Ground

CODE: Final = "37081101"
PATHS: Final = (f"/s/{CODE}", f"/s/{CODE}/say", f"/s/{CODE}/say?place=door", f"/s/{CODE}/door", "/receipt", "/map")
OWNER, LONG = "li.ming", 300
SIGNS: Final = [chr(each) for each in range(0x4E00, 0x4E00 + 2000)]
"""Of long answers, in no order: no packing makes less of them than of what people write."""

BLOCKING: Final = re.compile(r"<link[^>]*stylesheet|<script[^>]*src")
"""What a browser asks for before it paints."""

FIRST_PAINT: Final = """() => new Promise((done) => new PerformanceObserver((list) =>
  list.getEntriesByName("first-contentful-paint").forEach((each) => done(each.startTime)),
).observe({ type: "paint", buffered: true }))"""
"""Asked once: a page that forbids `eval` lets nobody ask again and again."""

HANDSHAKES: Final = 3
"""Round trips before the first request of a new connection: DNS, TCP (RFC 9293), TLS 1.3 (RFC 8446)."""

CERTIFICATES: Final = 4096
"""Bytes that the server sends meanwhile: a chain of two certificates."""

WINDOW: Final = 10 * 1460
"""Bytes that a server sends before it hears again; then twice as many (RFC 6928, RFC 5681)."""


class Line(Struct, frozen=True):
    """A connection: seconds of a round trip, and bits a second towards the phone."""

    name: str
    trip: float
    bits: int


LINES: Final = (Line("slow-2g", 2.0, 50_000), Line("2g", 1.4, 70_000), Line("3g", 0.27, 700_000))
"""The edge of each kind: Network Information API (WICG), table of effective connection types."""


class Paint(Struct, frozen=True):
    """What the first paint of a page needs: requests one after another, and bytes."""

    requests: int
    sent: int

    def seconds(self, line: Line, *, new: bool) -> float:
        """On that line, with a `new` connection or with one that is kept."""
        windows = math.ceil(math.log2(self.sent / WINDOW + 1))
        trips = self.requests + windows - 1 + (HANDSHAKES if new else 0)
        return trips * line.trip + 8 * (self.sent + (CERTIFICATES if new else 0)) / line.bits


def needed(url: str, path: str) -> Paint:
    """Of a page, as a phone asks for it."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip, deflate, br", "Accept-Language": "zh-CN"})
    answer = connection.getresponse()
    body, head = answer.read(), f"HTTP/1.1 200 OK\r\n{answer.headers}"
    text = (gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body).decode()
    return Paint(1 + len(BLOCKING.findall(text)), len(head) + len(body))


def fill(ground: Ground) -> None:
    """As much as a station's page has room for: twelve open cases, and twelve with long answers."""
    cases, now, chance = Cases(ground.store), time(), random.Random(5)  # noqa: S311  no secret
    ground.store.add_account(OWNER, "steward", "3708", "", now)
    for place, what in [(place, what) for place, whats in WHATS.items() for what in whats][:30]:
        cases.say(Said(CODE, place, what), now - 3600)
    for each in ground.store.cases(CaseFilter(prefix=CODE), EVERYWHERE)[:14]:
        cases.act(each.number, Own(OWNER), OWNER, EVERYWHERE, now)
        answer = Answer(Event.DO, "".join(chance.choices(SIGNS, k=LONG)))
        cases.act(each.number, answer, OWNER, EVERYWHERE, now)


def painted(browser: Any, url: str, line: Line) -> float:
    """Seconds until Chromium has painted the page, on a line of which it delays each answer: it leaves handshakes out."""
    page = browser.new_context(viewport={"width": 320, "height": 568}, locale="zh-CN").new_page()
    conditions = {
        "offline": False,
        "latency": line.trip * 1000,
        "downloadThroughput": line.bits / 8,
        "uploadThroughput": line.bits / 16,
    }
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", conditions)
    page.goto(url)
    at = page.evaluate(FIRST_PAINT)
    page.context.close()
    return float(at) / 1000


def lines(ground: Ground) -> Iterator[str]:
    """A line for each page, with the station's page as it usually is and as full as it gets."""
    yield (
        f"{'first paint of':<30}{'requests':>9}{'bytes':>8}"
        + "".join(f"{each.name + ' new, kept':>20}" for each in LINES)
        + f"{'Chromium ' + LINES[0].name:>20}"
    )
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(OPTIONS))
        for path in PATHS:
            yield told(found, ground.url, path)
        fill(ground)
        yield told(found, ground.url, PATHS[0], "the same with 24 cases")
        found.close()


def told(browser: Any, url: str, path: str, name: str = "") -> str:
    """Of one page."""
    paint = needed(url, path)
    reckoned = (f"{paint.seconds(each, new=True):>12.1f} s{paint.seconds(each, new=False):>4.1f} s" for each in LINES)
    chromium = painted(browser, f"{url}{path}", LINES[0])
    return f"{name or path:<30}{paint.requests:>9}{paint.sent:>8}{''.join(reckoned)}{chromium:>18.1f} s"
