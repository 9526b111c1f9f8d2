"""Signed documents and the status list: who may say what, and what broken bytes give."""

from __future__ import annotations

import zlib

import cbor2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.trust.cose import sign1
from kiosk.trust.documents import MAX_DOCUMENT, REFUSAL_WORDS, ROOT_KID, Refusal, TimeDocument, read_document
from kiosk.trust.keyset import NO_KEYS, Keyset, key_id
from kiosk.trust.status import Status, StatusDocument, StatusList, pack, unpack
from tests.keys import (
    DOCUMENT,
    ISSUER,
    KEYSET,
    NOW,
    ROOT,
    STRANGER,
    document,
    keyset_document,
    public,
    status_document,
    time_document,
    trusted,
)

ROOT_PUBLIC = public(ROOT)


def test_the_root_key_signs_the_keyset_and_the_keyset_the_rest() -> None:
    assert read_document(keyset_document(), ROOT_PUBLIC, NO_KEYS) == KEYSET
    assert isinstance(read_document(status_document(1, {}), ROOT_PUBLIC, KEYSET), StatusDocument)
    assert read_document(time_document(NOW, "abc"), ROOT_PUBLIC, KEYSET) == TimeDocument(NOW, "abc")


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"", Refusal.MALFORMED),
        (b"\x00" * (MAX_DOCUMENT + 1), Refusal.TOO_LONG),
        (keyset_document(key=STRANGER), Refusal.BAD_SIGNATURE),
        (status_document(1, {})[:-1], Refusal.MALFORMED),
        (document(TimeDocument(NOW), STRANGER), Refusal.UNKNOWN_KEY),
        (document(TimeDocument(NOW), ISSUER), Refusal.UNKNOWN_KEY),
        (document(KEYSET, DOCUMENT), Refusal.UNKNOWN_KEY),
        (sign1(cbor2.dumps({"type": "time", "version": NOW}), ROOT, ROOT_KID), Refusal.UNKNOWN_KEY),
        (sign1(cbor2.dumps({"type": "other"}), DOCUMENT, key_id(public(DOCUMENT))), Refusal.MALFORMED),
        (sign1(cbor2.dumps({"type": "time", "version": -1}), DOCUMENT, key_id(public(DOCUMENT))), Refusal.MALFORMED),
        (sign1(b"rubbish", DOCUMENT, key_id(public(DOCUMENT))), Refusal.MALFORMED),
    ],
)
def test_each_wrong_document_has_its_refusal(body: bytes, refusal: Refusal) -> None:
    assert read_document(body, ROOT_PUBLIC, KEYSET) is refusal


def test_a_key_signs_only_within_its_time() -> None:
    for not_before, not_after, expected in ((NOW, NOW, True), (NOW + 1, NOW + 9, False), (0, NOW - 1, False)):
        keys = Keyset(1, 0, (trusted(DOCUMENT, "document", not_before=not_before, not_after=not_after),))
        for body in (status_document(1, {}), time_document(NOW)):
            found = read_document(body, ROOT_PUBLIC, keys)
            assert (found is not Refusal.KEY_NOT_VALID) is expected


def test_keys_for_uses_of_a_later_version_are_passed_over() -> None:
    """Whatever they look like: a longer key, more fields."""
    later = {"kid": b"abcd", "use": "release2", "public": bytes(1952), "not_before": 0, "not_after": NOW, "more": 1}
    payload = {**msgspec.to_builtins(KEYSET, builtin_types=(bytes,))}
    payload["keys"] = [later, *payload["keys"]]
    assert read_document(sign1(cbor2.dumps(payload), ROOT, ROOT_KID), ROOT_PUBLIC, NO_KEYS) == KEYSET
    payload["keys"] = [{**later, "use": 5}]
    assert read_document(sign1(cbor2.dumps(payload), ROOT, ROOT_KID), ROOT_PUBLIC, NO_KEYS) is Refusal.MALFORMED


def test_every_refusal_has_words_in_two_languages() -> None:
    assert REFUSAL_WORDS.keys() == set(Refusal)
    assert all(zh and en for zh, en in REFUSAL_WORDS.values())


def test_without_a_root_key_nothing_is_believed() -> None:
    assert read_document(keyset_document(), b"", Keyset(1, 0, ())) is Refusal.UNKNOWN_KEY


@given(st.binary(max_size=400))
def test_any_bytes_are_refused(body: bytes) -> None:
    assert isinstance(read_document(body, ROOT_PUBLIC, KEYSET), Refusal)


@given(st.dictionaries(st.integers(0, 999), st.sampled_from(Status), max_size=50))
def test_a_list_says_what_was_packed(statuses: dict[int, Status]) -> None:
    packed = unpack(pack(statuses, 1000))
    assert packed is not None
    found = StatusList(1, NOW, packed)
    assert [found[index] for index in range(1000)] == [statuses.get(index, Status.VALID) for index in range(1000)]


def test_a_credential_newer_than_the_list_is_valid() -> None:
    packed = unpack(pack({}, 8))
    assert packed is not None
    assert StatusList(1, NOW, packed)[10**9] == Status.VALID


def test_a_broken_list_or_a_bomb_is_no_list() -> None:
    good = pack({3: Status.REVOKED}, 1000)
    assert unpack(good[:-1]) is None
    assert unpack(good + b"x") is None
    assert unpack(b"rubbish") is None
    assert unpack(zlib.compress(b"\0" * 1001), limit=1000) is None
    assert unpack(zlib.compress(b"\0" * 1000), limit=1000) is not None
