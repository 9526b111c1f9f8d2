"""Ledgers: what was set is told and nothing else, a chain of them reaches as far as it is whole, and how large they are."""

from __future__ import annotations

import random
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from kiosk.trust.ledger import has_had, in_ledger, indices_in, known_until, packed, packed_new
from kiosk.trust.service import MOST_HOLDERS, Ledger
from kiosk.trust.tokens import token

SIZE: Final = 300
HOLDERS: Final = st.sets(st.integers(0, SIZE - 1))


def whole(indices: set[int], at: int = 10, period: str = "") -> Ledger:
    return Ledger("a", at, SIZE, packed(indices, SIZE), 0, period)


def delta(indices: set[int], since: int, at: int, period: str = "") -> Ledger:
    return Ledger("a", at, SIZE, packed_new(indices), since, period)


@given(HOLDERS, HOLDERS)
def test_who_was_set_has_had_one_and_nobody_else(first: set[int], later: set[int]) -> None:
    ledgers = [whole(first), delta(later, 10, 20)]
    assert [set(indices_in(each)) for each in ledgers] == [first, later]
    assert {each for each in range(SIZE + 20) if has_had(ledgers, each)} == first | later
    assert not any(has_had(ledgers, each, "2026-11-27") for each in range(SIZE)), "of another period it is not said"


def test_beyond_the_end_nobody_has_had_one() -> None:
    assert not in_ledger(Ledger("a", 1, 0, packed((), 0)), 0)
    assert [in_ledger(whole({SIZE - 1}), each) for each in (SIZE - 1, SIZE, 2**32 - 1)] == [True, False, False]


def test_a_chain_reaches_as_far_as_nothing_is_missing_in_it() -> None:
    first, second, third = delta(set(), 10, 20), delta(set(), 20, 30), delta(set(), 31, 40)
    assert known_until([]) == 0
    assert known_until([first, second]) == 0, "without a whole one nothing is known of those before"
    assert known_until([second, whole(set()), first]) == 30
    assert known_until([second, whole(set())]) == 10
    assert known_until([third, second, whole(set()), first]) == 30
    assert known_until([whole(set(), 25), first, second]) == 30, "what is older than the whole one does no harm"
    assert known_until([whole(set(), 50), first, second]) == 50


def test_a_ledger_of_yesterday_says_that_nobody_had_one_of_today_before_it() -> None:
    ledgers = [whole({5}, 10, "2026-11-26"), delta({7}, 10, 20, "2026-11-26")]
    assert known_until(ledgers) == 20
    assert not has_had(ledgers, 5, "2026-11-27")
    assert has_had(ledgers, 5, "2026-11-26")


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 9))), st.integers(0, 50))
def test_no_chain_reaches_over_a_gap(spans: list[tuple[int, int]], begins: int) -> None:
    ledgers = [*(delta(set(), since, since + length) for since, length in spans), whole(set(), begins)]
    until = known_until(ledgers)
    for moment in range(begins, until):
        assert any(each.since <= moment < each.at for each in ledgers if each.since)


def test_a_province_with_seventy_thousand_raincoats_fits_on_the_road() -> None:
    had = random.Random(26).sample(range(1_500_000), 70_000)  # noqa: S311
    ledger = Ledger("raincoats", 1, 1_500_000, packed(had, 1_500_000))
    assert len(ledger.bits) < 66_000
    assert len(packed_new(had[:1200])) < 3_000
    assert all(in_ledger(ledger, each) for each in had[:20])


def test_a_token_is_that_of_its_key_and_index() -> None:
    vectors = (token(bytes(32), 0), token(bytes(range(32)), 7))
    assert vectors == ("f375180aba92888401f1919be4a8715a", "dd12e3f09e85b8f1646d96744e4ecc04"), "as openssl has them"
    assert len({token(bytes([key]) * 32, index) for key in range(9) for index in range(9)}) == 81


def test_a_document_is_unpacked_once_however_many_passes_are_shown() -> None:
    ours, news = whole({5}), delta({7}, 10, 20)
    assert in_ledger(ours, 5)
    assert ours.unpacked is ours.unpacked
    assert news.new is news.new
    assert ours == whole({5}), "what is kept beside it is none of it"


def test_what_a_delta_says_beyond_any_register_is_nobodys() -> None:
    far = delta({7, MOST_HOLDERS, 2**32 - 1}, 10, 20)
    assert [in_ledger(far, each) for each in (7, MOST_HOLDERS, 2**32 - 1)] == [True, False, False]
    assert [*indices_in(far)] == [7]
