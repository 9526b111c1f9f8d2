"""A phone's first pass by a login elsewhere (OpenID Connect): there somebody proves who they are, here is whose pass it is.

No cookie joins the two halves: the phone keeps a number of its own meanwhile, from which state, nonce and verifier come. The
first time a holder is found by the pseudonym that the provider says, and bound to its `sub`, as an operator's account is.
"""

from __future__ import annotations

import logging
import re
from typing import Final, NoReturn

from kiosk.central.identity import ProviderSettings
from kiosk.central.passes import STAFF
from kiosk.central.passpage.acts import PHONE, Asked, Question, bound, prove, refuse, told, use
from kiosk.central.passpage.assets import BACK
from kiosk.central.passpage.bodies import Coming, Going, Gone, Held
from kiosk.central.store.audit import Act
from kiosk.central.store.people import Credential
from kiosk.central.web import provider
from kiosk.central.web.provider import WRONG, Proven, Provider
from kiosk.contract.issuing import HOLDER

log = logging.getLogger(__name__)


def go(asked: Asked) -> Gone:
    """The way to the provider."""
    body: Going = asked.body
    try:
        return Gone(_provider(asked, body.token).address())
    except WRONG as error:
        _failed(error)


def come(asked: Asked) -> Held:
    """Somebody is back, and has the pass of whom they have proven to be; whichever phone had it before gets none any more."""
    body: Coming = asked.body
    prove(asked, "back", body)
    try:
        proven = _provider(asked, body.token).proven({"state": body.state, "code": body.code})
    except WRONG as error:
        _failed(error)
    with asked.store.transaction():
        use(asked, body)
        held = _holders(asked, proven)
        if held is None:
            refuse(403, "nobody", "no holder of a pass is bound to this login")
        return told(asked, bound(asked, held, body.public_key, "login elsewhere"))


def _holders(asked: Asked, proven: Proven) -> Credential | None:
    """Their newest pass that counts, or else their newest; bound now, if nobody was and the provider says its pseudonym.

    None of the staff's: those open doors at night, and get onto phones by whoever issues passes.
    """
    store, issuer = asked.store, _settings(asked).issuer
    known = store.holder_of_login(issuer, proven.subject)
    holder = known or (proven.name if re.fullmatch(HOLDER, proven.name) else "")
    found = [each for each in store.credentials(holder) if each.facts.pass_class not in STAFF]
    if not found or (known is None and not store.bind_login(issuer, proven.subject, holder, asked.now)):
        return None
    held = [each for each in found if each.counts] or found
    if known is None:
        store.acted(Act(PHONE, "holder login bound", holder, held[-1].facts.district), asked.now)
    return held[-1]


def _failed(error: Exception) -> NoReturn:
    log.warning("pass login: %s", provider.told(error))
    refuse(403, "login", "the login elsewhere did not work")


def _provider(asked: Asked, token: str) -> Provider:
    return Provider(_settings(asked), asked.store.folder, asked.store.addresses.passes + BACK, token)


def _settings(asked: Asked) -> ProviderSettings:
    settings = asked.store.pass_login
    assert settings is not None, "the questions are there because of it"  # noqa: S101
    return settings


QUESTIONS: Final = (
    Question("login", Going, go, anybodys=True, abroad=True),
    Question("back", Coming, come, anybodys=True, abroad=True),
)
