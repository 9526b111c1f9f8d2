"""The keys that a station trusts, each for one use and for a time."""

from __future__ import annotations

import hashlib
from typing import Annotated, Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Meta, Struct

from kiosk.trust.cose import public_key

Use = Literal["issuer", "document"]
USES: Final[frozenset[str]] = frozenset({"issuer", "document"})
"""What a station needs keys for. A keyset may hold keys for other uses, which this version passes over."""

RawKey = Annotated[bytes, Meta(min_length=32, max_length=32)]
KeyId = Annotated[bytes, Meta(min_length=4, max_length=4)]
UnixTime = Annotated[int, Meta(ge=0, lt=2**40)]
Version = Annotated[int, Meta(ge=1, lt=2**53)]


class Key(Struct, frozen=True):
    """A public key. `not_before` and `not_after` are seconds since 1970."""

    kid: KeyId
    use: Use
    public: RawKey
    not_before: UnixTime
    not_after: UnixTime


class Keyset(Struct, frozen=True, tag="keyset", tag_field="type"):
    """All issuer and document keys, signed by the root key. An empty one trusts nobody."""

    version: Version
    issued_at: UnixTime
    keys: Annotated[tuple[Key, ...], Meta(max_length=64)]

    def find(self, kid: bytes, use: Use) -> Key | None:
        """The key of that name, if it is for that use."""
        return next((key for key in self.keys if key.kid == kid and key.use == use), None)


NO_KEYS = Keyset(version=1, issued_at=0, keys=())


def key_id(public: bytes) -> bytes:
    """The first four bytes of the SHA-256 of a raw public key: enough to pick a key, never trusted by itself."""
    return hashlib.sha256(public).digest()[:4]


def usable(key: Key) -> Ed25519PublicKey | None:
    """The key as the verifier needs it; None when its bytes are no key."""
    return public_key(key.public)
