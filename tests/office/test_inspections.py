"""The office's page with inspections, and a station's rounds, as people without JavaScript use them."""

from __future__ import annotations

from time import time
from typing import Final
from uuid import uuid4

import msgspec
import pytest
from requests import Response

from kiosk.central.figures import local
from kiosk.central.retention import DAY
from kiosk.central.scope import Scope
from kiosk.central.store.rounds import SaidService
from kiosk.central.voices.rounds import Round
from kiosk.trust.service import Checklist, Item
from tests.keys import private, public
from tests.office.clerks import Clerk, Office, words

HOSTILE: Final = "<script>alert(1)</script>"
CHECKLIST: Final = Checklist(
    {"en": f"Weekly {HOSTILE}"},
    (Item("clean", {"en": "Clean"}), Item("plasters", {"en": f"Plasters {HOSTILE}"}, "month")),
    7,
)


def name() -> str:
    return f"n{uuid4().hex[:10]}"


class Place:
    """A district of its own, with a checklist."""

    def __init__(self, office: Office) -> None:
        self.office, self.district = office, f"39{uuid4().int % 10**4:04d}"
        self.checklist = f"l{self.district}"
        now = int(time())
        body = msgspec.json.encode(CHECKLIST).decode()
        times = {"begins": now - int(30 * DAY), "ends": now + int(DAY)}
        office.store.remember_service(SaidService(self.checklist, 1, "checklist", self.district, body=body, **times))

    def station(self, number: int, days: float = 20.0) -> str:
        code, at = f"{self.district}{number:02}", time() - days * DAY
        self.office.store.enrol(code, self.office.store.make_claim(code, at), public(private(7)), at)
        return code

    def inspected(self, code: str, results: dict[str, str], days: float = 0.0, index: int = 471_114) -> None:
        now = time() - days * DAY
        self.office.store.keep_round(Round(code, self.checklist, now, 1, results, ("clean",)), index, now)


@pytest.fixture
def place(office: Office) -> Place:
    return Place(office)


def test_what_is_overdue_stands_first_and_a_choice_is_kept(office: Office, place: Place) -> None:
    viewer = office.hire(name(), "viewer", place.district)
    fine, dirty, never = place.station(1), place.station(2), place.station(3)
    place.inspected(fine, {"clean": "yes", "plasters": "2099-01"})
    place.inspected(dirty, {"clean": "no", "plasters": "2020-01"}, 1.0)
    text = viewer.reads("/inspections")
    assert text.index(never) < text.index(dirty) < text.index(fine)
    assert "1 of 3 rounds are overdue" in text
    assert f"Clean, Plasters {HOSTILE} (2020-01)" in text
    assert HOSTILE not in viewer.get("/inspections").text

    def listed(query: str) -> set[str]:
        page = viewer.get(f"/inspections?{query}").text
        return {each for each in (fine, dirty, never) if each in page}

    assert listed("which=overdue") == {never}
    assert listed("which=wrong") == listed("which=ending") == {dirty}
    assert listed(f"prefix={fine}") == {fine}
    assert listed("which=nonsense&page=7&prefix='") == {fine, dirty, never}
    assert "None in this choice" in viewer.reads("/inspections?prefix=11")


def test_another_districts_rounds_are_nobodys_business(office: Office, place: Place) -> None:
    code = place.station(1)
    place.inspected(code, {"clean": "no"})
    other = office.hire(name(), "issuer", "40")
    assert code not in other.get("/inspections").text
    assert look_up(other, code, place).status_code == 404


def test_a_stations_page_has_its_rounds(office: Office, place: Place) -> None:
    viewer, code = office.hire(name(), "viewer"), place.station(1)
    assert "last round: never" in viewer.reads(f"/stations/{code}")
    place.inspected(code, {"clean": "no"}, 9.0)
    place.inspected(code, {"clean": "yes", "gone": "yes", "plasters": "2020-01"}, 1.0)
    text = viewer.reads(f"/stations/{code}")
    assert f"Clean: yes (by its sensor) · gone: yes · Plasters {HOSTILE}: 2020-01" in text
    assert "Clean: no (by its sensor)" in text
    assert "Look it up" not in text
    assert HOSTILE not in viewer.get(f"/stations/{code}").text


def test_who_looks_up_whose_round_it_was_stands_in_the_audit_of_issuers(office: Office, place: Place) -> None:
    code = place.station(1)
    index = office.store.add_credential("steward-7")
    place.inspected(code, {"clean": "yes"}, index=index)
    issuer, viewer = office.hire(name(), "issuer"), office.hire(name(), "viewer")
    told = look_up(issuer, code, place)
    assert (told.status_code, "steward-7" in words(told)) == (200, True)
    audit = issuer.reads("/audit")
    assert "round looked up" in audit
    assert "steward-7" not in audit
    assert "round looked up" not in viewer.reads("/audit")
    assert viewer.post(f"/stations/{code}/rounds", csrf="x").status_code == 403
    for _step in office.store.purge(time() + 31 * DAY):
        pass
    assert look_up(issuer, code, place).status_code == 404


def test_whose_round_it_was_is_told_for_a_reason_alone(office: Office, place: Place) -> None:
    code = place.station(1)
    place.inspected(code, {"clean": "yes"}, index=office.store.add_credential("steward-8"))
    issuer = office.hire(name(), "issuer")
    asked = issuer.send(f"/stations/{code}/rounds", f"/stations/{code}", **of(code, place))
    assert (asked.status_code, "This asks for a reason." in words(asked)) == (200, False), "the button says none"
    assert 'name="reason"' in asked.text
    refused = look_up(issuer, code, place, " ")
    assert (refused.status_code, "This asks for a reason." in words(refused)) == (422, True)
    assert "steward-8" not in asked.text + refused.text
    assert [each.what for each in office.store.acts(Scope(code))] == []
    assert "steward-8" in words(look_up(issuer, code, place))
    assert [each.reason for each in office.store.acts(Scope(code))] == ["nobody was there"]


def of(code: str, place: Place) -> dict[str, str]:
    (made,) = place.office.store.rounds_of(code, 1)
    return {"checklist": place.checklist, "day": local(made.at)[0]}


def look_up(clerk: Clerk, code: str, place: Place, reason: str = "nobody was there") -> Response:
    return clerk.send(f"/stations/{code}/rounds", "/me", **of(code, place), reason=reason)
