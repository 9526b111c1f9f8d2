"""Logging in elsewhere (OpenID Connect Core 1.0, 3.1, with PKCE): there somebody proves who they are, here is what they may.

The first time an account is found by the name that the provider says, and bound to the provider's `sub`, which never changes
(2, 5.7). From then on that alone counts: a name may be given to somebody else there.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from typing import Any, Final

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from msgspec import Struct
from starlette.responses import RedirectResponse, Response

from kiosk.central.identity import OidcSettings
from kiosk.central.office.asked import Asked, missing, page, to
from kiosk.central.office.login import LONGEST_NAME, begin, guesses_of, shows_code
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.accounts import ACCOUNT, Account
from kiosk.central.store.audit import Act
from kiosk.foreign import visible
from kiosk.language import _

log = logging.getLogger(__name__)

WITHIN: Final = 5.0
"""Seconds for each of the provider's answers."""

LEEWAY: Final = 120
ALGORITHMS: Final = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
"""Signatures that are believed; `none` and those with a shared secret are not among them."""


ERROR: Final = re.compile("[a-z_]{1,60}")
"""What a provider says in place of a code (RFC 6749, 4.1.2.1); whoever comes may have written anything there."""

LONGEST_SUBJECT: Final = 255
LONGEST_TOLD: Final = 300


class NotProven(Exception):
    """The provider did not prove who somebody is; the text is for the log."""


class Proven(Struct, frozen=True):
    """Who came back: the provider's own name of them for ever, and the one that is an account's; empty where it says none."""

    subject: str
    name: str


class Provider:
    """What is asked of it within a request; state, nonce and verifier come from the visitor's token, which nobody else has."""

    def __init__(self, asked: Asked, settings: OidcSettings) -> None:
        self._asked, self._settings = asked, settings
        self._state, self._nonce, self._verifier = (
            _derived(asked.token, use) for use in ("state", "nonce", "verifier")
        )
        self._session = OAuth2Session(
            settings.client_id,
            settings.secret(asked.store.folder),
            scope="openid profile",
            redirect_uri=f"{settings.office.rstrip('/')}/oidc/back",
            code_challenge_method="S256",
            default_timeout=WITHIN,
        )
        if settings.ca_file:
            self._session.verify = str(asked.store.folder / settings.ca_file)

    def address(self) -> str:
        """Where somebody is sent to log in. Raises requests.RequestException and KeyError."""
        url, _state = self._session.create_authorization_url(
            self._metadata()["authorization_endpoint"], self._state, self._verifier, nonce=self._nonce
        )
        return str(url)

    def proven(self) -> Proven:
        """Who came back. Raises NotProven, and what the libraries raise."""
        if not hmac.compare_digest(self._asked.query.get("state", "").encode(), self._state.encode()):
            raise NotProven("the answer is to a question of another browser")
        if "code" not in self._asked.query:
            error = self._asked.query.get("error", "")
            raise NotProven(error if ERROR.fullmatch(error) else "it brought no code")
        metadata = self._metadata()
        token = self._session.fetch_token(
            metadata["token_endpoint"], code=self._asked.query["code"], code_verifier=self._verifier
        )
        claims = self._claims(metadata, token)
        named = claims.get(self._settings.claim) or self._told(metadata, claims).get(self._settings.claim)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
            raise NotProven("it says no sub")
        return Proven(subject, named if isinstance(named, str) else "")

    def _claims(self, metadata: dict[str, Any], token: dict[str, Any]) -> dict[str, Any]:
        keys = KeySet.import_key_set({"keys": self._got(metadata["jwks_uri"])["keys"]})
        signed = jwt.decode(token["id_token"], keys, registry=JWSRegistry(algorithms=ALGORITHMS))
        ours = {"nonce": self._nonce, "client_id": self._settings.client_id, "access_token": token["access_token"]}
        wanted = {"iss": {"values": [self._settings.issuer]}, "aud": {"value": self._settings.client_id}}
        claims = CodeIDToken(signed.claims, signed.header, wanted, ours)
        claims.validate(leeway=LEEWAY)
        if claims.get("nonce") != self._nonce:
            raise NotProven("the token is an answer to another question")
        return dict(claims)

    def _told(self, metadata: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
        """What it says beside the token; some providers put names there alone."""
        found = (
            self._got(metadata["userinfo_endpoint"], withhold_token=False) if "userinfo_endpoint" in metadata else {}
        )
        return found if found.get("sub") == claims["sub"] else {}

    def _metadata(self) -> dict[str, Any]:
        found = self._got(f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self._settings.issuer:
            raise NotProven(f"it calls itself {found.get('issuer')}")
        return found

    def _got(self, url: str, *, withhold_token: bool = True) -> dict[str, Any]:
        answer = self._session.get(url, withhold_token=withhold_token, timeout=WITHIN)
        answer.raise_for_status()
        return dict(answer.json())


def away(asked: Asked) -> Response:
    """The way to the provider."""
    try:
        return RedirectResponse(Provider(asked, _settings(asked)).address(), 303)
    except WRONG as error:
        return _refused(asked, error)


def back(asked: Asked) -> Response:
    """Somebody comes back, and is the account that is bound to who they are, or the one of their name, if there is one."""
    settings = _settings(asked)
    try:
        proven = Provider(asked, settings).proven()
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


def _settings(asked: Asked) -> OidcSettings:
    return asked.store.oidc or missing(_("There is no login elsewhere."))


def _refused(asked: Asked, error: Exception) -> Response:
    log.warning("oidc: %s", visible(str(error))[:LONGEST_TOLD])
    words = _("The login elsewhere did not work. Try again, or use an account of this server.")
    return page("login", asked, 403, next="", wrong=words)


def _derived(token: str, use: str) -> str:
    return hashlib.sha256(f"oidc {use} {token}".encode()).hexdigest()


WRONG: Final = (NotProven, requests.RequestException, AuthlibBaseError, JoseError, OSError, KeyError, ValueError)
"""What a provider that is away, misset or hostile makes of it."""
