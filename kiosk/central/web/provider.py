"""A provider of OpenID Connect (Core 1.0, 3.1, with PKCE): the way there, and who came back."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from pathlib import Path
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

from kiosk.central.identity import ProviderSettings
from kiosk.contract.bounded import Adapter
from kiosk.decoding import UNDECODABLE
from kiosk.foreign import visible

WITHIN: Final = 5.0
"""Seconds for each of the provider's answers."""

MOST_ANSWER: Final = 64 * 1024
"""Bytes of each; and one that drips in ends, or the thread that waits for it would outlive the server."""

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
    """What is asked of it within a request; state, nonce and verifier come from the visitor's token, which nobody else has.

    `folder`: where its secret lies; `back`: the address to which it sends people back. Raises OSError and ValueError.
    """

    def __init__(self, settings: ProviderSettings, folder: Path, back: str, token: str) -> None:
        self._settings = settings
        self._state, self._nonce, self._verifier = (_derived(token, use) for use in ("state", "nonce", "verifier"))
        self._session = OAuth2Session(
            settings.client_id,
            settings.secret(folder),
            scope="openid profile",
            redirect_uri=back,
            code_challenge_method="S256",
            default_timeout=WITHIN,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, Adapter(MOST_ANSWER))
        if settings.ca_file:
            self._session.verify = str(folder / settings.ca_file)

    def address(self) -> str:
        """Where somebody is sent to log in. Raises requests.RequestException and KeyError."""
        url, _state = self._session.create_authorization_url(
            self._metadata()["authorization_endpoint"], self._state, self._verifier, nonce=self._nonce
        )
        return str(url)

    def proven(self, answer: Mapping[str, str]) -> Proven:
        """Who came back with this query. Raises NotProven, and what the libraries raise."""
        if not hmac.compare_digest(answer.get("state", "").encode(), self._state.encode()):
            raise NotProven("the answer is to a question of another browser")
        if "code" not in answer:
            error = answer.get("error", "")
            raise NotProven(error if ERROR.fullmatch(error) else "it brought no code")
        metadata = self._metadata()
        token = self._session.fetch_token(metadata["token_endpoint"], code=answer["code"], code_verifier=self._verifier)
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


def told(error: Exception) -> str:
    """For the log: what is wrong, in bounds."""
    return visible(str(error))[:LONGEST_TOLD]


def _derived(token: str, use: str) -> str:
    return hashlib.sha256(f"oidc {use} {token}".encode()).hexdigest()


WRONG: Final = (NotProven, requests.RequestException, AuthlibBaseError, JoseError, OSError, *UNDECODABLE)
"""What a provider that is away, misset or hostile makes of it."""
