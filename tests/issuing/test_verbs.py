"""`kiosk central client`: a client is added, listed, given another secret and removed; its secret is shown once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.central.scope import EVERYWHERE
from tests.programs.test_central_looking import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path / "central")
    with closing(office.store):
        yield office


def test_the_life_of_a_client(office: Office) -> None:
    secret = office.json("client", "add", "app", "--scope", "3708", "--reason", "the union's app")["secret"]
    held = office.store.client("app")
    assert held is not None
    assert held.knows(secret)
    assert "rotate app" in office.said("client", "add", "app", code=1)
    office.store.give_token("token", "app", office.now + 600)
    other = office.json("client", "rotate", "app")["secret"]
    assert other != secret
    assert office.store.client_with("token", office.now) is None
    office.store.count_signed("2000-01-01", {("client app", "live"): 9})
    listed = office.json("client", "list")
    assert [(each["client"], each["scope"], each["signed"]) for each in listed] == [("app", "3708", {})]
    assert secret not in office.said("client", "list")
    office.said("client", "remove", "app")
    assert office.json("client", "list") == []
    for verb in ("rotate", "remove"):
        assert "client list" in office.said("client", verb, "app", code=1)
    assert [(each.what, each.scope, each.reason) for each in reversed(office.store.acts(EVERYWHERE, about="app"))] == [
        ("client added", "3708", "the union's app"),
        ("client secret", "3708", ""),
        ("client removed", "3708", ""),
    ]


@pytest.mark.parametrize("name", ["App", "a b", "", "x" * 41, "-app"])
def test_a_clients_name_is_one_that_a_header_can_have(office: Office, name: str) -> None:
    office.said("client", "add", "--", name, code=2)
