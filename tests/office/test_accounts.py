"""Accounts: made at the server and in the office, changed by another administrator, never beyond one's own stations."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kiosk.central.scope import EVERYWHERE
from kiosk.cli.main import main
from kiosk.demo.founding import found
from tests.office.clerks import KEPT, PASSWORD, Office, words

NEW = {"name": "wang.fang", "role": "technician", "scope": "3708", "password": PASSWORD, "reason": "new in Jining"}


def test_an_administrator_adds_somebody_who_then_gets_in(office: Office) -> None:
    clerk = office.hire("boss")
    assert clerk.send("/accounts", **NEW).status_code == 303
    assert "wang.fang Technician 3708 may log in".lower() in clerk.reads("/accounts").lower()
    assert office.stranger().log_in("wang.fang").status_code == 303
    newest = [(each.account, each.what, each.reason) for each in office.store.acts(EVERYWHERE, about="wang.fang")]
    assert newest == [("boss", "account added", "new in Jining")]


def test_every_error_of_the_form_is_told_at_once_beside_its_field_and_what_was_typed_stays(office: Office) -> None:
    clerk = office.hire("hasty")
    answer = clerk.send("/accounts", name="Wang Fang", role="king", scope="37-08", password="short", reason=" ")
    assert answer.status_code == 422
    assert all(f'id="{field}-error"' in answer.text for field in NEW)
    assert 'value="Wang Fang"' in answer.text
    assert "short" not in answer.text.replace("shortest", "")


def test_a_name_is_taken_once(office: Office) -> None:
    office.hire("taken")
    assert "There is one of this name." in words(office.hire("second").send("/accounts", **NEW | {"name": "taken"}))


def test_another_role_another_password_and_the_end(office: Office) -> None:
    boss, clerk = office.hire("boss2"), office.hire("changing", "viewer")
    fields = {"role": "steward", "scope": "37", "enabled": "on", "reason": "promoted"}
    assert boss.send("/accounts/changing", **fields).status_code == 303
    assert clerk.get("/audit").status_code == 200, "the role is another, the session the same"
    assert boss.send("/accounts/changing", **fields, password="another horse").status_code == 303
    assert clerk.get("/audit").status_code == 303, "who was logged in with the old one is so no longer"
    assert boss.send("/accounts/changing", role="steward", scope="37", reason="left").status_code == 303
    assert office.stranger().log_in("changing", "another horse").status_code == 403
    done = [each.what for each in office.store.acts(EVERYWHERE, about="changing")]
    assert done == ["account disabled", "account password", "account is steward"]


def test_a_form_that_lacks_its_reason_comes_back_as_it_was_filled_in(office: Office) -> None:
    """Or the box would be ticked again, and who has left goes on getting in."""
    boss, leaver = office.hire("boss3"), office.hire("leaver1", "technician")
    sent = boss.send("/accounts/leaver1", role="viewer", scope="37", reason="")
    assert sent.status_code == 422
    assert re.search(r'name="enabled">', sent.text), "it is not ticked"
    assert '<option value="viewer" selected>' in sent.text
    assert re.search(r'name="enabled" checked>', boss.get("/accounts/leaver1").text)
    assert leaver.get("/audit").status_code == 200


def test_of_two_administrators_the_second_is_told_what_the_first_has_changed(office: Office) -> None:
    """Or who only gives another password would give a role back that was taken away."""
    second, _demoted = office.hire("boss4"), office.hire("demoted1", "issuer")
    page = second.get("/accounts/demoted1").text
    office.store.set_role("demoted1", "viewer", "3708")
    fields = {"role": "issuer", "scope": "", "enabled": "on", "password": "another horse", "reason": "forgot it"}
    late = second.send("/accounts/demoted1", **fields, seen=seen(page))
    assert (late.status_code, "meanwhile: viewer, stations 3708, may log in" in words(late)) == (409, True)
    account = office.store.account("demoted1", EVERYWHERE)
    assert account
    assert (account.role, account.password) == ("viewer", KEPT)
    unsaid = second.send("/accounts/demoted1", **fields | {"reason": ""}, seen=seen(page))
    assert seen(unsaid.text) == seen(page), "what is told of its fields lets nobody forget what they saw"
    assert second.send("/accounts/demoted1", **fields, seen=seen(late.text)).status_code == 303


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found
    return found[1]


def test_nobody_changes_their_own_account(office: Office) -> None:
    clerk = office.hire("selfmade")
    assert clerk.send("/accounts/selfmade", role="viewer", scope="", reason="x").status_code == 422


def test_whose_stations_begin_so_sees_and_makes_no_account_beyond(office: Office) -> None:
    """IDOR over prefixes."""
    clerk = office.hire("local.boss", scope="3708")
    office.hire("far.away", "viewer", "41")
    office.hire("above", "viewer", "37")
    shown = clerk.reads("/accounts")
    assert "local.boss" in shown
    assert "far.away" not in shown
    for name in ("far.away", "above", "nobody"):
        assert clerk.get(f"/accounts/{name}").status_code == 404
        sent = clerk.send(f"/accounts/{name}", page="/accounts", role="viewer", scope="3708", reason="x")
        assert sent.status_code == 404
    for scope in ("", "37", "4"):
        assert clerk.send("/accounts", **NEW | {"name": "mole", "scope": scope}).status_code == 422
    assert "far.away" not in clerk.reads("/audit")


def test_hostile_words_stay_words(office: Office) -> None:
    clerk = office.hire("hostile")
    nasty = '"><script>alert(1)</script>'
    answer = clerk.send("/accounts", name=nasty, role=nasty, scope=nasty, password=nasty, reason=nasty)
    assert "<script" not in answer.text
    assert clerk.send("/accounts", **NEW | {"name": "nasty", "reason": nasty}).status_code == 303
    assert "<script" not in clerk.get("/audit").text
    assert nasty in clerk.reads("/audit")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found(tmp_path / "central")
    return tmp_path / "central"


def verb(folder: Path, *words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, ["central", *words, "--data", str(folder)], input=typed)


def test_the_first_administrator_is_made_at_the_server(folder: Path) -> None:
    made = verb(folder, "account", "add", "root1", "--role", "administrator", typed=PASSWORD + "\n")
    assert made.exit_code == 0, made.output
    assert verb(folder, "account", "add", "root1", "--role", "viewer", typed=PASSWORD + "\n").exit_code == 1
    assert verb(folder, "account", "role", "root1", "--role", "steward", "--scope", "3708").exit_code == 0
    assert verb(folder, "account", "password", "root1", typed="another horse\n").exit_code == 0
    assert verb(folder, "account", "disable", "root1", "--reason", "left").exit_code == 0
    (listed,) = json.loads(verb(folder, "account", "list", "--json").stdout)
    assert (listed["role"], listed["scope"], listed["disabled"] is None) == ("steward", "3708", False)
    assert "password" not in listed
    assert verb(folder, "account", "enable", "root1").exit_code == 0
    acts = json.loads(verb(folder, "audit", "list", "--json").stdout)
    assert [each["what"] for each in reversed(acts)] == [
        "account added", "account is steward", "account password", "account disabled", "account enabled"
    ]  # fmt: skip
    verified = verb(folder, "audit", "verify")
    head = verified.output.split()[-1]
    assert verb(folder, "audit", "verify", "--head", head).exit_code == 0
    assert (
        verb(folder, "audit", "verify", "--head", head.replace(head[0], "0" if head[0] != "0" else "1")).exit_code == 1
    )


@pytest.mark.parametrize(
    ("words", "typed", "code"),
    [
        (["add", "Big Name", "--role", "viewer"], None, 2),
        (["add", "x", "--role", "king"], None, 2),
        (["add", "x", "--role", "viewer"], "short\n", 2),
        (["add", "x", "--role", "viewer"], "", 2),
        (["role", "nobody", "--role", "viewer"], None, 1),
        (["disable", "nobody"], None, 1),
        (["password", "nobody"], None, 1),
    ],
)
def test_what_is_wrong_is_told_with_the_next_command(
    folder: Path, words: list[str], typed: str | None, code: int
) -> None:
    told = verb(folder, "account", *words, typed=typed)
    assert told.exit_code == code
    assert "Traceback" not in told.output
