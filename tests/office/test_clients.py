"""Programs that order passes, in the office: a secret is shown once and holds, and nobody orders beyond their own districts."""

from __future__ import annotations

import re

from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.clients import Client, as_kept
from tests.office.clerks import Clerk, Office
from tests.office.clerks import words as text_of

SECRET = re.compile(r'class="card"><code>([\w-]{43})</code>')


def added(clerk: Clerk, name: str, **more: str) -> str:
    answer = clerk.send("/clients", name=name, reason="the app", **more)
    assert answer.status_code == 200, answer.text
    (secret,) = SECRET.findall(answer.text)
    return str(secret)


def held(office: Office, name: str) -> Client:
    found = office.store.client(name)
    assert found is not None
    return found


def test_a_secret_is_shown_once_and_holds_until_another_is_made(office: Office) -> None:
    clerk = office.hire("clients.boss")
    first = added(clerk, "app-one", scope="3708")
    assert held(office, "app-one").knows(first)
    assert first not in clerk.get("/clients").text + clerk.get("/clients/app-one").text
    answer = clerk.send("/clients/app-one", do="secret", reason="it leaked")
    (second,) = SECRET.findall(answer.text)
    assert second != first
    assert held(office, "app-one").knows(second)
    assert not held(office, "app-one").knows(first)
    assert clerk.send("/clients/app-one", do="remove", reason="over").status_code == 303
    assert office.store.client("app-one") is None
    acts = [(each.what, each.scope, each.reason) for each in office.store.acts(EVERYWHERE, about="app-one")]
    told = [("client removed", "over"), ("client secret", "it leaked"), ("client added", "the app")]
    assert acts == [(what, "3708", why) for what, why in told]


def test_an_end_ends_its_tokens(office: Office) -> None:
    clerk, now = office.hire("clients.tokens"), 1e9
    added(clerk, "app-two")
    office.store.give_token("a token", "app-two", now + 60)
    assert office.store.client_with("a token", now)
    clerk.send("/clients/app-two", do="secret", reason="leaked")
    assert office.store.client_with("a token", now) is None


def test_what_is_wrong_is_told_and_nothing_is_made(office: Office) -> None:
    clerk = office.hire("clients.wrong", "administrator", "3708")
    answer = clerk.send("/clients", name="Ä <b>", scope="3701", reason="")
    assert answer.status_code == 422
    for field in ("name", "scope", "reason"):
        assert f'href="#{field}"' in answer.text
    assert "<b>" not in answer.text
    added(clerk, "taken", scope="3708")
    before = held(office, "taken")
    assert "There is one of this name" in text_of(clerk.send("/clients", name="taken", scope="3708", reason="x"))
    for fields in ({"do": "remove"}, {"reason": "x"}, {"do": "burn", "reason": "x"}):
        assert clerk.send("/clients/taken", **fields).status_code == 422
    assert held(office, "taken") == before


def test_clients_of_other_districts_are_not_there(office: Office) -> None:
    office.store.add_client(Client("elsewhere", "3701", as_kept("x"), 0.0, 0.0))
    office.store.add_client(Client("all-of-it", "", as_kept("x"), 0.0, 0.0))
    clerk = office.hire("clients.county", "administrator", "3708")
    for name in ("elsewhere", "all-of-it"):
        assert name not in clerk.get("/clients").text
        assert clerk.get(f"/clients/{name}").status_code == 404
        assert clerk.post(f"/clients/{name}", csrf=clerk.csrf("/clients"), do="remove", reason="x").status_code == 404
    assert office.store.client("elsewhere") is not None
