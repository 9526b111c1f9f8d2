"""A release: what a version's packages are, by their hashes. Signed by the root key, which is not online anywhere."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import cbor2
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta, Struct

from kiosk.trust.cose import Malformed, holds, public_key, read_cbor, read_sign1, sign1
from kiosk.trust.documents import MAX_DOCUMENT, ROOT_KID, Refusal
from kiosk.trust.keyset import UnixTime

Ring = Literal["early", "all"]
"""Who gets a release: the few stations that try it first, or every one."""

NUMBER: Final = r"^(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})\Z"


Platform = Annotated[str, Meta(pattern=r"^deb[0-9]{1,3}_[a-z0-9]{1,16}\Z")]


class Release(Struct, frozen=True, tag="release", tag_field="type"):
    """`version` is MAJOR.MINOR.PATCH; `packages`: for each platform, such as `deb12_arm64`, the SHA-256 of its package.

    `sizes`: its bytes, so that nobody sends a station more; of a release that was signed before 0.10 nobody knows them.
    """

    version: Annotated[str, Meta(pattern=NUMBER)]
    issued_at: UnixTime
    ring: Ring
    packages: dict[Platform, Annotated[bytes, Meta(min_length=32, max_length=32)]]
    sizes: dict[Platform, Annotated[int, Meta(ge=0)]] = {}


def sign_release(release: Release, root: Ed25519PrivateKey) -> bytes:
    """The release as it travels."""
    return sign1(cbor2.dumps(msgspec.to_builtins(release, builtin_types=(bytes,))), root, ROOT_KID)


def read_release(data: bytes, root: bytes) -> Release | Refusal:
    """The release in `data` when the root key (32 raw bytes) signed it; no key of a keyset may."""
    if len(data) > MAX_DOCUMENT:
        return Refusal.TOO_LONG
    try:
        message = read_sign1(data)
        public = public_key(root) if message.kid == ROOT_KID else None
        if public is None:
            return Refusal.UNKNOWN_KEY
        if not holds(message, public):
            return Refusal.BAD_SIGNATURE
        return msgspec.convert(read_cbor(message.payload), Release, builtin_types=(bytes,))
    except (Malformed, msgspec.ValidationError):
        return Refusal.MALFORMED


def order(version: str) -> tuple[int, ...]:
    """By which versions are newer or older."""
    return tuple(map(int, version.split(".")))
