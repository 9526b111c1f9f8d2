"""The two envelopes of a ballot, and the one of a remark, by HPKE (RFC 9180), each bound to its poll.

The inner one has the seven answers, for the holder of key B. `kiosk desk` closes it, so that the station never has the answers
in its memory. The outer one has the slip's serial and the inner one, for the holder of key A; the station closes it. Who opens
the outer ones sees no answer, who opens the inner ones sees no slip, and nobody at the station can open either again. A remark
has one envelope, for the holder of key B, which `kiosk desk` closes, too: no slip is in it, and nothing of its ballot.

DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM: the suite of RFC 9180, A.1, and the smallest. Who keeps sealed ballots
until there is a large quantum computer can open them then; the hybrid with ML-KEM-768, which the library has, too, adds 1,088
bytes to each envelope, and makes a ballot twenty times as long for every urn, line and entry it goes through.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from msgspec import Struct

from kiosk.index.answers import DIMENSIONS, Ballot, ballot_bytes, ballot_in
from kiosk.index.remarks import LONGEST, Remark, remark_bytes, remark_in
from kiosk.index.slips import SERIAL

SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
ADDED: Final = 32 + 16
"""Bytes of an envelope beside what is in it: the encapsulated key, and the tag."""

INNER: Final = ADDED + len(DIMENSIONS)
OUTER: Final = ADDED + SERIAL + INNER
"""Bytes of each envelope: 55 and 119."""

REMARK: Final = ADDED + LONGEST
"""Bytes of a remark's envelope: 548."""

INNER_INFO: Final = b"yizhan-kiosk ballot, inner 1\0"
OUTER_INFO: Final = b"yizhan-kiosk ballot, outer 1\0"
REMARK_INFO: Final = b"yizhan-kiosk ballot, remark 1\0"
"""The poll's id follows: what is sealed for one poll opens for no other, and none of these is ever taken for another."""


class Opened(Struct, frozen=True):
    """What is in an outer envelope."""

    serial: bytes
    inner: bytes


def seal_answers(poll: bytes, inner_key: bytes, ballot: Ballot) -> bytes:
    """The inner envelope; `poll`: its id, `inner_key`: the poll's public key B."""
    return _sealed(INNER_INFO + poll, inner_key, ballot_bytes(ballot))


def seal_ballot(poll: bytes, outer_key: bytes, serial: bytes, inner: bytes) -> bytes:
    """The outer envelope; `outer_key`: the poll's public key A. Raises ValueError where a length is wrong."""
    if (len(serial), len(inner)) != (SERIAL, INNER):
        raise ValueError(f"a serial has {SERIAL} bytes, and an inner envelope {INNER}")
    return _sealed(OUTER_INFO + poll, outer_key, serial + inner)


def seal_remark(poll: bytes, inner_key: bytes, remark: Remark) -> bytes:
    """A remark's envelope; `inner_key`: the poll's public key B. Raises ValueError for what is no remark."""
    return _sealed(REMARK_INFO + poll, inner_key, remark_bytes(remark))


def open_ballot(poll: bytes, private: bytes, sealed: bytes) -> Opened | None:
    """What is in an outer envelope; None for one of another poll or key, and for one that is damaged."""
    plain = _opened(OUTER_INFO + poll, private, sealed, OUTER)
    return None if plain is None else Opened(plain[:SERIAL], plain[SERIAL:])


def open_answers(poll: bytes, private: bytes, inner: bytes) -> Ballot | None:
    """The answers in an inner envelope; None for one of another poll or key, one that is damaged, and no answers of ours."""
    plain = _opened(INNER_INFO + poll, private, inner, INNER)
    return None if plain is None else ballot_in(plain)


def open_remark(poll: bytes, private: bytes, sealed: bytes) -> Remark | None:
    """The remark in its envelope; None for one of another poll or key, one that is damaged, and no remark of ours."""
    plain = _opened(REMARK_INFO + poll, private, sealed, REMARK)
    return None if plain is None else remark_in(plain)


def is_usable(public: bytes) -> bool:
    """Whether something can be sealed to this key: it is one, and no point of small order (RFC 7748, 6.1)."""
    try:
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        return False
    return True


def _sealed(info: bytes, public: bytes, plain: bytes) -> bytes:
    return SUITE.encrypt(plain, X25519PublicKey.from_public_bytes(public), info)


def _opened(info: bytes, private: bytes, sealed: bytes, length: int) -> bytes | None:
    if len(sealed) != length:
        return None
    try:
        return SUITE.decrypt(sealed, X25519PrivateKey.from_private_bytes(private), info)
    except (InvalidTag, ValueError):
        return None
