"""The office's pages with what people say, as people without JavaScript use them."""

from __future__ import annotations

from time import time
from uuid import uuid4

import pytest
from msgspec.structs import replace

from kiosk.central.cases import Cases, Said
from kiosk.central.office.voices import calendar_ends
from kiosk.central.retention import DAY
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.voices import CaseFilter
from kiosk.central.voices.calendar import Calendar
from kiosk.central.voices.case import Case, State
from tests.office.clerks import Office, words

HOSTILE = "<script>alert(1)</script>"


def name() -> str:
    return f"n{uuid4().hex[:10]}"


def somewhere() -> str:
    """A station where nobody has said anything yet."""
    return f"38{uuid4().int % 10**6:06d}"


def said(
    office: Office, code: str, text: str = "", place: str = "water", what: str = "no_water", ago: float = 0.0
) -> Case:
    Cases(office.store).say(Said(code, place, what, text, b"jpeg" if text else None), time() - ago)
    return office.store.cases(CaseFilter(prefix=code), EVERYWHERE)[0]


def test_what_is_due_next_year_asks_for_the_holidays_of_that_year() -> None:
    this_year = Calendar(holidays=("2026-10-01/2026-10-07",))
    assert calendar_ends(this_year, "2026-12-01") == ""
    assert calendar_ends(this_year, "2026-12-15") == "2027", "due on 2027-01-05, were New Year a working day"
    assert calendar_ends(Calendar(), "2026-12-15") == "2026"
    assert calendar_ends(Calendar(holidays=("2026-10-01", "2027-01-01")), "2026-12-31") == ""


def test_a_case_is_taken_over_answered_and_disputed(office: Office) -> None:
    account = name()
    steward = office.hire(account, "steward", "38")
    case = said(office, somewhere(), HOSTILE)
    page = f"/voices/{case.number}"
    assert HOSTILE not in steward.get(page).text
    assert "drinking water: no water" in steward.reads(page)
    early = steward.send(page, do="do", words="it is mended")
    assert (early.status_code, "Nobody owns it yet" in words(early)) == (409, True)
    assert steward.send(page, do="take").status_code == 303
    empty = steward.send(page, do="pass on", words="")
    assert (empty.status_code, 'href="#words"' in empty.text, 'href="#to"' in empty.text) == (422, True, True)
    assert (
        steward.send(page, do="pass on", words=f"they have the key {HOSTILE}", to="the water works").status_code == 303
    )
    own = steward.send(page, do="confirm")
    assert (own.status_code, "somebody else does" in words(own)) == (409, True)
    other = office.hire(name())
    assert other.send(page, do="dispute").status_code == 303
    told = steward.get(page)
    assert HOSTILE not in told.text
    assert "disputed" in words(told)
    assert f"{account} pass on: the water works: they have the key" in words(told)
    assert "voice disputed" in words(told)
    again = other.send(page, do="refuse", words="no")
    assert (again.status_code, "Its owner answers" in words(again)) == (409, True)


def test_why_nothing_was_done_is_told_also_where_nothing_is_left_to_do(office: Office) -> None:
    account = name()
    steward, case = office.hire(account, "steward", "38"), said(office, somewhere())
    page = f"/voices/{case.number}"
    steward.send(page, do="take")
    steward.send(page, do="refuse", words="the pipe is private")
    ended = replace(office.store.case(case.number, EVERYWHERE) or case, state=State.CONFIRMED)
    office.store.keep_case(ended)
    late = steward.send(page, "/voices", do="do", words="mended after all")
    assert (late.status_code, "Something is wrong" in words(late)) == (409, True)


def test_what_somebody_wrote_is_published_and_taken_back(office: Office) -> None:
    steward, case = office.hire(name(), "steward", "38"), said(office, somewhere(), "no drop")
    (remark,) = office.store.remarks(case.number)
    page, number = f"/voices/{case.number}", f"{remark.number}"
    assert steward.get(f"/voices/photos/{number}").content == b"jpeg"
    for part in ("text", "photo"):
        assert steward.send("/voices/publish", page, remark=number, part=part, do="publish").status_code == 303
    (shown,) = office.store.public_remarks([case.number])
    assert (shown.text_public, shown.photo_public) == (True, True)
    steward.send("/voices/publish", page, remark=number, part="text", do="hide")
    (shown,) = office.store.public_remarks([case.number])
    assert (shown.text_public, shown.photo_public) == (False, True)


def test_a_case_of_another_district_is_none(office: Office) -> None:
    case = said(office, somewhere(), "no drop")
    (remark,) = office.store.remarks(case.number)
    other = office.hire(name(), "steward", "39")
    assert other.get(f"/voices/{case.number}").status_code == 404
    assert other.get(f"/voices/photos/{remark.number}").status_code == 404
    assert other.send(f"/voices/{case.number}", "/voices/owners", do="take").status_code == 404
    assert other.send("/voices/publish", "/voices/owners", remark=f"{remark.number}", do="publish").status_code == 404
    assert case.station not in other.reads("/voices?which=all")
    assert office.store.case(case.number) == case


def test_the_list_shows_what_somebody_asks_for(office: Office) -> None:
    account, code = name(), somewhere()
    steward = office.hire(account, "steward", code[:6])
    late = said(office, code, ago=40 * DAY)
    said(office, code, place="door", what="blocked")
    steward.send(f"/voices/{late.number}", do="own", owner=account)

    def listed(query: str) -> set[str]:
        text = steward.reads(f"/voices?{query}")
        return {each for each in ("drinking water: no water", "door: blocked") if each in text}

    both = {"drinking water: no water", "door: blocked"}
    assert listed("") == listed("which=all") == listed(f"prefix={code}") == listed("which=nonsense&before=x") == both
    assert listed("which=mine") == listed("which=overdue") == listed("place=water") == {"drinking water: no water"}
    assert listed("which=urgent") == listed("place=door") == {"door: blocked"}
    assert "overdue since" in steward.reads("/voices")
    assert listed("prefix=99") == set()


def test_a_rule_names_an_owner_of_these_stations(office: Office) -> None:
    account, code = name(), somewhere()
    steward = office.hire(account, "steward", code[:6])
    beyond = steward.send("/voices/owners", prefix="3", place="", owner=account)
    assert (beyond.status_code, "Your own stations begin with" in words(beyond)) == (422, True)
    wrong = steward.send("/voices/owners", prefix=code, place="window", owner="nobody.here")
    assert (wrong.status_code, 'id="place-error"' in wrong.text) == (422, True)
    nobody = steward.send("/voices/owners", prefix=code, place="", owner="nobody.here")
    assert (nobody.status_code, "no steward" in words(nobody)) == (422, True)
    assert steward.send("/voices/owners", prefix=code, place="fridge", owner=account).status_code == 303
    assert f"{code} fridge {account}" in steward.reads("/voices/owners")
    assert said(office, code, place="fridge", what="dirty").state is State.OWNED
    drop = steward.send("/voices/owners/drop", "/voices/owners", prefix=code, place="fridge")
    assert drop.status_code == 303
    assert steward.send("/voices/owners/drop", "/voices/owners", prefix="39", place="").status_code == 404


@pytest.mark.parametrize("fields", [{}, {"do": "nonsense"}, {"do": "own"}, {"do": "own", "owner": "nobody.here"}])
def test_a_form_that_says_nothing_changes_nothing(office: Office, fields: dict[str, str]) -> None:
    steward, case = office.hire(name(), "steward"), said(office, somewhere())
    assert steward.send(f"/voices/{case.number}", **fields).status_code in {409, 422}
    assert office.store.case(case.number) == case
