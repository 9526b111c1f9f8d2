"""A private key in the hands of three, of whom any two have it and none alone knows anything of it.

For each pair a random number goes to the one and the key XOR that number to the other: so two pieces of a pair are the key, and
every piece by itself, or both of one custodian's, are chance. It needs no library, and no reader of it has to trust one.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from itertools import combinations
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec import Struct

CUSTODIANS: Final = (1, 2, 3)
NEEDED: Final = 2
LENGTH: Final = 32


class Share(Struct, frozen=True):
    """What one custodian keeps of a key (`A` or `B`): a piece for each of the other two; `public` tells which key it is of."""

    key: str
    custodian: int
    public: bytes
    pieces: Mapping[int, bytes]


def public_of(private: bytes) -> bytes:
    """The public key of a private one."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def new_key() -> bytes:
    """A new private key, which is to be split at once and then forgotten."""
    return X25519PrivateKey.generate().private_bytes_raw()


def split(key: str, private: bytes) -> tuple[Share, ...]:
    """The shares of the three."""
    pieces: dict[int, dict[int, bytes]] = {each: {} for each in CUSTODIANS}
    for one, other in combinations(CUSTODIANS, 2):
        pad = secrets.token_bytes(LENGTH)
        pieces[one][other] = pad
        pieces[other][one] = _xor(pad, private)
    public = public_of(private)
    return tuple(Share(key, each, public, pieces[each]) for each in CUSTODIANS)


def joined(one: Share, other: Share) -> bytes | None:
    """The private key of two custodians' shares; None where they are not as they were made, or not of one key."""
    if one.custodian == other.custodian or one.public != other.public:
        return None
    private = _xor(one.pieces[other.custodian], other.pieces[one.custodian])
    return private if public_of(private) == one.public else None


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
