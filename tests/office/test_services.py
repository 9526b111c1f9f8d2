"""Services of every kind in the office: written as TOML, looked at, published, ended; wrong as the command line says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import time
from typing import Any
from uuid import uuid4

import pytest
import requests

from kiosk.central.office.services import FOR, MADE_HERE
from kiosk.central.scope import EVERYWHERE
from kiosk.central.service_file import FILES
from kiosk.central.services import read_service
from tests.keys import private, public
from tests.office.clerks import Clerk, Office, words
from tests.test_photos import located

ENDS = (datetime.now(UTC) + timedelta(days=9)).isoformat(timespec="seconds")
QUESTION = (
    'kind = "question"\nid = "{id}"\nstation = "{station}"\nends = {ends}\n[texts]\nzh = "水热吗？"\n'
    'en = "Is the water hot?"\n'
)
STOP = (
    'kind = "stop"\nid = "{id}"\nstation = "{station}"\nends = {ends}\nlatitude = 35.4\nlongitude = 116.6\nradius = 100\n'
    'prefix = "3708"\n[texts]\nzh = "广场"\n'
)
DOCTOR = (
    'kind = "doctor"\nid = "{id}"\nstation = "{station}"\nends = {ends}\ncall = "0537-12320"\n'
    'url = "https://doctor.example/s/{{token}}"\n[texts]\nzh = "医生"\n'
)
EVENT = (
    'kind = "event"\nid = "{id}"\nstation = "{station}"\nends = {ends}\nstarts = {ends}\npicture = "a.jpg"\n'
    '[texts]\nzh = "体检"\n'
)


def text(form: str, **more: str) -> tuple[str, str]:
    """The text of a service, and its id."""
    id_ = f"s{uuid4().hex[:10]}"
    return form.format(**{"id": id_, "station": "3708", "ends": ENDS} | more), id_


def sent(clerk: Clerk, *, files: dict[str, Any] | None = None, **fields: str) -> requests.Response:
    form = {"csrf": clerk.csrf("/services"), **fields}
    return clerk.session.post(
        f"{clerk.url}/office/services", form, files=files or {"file": ("", b"")}, allow_redirects=False, timeout=30
    )


@pytest.fixture
def steward(office: Office) -> Clerk:
    return office.hire(f"n{uuid4().hex[:10]}", "steward", "3708")


def test_a_text_is_looked_at_published_and_ended_with_a_reason(office: Office, steward: Clerk) -> None:
    said, id_ = text(QUESTION)
    looked = sent(steward, text=said, do="preview")
    assert "Is the water hot?" in words(looked)
    assert "Nothing is published yet" in words(looked)
    assert office.store.service(id_) is None
    assert sent(steward, text=said, do="publish").status_code == 422, "it asks for a reason"
    assert sent(steward, text=said, do="publish", reason="asked by the city").status_code == 303
    found = office.store.service(id_)
    assert found is not None
    assert (found.kind, found.scope) == ("question", "3708")
    assert id_ in steward.reads("/services")
    page = f"/services/withdraw?id={id_}"
    assert steward.send("/services/withdraw", page, id=id_).status_code == 422
    assert steward.send("/services/withdraw", page, id=id_, reason="over").status_code == 303
    acts = [(each.what, each.reason) for each in office.store.acts(EVERYWHERE, about=id_)]
    assert acts == [("service withdrawn", "over"), ("service published", "asked by the city")]


def test_every_error_is_told_with_its_line_and_what_was_meant(office: Office, steward: Clerk) -> None:
    said, id_ = text(QUESTION, ends="2020-01-01T00:00:00")
    answer = sent(steward, text=said.replace("question", "qestion"), do="publish")
    assert answer.status_code == 422
    assert "service:1: kind: must be one of" in words(answer)
    assert "did you mean question?" in words(answer)
    assert "service:4: ends: 2020-01-01T00:00:00 has no offset" in words(sent(steward, text=said, do="publish"))
    answer = sent(steward, text=f'more = "<b>"\n{said}[table]\n', do="publish")
    assert "service:1: more: no such setting" in words(answer)
    assert "service:9: table: no such setting" in words(answer)
    assert "<b>" not in answer.text
    assert office.store.service(id_) is None


def test_a_file_is_read_in_whatever_coding_it_was_saved(office: Office, steward: Clerk) -> None:
    said, id_ = text(QUESTION)
    answer = sent(steward, files={"file": ("a.toml", said.encode("gbk"))}, do="publish", reason="x")
    assert answer.status_code == 303, words(answer)
    found = office.store.service(id_)
    assert found is not None
    assert read_service(found.body)[1]["texts"]["zh"] == "水热吗？"


def test_a_picture_is_sent_once_and_kept_from_the_preview_to_the_end(office: Office, steward: Clerk) -> None:
    said, id_ = text(EVENT)
    assert "choose the picture, too" in words(sent(steward, text=said, do="preview"))
    looked = sent(steward, files={"picture": ("a.jpg", located())}, text=said, do="preview")
    assert "With a picture of" in words(looked)
    (kept,) = [part.split('"')[0] for part in looked.text.split('name="kept" value="')[1:]]
    assert sent(steward, text=said, do="publish", reason="x", kept=kept).status_code == 303
    found = office.store.service(id_)
    assert found is not None
    assert read_service(found.body)[1]["picture"]["size"] > 0
    for odd in ("no base64", "图片"):
        assert "choose the picture, too" in words(sent(steward, text=said, do="preview", kept=odd))


def test_who_is_let_in_and_what_is_handed_out_is_for_administrators(office: Office, steward: Clerk) -> None:
    office.store.enrol("37081101", office.store.make_claim("37081101", time()), public(private(8)), time())
    said, id_ = text(STOP, station="37081101")
    assert "Only an administrator" in words(sent(steward, text=said, do="publish", reason="x"))
    boss = office.hire(f"n{uuid4().hex[:10]}", "administrator", "3708")
    assert sent(boss, text=said, do="publish", reason="x").status_code == 303
    assert f"withdraw?id={id_}" in boss.get("/services").text
    assert f"withdraw?id={id_}" not in steward.get("/services").text
    page = f"/services/withdraw?id={id_}"
    assert steward.post("/services/withdraw", csrf=steward.csrf(page), id=id_, reason="x").status_code == 403
    assert boss.send("/services/withdraw", page, id=id_, reason="x").status_code == 303


def test_other_districts_are_not_reached_and_their_services_not_ended(office: Office, steward: Clerk) -> None:
    said, id_ = text(QUESTION, station="3701")
    assert "Your own stations begin with 3708" in words(sent(steward, text=said, do="publish", reason="x"))
    other = office.hire(f"n{uuid4().hex[:10]}", "steward", "3701")
    assert sent(other, text=said, do="publish", reason="x").status_code == 303
    assert id_ not in steward.get("/services").text
    assert steward.get(f"/services/withdraw?id={id_}").status_code == 404
    assert steward.post("/services/withdraw", csrf=steward.csrf("/services"), id=id_, reason="x").status_code == 404
    taken = said.replace('"3701"', '"3708"')
    assert "This name is a question for 3701" in words(sent(steward, text=taken, do="publish", reason="x"))


def test_what_lets_people_in_everywhere_waits_for_a_second_person(office: Office) -> None:
    said, id_ = text(DOCTOR, station="37")
    first, second = (office.hire(f"n{uuid4().hex[:10]}", "administrator") for _ in range(2))
    answer = sent(first, text=said, do="publish", reason="the hospital agreed")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/office/proposals"), words(answer)
    assert office.store.service(id_) is None
    (waiting,) = [each for each in office.store.proposals(EVERYWHERE, time()) if id_ in each.act]
    assert second.send(f"/proposals/{waiting.id}", "/proposals", do="confirm").status_code == 303
    assert office.store.service(id_) is not None
    (act,) = office.store.acts(EVERYWHERE, about=id_)
    assert act.account.count("+") == 1
    office.store._engine.run("DELETE FROM services WHERE id = ?", (id_,))


def test_every_kind_that_can_be_written_has_who_may() -> None:
    assert set(FILES) == set(FOR)
    assert set(FOR) > MADE_HERE - {"ledger"}
