"""A station's code: its check digit by public vectors, and what is said of one that is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.central.codes import WrongCode, check_digit, grouped, is_public, parsed, printed

CODES = st.from_regex(r"[0-9]{8}", fullmatch=True)


@pytest.mark.parametrize(
    ("digits", "digit"),
    [
        ("0794", "5"),  # ISO 7064:2003, 9.2: the standard's own example
        ("6943515153", "0"),  # OIB of the University of Zagreb's computing centre, as its documentation prints it
        ("8609574271", "9"),  # a German tax number, from the Federal Central Tax Office's description
    ],
)
def test_the_digit_of_public_examples(digits: str, digit: str) -> None:
    assert check_digit(digits) == digit


@given(CODES)
def test_a_printed_code_is_taken_with_its_digit_and_without(code: str) -> None:
    assert parsed(printed(code)) == parsed(grouped(code)) == parsed(code) == code


@given(CODES, st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(code: str, place: int, by: int) -> None:
    whole = printed(code)
    wrong = whole[:place] + str((int(whole[place]) + by) % 10) + whole[place + 1 :]
    with pytest.raises(WrongCode, match="wrong digit"):
        parsed(wrong)


@pytest.mark.parametrize("text", ["", "1", "1234567", "1234567890", "abcdefgh", "１２３４５６７８", "3708110x5"])
def test_what_has_not_eight_or_nine_digits_is_told_so(text: str) -> None:
    with pytest.raises(WrongCode, match="9 digits"):
        parsed(text)


def test_a_station_whose_code_is_no_eight_digits_has_no_page() -> None:
    assert is_public("37081101")
    assert not any(map(is_public, ("3708110", "370811011", "TEST", "3708110a", "３７０８１１０１")))
