"""What is handed out, in a browser at a real station: from a pass or a hospital's code to the slot, and a doctor's link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from kiosk.core.events import KeepService
from kiosk.demo.place import free_port
from kiosk.desk import words
from kiosk.local import boot_time
from kiosk.logbook.services import ServicesFile
from kiosk.trust.documents import sign_document
from kiosk.trust.keyset import key_id
from kiosk.trust.outcomes import WORDS, Outcome
from kiosk.trust.passes import Kind
from kiosk.trust.service import ServiceDocument
from tests.browser.conftest import scanned
from tests.keys import DAY, DOCUMENT, NOW, claims, public, signed
from tests.programs.house import PATIENCE, until
from tests.programs.test_cabinet import PASS, SETTINGS, Cabinet, at, cabinet, furnished

pytestmark = pytest.mark.browser

WAIT = PATIENCE * 1000
BOX = """
[doors.box1]
slot = { holds = 3 }
lock = { pin = 8 }
contact = { pin = 9 }
pulse = 1.0
"""
PULSE = "pulse = 20.0"
"""The page tells a second later than the lock moves, and a busy machine still later."""
LOCK, CONTACT = 8, 9
COLLEAGUE = signed(claims(8, kind=Kind.CARD, expires=NOW + 60 * DAY))


def campaign() -> bytes:
    """A raincoat for everybody who works, from the box; given by what is known here."""
    head = ServiceDocument(6, "coat", "campaign", NOW, NOW - DAY, NOW + 300 * DAY)
    body = {
        "texts": {"zh": "雨衣一件"},
        "item": "raincoat",
        "key": b"k" * 32,
        "slots": ["box1"],
        "when_stale": "count_only",
    }
    return sign_document(head, DOCUMENT, key_id(public(DOCUMENT)), body)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Cabinet]]:
    port = free_port()
    settings = SETTINGS.replace("display = true\n", f"display = true\nport = {port}\n")
    house = furnished(tmp_path_factory.mktemp("cabinet") / "house", (settings + BOX).replace("pulse = 1.0", PULSE))
    services = ServicesFile(house.data)
    services.keep([KeepService("coat", 6, campaign()), KeepService("", 6, campaign())])
    services.close()
    url = f"http://127.0.0.1:{port}"
    with cabinet(house) as room, house.program("desk"):
        until(lambda: requests.get(url, timeout=5).ok, "the page")
        room.prove_time()
        yield url, room


@pytest.fixture
def page(chromium: Any, room: tuple[str, Cabinet]) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 800, "height": 480}, has_touch=True)
    page = context.new_page()
    page.goto(room[0])
    page.locator("#stage:not([inert]) .face:enabled").first.wait_for(timeout=WAIT)
    yield page
    context.close()


def says(page: Any, said: words.Words) -> None:
    for each in said:
        page.get_by_text(each).first.wait_for(timeout=WAIT)


def touch(page: Any, *words: str) -> None:
    for each in words:
        page.locator("#stage:not([inert])").get_by_role("button", name=each).first.tap()


def given(inside: Cabinet) -> list[tuple[str, bool]]:
    entries = inside.house.entries("services")
    return [(each["slot"], each.get("taken", False)) for each in entries if each["kind"] == "handed_out"]


def test_from_a_hospitals_code_to_the_slot(page: Any, room: tuple[str, Cabinet]) -> None:
    inside = room[1]
    inside.show(at())
    says(page, words.OURS["medicine_pass"])
    inside.show(PASS)
    says(page, words.OURS["medicine_take"])
    inside.take_it()
    says(page, WORDS[Outcome.TAKEN])
    inside.show(at())
    says(page, WORDS[Outcome.USED])


def test_the_link_on_the_display_is_the_one_that_the_station_made(page: Any, room: tuple[str, Cabinet]) -> None:
    touch(page, "医生", "用自己的手机问医生")
    page.locator("svg.symbol").wait_for(timeout=WAIT)
    assert scanned(page) == [room[1].doctor().link]
    page.locator("#back").tap()
    until(lambda: not room[1].doctor().link, "the link to be gone")


def test_from_a_pass_to_the_raincoat_and_once(page: Any, room: tuple[str, Cabinet]) -> None:
    inside = room[1]
    inside.show(COLLEAGUE)
    says(page, words.SUPPLIES["yours"])
    after = boot_time() - 5.0
    touch(page, "领取")
    inside.station.bench.wait_for(LOCK, level=True, after=after, timeout=10.0)
    assert given(inside) == [("box1", False)], "it was on the disk before the lock moved"
    says(page, words.SUPPLIES["granted"])
    inside.station.bench.drive(CONTACT, level=True)
    says(page, words.SUPPLIES["taken"])
    inside.station.bench.drive(CONTACT, level=False)
    until(lambda: given(inside) == [("box1", False), ("box1", True)])
    page.locator("#back").tap()
    until(lambda: not inside.view().holder, "the station to know that they have gone")
    inside.show(COLLEAGUE)
    says(page, words.SUPPLIES["had"])
