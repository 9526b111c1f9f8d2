"""Every role against every route: the table is made from the routes themselves."""

from __future__ import annotations

import re

import pytest

from kiosk.central.office.menu import menu
from kiosk.central.office.pages import PAGES, Page
from kiosk.central.roles import ALL, ANYBODY, Role
from kiosk.central.scope import EVERYWHERE
from tests.office.clerks import Clerk, Office

IDS = [f"{each.method} {each.path}" for each in PAGES]
OPEN = {"/login", "/language/{language}", "/oidc", "/oidc/back", "/oidc/second"}
"""What somebody may ask who has not logged in; whoever adds one says why."""


def address(page: Page) -> str:
    return re.sub(r"\{\w+\}", "37081101", page.path)


def asked(clerk: Clerk, page: Page) -> int:
    if page.method == "POST":
        return clerk.post(address(page), csrf="x").status_code
    return clerk.get(address(page)).status_code


@pytest.fixture(scope="module")
def clerks(office: Office) -> dict[Role, Clerk]:
    return {role: office.hire(f"role.{role}", role) for role in ALL}


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_a_page_is_for_its_roles_and_no_other(office: Office, clerks: dict[Role, Clerk], page: Page) -> None:
    if page.roles == ANYBODY:
        assert page.path in OPEN
        return
    assert asked(office.stranger(), page) == 303, "to the login"
    for role, clerk in clerks.items():
        told = clerk.post(address(page), csrf="x").text if page.method == "POST" else ""
        if page.method == "POST" and role in page.roles:
            assert "another session" in told
        elif role in page.roles:
            assert asked(clerk, page) in {200, 303, 404}, role
        else:
            assert asked(clerk, page) == 403, role


def test_a_page_without_a_role_is_none() -> None:
    with pytest.raises(TypeError):
        Page("/x", PAGES[0].view)  # type: ignore[call-arg]


@pytest.mark.parametrize("scope", ["", "3708"])
@pytest.mark.parametrize("role", ALL)
def test_the_menu_leads_only_to_pages_that_open_and_say_what_they_are(office: Office, role: Role, scope: str) -> None:
    name = f"menu.{role}{scope}"
    clerk, account = office.hire(name, role, scope), office.store.account(name, EVERYWHERE)
    assert account
    pages = {path: clerk.get(path) for path, _words in menu(account)}
    assert {path for path, page in pages.items() if page.status_code != 200} == set()
    assert {path for path, page in pages.items() if 'class="help' not in page.text} == set(), "each says what it is"
