"""`POST /v1/token`: a client's name and secret against a token that holds for minutes (OAuth 2, RFC 6749, 4.4).

The secret is 256 random bits, kept as a digest: nobody guesses it, and a guess takes no time to judge. So guesses are not
counted, and nobody's keep a client out.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import Final, NoReturn
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from msgspec import Struct
from starlette.responses import Response

from kiosk.central.store import CentralStore
from kiosk.central.store.clients import Client
from kiosk.contract.issuing import TOKEN_FOR, AccessToken, TokenError

MOST_FIELDS: Final = 16
FORM: Final = "application/x-www-form-urlencoded"
NOT_KEPT: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class NoToken(Exception):
    """Why there is none (RFC 6749, 5.2)."""

    def __init__(self, status: int, error: TokenError, headers: dict[str, str] | None = None) -> None:
        super().__init__(error.error)
        self.status, self.error, self.headers = status, error, headers or {}


class Credentials(Struct, frozen=True):
    """What a client says that it is."""

    name: str
    secret: str


def answer(store: CentralStore, headers: dict[str, str], body: bytes, now: float) -> Response:
    """A token, or why there is none."""
    try:
        client = _proven(store, read(headers, body))
    except NoToken as why:
        return _json(why.error, why.status, why.headers)
    token = secrets.token_urlsafe(32)
    store.give_token(token, client.name, now + TOKEN_FOR)
    return _json(AccessToken(token, TOKEN_FOR), 200, {})


def read(headers: dict[str, str], body: bytes) -> Credentials:
    """Who asks for a token, by the header or by the body, and not by both. Raises NoToken."""
    form = _form(headers.get("content-type", ""), body)
    if "grant_type" not in form:
        _refuse("invalid_request", "grant_type is missing")
    if form["grant_type"] != "client_credentials":
        raise NoToken(400, TokenError("unsupported_grant_type", "grant_type must be client_credentials"))
    in_header = _basic(headers["authorization"]) if "authorization" in headers else None
    if in_header and "client_secret" in form:
        _refuse("invalid_request", "the secret is in the header and in the body")
    return in_header or Credentials(form.get("client_id", ""), form.get("client_secret", ""))


def _form(kind: str, body: bytes) -> dict[str, str]:
    if kind.partition(";")[0].strip().lower() != FORM:
        _refuse("invalid_request", f"the body must be {FORM}")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        _refuse("invalid_request", "the body is no form")
    form = dict(pairs)
    if len(form) < len(pairs):
        _refuse("invalid_request", "a parameter is there twice")
    return form


def _basic(header: str) -> Credentials:
    """RFC 6749, 2.3.1: both are form-encoded first."""
    scheme, _space, value = header.partition(" ")
    try:
        text = base64.b64decode(value.strip(), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        _nobody()
    if scheme.lower() != "basic" or ":" not in text:
        _nobody()
    name, _colon, secret = text.partition(":")
    return Credentials(unquote_plus(name), unquote_plus(secret))


def _proven(store: CentralStore, said: Credentials) -> Client:
    """The client; who is none is told the same. Raises NoToken."""
    client = store.client(said.name)
    if client is None or not client.knows(said.secret):
        _nobody()
    return client


def _nobody() -> NoReturn:
    raise NoToken(401, TokenError("invalid_client"), {"WWW-Authenticate": 'Basic realm="yizhan"'})


def _refuse(error: str, why: str) -> NoReturn:
    raise NoToken(400, msgspec.convert({"error": error, "error_description": why}, TokenError))


def _json(body: AccessToken | TokenError, status: int, headers: dict[str, str]) -> Response:
    return Response(msgspec.json.encode(body), status, NOT_KEPT | headers, "application/json")
