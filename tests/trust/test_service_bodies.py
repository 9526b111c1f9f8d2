"""What services say: each kind comes back as it was signed, and what is out of its bounds is no body of its kind."""

from __future__ import annotations

import zlib
from typing import Any

import cbor2
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.trust.keyset import key_id
from kiosk.trust.ledger import packed, packed_new
from kiosk.trust.service import (
    KINDS,
    MOST_OF_A_PICTURE,
    AnsweredCase,
    Answers,
    Body,
    Campaign,
    Checklist,
    Doctor,
    Event,
    HospitalKey,
    Item,
    Ledger,
    Notice,
    Picture,
    Place,
    PollBody,
    Proof,
    Question,
    ServiceDocument,
    Sheet,
    StockAt,
    Stop,
    body_in,
    poll_name,
)

TEXTS = {"zh": "今天停水", "en": "No water today"}
PICTURE = Picture("0" * 64, MOST_OF_A_PICTURE)
CASE = AnsweredCase("water", "not_hot", "2026-11-20", "will_not", "2026-12-11", words=TEXTS)
ITEMS = (Item("clean", TEXTS), Item("cool", TEXTS, proof=Proof("fridge", most=8.0)), Item("lot", TEXTS, "month"))
CAMPAIGN = Campaign(TEXTS, "raincoat", bytes(range(32)), "day", (0, 3), ("slot_1",), "stop", 600)
HOSPITAL = HospitalKey(key_id(bytes(32)), bytes(32), ("ibuprofen",))
EXAMPLES: tuple[Body, ...] = (
    Notice(TEXTS, urgent=True),
    Question(TEXTS),
    Event(TEXTS, 1_795_392_000, PICTURE),
    Answers((CASE,)),
    Checklist(TEXTS, ITEMS, 3),
    Sheet(TEXTS, ("fridge",), ("3701", "370811"), Place(36.65, 117.12)),
    PollBody(b"\0the board's file\xff"),
    CAMPAIGN,
    Ledger("raincoats", 7, 9, packed((0, 8), 9), 0, "2026-W48", (StockAt("37081101", TEXTS, 3, 5, 36.6, 117.0),)),
    Stop(TEXTS, 36.65, 117.12, 80, "370811"),
    Doctor(TEXTS, "0531-8200 1234", "https://doctor.example/s/{token}", ("mon-fri 08:00-18:00",), (HOSPITAL,)),
)


def head(kind: str, name: str = "a") -> ServiceDocument:
    return ServiceDocument(1, name, kind, 5, 0, 9)


def read(kind: str, said: dict[str, Any], name: str = "a") -> Body | None:
    """As a station does, from CBOR, with what a later version says beside it."""
    sent = {**said, **msgspec.to_builtins(head(kind, name)), "later": {1: b"2"}}
    return body_in(head(kind, name), cbor2.loads(cbor2.dumps(sent)))


@pytest.mark.parametrize("body", EXAMPLES, ids=lambda each: type(each).__name__)
def test_each_kind_comes_back_as_it_was_signed(body: Body) -> None:
    name = poll_name(body.poll) if isinstance(body, PollBody) else "a"
    said = msgspec.to_builtins(body, builtin_types=(bytes,))
    assert read(str(body.__struct_config__.tag), said, name) == body


def test_a_poll_of_which_one_bit_was_changed_is_none() -> None:
    poll = b"the board's file"
    assert read("poll", {"poll": poll}, poll_name(poll)) == PollBody(poll)
    for changed in (b"The board's file", poll + b" ", poll[1:]):
        with pytest.raises(msgspec.ValidationError, match="somebody has changed it"):
            read("poll", {"poll": changed}, poll_name(poll))


def test_there_is_an_example_of_each_kind_and_other_kinds_have_no_body() -> None:
    assert {each.__struct_config__.tag for each in EXAMPLES} == KINDS
    assert read("weather", {"texts": 7}) is None
    assert body_in(ServiceDocument(1, "a", "notice", 9, 0, 9), {}) is None, "a withdrawal"


ONE = msgspec.to_builtins(CASE)
ITEM = {"key": "clean", "texts": TEXTS}
COAT = {"texts": TEXTS, "item": "raincoat", "key": bytes(32)}
HAD: dict[str, Any] = {"campaign": "a", "at": 7, "size": 9, "bits": packed((), 9)}
LEFT = StockAt("37081101", TEXTS, 3, 5, 36.6, 117)
HERE = {"texts": TEXTS, "latitude": 36.6, "longitude": 117, "radius": 80, "prefix": "3709"}
ASK = {"texts": TEXTS, "call": "120", "url": "https://doctor.example/{token}"}
RELEASES = {"kid": key_id(bytes(32)), "public": bytes(32), "items": ["ibuprofen"]}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("question", {"texts": {}}),
        ("question", {"texts": {"zh": "x" * 501}}),
        ("event", {"texts": TEXTS}),
        ("event", {"texts": TEXTS, "starts": -1}),
        ("event", {"texts": TEXTS, "starts": 1, "picture": {"sha256": "0" * 63, "size": 1}}),
        ("event", {"texts": TEXTS, "starts": 1, "picture": {"sha256": "0" * 64 + "\n", "size": 1}}),
        ("event", {"texts": TEXTS, "starts": 1, "picture": {"sha256": "../" + "0" * 61, "size": 1}}),
        ("event", {"texts": TEXTS, "starts": 1, "picture": {"sha256": "0" * 64, "size": MOST_OF_A_PICTURE + 1}}),
        ("event", {"texts": TEXTS, "starts": 1, "picture": {"sha256": "0" * 64, "size": 1, "media_type": "text/html"}}),
        ("answers", {"cases": [ONE] * 25}),
        ("answers", {"cases": [{**ONE, "since": "today"}]}),
        ("answers", {"cases": [{**ONE, "state": "will not"}]}),
        ("answers", {"cases": [{**ONE, "words": {"Chinese": "x"}}]}),
        ("checklist", {"texts": TEXTS, "items": []}),
        ("checklist", {"texts": TEXTS, "items": [ITEM, ITEM]}),
        ("checklist", {"texts": TEXTS, "items": [{**ITEM, "key": "A B"}]}),
        ("checklist", {"texts": TEXTS, "items": [{**ITEM, "texts": {"zh": "x" * 81}}]}),
        ("checklist", {"texts": TEXTS, "items": [{**ITEM, "proof": {"sensor": "fridge"}}]}),
        ("checklist", {"texts": TEXTS, "items": [{**ITEM, "proof": {"sensor": "fridge", "least": 8, "most": 2}}]}),
        ("checklist", {"texts": TEXTS, "items": [{**ITEM, "kind": "month", "proof": {"sensor": "fridge", "most": 2}}]}),
        ("checklist", {"texts": TEXTS, "items": [ITEM], "every": 0}),
        ("sheet", {"texts": TEXTS, "also": [""]}),
        ("sheet", {"texts": TEXTS, "also": ["37-08"]}),
        ("sheet", {"texts": TEXTS, "also": ["37"] * 17}),
        ("sheet", {"texts": TEXTS, "place": {"latitude": 91, "longitude": 0}}),
        ("campaign", {**COAT, "key": bytes(31)}),
        ("campaign", {**COAT, "key": "0" * 32}),
        ("campaign", {**COAT, "per": "month"}),
        ("campaign", {**COAT, "classes": []}),
        ("campaign", {**COAT, "slots": ["Slot 1"]}),
        ("campaign", {**COAT, "slots": ["a"] * 33}),
        ("campaign", {**COAT, "when_stale": "guess"}),
        ("campaign", {**COAT, "ledger_max_age": 59}),
        ("campaign", {**COAT, "ledger_max_age": 32 * 86_400}),
        ("ledger", {**HAD, "bits": b"x"}),
        ("ledger", {**HAD, "bits": HAD["bits"] + b"x"}),
        ("ledger", {**HAD, "bits": packed((), 17)}),
        ("ledger", {**HAD, "bits": zlib.compress(bytes(2**21 + 1)), "size": 2**24}),
        ("ledger", {**HAD, "size": 2**24 + 1}),
        ("ledger", {**HAD, "since": 8}),
        ("ledger", {**HAD, "since": 3, "bits": zlib.compress(b"12345")}),
        ("ledger", {**HAD, "since": 3, "bits": zlib.compress(bytes(400_004))}),
        ("ledger", {**HAD, "period": "2026-11"}),
        ("ledger", {**HAD, "stock": [msgspec.to_builtins(LEFT)] * 33}),
        ("ledger", {**HAD, "stock": [{**msgspec.to_builtins(LEFT), "left": -1}]}),
        ("stop", {**HERE, "latitude": "36.6"}),
        ("stop", {**HERE, "longitude": 181}),
        ("stop", {**HERE, "latitude": float("nan")}),
        ("stop", {**HERE, "radius": 9}),
        ("stop", {**HERE, "prefix": ""}),
        ("doctor", {**ASK, "url": "http://doctor.example/{token}"}),
        ("doctor", {**ASK, "url": "https://doctor.example/"}),
        ("doctor", {**ASK, "url": "https://doctor.example/{token}{token}"}),
        ("doctor", {**ASK, "url": "https://{token}"}),
        ("doctor", {**ASK, "call": "ask"}),
        ("doctor", {**ASK, "keys": [RELEASES, RELEASES]}),
        ("doctor", {**ASK, "keys": [{**RELEASES, "kid": b"1234"}]}),
        ("doctor", {**ASK, "keys": [{**RELEASES, "public": b"1"}]}),
        ("doctor", {**ASK, "keys": [{**RELEASES, "items": []}]}),
    ],
)
def test_what_is_out_of_bounds_is_no_body(kind: str, said: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(kind, said)


def test_what_those_tables_begin_with_is_within_the_bounds() -> None:
    said: dict[str, dict[str, Any]] = {
        "campaign": COAT,
        "ledger": HAD,
        "stop": HERE,
        "doctor": {**ASK, "keys": [RELEASES]},
    }
    for kind, each in said.items():
        assert read(kind, each) is not None, kind
    assert read("ledger", {**HAD, "since": 3, "bits": packed_new([8]), "stock": [msgspec.to_builtins(LEFT)] * 32})


def test_no_words_about_a_campaign_have_its_key() -> None:
    for words in (repr(CAMPAIGN), str([CAMPAIGN]), f"{CAMPAIGN}"):
        assert "raincoat" in words
        assert "\\x01" not in words
        assert "key" not in words


def test_no_question_has_the_id_of_the_one_that_always_stands() -> None:
    with pytest.raises(msgspec.ValidationError):
        read("question", {"texts": TEXTS}, "station")
    assert read("notice", {"texts": TEXTS}, "station") == Notice(TEXTS)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9) | st.integers(), inner, max_size=4),
)
NAMES = st.sampled_from(
    [
        "texts",
        "starts",
        "picture",
        "cases",
        "items",
        "every",
        "facilities",
        "also",
        "urgent",
        "kind",
        "key",
        "slots",
        "bits",
        "since",
        "stock",
        "radius",
        "keys",
    ]
)


@settings(max_examples=40)
@given(st.sampled_from(sorted(KINDS)), st.dictionaries(NAMES, ANYTHING))
def test_whatever_is_said_is_a_body_or_none(kind: str, said: dict[str, Any]) -> None:
    try:
        found = body_in(head(kind), said)
    except msgspec.ValidationError:
        return
    assert found is not None
    assert found.__struct_config__.tag == kind
