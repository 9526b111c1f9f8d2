"""A duty's day in Chromium: log in, see a fridge's fault, look, send a command, see it done, log out; axe on every page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any

import msgspec
import pytest

from kiosk.central.duty import DutyNote
from kiosk.central.figures import local
from kiosk.central.office import live
from kiosk.central.office.pages import PAGES
from kiosk.central.scope import EVERYWHERE
from kiosk.central.sheets import Sheet
from kiosk.central.store.campaigns import Handed, StoredCampaign, Words
from kiosk.central.store.registers import Registered
from kiosk.central.store.rounds import SaidService
from kiosk.central.store.stocks import Slot
from kiosk.central.voices.rounds import Round
from kiosk.central.wrong import Cause
from kiosk.index.poll import poll_words
from kiosk.trust.service import Checklist, Item
from tests.browser.test_contrast import violations
from tests.keys import private, public
from tests.office.clerks import KEPT, PASSWORD, Office, open_office
from tests.office.test_polls import made
from tests.office.test_stations import CODE, tell

pytestmark = pytest.mark.browser

DESK, PHONE = (1280, 800), (390, 844)
PLAIN = sorted({each.path for each in PAGES if each.method == "GET" and "." not in each.path} - {"/oidc", "/oidc/back"})
HERE = [re.sub(r"\{code\}", CODE, re.sub(r"\{name\}", "wang", path)) for path in PLAIN]
LOOKED_AT = [
    path for path in HERE if "{" not in path and not path.endswith("/live") and path not in {"/login", "/cause"}
]
"""Every page that is one of its own; those with more in their address are tried beside what is theirs."""


POLL_PAGE, SHEET_PAGE = "/office/services/poll", f"/office/stations/{CODE}/sheet"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One station, which has told of a fault."""
    with open_office(tmp_path_factory.mktemp("office")) as found, pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "LOOK_EVERY", 0.1)
        found.store.add_account("wang", "administrator", "", KEPT, time())
        found.store.enrol(CODE, found.store.make_claim(CODE, time()), public(private(20)), time())
        inspected(found)
        handed_out(found)
        mended(found)
        tell(found, {"kind": "unlocked", "door": "main", "by": "exit"}, {"kind": "fault", "what": "sensor.fridge"})
        yield found


def inspected(office: Office) -> None:
    """The station has a checklist, and a round that found something."""
    now, items = time(), (Item("water", {"en": "Hot water"}), Item("plasters", {"en": "Plasters"}, "month"))
    body = msgspec.json.encode(Checklist({"en": "Weekly"}, items)).decode()
    times = {"begins": int(now) - 9, "ends": int(now) + 86_400}
    office.store.remember_service(SaidService("weekly", 1, "checklist", "", body=body, **times))
    office.store.keep_round(Round(CODE, "weekly", now, 1, {"water": "no", "plasters": "2020-01"}, ("water",)), 7, now)


def handed_out(office: Office) -> None:
    """The station has given some of a campaign, and nothing is left there."""
    now, words = time(), msgspec.json.encode(Words({"en": "Raincoat"}, "raincoat")).decode()
    office.store.remember_campaign(StoredCampaign("rain", 1, CODE[:4], int(now) - 9, int(now) + 86_400, words))
    for number in range(3):
        token, when = f"{number % 2:032x}", (local(now)[0], now, True, now)
        office.store.hand_out(Handed("rain", 10**6, number, CODE, "", token, "", True, 1, *when))
    office.store.fill(Slot(CODE, "", "raincoat", 0, "", now))


def mended(office: Office) -> None:
    """Its door was forced open, and is so no longer."""
    forced = Cause("forced_open", CODE, whole=False, stations=(CODE,), of=1, since=time(), detail="main")
    office.store.on_duty(forced, DutyNote(0, 0, time(), "wang", "noted", None, "", "A carpenter comes"), time())
    office.store.end_causes(office.store.incidents().values(), time())


def began(chromium: Any, office: Office, size: tuple[int, int] = DESK, locale: str = "en", **more: Any) -> Any:
    """Somebody has logged in."""
    page = chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale=locale, **more).new_page()
    page.goto(f"{office.url}/office/")
    page.fill("#name", "wang")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{office.url}/office/")
    return page


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_duty_from_the_login_to_the_logout(chromium: Any, office: Office, scripts: bool) -> None:
    page = began(chromium, office, java_script_enabled=scripts)
    page.click("text=Stations")
    page.click(f"text={CODE}")
    assert "sensor fridge" in page.inner_text("#now")
    page.check("#verb-unlock")
    page.fill("#reason", "the key is inside")
    page.click("text=Send it")
    page.wait_for_url("**#commands")
    row = page.locator("#sent tr").nth(1)
    assert "sent" in row.inner_text()
    (act, *_) = office.store.acts(EVERYWHERE, about=CODE)
    (id_,) = re.findall(r"\(([0-9a-f]{12})\)", act.reason)
    ends = office.store.ends(CODE)["access"]
    told = {"kind": "command_ended", "command": id_, "verb": "unlock", "outcome": "done"}
    tell(office, told, first=max(ends.values()) + 1)
    if not scripts:
        page.reload()
    page.locator("#sent tr", has_text=id_).filter(has_text="done").wait_for(timeout=30_000)
    page.click("text=Log out")
    page.wait_for_url("**/office/login")
    page.goto(f"{office.url}/office/stations")
    assert page.url.endswith("login?next=/office/stations")
    page.context.close()


def test_what_somebody_types_stays_while_the_page_keeps_up(chromium: Any, office: Office) -> None:
    page = began(chromium, office)
    page.goto(f"{office.url}/office/stations/{CODE}")
    page.fill("#reason", "half a wo")
    ends = office.store.ends(CODE)["access"]
    tell(office, {"kind": "fault", "what": "gps"}, first=max(ends.values()) + 1)
    page.locator("#now", has_text="GPS").wait_for(timeout=30_000)
    assert page.input_value("#reason") == "half a wo"
    page.context.close()


@pytest.mark.timeout(300)  # some thirty pages, each looked through by axe: 75 s beside others at work
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_every_page_passes_axe_and_is_no_wider_than_the_screen(
    chromium: Any, office: Office, size: tuple[int, int], locale: str
) -> None:
    page = began(chromium, office, size, locale)
    assert len(LOOKED_AT) > 8
    # Of a drawing axe cannot tell, nor of a table's cells beyond its frame: on a telephone, and where English words are long.
    unsure = "color-contrast: <text" if (size, locale) == (DESK, "zh-CN") else "color-contrast: <t"
    found = {}
    for path in (*LOOKED_AT, "/campaigns/rain", "/over?number=1", f"/stations/{CODE}"):
        page.goto(f"{office.url}/office{path}")
        found[path] = [each for each in violations(page) if unsure not in each]
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
    page.context.close()


def test_the_login_and_a_form_with_errors_pass_axe(chromium: Any, office: Office) -> None:
    page = began(chromium, office, PHONE, "zh-CN")
    page.goto(f"{office.url}/office/accounts")
    page.click("main button.main")
    assert page.locator(".errors li").count() >= 3
    assert violations(page) == []
    page.locator(".errors a").first.click()
    assert page.evaluate("document.activeElement.id || location.hash") in {"name", "#name"}
    page.context.clear_cookies()
    page.goto(f"{office.url}/office/login")
    assert violations(page) == []
    page.context.close()


def test_a_name_without_an_end_makes_no_page_wider_than_a_telephone(chromium: Any, office: Office) -> None:
    page = began(chromium, office, PHONE)
    office.store.add_stations([Registered(CODE, "x" * 500, "y" * 500)], time())
    for path in ("/stations", f"/stations/{CODE}", f"/stations/{CODE}/sheet", "/"):
        page.goto(f"{office.url}/office{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], path
    office.store.add_stations([Registered(CODE, "Lake", "Lake Road")], time())
    page.context.close()


def test_whatever_is_printed_has_no_menu(chromium: Any, office: Office) -> None:
    page = began(chromium, office)
    page.goto(f"{office.url}/office/stations/{CODE}")
    page.emulate_media(media="print")
    assert not page.locator("header nav").is_visible()
    page.context.close()


def test_a_poll_is_compared_before_it_waits_and_a_sheet_tells_what_another_changed(
    chromium: Any, office: Office, tmp_path: Path
) -> None:
    page = began(chromium, office)
    file, data = tmp_path / "index.poll", made(CODE)
    file.write_bytes(data)
    page.goto(office.url + POLL_PAGE)
    page.set_input_files("#file", file)
    page.click("button.main")
    assert poll_words(data) in page.inner_text("pre.lines")
    page.click("button.danger")
    assert (page.inner_text("#reason-error"), violations(page)) == ("This asks for a reason.", [])
    page.goto(office.url + SHEET_PAGE)
    office.store.put_sheets({CODE: Sheet(area=30.0)}, "li", time())
    page.fill("#area", "20")
    page.click("button.main")
    assert "30\t20" in page.inner_text(".errors table")
    assert violations(page) == []
    page.click("button.main")
    page.wait_for_selector("main:not(:has(.errors))")
    assert office.store.sheet(CODE).area == 20.0
    page.context.close()
