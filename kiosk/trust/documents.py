"""Signed documents: the central server's word, whoever carries it.

A document is a COSE_Sign1 whose payload is a CBOR map with a `type`. The root key signs keysets; the keyset's document
keys sign the rest. Which versions are new enough is the core's to decide.
"""

from __future__ import annotations

import enum
from typing import Annotated, Final

import cbor2
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta, Struct

from kiosk.trust.cose import Malformed, holds, public_key, read_cbor, read_sign1, sign1
from kiosk.trust.keyset import Keyset, UnixTime, usable
from kiosk.trust.status import StatusDocument

MAX_DOCUMENT: Final = 300 * 1024


class TimeDocument(Struct, frozen=True, tag="time", tag_field="type"):
    """The server's time. With a nonce that this station made lately, it bounds the true time on both sides."""

    version: UnixTime
    nonce: Annotated[str, Meta(max_length=64)] = ""


Document = Keyset | StatusDocument | TimeDocument


class Refusal(enum.StrEnum):
    """Why a document is not applied."""

    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    KEY_NOT_VALID = "key_not_valid"
    OLD_VERSION = "old_version"
    NO_USABLE_KEY = "no_usable_key"


def sign_document(document: Document, key: Ed25519PrivateKey, kid: bytes) -> bytes:
    """The document as it travels."""
    return sign1(cbor2.dumps(msgspec.to_builtins(document, builtin_types=(bytes,))), key, kid)


def read_document(data: bytes, root: bytes, keyset: Keyset) -> Document | Refusal:
    """The document in `data` when the root key (32 bytes) or a document key of `keyset` signed it."""
    if len(data) > MAX_DOCUMENT:
        return Refusal.TOO_LONG
    try:
        message = read_sign1(data)
        public = _signer(message.kid, root, keyset)
        if public is None:
            return Refusal.UNKNOWN_KEY
        if not holds(message, public):
            return Refusal.BAD_SIGNATURE
        document = _document(message.payload)
    except (Malformed, msgspec.ValidationError):
        return Refusal.MALFORMED
    by_root = message.kid == ROOT_KID
    return document if by_root == isinstance(document, Keyset) else Refusal.UNKNOWN_KEY


ROOT_KID: Final = b"root"


def _signer(kid: bytes, root: bytes, keyset: Keyset) -> Ed25519PublicKey | None:
    if kid == ROOT_KID:
        return public_key(root)
    key = keyset.find(kid, "document")
    return usable(key) if key else None


def _document(payload: bytes) -> Document:
    document: Document = msgspec.convert(read_cbor(payload), Document, builtin_types=(bytes,))
    return document
