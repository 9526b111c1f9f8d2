"""`Idempotency-Key`: an act is done once, whatever became of its answer on the road."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from time import time
from uuid import uuid4

import pytest

from kiosk.central.store import CentralStore
from kiosk.contract.issuing import IN_FLIGHT, ONCE_FOR, OTHER_ORDER
from tests.issuing.shop import DAY, App, Shop, holder, said
from tests.keys import private, public


def test_the_same_order_is_carried_out_once_and_answered_alike(shop: Shop, app: App) -> None:
    name, key = app.new(), str(uuid4())
    order = {"reason": "lost", "card": holder()}
    first, second = (app.send(f"/holders/{name}/replace", key, **order) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert len(shop.store.credentials(name)) == 2
    quoted = app.send(f"/holders/{name}/replace", f'"{key}"', **order)
    assert quoted.content == first.content, "as the draft writes a string"


def test_another_order_under_the_same_key_is_none(shop: Shop, app: App) -> None:
    name, other, key = app.new(), app.new(), str(uuid4())
    app.send(f"/holders/{name}/suspend", key, reason="a")
    for path, reason in ((f"/holders/{name}/suspend", "b"), (f"/holders/{other}/suspend", "a")):
        answer = app.send(path, key, reason=reason)
        assert (answer.status_code, answer.json()["type"]) == (422, OTHER_ORDER)
    assert shop.store.credentials(other)[0].state == "valid"


def test_an_act_without_a_key_is_not_done(shop: Shop, app: App) -> None:
    name = app.new()
    for key in ("", "short", "x" * 129, "with blank 123", "schlüssel-12"):
        answer = app.session.post(
            f"{app.url}/v1/holders/{name}/suspend",
            json={"reason": "a"},
            headers={"Idempotency-Key": key.encode()},
            timeout=30,
        )
        assert answer.status_code == 400, key
    assert shop.store.credentials(name)[0].state == "valid"


def test_a_key_is_its_clients_own(shop: Shop, app: App) -> None:
    """Whoever guesses or has read another's key gets nothing by it."""
    key, mine = str(uuid4()), app.new()
    first = app.send(f"/holders/{mine}/suspend", key, reason="a")
    other = shop.client("3709")
    theirs = other.new()
    assert other.send(f"/holders/{mine}/suspend", key, reason="a").status_code == 404
    assert other.send(f"/holders/{theirs}/suspend", key, reason="b").status_code == 200
    assert app.send(f"/holders/{mine}/suspend", key, reason="a").content == first.content


def test_what_was_refused_may_be_ordered_again_under_its_key(app: App) -> None:
    name, key = app.new(), str(uuid4())
    assert app.send(f"/holders/{name}/replace", key, reason="lost", card="!").status_code == 422
    assert app.send(f"/holders/{name}/replace", key, reason="lost", card="").status_code == 201


def test_the_same_order_many_times_at_once_is_carried_out_once(shop: Shop, app: App) -> None:
    name, key = app.new(), str(uuid4())
    with ThreadPoolExecutor(8) as pool:
        answers = [
            *pool.map(lambda _: app.send(f"/holders/{name}/replace", key, reason="lost", card=f"C{name}"), range(16))
        ]
    assert len(shop.store.credentials(name)) == 2
    kept = {each.content for each in answers if each.status_code == 201}
    waits = [each for each in answers if each.status_code != 201]
    assert len(kept) == 1
    assert {(each.status_code, each.json()["type"], each.headers["Retry-After"]) for each in waits} <= {
        (409, IN_FLIGHT, "1")
    }


def test_an_answer_is_given_again_for_a_day(shop: Shop, app: App) -> None:
    name, key, now = app.new(), str(uuid4()), time()
    app.send(f"/holders/{name}/suspend", key, reason="a")
    app.have(f"/holders/{name}/restore", reason="b")
    for ahead, state in ((ONCE_FOR - 60, "valid"), (ONCE_FOR + 60, "suspended")):
        shop.store.forget_clients(time() - DAY, now + ahead - ONCE_FOR)
        assert app.send(f"/holders/{name}/suspend", key, reason="a").status_code == 200
        assert shop.store.credentials(name)[0].state == state


def test_an_order_for_a_phone_once_more_gives_it_another_pass_and_no_other_phone(app: App) -> None:
    name, key = app.new(), str(uuid4())
    first, second = (base64.b64encode(public(private(seed))).decode() for seed in (78, 79))
    answers = [app.send(f"/holders/{name}/bound", key, public_key=first) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert len({said(each.json()).index for each in answers}) == 1
    app.have(f"/holders/{name}/bound", public_key=second)
    assert app.send(f"/holders/{name}/bound", key, public_key=first).status_code == 409
    assert app.have(f"/holders/{name}/bound/renew", public_key=second)["kind"] == "bound", (
        "the newer one has its place still"
    )


@pytest.mark.parametrize("kind", ["YZ1:", '"index"'])
def test_nothing_that_opens_a_door_is_kept_with_an_answer(shop: Shop, app: App, kind: str) -> None:
    name = app.new()
    app.have(f"/holders/{name}/bound", public_key=base64.b64encode(public(private(70 + len(kind)))).decode())
    app.have(f"/holders/{name}/live")
    app.have(f"/holders/{name}/card")
    with closing(CentralStore(shop.folder)) as store:
        bodies = [
            body for (body,) in store._engine.all("SELECT body FROM client_answers WHERE client = ?", (app.name,))
        ]
    assert bodies
    assert not [each for each in bodies if kind in each]
