"""The mark of a hand-out: for whoever has the campaign's key it says which holder, and to others nothing."""

from __future__ import annotations

import hmac
from typing import Final

BYTES: Final = 16


def token(key: bytes, index: int) -> str:
    """HMAC-SHA256 of the index (8 bytes, big endian) under the campaign's key: the first 16 bytes, hexadecimal."""
    return hmac.digest(key, index.to_bytes(8, "big"), "sha256")[:BYTES].hex()
