"""What the union's own app orders: holders, passes, and their ends; as answers and as the store has them."""

from __future__ import annotations

import base64
from time import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.people import Credential
from kiosk.contract.issuing import LONGEST_BOUND, LONGEST_LIVE
from kiosk.trust.passes import Kind, PassClass
from kiosk.trust.status import Status
from tests.issuing.shop import DAY, App, Shop, holder, said
from tests.keys import public


def phone() -> str:
    """A new phone's public key."""
    return base64.b64encode(public(Ed25519PrivateKey.generate())).decode()


def held(shop: Shop, name: str) -> Credential:
    return shop.store.credentials(name)[-1]


def acts(shop: Shop, name: str) -> list[tuple[str, str]]:
    return [(each.account, each.what) for each in reversed(shop.store.acts(EVERYWHERE, about=name))]


def test_a_holder_is_made_looked_at_and_given_each_kind_of_pass(shop: Shop, app: App) -> None:
    until = int(time()) + 60 * DAY
    name = holder()
    made = app.have("/holders", 201, holder=name, until=until, card=f"C{name}", scope="3708")
    assert made | {"changed": 0} == {
        "holder": name, "number": 1, "state": "valid", "until": until, "changed": 0,
        "card": f"C{name}", "class": "worker", "scope": "3708", "district": "3708", "phone": None,
    }  # fmt: skip
    index, key = held(shop, name).index, phone()
    live, card = said(app.have(f"/holders/{name}/live", seconds=60)), said(app.have(f"/holders/{name}/card"))
    bound = said(app.have(f"/holders/{name}/bound", public_key=key))
    assert [each.kind for each in (live, card, bound)] == [Kind.LIVE, Kind.CARD, Kind.BOUND]
    assert {each.index for each in (live, card, bound)} == {index}, "no pass has an index of its own"
    assert (live.expires - live.issued_at, bound.expires - bound.issued_at) == (60, LONGEST_BOUND)
    assert (card.expires, card.scope) == (until, "3708")
    whole = app.get(f"/holders/{name}")
    assert whole.json()["passes"][0]["phone"]["public_key"] == key
    assert "index" not in whole.text
    assert acts(shop, name) == [(f"client {app.name}", what) for what in ("pass issued", "card signed", "phone bound")]


def test_the_life_of_a_pass(shop: Shop, app: App) -> None:
    name = app.new()
    until = int(time()) + 90 * DAY
    for what, order, state in (
        ("renew", {"until": until}, "valid"),
        ("suspend", {"reason": "asked for"}, "suspended"),
        ("restore", {"reason": "asked for"}, "valid"),
    ):
        assert app.have(f"/holders/{name}/{what}", **order)["state"] == state
    first = held(shop, name)
    second = app.have(f"/holders/{name}/replace", 201, reason="lost", card=f"D{name}")
    assert (second["number"], second["until"], second["card"]) == (2, until, f"D{name}")
    assert held(shop, name).index > first.index
    assert app.have(f"/holders/{name}/revoke", reason="left")["state"] == "revoked"
    assert app.have(f"/holders/{name}/revoke", reason="left")["state"] == "revoked", "once more is as good"
    assert app.wrong(f"/holders/{name}/restore", 409, reason="found again") == {"holder"}
    assert [each["state"] for each in app.get(f"/holders/{name}").json()["passes"]] == ["replaced", "revoked"]
    assert app.new(holder=name) == name, "whoever has none that counts may have another"
    assert held(shop, name).number == 3


def test_another_phone_takes_the_place_of_the_first(app: App) -> None:
    name, old, new = app.new(), phone(), phone()
    app.have(f"/holders/{name}/bound", public_key=old, seconds=600)
    app.have(f"/holders/{name}/bound", public_key=new, seconds=600)
    assert app.wrong(f"/holders/{name}/bound/renew", 409, public_key=old) == {"public_key"}
    assert app.have(f"/holders/{name}/bound/renew", public_key=new)["kind"] == "bound"
    assert app.wrong(f"/holders/{name}/bound", 409, public_key=base64.b64encode(bytes(32)).decode()) == {"public_key"}


def test_everything_that_is_wrong_with_an_order_is_told_at_once(app: App) -> None:
    assert app.wrong("/holders", holder="王", until="soon", clas="worker") == {"holder", "until", "clas"}
    assert app.wrong("/holders", holder="13800000000", until=1, district="3709") == {"holder", "until", "district"}
    assert app.wrong("/holders") == {"holder", "until"}
    staff: dict[str, Any] = {"class": "technician"}
    assert app.wrong("/holders", holder=holder(), until=time() + DAY, **staff) == {"class"}
    name = app.new()
    assert app.wrong(f"/holders/{name}/live", seconds=LONGEST_LIVE + 1) == {"seconds"}
    assert app.wrong(f"/holders/{name}/bound", public_key="AAAA", secs=1) == {"public_key", "secs"}
    assert app.wrong(f"/holders/{name}/revoke") == {"reason"}
    for body in (b"", b"[]", b"null", b"{", b"\xff", b'{"holder":' + b"[" * 5000, b'{"a":' * 100 + b"1" + b"}" * 100):
        headers = {"Idempotency-Key": holder() * 2}
        answer = app.session.post(f"{app.url}/v1/holders", body, headers=headers, timeout=30)
        assert answer.status_code in {400, 422}, body
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_what_is_told_is_told_in_chinese_to_whoever_reads_it(app: App) -> None:
    app.session.headers["Accept-Language"] = "zh-CN"
    answer = app.send("/holders", holder="王")
    assert "缺少" in answer.text


def test_many_are_made_and_each_line_is_judged(shop: Shop, app: App) -> None:
    until, has, names = time() + DAY, app.new(card=holder()), [holder() for _ in range(3)]
    lines: list[dict[str, Any]] = [
        {"holder": names[0], "until": until, "card": names[0]},
        {"holder": names[0], "until": until},
        {"holder": names[1], "until": until, "card": names[0]},
        {"holder": has, "until": until},
        {"holder": names[2]},
        {"holder": names[2], "until": until},
    ]
    done = app.have("/bulk/issue", holders=lines)["lines"]
    assert [(each["outcome"], *(wrong["field"] for wrong in each.get("errors", []))) for each in done] == [
        ("issued",), ("refused", "holder"), ("refused", "card"), ("refused", "holder"), ("refused", "until"), ("issued",),
    ]  # fmt: skip
    assert [len(shop.store.credentials(each)) for each in names] == [1, 0, 1]
    assert app.wrong("/bulk/issue", holders=[]) == app.wrong("/bulk/issue", holders=lines * 100) == {"holders"}


def test_many_are_revoked_and_what_is_not_the_clients_is_not(shop: Shop, app: App) -> None:
    others = shop.client("3709").new()
    mine, gone = app.new(), app.new()
    app.have(f"/holders/{gone}/revoke", reason="left")
    done = app.have("/bulk/revoke", holders=[mine, gone, others, "nobody"], reason="the firm is over")["lines"]
    assert [each["outcome"] for each in done] == ["revoked", "unchanged", "refused", "refused"]
    assert done[2]["errors"] == done[3]["errors"], "nobody learns that there is somebody"
    assert [held(shop, each).status for each in (mine, others)] == [Status.REVOKED, Status.VALID]
    assert app.wrong("/bulk/revoke", holders=["a"] * 101, reason="x") == {"holders"}


def test_a_list_comes_by_pages_each_pass_once(shop: Shop) -> None:
    app, soon, later = shop.client("37"), time() + 10 * DAY, time() + 90 * DAY
    prefix = holder()
    for number in range(5):
        app.have("/holders", 201, holder=f"{prefix}.{number}", until=soon if number % 2 else later)
    app.have(f"/holders/{prefix}.1/replace", 201, reason="lost")
    app.have(f"/holders/{prefix}.2/suspend", reason="asked")
    staff = shop.store.add_credential(f"{prefix}.9")
    shop.store.put_facts(
        [(staff, held(shop, f"{prefix}.0").facts.__class__(pass_class=PassClass.STEWARD, district="37"))]
    )

    def listed(**query: Any) -> list[str]:
        found: list[str] = []
        cursor: dict[str, str] = {}
        pages = 0
        while True:
            answer = app.get("/holders", prefix=prefix, **query, **cursor)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            assert len(page["passes"]) <= query.get("limit", 100)
            found += [f"{each['holder'][-1]}/{each['number']}" for each in page["passes"]]
            pages += 1
            if "next" not in page:
                return found
            cursor = {"cursor": page["next"]}
            assert pages < 10

    whole = ["0/1", "1/1", "1/2", "2/1", "3/1", "4/1"]
    assert [listed(limit=limit) for limit in (1, 2, 3, 100)] == [whole] * 4
    assert listed(state="replaced") == ["1/1"]
    assert listed(state="suspended", limit=1) == ["2/1"]
    assert listed(ends_before=int(soon) + 1) == ["1/1", "1/2", "3/1"]
    for wrong in ({"state": "lost"}, {"ends_before": "soon"}, {"limit": "many"}, {"cursor": "!"}):
        assert app.get("/holders", **wrong).status_code == 400


def test_passes_are_counted_by_client_and_kind(shop: Shop, app: App) -> None:
    """They are written once a minute; what a server has when it ends is in tests/issuing/test_programs.py."""
    name, before = app.new(), shop.store.audit_head().number
    for _ in range(3):
        app.have(f"/holders/{name}/live")
    assert shop.store.audit_head().number == before
