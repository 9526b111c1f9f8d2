"""The office's page on which a code for a phone is made, by whom, for whose pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from time import time

import pytest

from kiosk.central.pass_codes import as_made
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.place import SETTINGS
from tests.office.clerks import Office, open_office
from tests.office.test_people_pages import issued

CODE = re.compile(r"<code>([0-9A-Z]{5}-[0-9A-Z]{5})</code>")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder: Path = tmp_path_factory.mktemp("office") / "central-data"
    folder.mkdir()
    (folder / SETTINGS).write_text('[addresses]\npasses = "https://pass.example.org"\n')
    with open_office(folder) as found:
        yield found


def test_whoever_meets_a_holder_makes_a_code_and_it_stands_in_the_audit_without_it(office: Office) -> None:
    issued(office.hire("li", "issuer"), "p-1")
    steward = office.hire("wang", "steward")
    answer = steward.send("/phone", holder="p-1")
    found = CODE.search(answer.text)
    assert found
    assert "https://pass.example.org/pass" in answer.text
    acts = office.store.acts(EVERYWHERE, about="p-1")
    assert (acts[0].account, acts[0].what) == ("wang", "pass code made")
    assert found[1] not in str(acts)
    code = office.store.take_pass_code(as_made(found[1]), time())
    assert code is not None
    assert office.store.credential(code.index) == office.store.credentials("p-1")[0]


def test_nobody_makes_one_for_whom_another_district_looks_after(office: Office) -> None:
    issued(office.hire("zhao", "issuer", "3702"), "p-2")
    steward = office.hire("sun", "steward", "3708")
    for holder in ("p-2", "nobody", ""):
        answer = steward.send("/phone", holder=holder)
        assert answer.status_code == 422
        assert not CODE.search(answer.text)


def test_no_steward_gets_a_technicians_pass_onto_a_phone_and_an_issuer_for_a_reason(office: Office) -> None:
    """Whoever has the code has the pass: with a technician's it opens what no steward's account does."""
    clerk, steward = office.hire("qian", "issuer"), office.hire("zhou", "steward")
    issued(clerk, "p-4", **{"class": "technician", "scope": "3708"})
    card = office.store.credentials("p-4")[0].facts.card
    for words in ("p-4", card):
        answer = steward.send("/phone", holder=words, reason="new phone")
        assert (answer.status_code, CODE.search(answer.text)) == (422, None)
    answer = clerk.send("/phone", holder="p-4")
    assert (answer.status_code, CODE.search(answer.text)) == (422, None)
    assert 'id="reason-error"' in answer.text
    assert CODE.search(clerk.send("/phone", holder="p-4", reason="new phone").text)
    assert office.store.acts(EVERYWHERE, about="p-4")[0].reason == "new phone"


def test_no_issuer_of_a_district_gets_a_pass_onto_a_phone_that_opens_the_stations_of_others(office: Office) -> None:
    issued(office.hire("wu", "issuer"), "p-5", **{"class": "steward", "scope": "37", "district": "3708"})
    answer = office.hire("zheng", "issuer", "3708").send("/phone", holder="p-5", reason="new phone")
    assert (answer.status_code, CODE.search(answer.text)) == (422, None)


def test_the_holders_own_page_leads_there(office: Office) -> None:
    clerk = office.hire("chen", "issuer")
    issued(clerk, "p-3")
    assert "/office/phone?holder=p-3" in clerk.get("/people/one?holder=p-3").text
    assert 'value="p-3"' in clerk.get("/phone?holder=p-3").text
