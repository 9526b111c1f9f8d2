"""COSE_Sign1 (RFC 9052) with Ed25519 (RFC 8032) over strictly read CBOR (RFC 8949).

The algorithm is fixed by our profile: whatever a header says, only EdDSA is ever tried, and a header that says
something else is malformed. cbor2 and cryptography do the encoding and the curve.
"""

from __future__ import annotations

import io
from typing import Any, Final, NoReturn

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

ALG: Final = 1
KID: Final = 4
EDDSA: Final = -8
TAGGED: Final = b"\xd2"
"""CBOR tag 18, which a COSE_Sign1 may begin with."""

MAX_DEPTH: Final = 8

KNOWN_TAGS: Final = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000, 55799)
"""Every tag that cbor2 would turn into an object of its own. We read plain data, so each is refused."""


class Malformed(ValueError):
    """These bytes are not what the profile says. It never leaves kiosk.trust."""


class Sign1(Struct, frozen=True):
    """The four parts of a COSE_Sign1 message; `headers` is the decoded protected header."""

    protected: bytes
    headers: dict[int, Any]
    payload: bytes
    signature: bytes

    @property
    def kid(self) -> bytes:
        """The key identifier, empty when the header has none."""
        kid = self.headers.get(KID, b"")
        return kid if isinstance(kid, bytes) else b""


def _no_tag(*_: object) -> NoReturn:
    raise Malformed("tag in plain data")


_NO_TAGS: Final = dict.fromkeys(KNOWN_TAGS, _no_tag)


def read_cbor(data: bytes, *, max_depth: int = MAX_DEPTH) -> Any:
    """One CBOR item and nothing after it: no tags, no indefinite lengths, no key twice, bounded depth.

    Raises Malformed for anything else.
    """
    stream = io.BytesIO(data)
    decoder = cbor2.CBORDecoder(
        stream,
        tag_hook=_no_tag,
        semantic_decoders=_NO_TAGS,
        max_depth=max_depth,
        allow_indefinite=False,
        allow_duplicate_keys=False,
        read_size=1,
    )
    try:
        value = decoder.decode()
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if stream.tell() != len(data):
        raise Malformed("bytes after the item")
    return value


def read_sign1(data: bytes) -> Sign1:
    """Take a COSE_Sign1 apart, tagged or not. Raises Malformed; nothing of the payload is looked at."""
    return as_sign1(read_cbor(data.removeprefix(TAGGED)))


def as_sign1(item: Any, names: set[int] | None = None) -> Sign1:
    """A decoded CBOR item as a COSE_Sign1 of our profile, with exactly these `names` in its header. Raises Malformed."""
    match item:
        case [bytes(protected), dict(unprotected), bytes(payload), bytes(signature)] if not unprotected:
            headers = read_cbor(protected)
        case _:
            raise Malformed("not a COSE_Sign1 with an empty unprotected header")
    if not isinstance(headers, dict) or headers.get(ALG) != EDDSA:
        raise Malformed("the algorithm is not EdDSA")
    if names is not None and headers.keys() != names:
        raise Malformed("the header is not the profile's")
    return Sign1(protected, headers, payload, signature)


def to_be_signed(protected: bytes, payload: bytes, external: bytes = b"") -> bytes:
    """The Sig_structure of RFC 9052, section 4.4."""
    return cbor2.dumps(["Signature1", protected, external, payload])


def holds(message: Sign1, public: Ed25519PublicKey) -> bool:
    """Whether the signature over the message is `public`'s."""
    return verify(public, message.signature, to_be_signed(message.protected, message.payload))


def verify(public: Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    """Ed25519 as a value rather than an exception."""
    try:
        public.verify(signature, data)
    except InvalidSignature:
        return False
    return True


P: Final = 2**255 - 19
SMALL_ORDER: Final = {
    0,
    1,
    P - 1,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
}
"""The y of the eight points whose order divides 8: under such a key everybody can sign, without knowing anything.

The list is libsodium's (ge25519_has_small_order), and that of "Taming the many EdDSAs" (Chalkias et al., 2020), table 1.
"""


def public_key(raw: bytes) -> Ed25519PublicKey | None:
    """32 bytes as a key; None when they are no key, not in their one encoding (RFC 8032, 5.1.3), or everybody's."""
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= P or y in SMALL_ORDER:
        return None
    try:
        return Ed25519PublicKey.from_public_bytes(raw)
    except ValueError:
        return None


def sign1(payload: bytes, key: Ed25519PrivateKey, kid: bytes = b"") -> bytes:
    """An untagged COSE_Sign1 with `alg` and, if there is one, `kid` protected, and nothing unprotected."""
    protected = cbor2.dumps({ALG: EDDSA, KID: kid} if kid else {ALG: EDDSA})
    signature = key.sign(to_be_signed(protected, payload))
    return cbor2.dumps([protected, {}, payload, signature])
