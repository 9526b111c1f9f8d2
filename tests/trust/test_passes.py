"""The pass: what is read, what each check refuses, and that hostile text gives a reason and never an exception."""

from __future__ import annotations

import cbor2
import pytest
from base45 import b45decode, b45encode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.trust.codes import OURS, bare, unwrapped
from kiosk.trust.cose import read_sign1, sign1
from kiosk.trust.keyset import NO_KEYS, Keyset, key_id
from kiosk.trust.passes import BOUND_PREFIX, MAX_TEXT, PREFIX, Kind, Pass, PassClass, peek, read_pass, show_bound
from kiosk.trust.reasons import WORDS, Reason
from tests.keys import DAY, ISSUER, KEYSET, NOW, PHONE, STRANGER, bound, claims, public, signed, trusted

KID = key_id(public(ISSUER))


def raw(payload: object, kid: bytes = KID) -> str:
    """A pass with any payload, properly signed."""
    data = payload if isinstance(payload, bytes) else cbor2.dumps(payload)
    text: str = b45encode(sign1(data, ISSUER, kid)).decode()
    return PREFIX + text


GOOD = {4: NOW + DAY, 6: NOW, -70001: 7, -70002: 0, -70004: 0}


def test_a_pass_comes_back_as_it_was_issued() -> None:
    wanted = claims(scope="3708", not_before=NOW, pass_class=PassClass.STEWARD, kind=Kind.LIVE, extended=True)
    found = read_pass(signed(wanted), KEYSET)
    assert isinstance(found, Pass)
    assert replace(found, kid="", token="") == wanted
    assert found.kid == KID.hex()


@given(
    st.integers(1, 2**32 - 1),
    st.sampled_from([Kind.CARD, Kind.LIVE]),
    st.sampled_from(PassClass),
    st.text("0123456789", max_size=8),
    st.none() | st.integers(0, NOW),
)
def test_every_pass_comes_back(
    index: int, kind: Kind, pass_class: PassClass, scope: str, not_before: int | None
) -> None:
    wanted = claims(index, kind, pass_class=pass_class, scope=scope, not_before=not_before)
    found = read_pass(signed(wanted), KEYSET)
    assert isinstance(found, Pass)
    assert replace(found, kid="", token="") == wanted


def test_it_keeps_the_size_that_the_design_promises() -> None:
    sizes = [len(b45decode(signed(each)[4:].encode())) for each in (claims(2**32 - 1), claims(2**32 - 1, scope="3708"))]
    assert sizes == [115, 125]
    assert len(signed(claims(2**32 - 1, scope="3708"))) <= 195, (
        "QR version 6 at level L holds 195 alphanumeric characters"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("YZ1:" + "A" * (MAX_TEXT - 3), Reason.TOO_LONG),
        ("A" * 10_000, Reason.TOO_LONG),
        ("", Reason.NOT_A_PASS),
        ("https://example.com/pass?id=1", Reason.NOT_A_PASS),
        ("您好，驿站", Reason.NOT_A_PASS),
        ("\x00\x01\xff", Reason.NOT_A_PASS),
        ("yz1:" + signed(claims())[4:], Reason.NOT_A_PASS),
        ("YZ2:", Reason.BAD_CBOR),
        ("YZ2:ABC", Reason.BAD_CBOR),
        ("YZ2:_", Reason.BAD_BASE45),
        ("YZ3:ABC", Reason.NOT_A_PASS),
        ("YZ1:", Reason.BAD_CBOR),
        ("YZ1:您好", Reason.BAD_BASE45),
        ("YZ1:AAA:::", Reason.BAD_BASE45),
        ("YZ1:A", Reason.BAD_BASE45),
        (signed(claims()) + "\n", Reason.BAD_BASE45),
        ("YZ1:" + b45encode(cbor2.dumps([1, 2, 3])).decode(), Reason.BAD_PROFILE),
        ("YZ1:" + b45encode(b"\xff\xff").decode(), Reason.BAD_CBOR),
        ("YZ1:" + b45encode(b45decode(signed(claims())[4:].encode()) + b"\x00").decode(), Reason.BAD_CBOR),
        (raw(GOOD, kid=b"none"), Reason.UNKNOWN_KEY),
        (signed(claims(), STRANGER), Reason.BAD_SIGNATURE),
        (raw(b"no cbor"), Reason.BAD_PROFILE),
        (raw([1, 2]), Reason.BAD_PROFILE),
        (raw({**GOOD, 4: "tomorrow"}), Reason.BAD_PROFILE),
        (raw({**GOOD, 4: True}), Reason.BAD_PROFILE),
        (raw({**GOOD, -70001: -1}), Reason.BAD_PROFILE),
        (raw({**GOOD, -70001: 2**32}), Reason.BAD_PROFILE),
        (raw({**GOOD, -70002: 4}), Reason.BAD_PROFILE),
        (raw({**GOOD, -70003: ""}), Reason.BAD_PROFILE),
        (raw({**GOOD, -70005: False}), Reason.BAD_PROFILE),
        (raw({**GOOD, -70005: 1}), Reason.BAD_PROFILE),
        (raw({**GOOD, -70004: 2}), Reason.BAD_PROFILE),
        (raw([*GOOD, "name"]), Reason.BAD_PROFILE),
        (raw(b"\xa1\x64name\x64Wang"), Reason.BAD_PROFILE),
        (raw({**GOOD, 99: 1}), Reason.BAD_PROFILE),
        (raw({key: value for key, value in GOOD.items() if key != 4}), Reason.BAD_PROFILE),
        (raw(b"\xa2\x04\x01\x04\x02"), Reason.BAD_PROFILE),
        (raw(b"\xbf\x04\x01\xff"), Reason.BAD_PROFILE),
    ],
)
def test_each_check_refuses_with_its_reason(text: str, reason: Reason) -> None:
    assert read_pass(text, KEYSET) is reason


def test_the_good_payload_of_these_cases_is_good() -> None:
    assert isinstance(read_pass(raw(GOOD), KEYSET), Pass)


def test_a_pass_cut_in_half_is_refused_wherever_it_is_cut() -> None:
    text = signed(claims())
    assert {type(read_pass(text[:length], KEYSET)) for length in range(len(text))} == {Reason}


def test_every_changed_byte_is_refused() -> None:
    data = bytearray(b45decode(signed(claims())[4:].encode()))
    for place in range(len(data)):
        changed = bytes(data[:place]) + bytes([data[place] ^ 1]) + bytes(data[place + 1 :])
        assert isinstance(read_pass(PREFIX + b45encode(changed).decode(), KEYSET), Reason), place


def test_another_algorithm_in_the_header_is_malformed_even_with_a_good_signature() -> None:
    message = read_sign1(b45decode(signed(claims())[4:].encode()))
    headers: list[dict[int, object]] = [{1: -7, 4: KID}, {4: KID}, {1: -8, 4: KID, 2: [1]}, {1: -8}]
    for header in headers:
        protected = cbor2.dumps(header)
        text = PREFIX + b45encode(cbor2.dumps([protected, {}, message.payload, message.signature])).decode()
        assert read_pass(text, KEYSET) is Reason.BAD_PROFILE, header


def test_an_unprotected_header_is_refused_so_that_a_pass_has_one_form() -> None:
    message = read_sign1(b45decode(signed(claims())[4:].encode()))
    text = PREFIX + b45encode(cbor2.dumps([message.protected, {9: 1}, message.payload, message.signature])).decode()
    assert read_pass(text, KEYSET) is Reason.BAD_PROFILE


def test_a_key_counts_only_for_passes_issued_in_its_time() -> None:
    young = Keyset(1, NOW, (trusted(ISSUER, "issuer", not_before=NOW),))
    assert read_pass(signed(claims(issued_at=NOW - 1)), young) is Reason.UNKNOWN_KEY
    assert isinstance(read_pass(signed(claims(issued_at=NOW)), young), Pass)


def test_a_document_key_signs_no_pass() -> None:
    wrong = Keyset(1, NOW, (trusted(ISSUER, "document"),))
    assert read_pass(signed(claims()), wrong) is Reason.UNKNOWN_KEY


def test_without_keys_nothing_is_trusted_but_a_technician_can_peek() -> None:
    assert read_pass(signed(claims()), NO_KEYS) is Reason.UNKNOWN_KEY
    assert isinstance(peek(signed(claims())), Pass)


def test_nothing_is_read_as_claims_before_the_signature_holds() -> None:
    """A malformed payload under a wrong signature is told as a wrong signature."""
    forged = PREFIX + b45encode(sign1(b"rubbish", STRANGER, KID)).decode()
    assert read_pass(forged, KEYSET) is Reason.BAD_SIGNATURE


@given(st.text(max_size=600))
def test_any_text_gives_a_reason(text: str) -> None:
    assert isinstance(read_pass(text, KEYSET), Reason)


@given(st.binary(max_size=300))
def test_any_bytes_behind_the_prefix_give_a_reason(data: bytes) -> None:
    assert isinstance(read_pass(PREFIX + b45encode(data).decode(), KEYSET), Reason)


@given(st.binary(max_size=200))
def test_any_signed_payload_gives_a_reason_or_a_pass(data: bytes) -> None:
    assert isinstance(read_pass(raw(data), KEYSET), Reason | Pass)


def test_every_reason_has_words_in_two_languages() -> None:
    assert WORDS.keys() == set(Reason)
    assert all(zh and en for zh, en in WORDS.values())


def shown(payload: object, phone: Ed25519PrivateKey = PHONE, kid: bytes = b"") -> str:
    """Whatever a phone signs."""
    text: str = b45encode(sign1(payload if isinstance(payload, bytes) else cbor2.dumps(payload), phone, kid)).decode()
    return BOUND_PREFIX + text


def inner(text: str) -> bytes:
    return bytes(b45decode(text.removeprefix(PREFIX).encode()))


def test_a_bound_pass_comes_back_with_its_phones_time_and_key() -> None:
    found = read_pass(show_bound(bound(), PHONE, NOW), KEYSET)
    assert isinstance(found, Pass)
    assert (found.index, found.kind, found.shown_at, found.holder_key) == (7, Kind.BOUND, NOW, public(PHONE))
    assert isinstance(peek(show_bound(bound(), PHONE, NOW)), Pass)
    assert len(show_bound(bound(2**32 - 1), PHONE, NOW)) < MAX_TEXT


CNF = {1: {1: 1, -1: 6, -2: public(PHONE)}}
BOUND = {**GOOD, -70004: 2, 8: CNF}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (bound(), Reason.NEEDS_PHONE),
        (shown({6: NOW, -70010: inner(bound())}, STRANGER), Reason.BAD_HOLDER_SIGNATURE),
        (shown({6: NOW, -70010: inner(signed(claims()))}), Reason.BAD_PROFILE),
        (shown({6: NOW, -70010: inner(signed(claims(), STRANGER))}), Reason.BAD_SIGNATURE),
        (shown({6: NOW, -70010: inner(bound())[:-1]}), Reason.BAD_PROFILE),
        (shown({6: NOW, -70010: "text"}), Reason.BAD_PROFILE),
        (shown({6: -1, -70010: inner(bound())}), Reason.BAD_PROFILE),
        (shown({6: True, -70010: inner(bound())}), Reason.BAD_PROFILE),
        (shown({-70010: inner(bound())}), Reason.BAD_PROFILE),
        (shown({6: NOW, -70010: inner(bound()), 7: 1}), Reason.BAD_PROFILE),
        (shown([6, NOW]), Reason.BAD_PROFILE),
        (shown(b"rubbish"), Reason.BAD_PROFILE),
        (shown({6: NOW, -70010: inner(bound())}, kid=b"abcd"), Reason.BAD_PROFILE),
        (raw({**GOOD, 8: CNF}), Reason.BAD_PROFILE),
        (raw({**BOUND, 8: {1: {1: 1, -1: 6, -2: b"short"}}}), Reason.BAD_PROFILE),
        (raw({**BOUND, 8: {1: {1: 1, -1: 6}}}), Reason.BAD_PROFILE),
        (raw({**BOUND, 8: {1: {1: 2, -1: 6, -2: public(PHONE)}}}), Reason.BAD_PROFILE),
        (raw({**BOUND, 8: {**CNF, 2: b""}}), Reason.BAD_PROFILE),
        (raw({**BOUND, 8: 1}), Reason.BAD_PROFILE),
        (raw(BOUND), Reason.NEEDS_PHONE),
    ],
)
def test_each_check_of_a_bound_pass_refuses_with_its_reason(text: str, reason: Reason) -> None:
    assert read_pass(text, KEYSET) is reason


def test_a_pass_of_the_year_2106_is_a_pass() -> None:
    """Times past 2^32 seconds are times."""
    found = read_pass(signed(claims(expires=2**32 + DAY)), KEYSET)
    assert isinstance(found, Pass)
    assert found.expires == 2**32 + DAY


@pytest.mark.parametrize(
    "edge", [" ", "\r\n", "\t", "\ufeff", "\u3000", "\xa0", "\0", "\x02", "ï»¿", "\ufffd" * 3, "\u200b"]
)
def test_what_stands_around_a_code_is_no_part_of_it(edge: str) -> None:
    for text in (signed(claims()), show_bound(bound(), PHONE, NOW), "YZE1:37081101:ABCD"):
        for around in (text, edge + text, text + edge, edge * 2 + text + edge * 3):
            assert bare(around) == text
        assert OURS.fullmatch(text)


@pytest.mark.parametrize(
    ("prefix", "suffix", "around"),
    [
        ("]Q1", "", "\x02]Q1{}\x03"),
        ("\x02]Q1", "", "\x02]Q1{}\t"),
        ("\x02", "\x03", "\x02{}\x03"),
        ("SHOP ", " -END", "SHOP {} -END"),
        ("驿站", "", "驿站{}"),
        ("]Q1", "-END", "{}"),
    ],
)
def test_what_a_reader_adds_to_each_code_is_no_part_of_it(prefix: str, suffix: str, around: str) -> None:
    text = signed(claims())
    assert unwrapped(around.format(text), prefix, suffix) == text


@given(st.binary(min_size=1, max_size=60))
def test_no_text_of_base45_ends_in_what_is_taken_away(data: bytes) -> None:
    text = PREFIX + b45encode(data).decode()
    assert bare(text) == text
