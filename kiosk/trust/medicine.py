"""A hospital's release of a medicine: `YZ6:` + Base45 (RFC 9285) of a COSE_Sign1 whose payload is CWT claims (RFC 8392).

Signed by a hospital's own key, which a `doctor` document names (:mod:`kiosk.trust.service`); no key of a keyset may. It names
one slot of one station, what lies there, and the holder by the number of their pass; nothing of an illness, and no name.

Strict: there is one way only to write a release, deterministic CBOR (RFC 8949, 4.2), and nothing is read before the signature
holds. What depends on the station (time, slot, cold, once, whose pass) is in :mod:`kiosk.core.desk.cabinet`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import cbor2
from base45 import b45decode, b45encode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from kiosk.trust.cose import ALG, KID, Malformed, Sign1, as_sign1, holds, public_key, read_cbor, sign1
from kiosk.trust.outcomes import Outcome
from kiosk.trust.passes import EXPIRES, INDEX, ISSUED_AT, MAX_TEXT, TIME_LIMIT, U32

PREFIX: Final = "YZ6:"
LONGEST: Final = 1800
"""Seconds from its issue for which a release may hold."""

ID: Final = 7
STATION, SLOT, ITEM = -70020, -70021, -70022
"""Beside the names of a pass's claims; 7 is RFC 8392's `cti`."""

ID_SIZE: Final = 16


class Medicine(Struct, frozen=True):
    """What a release says whose signature held. Times are seconds since 1970; `index` is the number of its holder's pass.

    `slot`: a door of the station's settings; `item`: what a steward has put there; `kid`: the hospital's key.
    """

    station: str
    slot: str
    item: str
    id: bytes
    index: int
    issued_at: int
    expires: int
    kid: bytes = b""

    @property
    def name(self) -> str:
        """What it is known by: the id itself is in no entry."""
        return hashlib.sha256(self.id).hexdigest()


def make_medicine(said: Medicine, key: Ed25519PrivateKey, kid: bytes) -> str:
    """The text to put into a QR code."""
    payload = {
        EXPIRES: said.expires,
        ISSUED_AT: said.issued_at,
        ID: said.id,
        INDEX: said.index,
        STATION: said.station,
        SLOT: said.slot,
        ITEM: said.item,
    }
    text: str = b45encode(sign1(cbor2.dumps(payload, canonical=True), key, kid)).decode("ascii")
    return PREFIX + text


def read_medicine(text: str, keys: Mapping[bytes, bytes]) -> Medicine | Outcome:
    """The release in `text`, or why there is none. `keys`: raw public keys by their names."""
    message = _unwrap(text)
    if message is None:
        return Outcome.TORN
    public = public_key(keys[message.kid]) if message.kid in keys else None
    if public is None:
        return Outcome.UNKNOWN_KEY
    if not holds(message, public):
        return Outcome.BAD_SIGNATURE
    return _medicine(message) or Outcome.TORN


def _unwrap(text: str) -> Sign1 | None:
    if len(text) > MAX_TEXT or not text.startswith(PREFIX):
        return None
    try:
        data = b45decode(text.removeprefix(PREFIX).encode())
        item = read_cbor(data)
        return as_sign1(item, {ALG, KID}) if _is_only_way(data, item) else None
    except ValueError:
        return None


def _medicine(message: Sign1) -> Medicine | None:
    try:
        found = read_cbor(message.payload, max_depth=1)
    except Malformed:
        return None
    if not isinstance(found, dict) or found.keys() != CHECKS.keys() or not _is_only_way(message.payload, found):
        return None
    if not all(CHECKS[name](value) for name, value in found.items()):
        return None
    if not 0 < found[EXPIRES] - found[ISSUED_AT] <= LONGEST:
        return None
    said = found[STATION], found[SLOT], found[ITEM], found[ID], found[INDEX]
    return Medicine(*said, found[ISSUED_AT], found[EXPIRES], message.kid)


def _is_only_way(data: bytes, item: Any) -> bool:
    """Whether these bytes are the one deterministic encoding of the item."""
    encoded: bytes = cbor2.dumps(item, canonical=True)
    return encoded == data


def _below(limit: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and 0 <= value < limit


def _word(longest: int) -> Callable[[object], bool]:
    return lambda value: (
        isinstance(value, str) and 0 < len(value) <= longest and value.isascii() and value.isprintable()
    )


CHECKS: Final[Mapping[int, Callable[[object], bool]]] = {
    EXPIRES: _below(TIME_LIMIT),
    ISSUED_AT: _below(TIME_LIMIT),
    ID: lambda value: isinstance(value, bytes) and len(value) == ID_SIZE,
    INDEX: _below(U32),
    STATION: _word(12),
    SLOT: _word(64),
    ITEM: _word(32),
}
"""Each claim, all of which there must be, and what it may be."""
