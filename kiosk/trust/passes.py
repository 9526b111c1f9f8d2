"""The pass: `YZ1:` + Base45 (RFC 9285) of a COSE_Sign1 whose payload is CWT claims (RFC 8392).

:func:`read_pass` runs the checks that need nothing but the text and the keys, in the design's order: length, prefix,
Base45, CBOR, profile, key known, signature, claims. Nothing is read as claims before the signature holds. What depends on
the station (status, scope, time, replay, mode) is in :mod:`kiosk.core.access`.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable
from typing import Any, Final

import cbor2
from base45 import b45decode, b45encode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from kiosk.trust.cose import ALG, KID, Malformed, Sign1, as_sign1, holds, read_cbor, sign1
from kiosk.trust.keyset import Keyset, usable
from kiosk.trust.reasons import Reason

PREFIX: Final = "YZ1:"
BOUND_PREFIX: Final = "YZ2:"
MAX_TEXT: Final = 512
"""Characters. The longest pass of this profile has under 220; 512 leaves room and still bounds the work."""

EXPIRES, NOT_BEFORE, ISSUED_AT = 4, 5, 6
INDEX, CLASS, SCOPE, KIND, EXTENDED = -70001, -70002, -70003, -70004, -70005
U32: Final = 2**32
TIME_LIMIT: Final = 2**33
SCOPE_LIMIT: Final = 12


class PassClass(enum.IntEnum):
    """Who holds the pass."""

    WORKER = 0
    TECHNICIAN = 1
    STEWARD = 2
    VISITOR = 3


class Kind(enum.IntEnum):
    """Printed for weeks, from the app for minutes, or bound to a phone's key."""

    CARD = 0
    LIVE = 1
    BOUND = 2


class Pass(Struct, frozen=True):
    """The claims of a pass whose signature held. Times are seconds since 1970; `scope` is a station-code prefix.

    `extended`: the holder needs longer at the door (ONVIF: extended grant time).
    """

    index: int
    pass_class: PassClass
    kind: Kind
    issued_at: int
    expires: int
    not_before: int | None = None
    scope: str = ""
    extended: bool = False
    kid: str = ""
    token: str = ""


def make_pass(claims: Pass, key: Ed25519PrivateKey, kid: bytes) -> str:
    """The text to put into a QR code. `claims.kid` and `claims.token` are derived, not given."""
    payload: dict[int, int | str | bool] = {EXPIRES: claims.expires}
    if claims.not_before is not None:
        payload[NOT_BEFORE] = claims.not_before
    payload[ISSUED_AT] = claims.issued_at
    payload |= {INDEX: claims.index, CLASS: int(claims.pass_class)}
    if claims.scope:
        payload[SCOPE] = claims.scope
    payload[KIND] = int(claims.kind)
    if claims.extended:
        payload[EXTENDED] = True
    text: str = b45encode(sign1(cbor2.dumps(payload), key, kid)).decode("ascii")
    return PREFIX + text


def read_pass(text: str, keyset: Keyset) -> Pass | Reason:
    """The pass in `text`, or the first reason why there is none."""
    message = _unwrap(text)
    if isinstance(message, Reason):
        return message
    key = keyset.find(message.kid, "issuer")
    public = usable(key) if key else None
    if key is None or public is None:
        return Reason.UNKNOWN_KEY
    if not holds(message, public):
        return Reason.BAD_SIGNATURE
    claims = _claims(message)
    if isinstance(claims, Pass) and not key.not_before <= claims.issued_at <= key.not_after:
        return Reason.UNKNOWN_KEY
    return claims


def peek(text: str) -> Pass | Reason:
    """What a pass *says* it holds, with nobody's word for it: for an explanation to a technician, never for a decision."""
    message = _unwrap(text)
    return message if isinstance(message, Reason) else _claims(message)


def _unwrap(text: str) -> Sign1 | Reason:
    if len(text) > MAX_TEXT:
        return Reason.TOO_LONG
    if text.startswith(BOUND_PREFIX):
        return Reason.UNSUPPORTED
    if not text.startswith(PREFIX):
        return Reason.NOT_A_PASS
    try:
        data = b45decode(text[len(PREFIX) :].encode())
    except ValueError:
        return Reason.BAD_BASE45
    try:
        item = read_cbor(data)
    except Malformed:
        return Reason.BAD_CBOR
    try:
        message = as_sign1(item)
    except Malformed:
        return Reason.BAD_PROFILE
    return message if message.headers.keys() == {ALG, KID} else Reason.BAD_PROFILE


def _claims(message: Sign1) -> Pass | Reason:
    try:
        found = read_cbor(message.payload, max_depth=1)
        if not isinstance(found, dict) or not CHECKS.keys() >= found.keys() >= REQUIRED:
            return Reason.BAD_PROFILE
    except (Malformed, TypeError):
        return Reason.BAD_PROFILE
    if not all(CHECKS[name](value) for name, value in found.items()):
        return Reason.BAD_PROFILE
    return _pass(found, message)


def _pass(found: dict[int, Any], message: Sign1) -> Pass:
    return Pass(
        index=found[INDEX],
        pass_class=PassClass(found[CLASS]),
        kind=Kind(found[KIND]),
        issued_at=found[ISSUED_AT],
        expires=found[EXPIRES],
        not_before=found.get(NOT_BEFORE),
        scope=found.get(SCOPE, ""),
        extended=found.get(EXTENDED, False),
        kid=message.kid.hex(),
        token=hashlib.sha256(message.protected + message.payload).hexdigest()[:16],
    )


def _below(limit: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and 0 <= value < limit


def _is_scope(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= SCOPE_LIMIT and value.isascii() and value.isalnum()


CHECKS: Final[dict[int, Callable[[object], bool]]] = {
    EXPIRES: _below(TIME_LIMIT),
    NOT_BEFORE: _below(TIME_LIMIT),
    ISSUED_AT: _below(TIME_LIMIT),
    INDEX: _below(U32),
    CLASS: _below(len(PassClass)),
    SCOPE: _is_scope,
    KIND: _below(Kind.BOUND),
    EXTENDED: lambda value: value is True,
}
"""Each claim of the profile and what it may be. A bound pass has another prefix, so its kind is malformed here."""

REQUIRED: Final = {EXPIRES, ISSUED_AT, INDEX, CLASS, KIND}
