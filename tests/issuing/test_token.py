"""`POST /v1/token`: OAuth 2 client credentials, with the errors of RFC 6749; and who gets in with what."""

from __future__ import annotations

from time import time
from typing import Any

import pytest
import requests

from kiosk.central.store.clients import Client, as_kept
from kiosk.contract.issuing import TOKEN_FOR
from tests.issuing.shop import KEPT, SECRET, App, Shop

ENGINES = ["sqlite"]
"""What is asked here is answered above the store."""

ASKS = {"grant_type": "client_credentials"}


def ask(shop: Shop, form: Any, **more: Any) -> requests.Response:
    return requests.post(f"{shop.url}/v1/token", form, timeout=30, **more)


def test_a_token_comes_by_the_header_or_the_body_and_is_kept_by_nobody(shop: Shop, app: App) -> None:
    for answer in (
        ask(shop, ASKS, auth=(app.name, SECRET)),
        ask(shop, ASKS | {"client_id": app.name, "client_secret": SECRET, "scope": "whatever"}),
        ask(shop, ASKS | {"client_id": app.name}, auth=(app.name, SECRET)),
    ):
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["token_type"], found["expires_in"]) == ("Bearer", TOKEN_FOR)
        assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
        assert shop.store.client_with(found["access_token"], time() + TOKEN_FOR - 5) is not None
        assert shop.store.client_with(found["access_token"], time() + TOKEN_FOR + 5) is None


def test_errors_are_those_of_the_rfc(shop: Shop, app: App) -> None:
    mine = (app.name, SECRET)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for answer, status, error in (
        (ask(shop, {}, auth=mine), 400, "invalid_request"),
        (ask(shop, {"grant_type": "password"}, auth=mine), 400, "unsupported_grant_type"),
        (ask(shop, ASKS | {"client_secret": SECRET}, auth=mine), 400, "invalid_request"),
        (ask(shop, [*ASKS.items(), *ASKS.items()], auth=mine), 400, "invalid_request"),
        (ask(shop, None, json=ASKS, auth=mine), 400, "invalid_request"),
        (ask(shop, b"grant_type=\xff", headers=form), 400, "invalid_request"),
        (ask(shop, b"&a=1" * 20, headers=form), 400, "invalid_request"),
        (ask(shop, ASKS), 401, "invalid_client"),
        (ask(shop, ASKS, auth=(app.name, "wrong")), 401, "invalid_client"),
        (ask(shop, ASKS, auth=("nobody", SECRET)), 401, "invalid_client"),
        (ask(shop, ASKS, headers={"Authorization": "Basic ???"}), 401, "invalid_client"),
        (ask(shop, ASKS, headers={"Authorization": "Bearer x"}), 401, "invalid_client"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_names_and_secrets_are_form_encoded_in_the_header(shop: Shop) -> None:
    """RFC 6749, 2.3.1."""
    shop.store.add_client(Client("odd", "", as_kept("a:b c%"), time(), time()))
    assert ask(shop, ASKS, auth=("odd", "a%3Ab+c%25")).status_code == 200


def test_who_has_no_token_gets_in_nowhere(shop: Shop, app: App) -> None:
    name = app.new()
    for header in ("", "Bearer", "Bearer x", f"Bearer {'x' * 5000}", f"Basic {SECRET}"):
        for method, path in (("GET", "/holders"), ("GET", f"/holders/{name}"), ("POST", f"/holders/{name}/live")):
            answer = requests.request(method, f"{shop.url}/v1{path}", headers={"Authorization": header}, timeout=30)
            assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json"), header
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_removed_client_is_out_at_once_and_one_with_a_new_secret_asks_anew(shop: Shop) -> None:
    first, second = shop.client(), shop.client()
    name = first.new()
    shop.store.rotate_client(first.name, KEPT, time())
    shop.store.remove_client(second.name)
    for each in (first, second):
        assert each.get(f"/holders/{name}").status_code == each.send(f"/holders/{name}/live").status_code == 401
    assert App(shop.url, first.name).get(f"/holders/{name}").status_code == 200
    assert first.ask_token(auth=(second.name, SECRET)).status_code == 401


def test_wrong_secrets_keep_no_client_out_and_are_written_nowhere(shop: Shop, app: App) -> None:
    """The secret is random, and a digest of it takes no time: whoever shares an address with who guesses gets in."""
    for name in ("nobody", app.name) * 20:
        assert ask(shop, ASKS, auth=(name, "x")).status_code == 401
    assert shop.store._engine.all("SELECT * FROM guesses") == []
    assert ask(shop, ASKS, auth=(app.name, SECRET)).status_code == 200


@pytest.mark.parametrize("path", ["/v1/token", "/v1/holders"])
def test_nothing_is_told_over_plain_http_from_elsewhere(path: str) -> None:
    from starlette.requests import Request

    from kiosk.central.asking import safely

    def asked(address: str, scheme: str) -> bool:
        scope = {"type": "http", "scheme": scheme, "client": (address, 1), "headers": [], "path": path}
        return safely(Request(scope | {"server": ("a", 80), "query_string": b""}))

    assert [asked("10.0.0.9", "http"), asked("", "http"), asked("10.0.0.9", "https"), asked("::1", "http")] == [
        False, False, True, True,
    ]  # fmt: skip
