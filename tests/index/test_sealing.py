"""The two envelopes: as RFC 9180 has them, of one length each, and of no use to anybody else or for another poll."""

from __future__ import annotations

import hmac
from functools import partial
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from kiosk.index.answers import ANSWERS, Ballot, ballot_bytes, ballot_in
from kiosk.index.sealing import (
    INNER,
    INNER_INFO,
    OUTER,
    OUTER_INFO,
    SUITE,
    is_usable,
    open_answers,
    open_ballot,
    seal_answers,
    seal_ballot,
)
from tests.index.polls import INNER_KEY, OUTER_KEY, public, serial

POLL, OTHER = b"p" * 32, b"q" * 32
BALLOT: Ballot = (0, 1, 2, 3, 4, 0, 1)
ballots = st.tuples(*[st.integers(0, len(ANSWERS) - 1)] * 7)

# RFC 9180 by its text, beside the library: sections 4, 4.1 and 5.1, for DHKEM(X25519), HKDF-SHA256 and AES-128-GCM.

KEM_ID, KDF_ID, AEAD_ID = 0x20, 1, 1
KEM_SUITE = b"KEM" + KEM_ID.to_bytes(2)
HPKE_SUITE = b"HPKE" + KEM_ID.to_bytes(2) + KDF_ID.to_bytes(2) + AEAD_ID.to_bytes(2)


def extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, sha256)


def expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """One block of HKDF-Expand is enough for what is asked here."""
    return hmac.digest(prk, length.to_bytes(2) + b"HPKE-v1" + suite + label + info + b"\x01", sha256)[:length]


def shared_secret(enc: bytes, private: bytes) -> bytes:
    own = X25519PrivateKey.from_private_bytes(private)
    agreed = extract(KEM_SUITE, b"", b"eae_prk", own.exchange(X25519PublicKey.from_public_bytes(enc)))
    return expand(KEM_SUITE, agreed, b"shared_secret", enc + public(private), 32)


def key_and_nonce(shared: bytes, info: bytes) -> tuple[bytes, bytes]:
    context = b"\0" + b"".join(
        extract(HPKE_SUITE, b"", label, data) for label, data in ((b"psk_id_hash", b""), (b"info_hash", info))
    )
    derived = partial(expand, HPKE_SUITE, extract(HPKE_SUITE, shared, b"secret", b""))
    return derived(b"key", context, 16), derived(b"base_nonce", context, 12)


def opened_by_the_text(sealed: bytes, private: bytes, info: bytes, aad: bytes = b"") -> bytes:
    enc, text = sealed[:32], sealed[32:]
    key, nonce = key_and_nonce(shared_secret(enc, private), info)
    return AESGCM(key).decrypt(nonce, text, aad)


VECTOR = {
    "info": "4f6465206f6e2061204772656369616e2055726e",
    "skEm": "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
    "skRm": "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
    "pkRm": "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
    "enc": "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
    "shared_secret": "fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc",
    "key": "4531685d41d65f03dc48f6b8302c05b0",
    "base_nonce": "56d890e5accaaf011cff4b7d",
    "pt": "4265617574792069732074727574682c20747275746820626561757479",
    "aad": "436f756e742d30",
    "ct": "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
}
"""RFC 9180, A.1.1, base mode, sequence number 0."""

V = {name: bytes.fromhex(value) for name, value in VECTOR.items()}


def test_the_text_of_the_rfc_as_it_is_written_here_gives_its_vector() -> None:
    assert (public(V["skEm"]), public(V["skRm"])) == (V["enc"], V["pkRm"])
    assert shared_secret(V["enc"], V["skRm"]) == V["shared_secret"]
    assert key_and_nonce(V["shared_secret"], V["info"]) == (V["key"], V["base_nonce"])
    assert opened_by_the_text(V["enc"] + V["ct"], V["skRm"], V["info"], V["aad"]) == V["pt"]


def test_the_library_seals_and_opens_as_the_text_does() -> None:
    """It takes no associated data, which the vectors of the RFC have: so it meets the text, and the text the vector."""
    sealed = SUITE.encrypt(V["pt"], X25519PublicKey.from_public_bytes(V["pkRm"]), V["info"])
    assert opened_by_the_text(sealed, V["skRm"], V["info"]) == V["pt"]
    by_the_text = V["enc"] + AESGCM(V["key"]).encrypt(V["base_nonce"], V["pt"], b"")
    assert SUITE.decrypt(by_the_text, X25519PrivateKey.from_private_bytes(V["skRm"]), V["info"]) == V["pt"]


@given(ballots, st.binary(min_size=16, max_size=16))
def test_every_ballot_has_one_length_and_comes_back(ballot: Ballot, slip: bytes) -> None:
    inner = seal_answers(POLL, public(INNER_KEY), ballot)
    outer = seal_ballot(POLL, public(OUTER_KEY), slip, inner)
    assert (len(inner), len(outer)) == (INNER, OUTER) == (55, 119)
    opened = open_ballot(POLL, OUTER_KEY, outer)
    assert opened is not None
    assert (opened.serial, opened.inner) == (slip, inner)
    assert open_answers(POLL, INNER_KEY, opened.inner) == ballot


def test_an_envelope_opens_for_one_poll_one_key_and_in_one_place() -> None:
    inner = seal_answers(POLL, public(INNER_KEY), BALLOT)
    outer = seal_ballot(POLL, public(OUTER_KEY), serial(1), inner)
    assert open_answers(OTHER, INNER_KEY, inner) is None
    assert open_answers(POLL, OUTER_KEY, inner) is None
    assert open_ballot(OTHER, OUTER_KEY, outer) is None
    assert open_ballot(POLL, INNER_KEY, outer) is None
    swapped = SUITE.encrypt(
        ballot_bytes(BALLOT), X25519PublicKey.from_public_bytes(public(INNER_KEY)), OUTER_INFO + POLL
    )
    assert open_answers(POLL, INNER_KEY, swapped) is None


@given(st.data())
def test_an_envelope_with_one_bit_turned_or_another_length_does_not_open(data: st.DataObject) -> None:
    outer = seal_ballot(POLL, public(OUTER_KEY), serial(1), seal_answers(POLL, public(INNER_KEY), BALLOT))
    at = data.draw(st.integers(0, len(outer) * 8 - 1))
    turned = (int.from_bytes(outer) ^ (1 << at)).to_bytes(len(outer))
    assert open_ballot(POLL, OUTER_KEY, turned) is None
    assert open_ballot(POLL, OUTER_KEY, outer[: data.draw(st.integers(0, len(outer) - 1))]) is None
    assert open_ballot(POLL, OUTER_KEY, data.draw(st.binary(max_size=300))) is None


def test_what_a_desk_of_ours_does_not_make_is_no_ballot() -> None:
    for senseless in (bytes(6), bytes(8), b"\5" + bytes(6), b"\xff" * 7):
        sealed = SUITE.encrypt(senseless, X25519PublicKey.from_public_bytes(public(INNER_KEY)), INNER_INFO + POLL)
        assert open_answers(POLL, INNER_KEY, sealed) is None
        assert ballot_in(senseless) is None
    with pytest.raises(ValueError, match="seven answers"):
        ballot_bytes((0, 1, 2, 3, 4, 5, 0))


def test_nothing_is_sealed_to_a_key_of_small_order() -> None:
    small = ["00" * 32, "01" + "00" * 31, "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"]
    assert [is_usable(bytes.fromhex(each)) for each in small] == [False] * 3
    assert not is_usable(bytes(31))
    assert is_usable(public(INNER_KEY))
