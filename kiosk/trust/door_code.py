"""The changing code that a display shows, for a worker whose phone cannot be read: `STATION.DOOR.HALF_MINUTE.SIGNATURE`.

The station signs it with its own key, so it proves that somebody saw that display within the minute; not who, nor that nobody
has sent it on. Made for a QR code of low version: the signature is a COSE_Sign1's, whose other parts follow from the text.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final
from urllib.parse import quote, unquote

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from kiosk.trust.cose import ALG, EDDSA, to_be_signed, verify

ABOUT: Final = "yizhan-door"
"""The first of what is signed: a station's key signs nothing else that begins so."""

HALF_MINUTE: Final = 30
HOLDS: Final = 60.0
"""Seconds from the beginning of its half minute for which a code is good."""

EARLY: Final = 3.0
"""Seconds by which it may be shown before its half minute has begun at the server: two clocks that are both right."""

PROTECTED: Final = cbor2.dumps({ALG: EDDSA})
LONGEST: Final = 512
FORM: Final = re.compile(r"([0-9A-Za-z]{4,12})\.([0-9A-Za-z_.~%-]{1,256})\.([0-9]{1,12})\.([A-Z2-7]{103})")


class DoorCode(Struct, frozen=True):
    """Which door's code, and of which half minute since 1970."""

    station: str
    door: str
    half_minute: int


class SignedDoorCode(Struct, frozen=True):
    """What was read of a text; nobody vouches for it until the signature is held against a key."""

    code: DoorCode
    signature: bytes


def half_minute(at: float) -> int:
    """The half minute of that time, in seconds since 1970."""
    return int(at // HALF_MINUTE)


def sign_door_code(code: DoorCode, key: Ed25519PrivateKey) -> str:
    """The text, which stands in an address as it is."""
    signature = base64.b32encode(key.sign(_signed(code))).decode().rstrip("=")
    return f"{code.station}.{quote(code.door, safe='')}.{code.half_minute}.{signature}"


def read_door_code(text: str) -> SignedDoorCode | None:
    """The code in a text; None where it is none."""
    found = FORM.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        return None
    station, door, number, signature = found.groups()
    try:
        raw = base64.b32decode(signature + "=")
    except binascii.Error:
        return None
    return SignedDoorCode(DoorCode(station, unquote(door), int(number)), raw)


def vouches(key: Ed25519PublicKey, found: SignedDoorCode) -> bool:
    """Whether that station's key has signed it."""
    return verify(key, found.signature, _signed(found.code))


def is_good(code: DoorCode, now: float) -> bool:
    """Whether it is of this minute, by a clock that is right."""
    return -EARLY <= now - code.half_minute * HALF_MINUTE < HOLDS


def _signed(code: DoorCode) -> bytes:
    return to_be_signed(PROTECTED, cbor2.dumps([ABOUT, code.station, code.door, code.half_minute]))
