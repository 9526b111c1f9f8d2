"""A hospital's release of a medicine: what is none, and that there is one way only to write each."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from base45 import b45decode, b45encode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.trust.cose import ALG, EDDSA, KID, sign1, to_be_signed
from kiosk.trust.keyset import key_id
from kiosk.trust.medicine import ID, ITEM, LONGEST, PREFIX, SLOT, STATION, Medicine, make_medicine, read_medicine
from kiosk.trust.outcomes import WORDS, Outcome
from kiosk.trust.passes import EXPIRES, INDEX, ISSUED_AT, MAX_TEXT

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
NAME = key_id(PUBLIC)
KEYS = {NAME: PUBLIC}
NOW = 1_900_000_000
SAID = Medicine("37081101", "cabinet3", "ibuprofen", bytes(range(16)), 7, NOW, NOW + 600, NAME)
CLAIMS: dict[int, Any] = {
    EXPIRES: NOW + 600,
    ISSUED_AT: NOW,
    ID: SAID.id,
    INDEX: 7,
    STATION: "37081101",
    SLOT: "cabinet3",
    ITEM: "ibuprofen",
}


def text_of(data: bytes) -> str:
    text: str = b45encode(data).decode()
    return PREFIX + text


def signed(claims: Any, kid: bytes = NAME) -> str:
    return text_of(sign1(cbor2.dumps(claims, canonical=True), KEY, kid))


def test_what_a_hospital_signed_is_read_back() -> None:
    text = make_medicine(SAID, KEY, NAME)
    assert read_medicine(text, KEYS) == SAID
    assert len(text) < MAX_TEXT
    assert signed(CLAIMS) == text


@pytest.mark.parametrize(
    "change",
    [
        {EXPIRES: NOW + LONGEST + 1},
        {EXPIRES: NOW},
        {ID: bytes(15)},
        {ID: "0" * 16},
        {INDEX: 2**32},
        {INDEX: True},
        {INDEX: -1},
        {STATION: ""},
        {STATION: "3" * 13},
        {SLOT: b"cabinet3"},
        {SLOT: "药格"},
        {ITEM: "i" * 33},
        {ITEM: "a\nb"},
        {99: 1},
    ],
    ids=str,
)
def test_a_claim_that_is_none_is_refused(change: dict[int, Any]) -> None:
    assert read_medicine(signed(CLAIMS | change), KEYS) is Outcome.TORN


@pytest.mark.parametrize("left_out", CLAIMS)
def test_none_may_be_left_out(left_out: int) -> None:
    assert (
        read_medicine(signed({name: each for name, each in CLAIMS.items() if name != left_out}), KEYS) is Outcome.TORN
    )


@pytest.mark.parametrize("claims", [[], 7, "x", {(1, 2): 3}, {1: {2: 3}}], ids=str)
def test_what_is_no_map_of_claims_is_refused(claims: Any) -> None:
    assert read_medicine(signed(claims), KEYS) is Outcome.TORN


def test_another_order_or_a_longer_head_is_another_text_and_none() -> None:
    """Or one release could be two."""
    other_order = cbor2.dumps(dict(reversed(CLAIMS.items())))
    longer = cbor2.dumps(CLAIMS, canonical=True).replace(b"\x07\x3a", b"\x18\x07\x3a")
    for payload in (other_order, longer):
        assert read_medicine(text_of(sign1(payload, KEY, NAME)), KEYS) is Outcome.TORN
    message = b45decode(signed(CLAIMS).removeprefix(PREFIX))
    tagged, unprotected = b"\xd2" + message, message.replace(b"\xa0\x58", b"\xa1\x01\x26\x58")
    for data in (tagged, unprotected, message + b"\0"):
        assert read_medicine(text_of(data), KEYS) is Outcome.TORN


def test_the_head_has_a_name_and_nothing_else() -> None:
    payload = cbor2.dumps(CLAIMS, canonical=True)
    for headers in ({ALG: EDDSA}, {ALG: EDDSA, KID: NAME, 5: b"x"}, {ALG: -7, KID: NAME}):
        protected = cbor2.dumps(headers)
        message = [protected, {}, payload, KEY.sign(to_be_signed(protected, payload))]
        assert read_medicine(text_of(cbor2.dumps(message)), KEYS) is Outcome.TORN


def test_a_key_that_no_document_names_signs_nothing() -> None:
    assert read_medicine(signed(CLAIMS), {}) is Outcome.UNKNOWN_KEY
    assert read_medicine(signed(CLAIMS), {NAME: bytes(32)}) is Outcome.UNKNOWN_KEY
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    assert read_medicine(signed(CLAIMS), {NAME: other}) is Outcome.BAD_SIGNATURE


@given(st.integers(4, 300), st.characters(min_codepoint=32, max_codepoint=126))
def test_one_character_that_is_another_makes_it_none(at: int, other: str) -> None:
    text = make_medicine(SAID, KEY, NAME)
    changed = text[: at % len(text)] + other + text[at % len(text) + 1 :]
    assert changed == text or isinstance(read_medicine(changed, KEYS), Outcome)


@given(st.text(max_size=600))
def test_no_text_raises(text: str) -> None:
    assert isinstance(read_medicine(text, KEYS), Outcome)
    assert isinstance(read_medicine(PREFIX + text, KEYS), Outcome)


def test_its_name_is_not_its_id() -> None:
    assert SAID.id.hex() not in SAID.name
    assert replace(SAID, id=bytes(16)).name != SAID.name


def test_each_outcome_has_words_in_both_languages() -> None:
    assert WORDS.keys() == {*Outcome}
    assert all(chinese and english.isascii() for chinese, english in WORDS.values())
