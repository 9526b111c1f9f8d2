"""Signed documents: the central server's word, whoever carries it.

A document is a COSE_Sign1 whose payload is a CBOR map with a `type`. The root key signs keysets; the keyset's document
keys sign the rest. Which versions are new enough is the core's to decide.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import cbor2
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta, Struct

from kiosk.trust.cose import Malformed, holds, public_key, read_cbor, read_sign1, sign1
from kiosk.trust.keyset import USES, Keyset, UnixTime, Version, usable
from kiosk.trust.passes import PassClass
from kiosk.trust.policy import PolicyDocument, Scope
from kiosk.trust.service import ServiceDocument
from kiosk.trust.status import StatusDocument

MAX_DOCUMENT: Final = 300 * 1024


CommandVerb = Literal["unlock", "hold_open", "lock_down", "release", "restart", "report", "admit"]
"""`admit` is sent to a station that names the capability alone: an older one refuses it as malformed."""


class TimeDocument(Struct, frozen=True, tag="time", tag_field="type"):
    """The server's time. With a nonce that this station made lately, it bounds the true time on both sides."""

    version: UnixTime
    nonce: Annotated[str, Meta(max_length=64)] = ""


class CommandDocument(Struct, frozen=True, tag="command", tag_field="type"):
    """One verb for one station. `version` is its place in the station's sequence; after `expires` it is not obeyed.

    `door` is empty for the first one; `seconds` 0 for the verb's own; `program` is whose restart is wanted. Of `admit`, the
    credential for which it stands: `index`, `pass_class`, `scope` and `extended`, as in its pass.
    """

    version: Version
    id: Annotated[str, Meta(pattern=r"^[0-9A-Za-z-]{1,32}\Z")]
    station: Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{4,12}\Z")]
    verb: CommandVerb
    issued_at: UnixTime
    expires: UnixTime
    door: Annotated[str, Meta(max_length=64)] = ""
    program: Annotated[str, Meta(max_length=16)] = ""
    seconds: Annotated[int, Meta(ge=0, le=86_400)] = 0
    index: Annotated[int, Meta(ge=0, lt=2**32)] | None = None
    pass_class: Annotated[int, Meta(ge=0, lt=len(PassClass))] | None = None
    scope: Scope | None = None
    extended: bool | None = None


Document = Keyset | StatusDocument | PolicyDocument | CommandDocument | ServiceDocument | TimeDocument


class Refusal(enum.StrEnum):
    """Why a document is not applied."""

    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    KEY_NOT_VALID = "key_not_valid"
    OLD_VERSION = "old_version"
    NO_USABLE_KEY = "no_usable_key"
    OTHER_STATION = "other_station"
    CONTRADICTORY = "contradictory"
    NOT_IN_TIME = "not_in_time"
    AHEAD = "ahead"
    ABSURD_VERSION = "absurd_version"


REFUSAL_WORDS: Final[dict[Refusal, tuple[str, str]]] = {
    Refusal.TOO_LONG: ("文件过大。", "It is larger than any document may be: somebody in between sends rubbish."),
    Refusal.MALFORMED: ("文件损坏或格式不对。", "It is damaged, cut off, or not made as a document must be."),
    Refusal.UNKNOWN_KEY: (
        "签名密钥不在本站的密钥集中。",
        "Its signer is not in the keyset for this use. Bring the station online, so that it gets the newest keyset.",
    ),
    Refusal.BAD_SIGNATURE: (
        "签名不对：文件被改动或伪造。",
        "Its signature is wrong: it was changed on the way, or forged.",
    ),
    Refusal.KEY_NOT_VALID: (
        "签名密钥已过期或尚未生效。",
        "The key that signed it does not hold at the time that it names. The central server must rotate its keys.",
    ),
    Refusal.OLD_VERSION: ("比已有的版本旧。", "It is older than what the station has: somebody replays it."),
    Refusal.NO_USABLE_KEY: (
        "密钥集里没有可用的密钥。",
        "The keyset has no issuer or no document key that still holds: with it no pass could open. Publish a new one.",
    ),
    Refusal.OTHER_STATION: ("这是给别的驿站的。", "It is for another station."),
    Refusal.CONTRADICTORY: ("内容自相矛盾。", "The policy contradicts itself; kiosk central policy says where."),
    Refusal.NOT_IN_TIME: (
        "指令已过期，或本站无法确认时间。",
        "The command's time is over, or the station cannot prove that it is not. Send it again.",
    ),
    Refusal.AHEAD: (
        "签发时间在未来：签发方的时钟不对。",
        "It says that it was signed at a time that is provably still to come: the clock of whoever signed it is wrong.",
    ),
    Refusal.ABSURD_VERSION: (
        "版本号大得不合理。",
        "Its number is far beyond the last one and the time of its signing: a mistake, or somebody who wants no later one.",
    ),
}
"""For each refusal: a sentence for a technician, in Chinese and in English."""


NO_BODY: Final[Mapping[str, Any]] = {}


def sign_document(document: Document, key: Ed25519PrivateKey, kid: bytes, body: Mapping[str, Any] = NO_BODY) -> bytes:
    """The document as it travels; of a service, `document` is the head, and `body` what stands beside it.

    What it does not say (None) is left out: an older station would tell that it has no use for it.
    """
    said = msgspec.to_builtins(document, builtin_types=(bytes,))
    return sign1(cbor2.dumps({**body, **{name: each for name, each in said.items() if each is not None}}), key, kid)


def read_document(data: bytes, root: bytes, keyset: Keyset) -> Document | Refusal:
    """The document in `data` when the root key (32 bytes) or a document key of `keyset` signed it."""
    if len(data) > MAX_DOCUMENT:
        return Refusal.TOO_LONG
    try:
        message = read_sign1(data)
        by_root = message.kid == ROOT_KID
        key = None if by_root else keyset.find(message.kid, "document")
        public = public_key(root) if by_root else usable(key) if key else None
        if public is None:
            return Refusal.UNKNOWN_KEY
        if not holds(message, public):
            return Refusal.BAD_SIGNATURE
        document = _document(message.payload)
    except (Malformed, msgspec.ValidationError):
        return Refusal.MALFORMED
    if by_root != isinstance(document, Keyset):
        return Refusal.UNKNOWN_KEY
    if key is not None and not key.not_before <= _signed_at(document) <= key.not_after:
        return Refusal.KEY_NOT_VALID
    return document


def payload(data: bytes) -> Any:
    """What stands in a document which was read, also what this version does not know."""
    return read_cbor(read_sign1(data).payload)


def signer(data: bytes) -> str:
    """The name of the key that signed a document which was read, hexadecimal."""
    return read_sign1(data).kid.hex()


ROOT_KID: Final = b"root"


def _signed_at(document: Document) -> int:
    """When the signer says that it signed, in seconds since 1970."""
    return document.version if isinstance(document, TimeDocument) else document.issued_at


def _document(payload: bytes) -> Document:
    document: Document = msgspec.convert(_known(read_cbor(payload)), Document, builtin_types=(bytes,))
    return document


def _known(found: Any) -> Any:
    """A keyset without the keys for uses of a later version, whatever those look like; anything else as it is."""
    match found:
        case {"type": "keyset", "keys": [*keys]}:
            return {**found, "keys": [key for key in keys if not _for_another_use(key)]}
        case _:
            return found


def _for_another_use(key: Any) -> bool:
    return isinstance(key, dict) and isinstance(key.get("use"), str) and key["use"] not in USES
