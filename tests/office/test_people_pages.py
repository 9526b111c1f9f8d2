"""The pages with passes, policies, notices and enrolments, as people without JavaScript use them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from time import time
from uuid import uuid4

import pytest
import requests

from kiosk.central import proposals
from kiosk.central.people_table import MOST_BYTES
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.people import Credential
from kiosk.trust.passes import Pass, peek
from tests.keys import private, public
from tests.office.clerks import KEPT, PASSWORD, Clerk, Office, words

HOSTILE = "<script>alert(1)</script>"


def name() -> str:
    return f"n{uuid4().hex[:10]}"


def day(days: float = 100) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"


def issued(clerk: Clerk, holder: str, **more: str) -> requests.Response:
    fields = {"holder": holder, "card": name(), "class": "worker", "until": day()} | more
    return clerk.send("/people/new", **fields)


def newest(office: Office, holder: str) -> Credential:
    return office.store.credentials(holder)[-1]


def test_a_pass_is_issued_and_its_code_is_shown_once_and_its_index_never(office: Office) -> None:
    clerk, holder = office.hire(name(), "issuer"), name()
    answer = issued(clerk, holder)
    assert (answer.status_code, "<svg" in answer.text) == (200, True)
    code = re.search(r"YZ1:[^<]*", answer.text)
    assert code
    said = peek(code[0].replace("&amp;", "&"))
    assert isinstance(said, Pass)
    assert said.index == newest(office, holder).index
    for path in (f"/people?words={holder[:6]}", f"/people/one?holder={holder}"):
        text = clerk.reads(path)
        assert holder in text
        assert "YZ1:" not in text
    assert "has a pass already" in words(issued(clerk, holder))


def test_all_errors_of_a_form_stand_beside_their_fields(office: Office) -> None:
    clerk = office.hire(name(), "issuer", "3708")
    answer = issued(clerk, "王小明", card=HOSTILE, district="3709", scope="x y")
    assert answer.status_code == 422
    assert HOSTILE not in answer.text
    for field in ("holder", "card", "district", "scope"):
        assert f'href="#{field}"' in answer.text, field
        assert f'id="{field}-error"' in answer.text, field


def test_a_holder_of_another_district_is_nobody(office: Office) -> None:
    whole, other = office.hire(name(), "issuer"), office.hire(name(), "issuer", "3709")
    holder = name()
    issued(whole, holder, district="370811")
    assert other.get(f"/people/one?holder={holder}").status_code == 404
    assert "No pass begins so" in other.reads(f"/people?words={holder}")
    refused = other.send("/people/one", "/people/new", holder=holder, number="1", do="revoke", reason="x")
    assert refused.status_code == 404
    listed = other.send("/people/revoke", list=holder, reason="x")
    assert "have no pass that counts" in words(listed)
    assert newest(office, holder).state == "valid"


def test_a_holders_login_elsewhere_is_let_go_of_with_a_reason(office: Office) -> None:
    clerk, holder = office.hire(name(), "issuer"), name()
    issued(clerk, holder)
    page = f"/people/one?holder={holder}"
    assert "Let go of the login" not in clerk.reads(page)
    assert office.store.bind_login("https://login.example.org", "u-1", holder, time())
    assert "Let go of the login" in clerk.reads(page)
    fields = {"holder": holder, "number": "1", "do": "let go"}
    assert clerk.send("/people/one", page, **fields).status_code == 422
    assert office.store.has_login(holder)
    assert clerk.send("/people/one", page, **fields, reason="another account there").status_code == 200
    assert not office.store.has_login(holder)
    [act] = [each for each in office.store.acts(EVERYWHERE, about=holder) if each.what == "holder login let go"]
    assert act.reason == "another account there"


@pytest.mark.parametrize(("do", "state"), [("suspend", "suspended"), ("revoke", "revoked")])
def test_what_is_done_with_a_pass_asks_for_a_reason_and_stands_on_its_page(office: Office, do: str, state: str) -> None:
    clerk, holder = office.hire(name(), "issuer"), name()
    issued(clerk, holder)
    page = f"/people/one?holder={holder}"
    asked = clerk.send("/people/one", page, holder=holder, number="1", do=do)
    assert (asked.status_code, "This asks for a reason." in asked.text) == (422, True)
    assert newest(office, holder).state == "valid"
    done = clerk.send("/people/one", page, holder=holder, number="1", do=do, reason=HOSTILE)
    assert done.status_code == 200
    assert newest(office, holder).state == state
    assert HOSTILE not in done.text
    assert f"pass {state}" in clerk.reads(page)
    assert [each.what for each in office.store.acts(EVERYWHERE, holder)] == [f"pass {state}", "pass issued"]


def test_a_renewal_keeps_the_index_and_another_card_does_not(office: Office) -> None:
    clerk, holder = office.hire(name(), "issuer"), name()
    issued(clerk, holder)
    index, page = newest(office, holder).index, f"/people/one?holder={holder}"
    assert "<svg" in clerk.send("/people/one", page, holder=holder, number="1", do="renew", until=day(200)).text
    assert newest(office, holder).index == index
    wrong = clerk.send("/people/one", page, holder=holder, number="1", do="renew", until=day(-2))
    assert (wrong.status_code, 'href="#until"' in wrong.text) == (422, True)
    given = clerk.send("/people/one", page, holder=holder, number="1", do="replace", card=name(), reason="lost")
    assert "<svg" in given.text
    assert newest(office, holder).index != index
    assert "replaced" in clerk.reads(page)


def test_looking_up_an_index_is_an_act_with_a_reason(office: Office) -> None:
    clerk, holder = office.hire(name(), "issuer"), name()
    issued(clerk, holder)
    page, index = f"/people/one?holder={holder}", newest(office, holder).index
    assert "reason" in clerk.send("/people/one", page, holder=holder, number="1", do="look up").text
    told = clerk.send("/people/one", page, holder=holder, number="1", do="look up", reason="the police asks")
    assert f"Stations know pass 1 by {index}." in words(told)
    assert [each.reason for each in office.store.acts(EVERYWHERE, holder) if each.what == "index looked up"] == [
        "the police asks"
    ]


def upload(clerk: Clerk, data: bytes, **fields: str) -> requests.Response:
    fields = {"csrf": clerk.csrf("/people/import"), **fields}
    url = f"{clerk.url}/office/people/import"
    return clerk.session.post(url, fields, files={"file": ("list.csv", data)}, allow_redirects=False, timeout=60)


def test_a_file_is_taken_in_whole_or_where_somebody_says_so_the_right_lines(office: Office) -> None:
    clerk, holder, other = office.hire(name(), "issuer", "3708"), name(), name()
    data = f"holder,until\n{holder},{day()}\n{HOSTILE},{day()}\n{other},\n".encode()
    for fields in ({}, {"do": "check"}):
        told = upload(clerk, data, **fields)
        assert told.status_code == 422
        assert HOSTILE not in told.text
        assert "3: holder: is no pseudonym" in words(told)
        assert "4: until: is empty" in words(told)
        assert office.store.credentials(holder) == []
    taken = upload(clerk, data, only_right="on", do="take")
    assert "Taken in: 1 new, 0 renewed." in words(taken)
    assert newest(office, holder).facts.district == "3708"
    assert "Choose a file." in words(upload(clerk, b""))
    assert "is no XLSX" in words(upload(clerk, b"PK\x03\x04" + b"x" * 1000))


def test_a_file_that_is_too_large_is_not_read_to_its_end(office: Office) -> None:
    clerk = office.hire(name(), "issuer")
    assert upload(clerk, b"x" * (MOST_BYTES + (1 << 20))).status_code == 413


def test_more_than_a_hundred_are_revoked_when_a_second_person_wants_it(office: Office) -> None:
    first, second = office.hire(name(), "issuer", "3708"), office.hire(name(), "issuer")
    holders = [name() for _ in range(101)]
    upload(first, ("holder,until\n" + "".join(f"{each},{day()}\n" for each in holders)).encode(), do="take")
    wrong = first.send("/people/revoke", list="\n".join([*holders, "nobody-at-all"]), reason="x")
    assert "1 of these have no pass that counts: nobody-at-all" in words(wrong)
    sent = first.send("/people/revoke", list="\n".join(holders), reason="the printer was stolen")
    assert sent.headers["Location"] == "/office/proposals"
    page = first.get("/proposals").text
    assert "another person decides" in page
    (id_,) = re.findall(r'id="p-([0-9a-f]+)"', page)
    assert first.send(f"/proposals/{id_}", "/people/new", do="confirm").status_code == 409
    assert newest(office, holders[0]).state == "valid"
    assert second.send(f"/proposals/{id_}", "/proposals", do="confirm").status_code == 303
    assert {newest(office, each).state for each in holders} == {"revoked"}
    assert second.send(f"/proposals/{id_}", "/people/new", do="confirm").status_code == 409


# Policies.

TEXT = 'station = "{0}"\n[doors.main]\nhours = ["daily 06:00-22:00"]\n'


def prefix() -> str:
    return f"38{uuid4().int % 10**8:08d}"


def test_a_policy_is_looked_at_published_and_withdrawn(office: Office) -> None:
    clerk, code = office.hire(name(), "administrator", "38"), prefix()
    text = TEXT.format(code)
    shown = clerk.send("/policies/edit", text=text, version="0", do="preview")
    assert "06:00–22:00 all passes" in words(shown)
    assert "00:00–06:00 technician, steward" in words(shown)
    assert code not in office.store.published().policies
    assert "This asks for a reason." in clerk.send("/policies/edit", text=text, version="0", do="publish").text
    sent = clerk.send("/policies/edit", text=text, version="0", do="publish", reason="summer")
    assert sent.headers["Location"] == f"/office/policies/one?prefix={code}"
    page = f"/policies/one?prefix={code}"
    assert "summer" in clerk.reads(page)
    assert clerk.send("/policies/one", page, prefix=code).status_code == 422
    assert clerk.send("/policies/one", page, prefix=code, reason="over").status_code == 303


def test_nobody_is_two_persons(office: Office) -> None:
    """Who makes an account, or takes one over by its password, does not confirm with it what they have proposed."""
    first, helper = office.hire(name()), office.hire(name())
    office.store.add_account("new.one", "administrator", "", KEPT, time())
    taken = name()
    office.hire(taken)
    fields = {"role": "administrator", "scope": "", "enabled": "on", "reason": "forgot it"}
    assert first.send(f"/accounts/{taken}", **fields, password="another horse").status_code == 303
    with office.store.transaction():
        indices = office.store.add_credentials([f"two-{number}" for number in range(101)])
    assert len(indices) == 101
    lines = " ".join(f"two-{number}" for number in range(101))
    assert first.send("/people/revoke", list=lines, reason="stolen").headers["Location"] == "/office/proposals"
    for who, password in (("new.one", PASSWORD), (taken, "another horse")):
        other = office.stranger()
        other.log_in(who, password)
        (id_,) = re.findall(r'action="/office/proposals/([0-9a-f]+)"', other.get("/proposals").text)
        answer = other.send(f"/proposals/{id_}", "/proposals", do="confirm")
        assert answer.status_code == 409
        assert "Your account is new" in words(answer)
    assert helper.send(f"/proposals/{id_}", "/proposals", do="confirm").status_code == 303


def test_passes_that_are_taken_away_one_by_one_count_over_a_day(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposals, "MOST_AT_ONCE", 2)
    clerk = office.hire(name(), "issuer")
    with office.store.transaction():
        office.store.add_credentials([f"day-{number}" for number in range(4)])
    away = {"number": "1", "reason": "lost"}
    assert clerk.send("/people/one", "/people/new", holder="day-0", do="suspend", **away).status_code == 200
    assert clerk.send("/people/revoke", list="day-1", reason="lost").headers["Location"] == "/office/people?revoked=1"
    refused = clerk.send("/people/one", "/people/new", holder="day-2", do="revoke", **away)
    assert refused.status_code == 422
    assert "which a second person confirms" in words(refused)
    assert clerk.send("/people/one", "/people/new", holder="day-0", do="restore", **away).status_code == 200
    assert clerk.send("/people/revoke", list="day-2", reason="lost").headers["Location"] == "/office/proposals"
    (waits,) = office.store.proposals(EVERYWHERE, time())
    assert office.store.decide(waits.id, "@test", "declined", time())


def test_of_two_operators_the_second_is_told_what_the_first_has_changed(office: Office) -> None:
    first, second, code = office.hire(name()), office.hire(name()), prefix()
    first.send("/policies/edit", text=TEXT.format(code), version="0", do="publish", reason="first")
    held = office.store.published().policies[code][0]
    late = second.send(
        "/policies/edit", text=TEXT.format(code).replace("06:00", "07:00"), version="0", do="publish", reason="x"
    )
    assert late.status_code == 409
    told = words(late)
    assert "Somebody has published another one meanwhile" in told
    assert 'doors.main.hours ["daily 06:00-22:00"] ["daily 07:00-22:00"]' in told
    assert f'name="version" value="{held}"' in late.text
    assert office.store.published().policies[code][0] == held


def test_a_form_and_a_text_make_the_same_policy(office: Office) -> None:
    clerk, code = office.hire(name()), prefix()
    fields = {"station": code, "door": "main", "hours": "daily 06:00-22:00\n", "always_steward": "on"}
    fields |= {"programme": "heat", "begins": "2030-07-20T11:00", "ends": "2030-07-27T18:00", "admits": "everybody"}
    written = clerk.send("/policies/edit", do="write", **fields, text_zh="防暑")
    text = re.search(r"<textarea id=\"text\"[^>]*>(.*?)</textarea>", written.text, re.DOTALL)
    assert text
    assert "begins = 2030-07-20T11:00:00+08:00" in text[1]
    assert "always = [&#34;steward&#34;]" in text[1]
    assert "06:00–22:00 all passes" in words(written)


def test_what_is_wrong_with_a_policy_is_told_line_by_line(office: Office) -> None:
    clerk = office.hire(name(), "administrator", "38")
    text = 'station = "38"\nstale_fro = 5\n[doors.main]\nhours = ["x"]\n'
    told = clerk.send("/policies/edit", text=text, version="0", do="publish", reason="x")
    assert told.status_code == 422
    assert "policy:2: stale_fro: no such setting, did you mean stale_for?" in words(told)
    assert "your own begin with 38" in words(clerk.send("/policies/edit", text='station = "37"', do="preview"))
    assert clerk.send("/policies/edit", text="x" * 300_000, do="preview").status_code == 422


def test_a_policy_for_everywhere_waits_for_a_second_person(office: Office) -> None:
    first, second = office.hire(name()), office.hire(name())
    held = office.store.published().policies.get("", (0, b""))[0]
    first.send("/policies/edit", text="fresh_for = 90000\n", version=f"{held}", do="publish", reason="x")
    assert office.store.published().policies.get("", (0, b""))[0] == held
    (id_,) = re.findall(r'action="/office/proposals/([0-9a-f]+)"', second.get("/proposals").text)
    issuer = office.hire(name(), "issuer")
    assert issuer.send(f"/proposals/{id_}", "/people/new", do="confirm").status_code == 403
    assert second.send(f"/proposals/{id_}", "/proposals", do="confirm").status_code == 303
    assert office.store.published().policies[""][0] > held


# Notices and enrolments.


def test_a_notice_is_looked_at_published_and_withdrawn(office: Office) -> None:
    clerk, id_ = office.hire(name(), "steward", "3708"), name()
    fields = {"id": id_, "station": "3708", "ends": f"{day()}T18:00", "text_zh": HOSTILE, "text_en": "Hot"}
    shown = clerk.send("/notices", do="preview", **fields)
    assert "Nothing is published yet." in words(shown)
    assert HOSTILE not in shown.text
    assert office.store.service(id_) is None
    assert clerk.send("/notices", do="publish", **fields).status_code == 303
    assert id_ in clerk.reads("/notices")
    other = office.hire(name(), "steward", "3709")
    assert other.send("/notices/withdraw", "/notices", id=id_).status_code == 404
    assert clerk.send("/notices/withdraw", "/notices", id=id_).status_code == 303
    found = office.store.service(id_)
    assert found is not None
    assert found.ends <= time()


def test_all_that_is_wrong_with_a_notice_stands_beside_its_fields(office: Office) -> None:
    clerk = office.hire(name(), "steward", "3708")
    told = clerk.send("/notices", do="publish", id="A B", station="3708", ends=f"{day(-2)}T18:00", text_zh="x" * 501)
    assert told.status_code == 422
    for field in ("id", "ends", "text_zh"):
        assert f'id="{field}-error"' in told.text, field
    assert 'id="ends-error"' in clerk.send("/notices", do="publish", id="a", station="3708", ends="soon").text
    assert "Your own stations begin with 3708" in words(
        clerk.send("/notices", do="publish", id="a", station="37", ends=f"{day()}T18:00", text_zh="x")
    )


def test_a_claim_is_shown_once_and_asks_why_it_replaces(office: Office) -> None:
    clerk, code = office.hire(name(), "technician", "39"), f"39{uuid4().int % 10**6:06d}"
    made = clerk.send("/enrolments", station=code)
    assert "<svg" in made.text
    claim = re.search(r"<code>([0-9A-F]{16})</code>", made.text)
    assert claim
    assert claim[1] not in clerk.get("/enrolments").text
    office.store.enrol(code, claim[1], public(private(int(code) % 200)), time())
    assert f"{code}" in clerk.reads("/enrolments")
    again = clerk.send("/enrolments", station=code)
    assert (again.status_code, "asks for a reason" in words(again)) == (422, True)
    assert "<svg" in clerk.send("/enrolments", station=code, reason="the card broke").text
    assert clerk.send("/enrolments/withdraw", "/enrolments", station=code).status_code == 303
    assert office.store.open_claims(time()) == []
    assert "Your own stations begin with 39" in words(clerk.send("/enrolments", station="37081101"))
    assert clerk.send("/enrolments/withdraw", "/enrolments", station="37081101").status_code == 404
