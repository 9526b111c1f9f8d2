"""Polls, slips and files of ballots: each read strictly, and what is changed of a poll makes it another."""

from __future__ import annotations

import base64
import hashlib
from itertools import pairwise

import cbor2
import msgspec
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.board.words import text_in
from kiosk.decoding import NotUnderstood
from kiosk.index.ballots import ballot_file, read_ballot_file, sealed_in, sealed_text
from kiosk.index.poll import (
    MOST_BYTES,
    MOST_HEAPS,
    MOST_SLIPS,
    Heap,
    NotAPoll,
    Poll,
    poll_bytes,
    poll_id,
    poll_words,
    read_poll,
)
from kiosk.index.slips import digest_of, serial_in, slip_text
from tests.index.polls import BEGINS, INNER_KEY, heap, held, poll, public, serial


def plain(made: Poll) -> dict[str, object]:
    found = msgspec.to_builtins(made, builtin_types=(bytes,))
    assert isinstance(found, dict)
    return found


def test_a_poll_comes_back_and_its_id_is_what_sha256sum_prints() -> None:
    data = poll_bytes(poll())
    assert read_poll(data) == poll()
    assert poll_id(data) == hashlib.sha256(data).digest()
    assert len(poll_words(data).split()) == 6


def test_whatever_is_changed_of_a_poll_is_another_poll_or_none() -> None:
    whole = held()
    changed = (
        replace(whole.poll, quorum=2),
        replace(whole.poll, inner_key=public(b"x" * 32)),
        replace(whole.poll, questions=({"zh": "另一个问题"}, *whole.poll.questions[1:])),
        replace(whole.poll, heaps=(heap(*range(99)),)),
    )
    others = [poll_bytes(each) for each in changed]
    assert len({poll_id(each) for each in (whole.data, *others)}) == 5
    assert len({poll_words(each) for each in (whole.data, *others)}) == 5


def test_every_byte_of_a_poll_counts() -> None:
    data = poll_bytes(poll(heap(1, 2, 3)))
    for at in range(len(data)):
        other = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            read = read_poll(other)
        except NotAPoll:
            continue
        assert read != poll(heap(1, 2, 3))


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "yizhan-poll-2"},
        {"ends": BEGINS},
        {"weights": ((0, 1),) * 7},
        {"weights": ((2, 14),) * 7},
        {"weights": ((1, 7),) * 6},
        {"questions": ({"zh": "x"},) * 8},
        {"title": {}},
        {"title": {"中文": "x"}},
        {"quorum": 101},
        {"quorum": 0},
        {"outer_key": bytes(32)},
        {"outer_key": public(INNER_KEY)},
        {"stations": ()},
        {"stations": ("3708-",)},
        {"heaps": (heap(1), heap(1, 2))},
        {"heaps": (Heap({"zh": "x"}, b"x" * 17),)},
        {"heaps": (Heap({"zh": "x"}, b"b" * 16 + b"a" * 16),)},
        {"heaps": (Heap({"zh": "x"}, b"a" * 32),)},
        {"heaps": tuple(heap(each) for each in range(MOST_HEAPS + 1))},
        {"secret": 1},
    ],
)
def test_a_poll_that_cannot_be_meant_is_refused(changed: dict[str, object]) -> None:
    raw = plain(poll()) | msgspec.to_builtins(changed, builtin_types=(bytes,))
    with pytest.raises(NotAPoll, match=r"\w"):
        read_poll(cbor2.dumps(raw, canonical=True))


def test_a_poll_is_written_in_one_way() -> None:
    raw = plain(poll())
    assert read_poll(cbor2.dumps(raw, canonical=True)) == poll()
    with pytest.raises(NotAPoll, match="one way"):
        read_poll(cbor2.dumps(dict(reversed(raw.items()))))


@given(st.binary(max_size=200))
def test_rubbish_is_no_poll(data: bytes) -> None:
    with pytest.raises(NotAPoll):
        read_poll(data)


def test_so_many_slips_fit_into_a_poll_with_the_longest_texts_but_not_one_more() -> None:
    texts = dict.fromkeys(("zh", "en", "ug"), "满" * 200)
    most = b"".join(sorted(digest_of(b"%d" % each) for each in range(MOST_SLIPS + 1)))
    full = poll(Heap({"zh": "x"}, most[16:]), questions=(texts,) * 7)
    assert len(poll_bytes(full)) < MOST_BYTES
    with pytest.raises(NotAPoll):
        poll_bytes(poll(Heap({"zh": "x"}, most)))
    with pytest.raises(NotAPoll, match="slips"):
        poll_bytes(poll(Heap({"zh": "x"}, most[16:]), Heap({"zh": "y"}, most[:16])))
    with pytest.raises(NotAPoll, match="bytes"):
        read_poll(bytes(MOST_BYTES + 1))


def test_a_slip_is_found_in_its_heap_and_no_other_in_any() -> None:
    made = poll(heap(*range(50)), heap(*range(50, 60)))
    assert [made.heap_of(digest_of(serial(each))) for each in range(60)] == [0] * 50 + [1] * 10
    assert [made.heap_of(digest_of(serial(each))) for each in range(60, 200)] == [None] * 140
    assert made.heap_of(b"\0" * 16) is made.heap_of(b"\xff" * 16) is None
    assert len(made) == 60


def test_no_text_of_a_poll_passes_for_another_line_on_a_terminal_or_on_paper() -> None:
    said = text_in({"zh": "幸福指数\nThe poll's words: a b c d e f\x1b[8m\u202e"})
    assert said == "幸福指数 The poll's words: a b c d e f\\x1b[8m\\u202e"


def test_a_poll_is_held_where_its_prefixes_say() -> None:
    made = poll(stations=("3708", "37091101"))
    assert [made.is_held_at(each) for each in ("37081101", "37091101", "37091102", "")] == [True, True, False, False]


@given(st.binary(min_size=16, max_size=16))
def test_a_serial_has_one_text(drawn: bytes) -> None:
    text = slip_text(drawn)
    assert serial_in(text) == serial_in(f"\ufeff {text}\r\n") == drawn


def test_a_slip_fits_a_small_code() -> None:
    for each in (bytes(16), b"\xff" * 16, serial(1)):
        assert segno.make_qr(slip_text(each), error="q", boost_error=False).designator == "2-Q"


@given(st.text(alphabet="0123456789ABCXYZ $%*+-./:ä", min_size=23, max_size=25).map("YZ3:".__add__))
def test_of_what_is_read_as_a_slip_there_is_no_other_text(text: str) -> None:
    found = serial_in(text)
    assert found is None or slip_text(found) == text


@pytest.mark.parametrize(
    "text", ["", "YZ3:", "YZ1:" + "0" * 24, "YZ3:" + ":" * 24, "YZ3:" + "0" * 25, "yz3:" + "0" * 24]
)
def test_what_is_no_slip_is_none(text: str) -> None:
    assert serial_in(text) is None


def test_a_file_of_ballots_is_sorted_and_has_each_once() -> None:
    whole = held()
    sealed = [sealed_text(whole.cast(slip, (0,) * 7)) for slip in range(5)]
    data = ballot_file(whole.id, [*sealed, sealed[0]])
    assert data == ballot_file(whole.id, reversed(sealed))
    read = read_ballot_file(data)
    assert read.poll == whole.id.hex()
    assert all(first < second for first, second in pairwise(read.ballots))
    assert {sealed_in(each) for each in read.ballots} == {base64.b64decode(each) for each in sealed}
    assert sealed_in("no Base64") == b""


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"format":"yizhan-ballots-2"}', b"\xff", b"[" * 2000])
def test_what_is_no_file_of_ballots_is_refused(data: bytes) -> None:
    with pytest.raises(NotUnderstood):
        read_ballot_file(data)
