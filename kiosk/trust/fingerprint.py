"""A fingerprint as words, for two people at two ends to compare by telephone."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Final

WORDS: Final = 6
"""Of 11 bits each: nobody finds a key with the same 66 bits while a technician waits."""

BITS: Final = 11


def fingerprint(station: str, station_key: bytes, root_key: bytes) -> str:
    """Six words for a station's enrolment: its code, its own public key and the root key that it was given."""
    return words(station.encode() + b"\0" + station_key + root_key)


def words(data: bytes) -> str:
    """Six words for what must be the same at both ends.

    They are those of BIP 39 (the package mnemonic): 2,048 that differ in their first four letters.
    """
    digest = int.from_bytes(hashlib.sha256(data).digest(), "big")
    known = _words()
    return " ".join(known[digest >> (256 - BITS * (place + 1)) & (2**BITS - 1)] for place in range(WORDS))


@cache
def _words() -> list[str]:
    from mnemonic import Mnemonic  # noqa: PLC0415  reads its list of words

    return Mnemonic("english").wordlist
