"""Somebody who has a client's token, or none, and wants what is not theirs."""

from __future__ import annotations

import base64
from time import time
from typing import Any

import pytest
import requests

from kiosk.central.issuing import gate
from kiosk.central.issuing.gate import MOST_ENDS
from kiosk.central.issuing.strict import LONGEST_NAME, MOST_TOLD, wrong_in
from kiosk.central.issuing.table import ENDPOINTS
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.people import PassFacts
from kiosk.contract.bodies import MAX_BATCH, QUOTA
from kiosk.contract.issuing import Why
from kiosk.contract.openapi_issuing import document
from kiosk.foreign import visible
from kiosk.settings.table import LONGEST_SLIP, did_you_mean
from kiosk.trust.passes import PassClass
from tests.issuing.shop import DAY, App, Shop, holder
from tests.keys import private, public

ENGINES = ["sqlite"]
"""What is asked here is answered above the store."""

ORDERS: dict[str, dict[str, Any]] = {
    "/renew": {"until": time() + DAY},
    "/suspend": {"reason": "x"},
    "/restore": {"reason": "x"},
    "/revoke": {"reason": "x"},
    "/replace": {"reason": "x"},
    "/bound": {"public_key": base64.b64encode(public(private(50))).decode()},
    "/bound/renew": {"public_key": base64.b64encode(public(private(50))).decode()},
    "/card": {},
    "/live": {},
}


def test_every_order_about_a_holder_is_tried_here() -> None:
    paths = {each.path.removeprefix("/v1/holders/{holder}") for each in ENDPOINTS if "{holder}" in each.path}
    assert paths == {*ORDERS, ""}


@pytest.mark.parametrize("what", ORDERS)
def test_others_holders_are_not_there_and_nobody_learns_that_they_are(shop: Shop, app: App, what: str) -> None:
    theirs = shop.client("3709").new()
    staff = holder()
    index = shop.store.add_credential(staff)
    shop.store.put_facts([(index, PassFacts(pass_class=PassClass.TECHNICIAN, district="3708", until=time() + DAY))])
    before = [shop.store.credentials(each) for each in (theirs, staff)]
    answers = [app.send(f"/holders/{each}{what}", **ORDERS[what]) for each in (theirs, staff, "nobody")]
    assert {each.status_code for each in answers} == {404}
    assert len({each.content for each in answers}) == 1
    assert [shop.store.credentials(each) for each in (theirs, staff)] == before


def test_no_list_and_no_look_shows_others_holders(shop: Shop, app: App) -> None:
    theirs = shop.client("3709").new()
    assert app.get(f"/holders/{theirs}").content == app.get("/holders/nobody").content
    assert app.get("/holders", prefix=theirs).json()["passes"] == []
    cursor = base64.urlsafe_b64encode(f"{theirs[:-1]}/0".encode()).decode().rstrip("=")
    assert theirs not in app.get("/holders", cursor=cursor, limit=500).text


def test_no_client_makes_a_pass_for_staff_or_for_another_district(app: App) -> None:
    until = time() + DAY
    staff: list[dict[str, Any]] = [{"class": "technician"}, {"class": "steward"}, {"class": 1}]
    for kind in staff:
        assert app.wrong("/holders", holder=holder(), until=until, **kind) == {"class"}
    assert app.wrong("/holders", holder=holder(), until=until, district="3709") == {"district"}
    line = app.have("/bulk/issue", holders=[{"holder": holder(), "until": until, "class": "steward"}])["lines"][0]
    assert (line["outcome"], line["errors"][0]["field"]) == ("refused", "class")


def test_odd_paths_and_bodies_end_nothing(app: App) -> None:
    huge = b'{"reason": "' + b"x" * (2 * MAX_BATCH) + b'"}'
    deep = b'{"reason": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    name = app.new()
    for body, statuses in ((huge, {413}), (deep, {400, 413}), (b'{"reason": "\\ud800"}', {400, 422})):
        headers = {"Idempotency-Key": holder() * 2}
        answer = app.session.post(f"{app.url}/v1/holders/{name}/revoke", body, headers=headers, timeout=30)
        assert answer.status_code in statuses, answer.text
    for path in ("/holders/%00", "/holders/%2e%2e", "/holders/a%0Ab/live", "/holders/" + "x" * 5000, "/holders/%ff"):
        assert app.get(path).status_code in {404, 405}, path
        assert app.send(path + "/revoke", reason="x").status_code == 404, path
    assert app.get("/holders", number="x", cursor="é" * 100).status_code == 400
    for number in (2**31, 2**63, 10**4000, -1, "1.5", "\u0661"):
        cursor = base64.urlsafe_b64encode(f"{name}/{number}".encode()).decode().rstrip("=")
        assert app.get("/holders", cursor=cursor).status_code == 400, number
    assert app.get(f"/holders/{name}").json()["passes"][0]["state"] == "valid"


def test_names_that_nobody_knows_cost_no_more_than_what_is_told_of_them(app: App) -> None:
    """Which name was meant is looked for among few and short ones: a long one, out of order, holds all else up for minutes."""
    assert len([*wrong_in({f"{number}": 1 for number in range(MOST_TOLD + 1)}, Why)]) == MOST_TOLD + 1
    assert did_you_mean("reaso", ["reason"]) == ", did you mean reason?"
    assert did_you_mean(" " * LONGEST_SLIP + "reason", ["reason"]) == ""
    marks = "e" + "\u0301" * 20_000 + "\u0327" * 20_000
    assert app.wrong(f"/holders/{app.new()}/revoke", **{marks: 1}) == {visible(marks[:LONGEST_NAME]), "reason"}


def test_a_client_that_was_taken_over_shuts_no_district_out(shop: Shop) -> None:
    """It may end so many passes at once, and then as many in an hour: who watches sees it before."""
    app = shop.client("37")
    names = [f"{holder()}.{number}" for number in range(MOST_ENDS + 1)]
    app.have("/bulk/issue", holders=[{"holder": each, "until": time() + DAY} for each in names])
    app.have("/bulk/revoke", holders=names[:-1], reason="x")
    answer = app.send(f"/holders/{names[-1]}/suspend", reason="x")
    assert (answer.status_code, answer.json()["type"]) == (429, QUOTA)
    assert int(answer.headers["Retry-After"]) > 0
    assert app.name in next(each.detail for each in shop.store.alarms() if each.what == "client_ends")
    assert app.have(f"/holders/{names[-1]}/live")["kind"] == "live", "what ends nothing goes on"


def test_no_client_displaces_every_phone_or_shortens_every_pass_unseen(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both end what somebody has, and count as ends; what takes nothing away goes on."""
    monkeypatch.setattr(gate, "MOST_ENDS", 2)
    shop.store.forget_alarm("client_ends", "")
    app, keys = shop.client("37"), [base64.b64encode(public(private(seed))).decode() for seed in range(60, 68)]
    names = [app.new() for _ in range(4)]
    for name, key in zip(names, keys, strict=False):
        app.have(f"/holders/{name}/bound", public_key=key)
    app.have(f"/holders/{names[0]}/bound", public_key=keys[4])
    app.have(f"/holders/{names[1]}/renew", until=time() + DAY)
    for path, order in (("bound", {"public_key": keys[6]}), ("renew", {"until": time() + DAY})):
        assert app.send(f"/holders/{names[2]}/{path}", **order).status_code == 429, path
    assert app.name in next(each.detail for each in shop.store.alarms() if each.what == "client_ends")
    app.have(f"/holders/{names[2]}/renew", until=time() + 90 * DAY)
    app.have(f"/holders/{names[2]}/bound", public_key=keys[2])
    whats = {each.what for name in names for each in shop.store.acts(EVERYWHERE, about=name)}
    assert whats == {"pass issued", "phone bound", "phone displaced", "pass shortened", "pass renewed"}


def test_a_page_of_somebody_else_can_order_nothing(app: App) -> None:
    """A browser sends no token by itself, and no other origin may read or send with one: there is no CORS here."""
    name = app.new()
    answer = requests.options(
        f"{app.url}/v1/holders/{name}/revoke",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
        timeout=30,
    )
    assert answer.status_code == 405
    assert not [each for each in answer.headers if each.lower().startswith("access-control")]
    assert "Set-Cookie" not in app.get(f"/holders/{name}").headers


def test_what_is_served_is_what_is_described() -> None:
    described = {(method.upper(), path) for path, found in document()["paths"].items() for method in found}
    assert described == {("POST", "/v1/token"), *((each.method, each.path) for each in ENDPOINTS)}
