"""The pass: `YZ1:` + Base45 (RFC 9285) of a COSE_Sign1 whose payload is CWT claims (RFC 8392).

A *bound* pass names its holder's key (`cnf`, RFC 8747), and is worth nothing by itself: the phone puts it, with its own time,
into a COSE_Sign1 of its own, `YZ2:`, which is another one each time. So a copy of what the phone shows dies with it.

:func:`read_pass` runs the checks that need nothing but the text and the keys, in the design's order: length, prefix,
Base45, CBOR, profile, key known, signature, claims. Nothing is read as claims before the signature holds. What depends on
the station (status, scope, time, replay, mode) is in :mod:`kiosk.core.door.access`.
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
from msgspec.structs import replace

from kiosk.trust.cose import ALG, KID, Malformed, Sign1, as_sign1, holds, public_key, read_cbor, sign1
from kiosk.trust.keyset import Keyset, usable
from kiosk.trust.reasons import Reason

PREFIX: Final = "YZ1:"
BOUND_PREFIX: Final = "YZ2:"
MAX_TEXT: Final = 512
"""Characters. The longest pass of this profile has under 220; 512 leaves room and still bounds the work."""

EXPIRES, NOT_BEFORE, ISSUED_AT, CONFIRMATION = 4, 5, 6, 8
INDEX, CLASS, SCOPE, KIND, EXTENDED = -70001, -70002, -70003, -70004, -70005
INNER: Final = -70010
"""In what the phone signs: the issuer's pass, as bytes, beside the phone's time (`issued at`)."""

COSE_KEY, KEY_TYPE, CURVE, X = 1, 1, -1, -2
OKP, ED25519 = 1, 6
"""The names of RFC 9053 and RFC 8747 for a public Ed25519 key."""

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

    `extended`: the holder needs longer at the door (ONVIF: extended grant time). Of a bound pass `holder_key` is the phone's
    raw public key, and `shown_at` the time that the phone signed, when it was shown.
    """

    index: int
    pass_class: PassClass
    kind: Kind
    issued_at: int
    expires: int
    not_before: int | None = None
    scope: str = ""
    extended: bool = False
    holder_key: bytes = b""
    shown_at: int = 0
    kid: str = ""
    token: str = ""


def make_pass(claims: Pass, key: Ed25519PrivateKey, kid: bytes) -> str:
    """The text to put into a QR code. `claims.kid` and `claims.token` are derived, not given."""
    payload: dict[int, Any] = {EXPIRES: claims.expires}
    if claims.not_before is not None:
        payload[NOT_BEFORE] = claims.not_before
    payload[ISSUED_AT] = claims.issued_at
    payload |= {INDEX: claims.index, CLASS: int(claims.pass_class)}
    if claims.scope:
        payload[SCOPE] = claims.scope
    payload[KIND] = int(claims.kind)
    if claims.extended:
        payload[EXTENDED] = True
    if claims.holder_key:
        payload[CONFIRMATION] = {COSE_KEY: {KEY_TYPE: OKP, CURVE: ED25519, X: claims.holder_key}}
    text: str = b45encode(sign1(cbor2.dumps(payload), key, kid)).decode("ascii")
    return PREFIX + text


def show_bound(text: str, key: Ed25519PrivateKey, now: int) -> str:
    """What the phone shows at `now` (seconds since 1970, by its own clock) of the bound pass in `text`, with its `key`."""
    inner = b45decode(text.removeprefix(PREFIX).encode())
    signed = sign1(cbor2.dumps({ISSUED_AT: now, INNER: inner}), key)
    shown: str = b45encode(signed).decode("ascii")
    return BOUND_PREFIX + shown


def read_pass(text: str, keyset: Keyset) -> Pass | Reason:
    """The pass in `text`, or the first reason why there is none."""
    if text.startswith(BOUND_PREFIX):
        return _read_bound(text, keyset)
    message = _unwrap(text, PREFIX)
    if isinstance(message, Reason):
        return message
    claims = _read_issued(message, keyset)
    if isinstance(claims, Pass) and claims.kind is Kind.BOUND:
        return Reason.NEEDS_PHONE
    return claims


def _read_bound(text: str, keyset: Keyset) -> Pass | Reason:
    """The issuer's signature first: nothing that the phone said counts before it."""
    shown = _unwrap(text, BOUND_PREFIX)
    if isinstance(shown, Reason):
        return shown
    said = _shown(shown)
    if isinstance(said, Reason):
        return said
    inner, shown_at = said
    claims = _read_issued(inner, keyset)
    if isinstance(claims, Reason):
        return claims
    phone = public_key(claims.holder_key) if claims.holder_key else None
    if claims.kind is not Kind.BOUND or phone is None:
        return Reason.BAD_PROFILE
    return replace(claims, shown_at=shown_at) if holds(shown, phone) else Reason.BAD_HOLDER_SIGNATURE


def _shown(message: Sign1) -> tuple[Sign1, int] | Reason:
    """The issuer's message and the time in what a phone shows."""
    try:
        found = read_cbor(message.payload, max_depth=1)
        if not isinstance(found, dict) or found.keys() != {ISSUED_AT, INNER} or not CHECKS[ISSUED_AT](found[ISSUED_AT]):
            return Reason.BAD_PROFILE
        inner = read_cbor(found[INNER]) if isinstance(found[INNER], bytes) else None
        return as_sign1(inner, ISSUER_HEADERS), found[ISSUED_AT]
    except (Malformed, TypeError):
        return Reason.BAD_PROFILE


def _read_issued(message: Sign1, keyset: Keyset) -> Pass | Reason:
    """What an issuer's key signed, while it held."""
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
    bound = text.startswith(BOUND_PREFIX)
    message = _unwrap(text, BOUND_PREFIX if bound else PREFIX)
    said = _shown(message) if bound and isinstance(message, Sign1) else message
    match said:
        case Reason():
            return said
        case Sign1():
            return _claims(said)
        case (inner, _):
            return _claims(inner)


def _unwrap(text: str, prefix: str) -> Sign1 | Reason:
    if len(text) > MAX_TEXT:
        return Reason.TOO_LONG
    if not text.startswith(prefix):
        return Reason.NOT_A_PASS
    try:
        data = b45decode(text[len(prefix) :].encode())
    except ValueError:
        return Reason.BAD_BASE45
    try:
        item = read_cbor(data)
    except Malformed:
        return Reason.BAD_CBOR
    try:
        return as_sign1(item, ISSUER_HEADERS if prefix == PREFIX else HOLDER_HEADERS)
    except Malformed:
        return Reason.BAD_PROFILE


ISSUER_HEADERS: Final = {ALG, KID}
HOLDER_HEADERS: Final = {ALG}
"""A phone's key has no name: the pass inside tells it."""


def _claims(message: Sign1) -> Pass | Reason:
    try:
        found = read_cbor(message.payload, max_depth=3)
        if not isinstance(found, dict) or not CHECKS.keys() >= found.keys() >= REQUIRED:
            return Reason.BAD_PROFILE
    except (Malformed, TypeError):
        return Reason.BAD_PROFILE
    if not all(CHECKS[name](value) for name, value in found.items()):
        return Reason.BAD_PROFILE
    if (found[KIND] == Kind.BOUND) != (CONFIRMATION in found):
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
        holder_key=found[CONFIRMATION][COSE_KEY][X] if CONFIRMATION in found else b"",
        kid=message.kid.hex(),
        token=hashlib.sha256(message.protected + message.payload).hexdigest()[:16],
    )


def _below(limit: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and 0 <= value < limit


def _is_confirmation(value: Any) -> bool:
    match value:
        case {1: {1: 1, -1: 6, -2: bytes(x)} as key} if value.keys() == {COSE_KEY} and key.keys() == {
            KEY_TYPE,
            CURVE,
            X,
        }:
            return len(x) == 32 and all(type(each) is int for name, each in key.items() if name != X)
        case _:
            return False


def _is_scope(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= SCOPE_LIMIT and value.isascii() and value.isalnum()


CHECKS: Final[dict[int, Callable[[object], bool]]] = {
    EXPIRES: _below(TIME_LIMIT),
    NOT_BEFORE: _below(TIME_LIMIT),
    ISSUED_AT: _below(TIME_LIMIT),
    INDEX: _below(U32),
    CLASS: _below(len(PassClass)),
    SCOPE: _is_scope,
    KIND: _below(len(Kind)),
    EXTENDED: lambda value: value is True,
    CONFIRMATION: _is_confirmation,
}
"""Each claim of the profile and what it may be."""

REQUIRED: Final = {EXPIRES, ISSUED_AT, INDEX, CLASS, KIND}
