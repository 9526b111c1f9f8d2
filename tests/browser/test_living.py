"""The page in a browser beside a real station and a real `kiosk screen`: a day at the door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from kiosk.demo.place import free_port
from kiosk.loopback.presence import GONE_AFTER
from kiosk.screen import words
from kiosk.screen.faces import Face
from kiosk.trust.reasons import WORDS, Reason
from tests.browser.conftest import Opener, visit
from tests.browser.states import all_faces
from tests.keys import STRANGER, claims, signed
from tests.programs.house import PATIENCE, House, until

pytestmark = pytest.mark.browser

DAYS = 3
VISITS = {0: "granted", 1: "ready", 2: "expired", 3: "ready"}
"""By the minute of each twelve: somebody comes in, and somebody is refused; 240 people a day."""

SPARE = 100_000
"""Bytes by which the heap may differ between two days."""


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path, f'[screen]\nport = {free_port()}\ncall = "0531-12351"\n')
    house.trust()
    return house


@pytest.fixture
def url(house: House) -> str:
    port = house.config.read_text().split("port = ")[1].split("\n")[0]
    return f"http://127.0.0.1:{port}"


def answers(url: str) -> bool:
    return requests.get(url, timeout=5).ok


def sees(page: Any, sign: str, text: str) -> None:
    """Wait until the page shows it, also through its loading anew."""
    page.locator(f"body.{sign}", has_text=text).wait_for(timeout=PATIENCE * 1000)


def test_a_worker_comes_in_another_is_refused_and_the_station_is_away_and_back(
    chromium: Any, house: House, url: str
) -> None:
    with house.program("screen"):
        until(lambda: answers(url), "the page")
        with visit(chromium, url) as page:
            sees(page, "away", words.AWAY[1])
            with house.station() as station:
                sees(page, "ready", words.BY_LAMP["ready"][1])
                assert station.verdict(signed(claims(5))) == "granted"
                sees(page, "granted", "请进")
                sees(page, "ready", words.BY_LAMP["ready"][1])
                assert station.verdict(signed(claims(), STRANGER)) == "bad_signature"
                sees(page, "denied", WORDS[Reason.BAD_SIGNATURE][1])
                station.kill()
            sees(page, "away", words.AWAY[1])
            with house.station():
                sees(page, "ready", words.BY_LAMP["ready"][1])


def test_the_page_comes_back_by_itself_and_loads_itself_anew_when_another_one_is_served(
    chromium: Any, house: House, url: str
) -> None:
    with house.station():
        with house.program("screen"):
            until(lambda: answers(url), "the page")
            page = chromium.new_page()
            page.goto(url)
            sees(page, "ready", "0531-12351")
            page.evaluate("window.same = true")
        sees(page, "away", words.AWAY[1])
        with house.program("screen"):
            sees(page, "ready", "0531-12351")
            assert page.evaluate("window.same"), "the same page: it only hears again"
        house.config.write_text(house.config.read_text().replace("0531-12351", "12345"))
        with house.program("screen"):
            sees(page, "ready", "12345")
            assert page.evaluate("window.same") is None
        page.close()


def test_a_page_that_works_says_so(chromium: Any, house: House, url: str) -> None:
    with house.program("screen"):
        until(lambda: answers(url), "the page")
        with visit(chromium, url) as page:
            for _ in range(2):
                with page.expect_response("**/here", timeout=PATIENCE * 1000) as said:
                    pass
                assert said.value.status == 204


def test_a_page_that_hangs_is_told_from_one_that_works(chromium: Any, house: House, url: str) -> None:
    with house.program("screen"):
        until(lambda: answers(url), "the page")
        page = chromium.new_page()
        page.goto(url)
        sees(page, "away", words.AWAY[1])
        assert answers(f"{url}/alive")
        session = page.context.new_cdp_session(page)
        session.send("Debugger.enable")
        session.send("Debugger.pause")
        until(lambda: not answers(f"{url}/alive"), "the page is missed", patience=2 * GONE_AFTER)
        assert house.kiosk("screen", "--alive").returncode == 1
        session.send("Debugger.disable")
        until(lambda: answers(f"{url}/alive"), "it works again")
        page.close()


def day() -> Iterator[Face]:
    """A face each minute of a day, and what its visitors see."""
    known = all_faces()
    for minute in range(24 * 60):
        beside = "the longest" if minute % 120 < 60 else "the usual"
        here = known[f"{VISITS.get(minute % 12, 'ready')} beside {beside}"]
        yield msgspec.structs.replace(here, clock=f"{minute // 60:02}:{minute % 60:02}")


@pytest.mark.timeout(400)
def test_a_day_of_faces_leaves_nothing_behind(tab: Opener) -> None:
    shown, asked = tab((800, 480)), list[Any]()
    page = shown.page
    session = page.context.new_cdp_session(page)

    def ask(route: Any) -> None:
        asked.append(route)

    page.route("**/events", ask)
    page.reload()
    told = "".join(f"id: {shown.made}\ndata: {msgspec.json.encode(each).decode()}\n\n" for each in day())
    found = []
    for _ in range(DAYS):
        until(lambda: page.evaluate("true") and asked, "the page listens")
        asked.pop().fulfill(body=f"retry: 50\n\n{told}", content_type="text/event-stream")
        until(lambda: page.evaluate("true") and asked, "the day is over", patience=120)
        session.send("HeapProfiler.collectGarbage")
        counted = session.send("Memory.getDOMCounters")
        found.append((session.send("Runtime.getHeapUsage")["usedSize"], counted["nodes"], counted["jsEventListeners"]))
    (heap, *first), *_, (heap_at_last, *last) = found
    assert heap_at_last - heap < SPARE, found
    assert first == last
