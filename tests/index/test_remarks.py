"""Remarks as bytes, sealed, in the file that the centre hands out, and as holder B opens them for one person."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from kiosk.board.files import Known
from kiosk.board.refused import Missing
from kiosk.board.remarks import opened_remarks, told_remarks
from kiosk.decoding import NotUnderstood
from kiosk.index.ballots import sealed_text
from kiosk.index.poll import MOST_SLIPS, NotAPoll, poll_words, read_poll
from kiosk.index.remark_file import MOST_BYTES, MOST_REMARKS, read_remark_file, remark_file
from kiosk.index.remarks import LONGEST, MOST_PREPARED, NONE, Remark, remark_bytes, remark_in
from kiosk.index.sealing import (
    INNER_INFO,
    REMARK,
    SUITE,
    open_answers,
    open_ballot,
    open_remark,
    seal_answers,
    seal_remark,
)
from kiosk.language import speaking
from tests.index.polls import INNER_KEY, OUTER_KEY, PREPARED, held, public

POLL, OTHER = b"p" * 32, b"q" * 32
HELD = held(remarks=PREPARED)
KNOWN = Known(HELD.poll, HELD.id, poll_words(HELD.data))


@given(st.text(max_size=170) | st.integers(0, MOST_PREPARED))
def test_every_remark_has_one_length_and_comes_back(said: Remark) -> None:
    try:
        plain = remark_bytes(said)
    except ValueError:
        assert isinstance(said, str)
        assert "\0" in said or len(said.strip()) == 1 or any(0xD800 <= ord(each) < 0xE000 for each in said)
        return
    assert len(plain) == LONGEST
    assert remark_in(plain) == (said.strip() or NONE if isinstance(said, str) else said)
    sealed = seal_remark(POLL, public(INNER_KEY), said)
    assert len(sealed) == REMARK == 548
    assert open_remark(POLL, INNER_KEY, sealed) == remark_in(plain)


def test_none_prepared_and_words_cannot_be_told_from_outside() -> None:
    lengths = {len(HELD.remark(each)) for each in (NONE, 1, MOST_PREPARED, "a", "工资" * 83, "x" * LONGEST)}
    assert lengths == {REMARK}
    assert HELD.remark(1) != HELD.remark(1), "nor by what another has sealed"


@pytest.mark.parametrize(
    "odd", [-1, MOST_PREPARED + 1, 65, 9, 300, "工" * 167, "x" * 501, "\1", "a\0", "a\0b", "\ud800"]
)
def test_what_is_no_remark_is_not_sealed(odd: Remark) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  whichever of the codecs says so
        seal_remark(POLL, public(INNER_KEY), odd)


@pytest.mark.parametrize("odd", [b"\5", b"\xff" * 9, b" ", b"\t\n", b"a\0b", b"\xe5\xb7"])
def test_what_a_desk_of_ours_does_not_make_is_no_remark(odd: bytes) -> None:
    assert remark_in(odd.ljust(LONGEST, b"\0")) is None


def test_an_envelope_opens_for_one_poll_one_key_and_in_one_place() -> None:
    sealed = seal_remark(POLL, public(INNER_KEY), "更多的饮水机")
    assert open_remark(OTHER, INNER_KEY, sealed) is None
    assert open_remark(POLL, OUTER_KEY, sealed) is None
    assert open_ballot(POLL, INNER_KEY, sealed) is None
    assert open_answers(POLL, INNER_KEY, sealed) is None
    assert open_remark(POLL, INNER_KEY, seal_answers(POLL, public(INNER_KEY), (0,) * 7)) is None
    swapped = SUITE.encrypt(
        remark_bytes("a b"), X25519PublicKey.from_public_bytes(public(INNER_KEY)), INNER_INFO + POLL
    )
    assert open_remark(POLL, INNER_KEY, swapped) is None


def test_a_poll_without_remarks_is_the_same_file_as_before_there_were_any() -> None:
    assert b"remarks" not in held().data
    assert read_poll(HELD.data).remarks == PREPARED
    assert held().id != HELD.id, "the board alone decides what is prepared"


@pytest.mark.parametrize("remarks", [(PREPARED[0],) * 5, ({},), ({"zh": ""},), ({"zh": "长" * 41},), ({"": "x"},)])
def test_a_poll_whose_remarks_cannot_be_shown_is_none(remarks: Any) -> None:
    with pytest.raises(NotAPoll):
        held(remarks=remarks)


def test_the_file_is_sorted_has_each_once_and_the_largest_can_be_read() -> None:
    some = [HELD.remark("a b") for _each in range(3)]
    file = read_remark_file(remark_file(HELD.id, [*some, some[0]]))
    assert file.remarks == tuple(sorted(map(sealed_text, some)))
    assert MOST_REMARKS > 3 * MOST_SLIPS
    full = remark_file(HELD.id, (number.to_bytes(4, "big").ljust(REMARK, b"x") for number in range(MOST_REMARKS)))
    assert len(full) <= MOST_BYTES


@pytest.mark.parametrize("change", [{"poll": "ab"}, {"remarks": 7}, {"more": 1}, {"format": "yizhan-ballots-1"}])
def test_what_is_no_file_of_remarks_is_refused(change: dict[str, Any]) -> None:
    whole = msgspec.json.decode(remark_file(HELD.id, [HELD.remark()]))
    with pytest.raises(NotUnderstood):
        read_remark_file(msgspec.json.encode(whole | change))


def sealed(*said: Remark) -> list[str]:
    return [sealed_text(HELD.remark(each)) for each in said]


def test_holder_b_gets_lines_for_one_person_and_counts_for_all() -> None:
    said: list[Remark] = ["工资低", "A\tnd\n\u202emore", "工资低", 2, 1, 1, 1, NONE, NONE, NONE, NONE]
    with speaking(chinese=False):
        read = opened_remarks(KNOWN, INNER_KEY, [*sealed(*said), sealed_text(b"x" * REMARK), "!"])
        told = "\n".join(told_remarks(read))
    assert (read.came, read.unreadable, read.empty, read.prepared, read.own) == (13, 2, 4, 4, 3)
    assert read.lines == (
        "3 times: Wages paid late",
        "1 times: 没有休息日",
        "“A nd \\u202emore”",
        "“工资低”",
        "“工资低”",
    )
    assert "工资低" not in told


@pytest.mark.parametrize("chinese", [True, False])
def test_nobodys_own_words_pass_for_how_many_chose_a_prepared_remark(chinese: bool) -> None:
    with speaking(chinese):
        (prepared,) = opened_remarks(KNOWN, INNER_KEY, sealed(*[1] * 10)).lines
        forged = opened_remarks(KNOWN, INNER_KEY, sealed(*[f" {prepared}", f"”\n{prepared}"] * 5)).lines
    assert prepared not in forged
    assert not prepared.startswith("“")
    assert all(each.startswith("“") and "\n" not in each for each in forged)


def test_of_fewer_than_ten_nothing_is_opened_into_a_file() -> None:
    with pytest.raises(Missing, match="ten"):
        opened_remarks(KNOWN, INNER_KEY, [*sealed(*["x y"] * 9), "!", sealed_text(b"x" * REMARK)])


def test_a_number_that_this_poll_has_not_prepared_is_none_of_its_remarks() -> None:
    read = opened_remarks(KNOWN, INNER_KEY, sealed(*[NONE] * 10, MOST_PREPARED))
    assert (read.unreadable, read.prepared, read.lines) == (1, 0, ())
