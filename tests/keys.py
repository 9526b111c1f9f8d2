"""Test support: an issuer without a server, whose keys are the same each time."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from kiosk import BUILD_TIME
from kiosk.trust.documents import ROOT_KID, Document, TimeDocument, sign_document
from kiosk.trust.keyset import Key, Keyset, Use, key_id
from kiosk.trust.passes import Kind, Pass, PassClass, make_pass
from kiosk.trust.status import Status, StatusDocument, pack

NOW = BUILD_TIME + 1_000_000
DAY = 86_400


def private(seed: int) -> Ed25519PrivateKey:
    """A key that is the same in each run."""
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


ROOT = private(1)
ISSUER = private(2)
DOCUMENT = private(3)
STRANGER = private(9)
PHONE = private(30)


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def trusted(key: Ed25519PrivateKey, use: Use, *, not_before: int = 0, not_after: int = NOW + 400 * DAY) -> Key:
    return Key(key_id(public(key)), use, public(key), not_before, not_after)


KEYSET = Keyset(1, NOW, (trusted(ISSUER, "issuer"), trusted(DOCUMENT, "document")))


def claims(
    index: int = 7,
    kind: Kind = Kind.CARD,
    *,
    issued_at: int = NOW - DAY,
    expires: int = NOW + 30 * DAY,
    not_before: int | None = None,
    scope: str = "",
    pass_class: PassClass = PassClass.WORKER,
    extended: bool = False,
) -> Pass:
    return Pass(index, pass_class, kind, issued_at, expires, not_before, scope, extended)


def bound(index: int = 7, phone: Ed25519PrivateKey = PHONE) -> str:
    """A bound pass as the issuer gives it to that phone; by itself it opens nothing."""
    return signed(replace(claims(index, Kind.BOUND), holder_key=public(phone)))


def signed(wanted: Pass, key: Ed25519PrivateKey = ISSUER) -> str:
    """The pass's text; with a stranger's key it still names the issuer's."""
    return make_pass(wanted, key, key_id(public(ISSUER)))


def keyset_document(keyset: Keyset = KEYSET, key: Ed25519PrivateKey = ROOT) -> bytes:
    return sign_document(keyset, key, ROOT_KID)


def document(body: Document, key: Ed25519PrivateKey = DOCUMENT) -> bytes:
    return sign_document(body, key, key_id(public(key)))


def status_document(version: int, statuses: dict[int, Status], size: int = 64) -> bytes:
    return document(StatusDocument(version, NOW, pack(statuses, size)))


def time_document(now: int, nonce: str = "") -> bytes:
    return document(TimeDocument(now, nonce))
