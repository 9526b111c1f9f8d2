"""The pages that print cards and posters, and the one with whose passes end soon."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import time
from uuid import uuid4

import pytest
import requests

from kiosk.central.addresses import Addresses
from kiosk.central.office import cards, files
from kiosk.central.people_file import CHINA
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.registers import Registered
from tests.office.clerks import Clerk, Office, words
from tests.printing.paper import texts

SHEET = "single"


def name() -> str:
    return f"n{uuid4().hex[:10]}"


def day(days: int) -> str:
    return (datetime.now(CHINA) + timedelta(days=days)).date().isoformat()


def sent(clerk: Clerk, text: str, **fields: str) -> requests.Response:
    page = "/people/cards"
    data = {"csrf": clerk.csrf(page), "reason": "list of May", "sheet": SHEET} | fields
    files = {"file": ("holders.csv", text.encode(), "text/csv")}
    return clerk.session.post(f"{clerk.url}/office{page}", data, files=files, timeout=60)


@pytest.mark.slow
def test_a_list_is_printed_registered_and_in_the_audit(office: Office) -> None:
    who, holder = name(), name()
    clerk = office.hire(who, "issuer", "3708")
    text = f"holder,card,until\n{holder},,{day(100)}\n"
    made = sent(clerk, text)
    assert (made.status_code, made.headers["Content-Type"]) == (200, "application/pdf")
    (held,) = office.store.credentials(holder)
    front, back = texts(made.content)
    assert held.facts.card in front
    assert held.facts.card in back
    assert holder not in front + back
    assert held.facts.district == "3708"
    act = office.store.acts(EVERYWHERE)[0]
    assert (act.what, act.account, act.reason) == ("cards printed", who, "list of May")


def test_a_list_with_a_wrong_line_prints_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk, holder = office.hire(name(), "issuer"), name()
    answer = sent(clerk, f"holder,until\n{holder},{day(100)}\nx,yesterday\n")
    assert answer.status_code == 422
    assert "3: until: is no day" in words(answer)
    assert "This asks for a reason" in words(sent(clerk, f"holder,until\n{holder},{day(9)}\n", reason=""))
    assert "no holders in it" in words(sent(clerk, "holder,until\n"))
    monkeypatch.setattr(cards, "MOST_CARDS", 0)
    assert "print more at the server" in words(sent(clerk, f"holder,until\n{holder},{day(9)}\n"))
    assert office.store.credentials(holder) == []
    assert office.hire(name(), "steward").get("/people/cards").status_code == 403


@pytest.mark.slow
def test_a_replaced_card_is_printed_and_one_that_is_revoked_is_not(office: Office) -> None:
    clerk, holder = office.hire(name(), "issuer"), name()
    clerk.send("/people/new", holder=holder, card=name(), until=day(50), **{"class": "worker"})
    page = f"/people/one?holder={holder}"
    code = clerk.send("/people/one", page, holder=holder, number="1", do="replace", reason="lost", card="")
    assert "formaction" in clerk.get(page).text
    assert "As a card on A4" in words(code)
    made = clerk.send("/people/card", page, holder=holder, number="2", reason="lost", sheet=SHEET)
    old, new = office.store.credentials(holder)
    assert old.facts.card not in texts(made.content)[0]
    assert new.facts.card in texts(made.content)[0]
    assert [each.what for each in office.store.acts(EVERYWHERE, about=holder)][:2] == ["card printed", "pass replaced"]
    assert clerk.send("/people/card", page, holder=holder, number="1", reason="x").status_code == 409
    unsaid = clerk.send("/people/card", page, holder=holder, number="1", reason="", card="K-77")
    assert (unsaid.status_code, 'id="reason-error"' in unsaid.text) == (422, True)
    assert 'value="K-77"' in unsaid.text, "what was typed stays"
    assert clerk.send("/people/card", page, holder=holder, number="3", reason="x").status_code == 404
    other = office.hire(name(), "issuer", "99")
    assert other.send("/people/card", "/people/new", holder=holder, number="2", reason="x").status_code == 404


def test_whose_passes_end_soon_is_a_page_and_a_file_that_can_be_taken_in(office: Office) -> None:
    clerk, soon, late = office.hire(name(), "issuer", "4401"), name(), name()
    for holder, days in ((soon, 5), (late, 40)):
        clerk.send("/people/new", holder=holder, until=day(days), district="440101", **{"class": "worker"})
    clerk.send(
        "/people/one", f"/people/one?holder={late}", holder=late, number="1", do="replace", reason="lost", card=""
    )
    shown = clerk.reads("/people/ending")
    assert (soon in shown, late in shown, "1 passes" in shown) == (True, False, True)
    assert "440101" in shown.partition("Replaced cards")[2]
    assert late in clerk.reads("/people/ending?days=60")
    assert soon in clerk.reads("/people/ending?days=x"), "what is no number is 30 days"
    file = clerk.get("/people/ending.csv").content.decode("utf-8-sig").splitlines()
    assert file == ["holder,card,class,until,scope,district", f"{soon},,worker,{day(5)},*,440101"]
    assert "1 renewed" in words(taken(clerk, "\n".join(file)))
    assert office.hire(name(), "issuer", "4402").get("/people/ending.csv").text.count("\n") == 1


def taken(clerk: Clerk, text: str) -> requests.Response:
    page = "/people/import"
    data = {"csrf": clerk.csrf(page), "do": "take", "reason": "renewals"}
    files = {"file": ("ending.csv", text.encode(), "text/csv")}
    return clerk.session.post(f"{clerk.url}/office{page}", data, files=files, timeout=60)


@pytest.mark.slow
def test_a_station_has_a_poster(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = office.hire(name(), "viewer", "4301")
    office.store.add_stations([Registered("43010101", "Lake")], time())
    monkeypatch.setattr(office.store, "addresses", Addresses("https://yizhan.example.org"))
    made = clerk.get("/stations/43010101/poster.pdf?size=a5")
    assert made.headers["Content-Type"] == "application/pdf"
    assert "Lake" in texts(made.content)[0]


def test_of_those_who_print_at_once_one_does_and_the_next_is_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, issuer = office.hire(name(), "viewer"), office.hire(name(), "issuer")
    office.store.add_stations([Registered("43030101", "Lake")], time())
    monkeypatch.setattr(office.store, "addresses", Addresses("https://yizhan.example.org"))
    monkeypatch.setattr(cards, "WAITS", 0.1)
    with files.PRINTING:
        found = [
            clerk.get("/stations/43030101/poster.pdf"),
            clerk.get("/numbers.pdf"),
            sent(issuer, f"holder,until\n{name()},{day(9)}\n"),
        ]
    for each in found:
        assert (each.status_code, each.headers["Retry-After"]) == (503, "60")
        assert "Others are printing" in words(each)


def test_it_is_said_why_a_station_has_no_poster(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = office.hire(name(), "viewer", "4302")
    office.store.add_stations(
        [Registered("43020101", "Lake"), Registered("4302X", "Depot"), Registered("4302")], time()
    )
    monkeypatch.setattr(office.store, "addresses", Addresses())
    assert "poster.pdf?size=a5" in clerk.get("/stations/43020101").text
    assert "no public pages yet" in words(clerk.get("/stations/43020101/poster.pdf"))
    monkeypatch.setattr(office.store, "addresses", Addresses("https://yizhan.example.org"))
    assert "only a code of eight digits" in words(clerk.get("/stations/4302X/poster.pdf"))
    assert "only a code of eight digits" in words(clerk.get("/stations/4302/poster.pdf")), (
        "not another's that begins so"
    )
    assert clerk.get("/stations/44010101/poster.pdf").status_code == 404
