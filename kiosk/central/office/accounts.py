"""The pages with the accounts: who may log in, as what, for which stations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

from msgspec import Struct, convert
from starlette.exceptions import HTTPException
from starlette.responses import Response

from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.passwords import LONGEST, SHORTEST, hashed
from kiosk.central.roles import ALL, Role
from kiosk.central.scope import Scope
from kiosk.central.store.accounts import ACCOUNT, Account
from kiosk.central.web.forms import Form
from kiosk.language import _
from kiosk.wording.words import word

SCOPE = re.compile("[0-9A-Za-z]{0,12}")
EMPTY = Form({"role": "viewer"})


class NewAccount(Struct, frozen=True):
    """What the form says of an account; `password` is empty where the old one stays."""

    name: str
    role: Role
    scope: str
    password: str
    reason: str


def read_account(form: Form, within: Scope) -> tuple[NewAccount | None, Mapping[str, str]]:
    """The account that a form describes; or what is wrong, by field."""
    name, role, scope = form.words("name"), form.words("role"), form.words("scope")
    password, reason = form.raw("password"), form.words("reason")
    wrong = {
        "name": not re.fullmatch(ACCOUNT, name) and _("Small letters, digits, and . _ - between them; 40 at the most."),
        "role": role not in ALL and _("Choose one."),
        "scope": wrong_scope(scope, within),
        "password": password and _wrong_password(password),
        "reason": not reason and _("This asks for a reason."),
    }
    told = {field: words for field, words in wrong.items() if words}
    return (None if told else NewAccount(name, convert(role, Role), scope, password, reason)), told


def wrong_scope(scope: str, within: Scope) -> str:
    """What is wrong with the beginning of codes that somebody chooses; empty for nothing."""
    if not SCOPE.fullmatch(scope):
        return _("The beginning of a station's code: letters and digits.")
    return "" if within.covers(scope) else _("Your own stations begin with {prefix}.", prefix=within.prefix)


def _wrong_password(password: str) -> str:
    if SHORTEST <= len(password) <= LONGEST:
        return ""
    return _("From {shortest} to {longest} characters.", shortest=SHORTEST, longest=LONGEST)


def show(asked: Asked) -> Response:
    """All accounts within the operator's stations, and the form for a new one."""
    return _all(asked, EMPTY, {})


def add(asked: Asked) -> Response:
    """A new account."""
    new, wrong = read_account(asked.form, asked.scope)
    if not asked.form.raw("password") and asked.store.oidc is None:
        wrong = {**wrong, "password": _wrong_password("")}
    if new is None or wrong:
        return _all(asked, asked.form, wrong, 422)
    password = hashed(new.password) if new.password else ""
    with asked.store.transaction():
        if not asked.store.add_account(new.name, new.role, new.scope, password, asked.now):
            return _all(asked, asked.form, {"name": _("There is one of this name.")}, 422)
        asked.acted("account added", new.name, new.scope, new.reason)
    return to("/accounts")


def one(asked: Asked) -> Response:
    """One account, and what was done to it."""
    account = _known(asked)
    enabled = {"enabled": "on"} if account.disabled is None else {}
    return _one(asked, account, Form({"role": account.role, "scope": account.scope, **enabled}), {})


def change(asked: Asked) -> Response:
    """Another role, other stations, another password; or none that lets it in."""
    account = _known(asked)
    fields = dict(asked.form.fields) | {"name": account.name}
    new, wrong = read_account(Form(fields), asked.scope)
    if account.name == asked.who.name:
        wrong = {"role": _("Nobody changes their own account: ask another administrator.")}
    if new is None or wrong:
        return _one(asked, account, asked.form, wrong, 422, asked.form.raw("seen"))
    if asked.form.raw("seen") not in {"", _seen(account)}:
        return _one(asked, account, asked.form, {"role": _meanwhile(account)}, 409)
    _changed(asked, account, new, enabled=bool(asked.form.raw("enabled")))
    return to(f"/accounts/{account.name}")


def _changed(asked: Asked, account: Account, new: NewAccount, *, enabled: bool) -> None:
    password = hashed(new.password) if new.password else ""
    with asked.store.transaction():
        if asked.store.account(account.name, asked.scope) != account:
            raise HTTPException(409, _("Somebody else has changed this account meanwhile. Load the page again."))
        if (new.role, new.scope) != (account.role, account.scope):
            asked.store.set_role(new.name, new.role, new.scope)
            asked.acted(f"account is {new.role}", new.name, new.scope, new.reason)
        if password:
            asked.store.set_password(new.name, password)
            asked.acted("account password", new.name, new.scope, new.reason)
        if asked.form.raw("second") and account.second:
            asked.store.set_second(new.name, "")
            asked.acted("no second factor", new.name, new.scope, new.reason)
        if asked.form.raw("elsewhere") and asked.store.forget_identity(new.name):
            asked.acted("account unbound", new.name, new.scope, new.reason)
        if enabled != (account.disabled is None):
            asked.store.disable(new.name, None if enabled else asked.now)
            asked.acted("account enabled" if enabled else "account disabled", new.name, new.scope, new.reason)


def _seen(account: Account) -> str:
    """What a page shows of it: by that a form tells whether somebody has changed it since."""
    return f"{account.role} {account.scope} {account.disabled is None}"


def _meanwhile(account: Account) -> str:
    may = _("may log in") if account.disabled is None else _("may not log in")
    return _(
        "Somebody else has changed this account meanwhile: {role}, stations {scope}, {may}. Yours was not kept;"
        " sent once more, it takes the place of theirs.",
        role=word(account.role),
        scope=account.scope or _("all"),
        may=may,
    )


def _known(asked: Asked) -> Account:
    return asked.store.account(asked.path["name"], asked.scope) or missing(_("There is no such account."))


def _all(asked: Asked, form: Form, wrong: Mapping[str, str], status: int = 200) -> Response:
    accounts = asked.store.accounts(asked.scope)
    return page("accounts", asked, status, accounts=accounts, form=form, wrong=wrong, roles=get_args(Role))


def _one(
    asked: Asked, account: Account, form: Form, wrong: Mapping[str, str], status: int = 200, seen: str = ""
) -> Response:
    """`seen`: of a form that comes back, what its page showed."""
    acts = asked.acts(about=account.name)
    bound = asked.store.identity(account.name)
    return page(
        "account", asked, status, account=account, bound=bound, acts=acts, form=form, wrong=wrong, roles=get_args(Role),
        seen=seen or _seen(account),
    )  # fmt: skip
