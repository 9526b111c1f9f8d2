"""Logging in elsewhere (OpenID Connect Core 1.0, 3.1, with PKCE): there somebody proves who they are, here is what they may."""

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
from starlette.responses import RedirectResponse, Response

from kiosk.central.identity import OidcSettings
from kiosk.central.office.asked import Asked, missing, page
from kiosk.central.office.login import begin
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.accounts import ACCOUNT, Account
from kiosk.language import _

log = logging.getLogger(__name__)

WITHIN: Final = 5.0
"""Seconds for each of the provider's answers."""

LEEWAY: Final = 120
ALGORITHMS: Final = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
"""Signatures that are believed; `none` and those with a shared secret are not among them."""


class NotProven(Exception):
    """The provider did not prove who somebody is; the text is for the log."""


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

    def proven(self) -> str:
        """Who came back, by the claim that names an account. Raises NotProven, and what the libraries raise."""
        if not hmac.compare_digest(self._asked.query.get("state", "").encode(), self._state.encode()):
            raise NotProven("the answer is to a question of another browser")
        if "code" not in self._asked.query:
            raise NotProven(self._asked.query.get("error", "it brought no code"))
        metadata = self._metadata()
        token = self._session.fetch_token(
            metadata["token_endpoint"], code=self._asked.query["code"], code_verifier=self._verifier
        )
        claims = self._claims(metadata, token)
        named = claims.get(self._settings.claim) or self._told(metadata, claims).get(self._settings.claim)
        if not isinstance(named, str):
            raise NotProven(f"it says no {self._settings.claim}")
        return named

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
    """Somebody comes back, and is the account of that name, if there is one."""
    try:
        name = Provider(asked, _settings(asked)).proven()
    except WRONG as error:
        return _refused(asked, error)
    account = _account(asked, name)
    if account is None:
        words = _(
            "You are proven to be {name}, and there is no such account here. An administrator may add it.", name=name
        )
        return page("login", asked, 403, next="", wrong=words)
    return begin(asked, account, "/")


def _account(asked: Asked, name: str) -> Account | None:
    account = asked.store.account(name, EVERYWHERE) if re.fullmatch(ACCOUNT, name) else None
    return account if account and account.disabled is None else None


def _settings(asked: Asked) -> OidcSettings:
    return asked.store.oidc or missing(_("There is no login elsewhere."))


def _refused(asked: Asked, error: Exception) -> Response:
    log.warning("oidc: %s", error)
    words = _("The login elsewhere did not work. Try again, or use an account of this server.")
    return page("login", asked, 403, next="", wrong=words)


def _derived(token: str, use: str) -> str:
    return hashlib.sha256(f"oidc {use} {token}".encode()).hexdigest()


WRONG: Final = (NotProven, requests.RequestException, AuthlibBaseError, JoseError, OSError, KeyError, ValueError)
"""What a provider that is away, misset or hostile makes of it."""
