"""Keys of small order: everybody can sign for them, so they are no keys, wherever one is read."""

from __future__ import annotations

import cbor2
import pytest
from base45 import b45decode, b45encode
from msgspec.structs import replace

from kiosk.trust.cose import ALG, EDDSA, SMALL_ORDER, P, public_key, sign1
from kiosk.trust.documents import ROOT_KID, Refusal, read_document
from kiosk.trust.keyset import NO_KEYS, Key, Keyset, key_id
from kiosk.trust.passes import BOUND_PREFIX, INNER, ISSUED_AT, Kind, read_pass
from kiosk.trust.reasons import Reason
from tests.keys import KEYSET, NOW, PHONE, claims, public, signed

D = -121665 * pow(121666, -1, P) % P
"""Of edwards25519 (RFC 7748)."""

Point = tuple[int, int]
ZERO: Point = (0, 1)
SIGN = 1 << 255
BASE = 2**255
"""Bytes of a y are 255 bits; the last one is x's sign."""


def add(p: Point, q: Point) -> Point:
    """RFC 8032, 5.1.4, in affine coordinates."""
    (a, b), (c, d) = p, q
    cross = D * a * b * c * d % P
    return (a * d + b * c) * pow(1 + cross, -1, P) % P, (b * d + a * c) * pow(1 - cross, -1, P) % P


def lift(y: int) -> Point:
    """A point with this y. Raises AssertionError when there is none."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square
    return x, y


def encodings() -> list[bytes]:
    """Every way to write them: both signs of x, and y with the field's size added where 255 bits hold that."""
    ys = [y + more for y in sorted(SMALL_ORDER) for more in (0, P) if y + more < BASE]
    return [(y | sign).to_bytes(32, "little") for y in ys for sign in (0, SIGN)]


def test_the_list_has_all_eight_points_of_an_order_that_divides_8() -> None:
    points = {(x * sign % P, y) for y in SMALL_ORDER for x, _ in (lift(y),) for sign in (1, -1)}
    assert len(points) == 8
    for point in points:
        two = add(point, point)
        four = add(two, two)
        assert add(four, four) == ZERO


@pytest.mark.parametrize("raw", encodings(), ids=bytes.hex)
def test_a_key_of_small_order_is_no_key_anywhere(raw: bytes) -> None:
    assert public_key(raw) is None
    text = signed(replace(claims(5, Kind.BOUND), holder_key=raw))
    payload = cbor2.dumps({ISSUED_AT: NOW, INNER: b45decode(text[4:].encode())})
    for point in encodings():
        shown = b45encode(cbor2.dumps([cbor2.dumps({ALG: EDDSA}), {}, payload, point + bytes(32)])).decode()
        assert read_pass(BOUND_PREFIX + shown, KEYSET) is Reason.BAD_PROFILE
    keys = Keyset(1, NOW, (Key(key_id(raw), "document", raw, 0, NOW), Key(key_id(raw), "issuer", raw, 0, NOW)))
    assert read_document(sign1(b"", PHONE, key_id(raw)), raw, keys) is Refusal.UNKNOWN_KEY
    assert read_document(sign1(b"", PHONE, ROOT_KID), raw, NO_KEYS) is Refusal.UNKNOWN_KEY


def test_an_encoding_that_is_not_the_one_of_its_point_is_no_key() -> None:
    assert public_key((P + 3).to_bytes(32, "little")) is None
    assert public_key(bytes(31)) is None
    assert public_key(public(PHONE)) is not None
