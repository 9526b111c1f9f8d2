"""Logging in elsewhere: there somebody proves who they are, here is what they may.

The first time an account is found by the name that the provider says, and bound to the provider's `sub`, which never changes
(OpenID Connect Core 1.0, 2, 5.7). From then on that alone counts: a name may be given to somebody else there.
"""

from __future__ import annotations

import logging
import re

from starlette.responses import RedirectResponse, Response

from kiosk.central.identity import OidcSettings
from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.office.login import LONGEST_NAME, begin, guesses_of, shows_code
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.accounts import ACCOUNT, Account
from kiosk.central.store.audit import Act
from kiosk.central.web.provider import WRONG, Proven, Provider, told
from kiosk.foreign import visible
from kiosk.language import _

log = logging.getLogger(__name__)


def away(asked: Asked) -> Response:
    """The way to the provider."""
    try:
        return RedirectResponse(_provider(asked, _settings(asked)).address(), 303)
    except WRONG as error:
        return _refused(asked, error)


def back(asked: Asked) -> Response:
    """Somebody comes back, and is the account that is bound to who they are, or the one of their name, if there is one."""
    settings = _settings(asked)
    try:
        proven = _provider(asked, settings).proven(asked.query)
    except WRONG as error:
        return _refused(asked, error)
    account = _account(asked, settings.issuer, proven)
    if account is None:
        words = _(
            "You are proven to be {name}, and no account here is yours. An administrator may add it, or let go of who had it.",
            name=visible(proven.name)[:LONGEST_NAME] or "?",
        )
        return page("login", asked, 403, next="", wrong=words)
    if account.second and not settings.asks_second:
        asked.store.begin_half_login(asked.token, account.name, asked.now)
        return page("login_code", asked, wrong="")
    return begin(asked, account, "/")


def second(asked: Asked) -> Response:
    """The code of the second factor, after the proof from elsewhere."""
    name = asked.store.half_login(asked.token, asked.now)
    account = asked.store.account(name, EVERYWHERE) if name else None
    if account is None or account.disabled is not None:
        return to("/login")
    guesses = guesses_of(asked, account.name)
    if not asked.store.may_guess(guesses, asked.now):
        return page("login_code", asked, 429, wrong=_("Too many wrong tries. Wait a quarter of an hour."))
    if not shows_code(asked, account):
        return page(
            "login_code", asked, 403, wrong=_("That is not the code of just now. Is the telephone's clock right?")
        )
    asked.store.take_back_guess(guesses, asked.now)
    return begin(asked, account, "/")


def _account(asked: Asked, issuer: str, proven: Proven) -> Account | None:
    """Whose account it is; bound now, if nobody was bound to it and it is the one of their name."""
    store = asked.store
    with store.transaction():
        bound = store.account_of(issuer, proven.subject)
        name = bound or (proven.name if re.fullmatch(ACCOUNT, proven.name) else "")
        account = store.account(name, EVERYWHERE)
        if account is None or account.disabled is not None:
            return None
        if bound:
            return account
        if not store.bind_identity(issuer, proven.subject, account.name, asked.now):
            return None
        store.acted(Act(account.name, "login bound", account.name, account.scope), asked.now)
        return account


def _provider(asked: Asked, settings: OidcSettings) -> Provider:
    return Provider(settings, asked.store.folder, f"{settings.office.rstrip('/')}/oidc/back", asked.token)


def _settings(asked: Asked) -> OidcSettings:
    return asked.store.oidc or missing(_("There is no login elsewhere."))


def _refused(asked: Asked, error: Exception) -> Response:
    log.warning("oidc: %s", told(error))
    words = _("The login elsewhere did not work. Try again, or use an account of this server.")
    return page("login", asked, 403, next="", wrong=words)
