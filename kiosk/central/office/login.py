"""Logging in and out. Nobody is told whether an account exists: the same words, after the same time.

Guesses count by account and by address, so whoever guesses locks an account for strangers. A browser from which its owner has
logged in before counts by itself, and still gets in.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

from starlette.responses import Response

from kiosk.central.office.asked import ROOT, Asked, page, to
from kiosk.central.office.cookies import give, give_device
from kiosk.central.office.me import digits_of, right_code
from kiosk.central.passwords import fits
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.accounts import Account
from kiosk.central.store.audit import Act
from kiosk.central.store.sessions import digest
from kiosk.central.web.network import network
from kiosk.language import _

MOST_OF_ACCOUNT: Final = 10
"""Wrong guesses of one account in a quarter of an hour."""

MOST_OF_ADDRESS: Final = 30
LONGEST_NAME: Final = 40
SAFE: Final = re.compile(rf"{ROOT}(/[\w./?=&%+,:~-]*)?", re.ASCII)
"""An address of the office itself, and nothing that a browser could take for another host's."""


def ask(asked: Asked) -> Response:
    """The form; whoever is logged in goes on."""
    if asked.account:
        return to(safe(asked.query.get("next", "")))
    undone = _("You are logged in no longer, and what you sent was not done. Log in, and do it again.")
    return page("login", asked, next=asked.query.get("next", ""), wrong=undone if "undone" in asked.query else "")


def enter(asked: Asked) -> Response:
    """Let somebody in who knows an account's password, and the code of its second factor where it has one."""
    name, then = asked.form.words("name")[:LONGEST_NAME], asked.form.raw("next")
    guesses = guesses_of(asked, name)
    if not asked.store.may_guess(guesses, asked.now):
        return page("login", asked, 429, next=then, wrong=_("Too many wrong tries. Wait a quarter of an hour."))
    account = _proven(asked, name)
    if account is None:
        return page("login", asked, 403, next=then, wrong=_("Name, password or code is wrong."))
    asked.store.take_back_guess(guesses, asked.now)
    return begin(asked, account, safe(then))


def guesses_of(asked: Asked, name: str) -> dict[str, int]:
    """What this guess counts for, and how many each may have."""
    if asked.device and asked.store.knows_device(asked.device, name, asked.now):
        return {f"device {digest(asked.device).hex()} {name}": MOST_OF_ACCOUNT}
    return {f"account {name}": MOST_OF_ACCOUNT, f"address {network(asked.address)}": MOST_OF_ADDRESS}


def begin(asked: Asked, account: Account, then: str) -> Response:
    """From now on the browser is this account, by a token that nobody can have known before."""
    token, device = secrets.token_urlsafe(32), asked.device or secrets.token_urlsafe(32)
    with asked.store.transaction():
        asked.store.end_session(asked.token)
        asked.store.begin_session(token, account.name, asked.now)
        asked.store.know_device(device, account.name, asked.now)
        asked.store.acted(Act(account.name, "login", asked.address, account.scope), asked.now)
    return give_device(give(to(then), token, https=asked.https), device, https=asked.https)


def leave(asked: Asked) -> Response:
    """Log out, here and in every tab."""
    with asked.store.transaction():
        asked.store.end_session(asked.token)
        asked.acted("logout", asked.address, asked.who.scope)
    return give(to("/login"), secrets.token_urlsafe(32), https=asked.https)


def safe(wanted: str) -> str:
    """Where somebody wanted to go, below the office; its first page where that is anywhere else."""
    return wanted.removeprefix(ROOT) if SAFE.fullmatch(wanted) and "//" not in wanted else "/"


def _proven(asked: Asked, name: str) -> Account | None:
    account = asked.store.account(name, EVERYWHERE)
    usable = account if account and account.disabled is None else None
    if not fits(asked.form.raw("password"), usable.password if usable else "") or usable is None:
        return None
    return usable if not usable.second or shows_code(asked, usable) else None


def shows_code(asked: Asked, account: Account) -> bool:
    """Whether the second factor's code is right, and nobody has used it yet."""
    code = digits_of(asked)
    once = {f"code {account.name} {code}": 1}
    return right_code(account.second, code, asked.now) and asked.store.may_guess(once, asked.now)
