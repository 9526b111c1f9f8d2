"""A key in three hands: any two have it, none alone anything, and what is damaged, mistyped or of another key is said."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, permutations
from pathlib import Path

import pytest

from kiosk.board.custody import CUSTODIANS, Share, joined, new_key, public_of, split
from kiosk.board.refused import Missing, NotSo
from kiosk.board.share_sheets import share_sheet
from kiosk.board.shares import private_key, public_text, read_public, read_share, share_text
from kiosk.printing.marks import Code
from kiosk.settings.table import BadSettings
from tests.index.polls import INNER_KEY, OUTER_KEY, public

SHARES = split("A", OUTER_KEY)


def test_any_two_have_the_key_and_one_has_not() -> None:
    for one, other in permutations(SHARES, 2):
        assert joined(one, other) == OUTER_KEY
    assert [joined(each, each) for each in SHARES] == [None] * 3


def test_what_one_custodian_keeps_is_chance() -> None:
    """Every byte of every piece, and of one custodian's pieces XORed, over many splits of one key: no value is preferred."""
    seen = Counter[int]()
    for _each in range(300):
        for share in split("A", OUTER_KEY):
            one, other = share.pieces.values()
            seen.update(one + other + bytes(a ^ b for a, b in zip(one, other, strict=True)))
    expected = seen.total() / 256
    assert sum((count - expected) ** 2 / expected for count in seen.values()) < 350, (
        "chi square, 255 degrees of freedom"
    )


def test_a_share_of_another_key_or_ceremony_fits_none() -> None:
    other = split("A", new_key())
    assert all(joined(one, each) is None for one in SHARES for each in other)
    assert len({public_of(new_key()) for _each in range(3)}) == 3


def test_a_share_comes_back_from_its_file_however_it_was_typed(tmp_path: Path) -> None:
    file = tmp_path / "share.toml"
    for share in SHARES:
        file.write_text(share_text(share), encoding="utf-8")
        assert read_share(file) == share
        typed = share_text(share).replace(" ", "").replace('"', "'").upper()
        for name in ("KEY", "CUSTODIAN", "PUBLIC", "CHECK", "PIECES"):
            typed = typed.replace(name, name.lower())
        file.write_text("\r\n".join(line for line in typed.splitlines() if not line.startswith("#")), encoding="utf-8")
        assert read_share(file) == share


def test_a_share_comes_back_from_the_code_on_its_page(tmp_path: Path) -> None:
    file = tmp_path / "share.toml"
    for share in SHARES:
        (code,) = (mark.text for mark in share_sheet(share).marks if isinstance(mark, Code))
        assert code.isascii()
        file.write_text(code, encoding="ascii")
        assert read_share(file) == share


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("custodian = 1", "custodian = 4", "custodian: "),
        ("custodian = 1", "custodian = 2", "pieces: "),
        ('key = "A"', 'key = "C"', "key: "),
        ('key = "A"', 'key = "B"', "check: "),
        ("2 = ", "7 = ", "pieces: "),
        ("2 = ", "1 = ", "pieces: "),
        ("check", "chek", "chek: "),
        ("[pieces]", "[piece]", "pieces: "),
        ('2 = "', '2 = "00', "pieces.2: "),
        ('2 = "', '2 = "x', "pieces.2: "),
        ('2 = "', "2 = ", ":8:"),
    ],
)
def test_what_is_wrong_with_a_share_is_said_with_its_line(tmp_path: Path, old: str, new: str, wrong: str) -> None:
    file = tmp_path / "share.toml"
    assert old in share_text(SHARES[0])
    file.write_text(share_text(SHARES[0]).replace(old, new), encoding="utf-8")
    with pytest.raises(BadSettings) as error:
        read_share(file)
    assert any(wrong in each and each.startswith(f"{file}:") for each in error.value.errors)


def test_each_digit_that_is_mistyped_is_found(tmp_path: Path) -> None:
    text, file = share_text(SHARES[0]), tmp_path / "share.toml"
    begins = text.index("[pieces]")
    places = [at for at in range(begins, len(text)) if text[at] in "0123456789abcdef" and text[at - 2 : at] != "\n"]
    for at in places[::7]:
        other = "0" if text[at] != "0" else "1"
        file.write_text(text[:at] + other + text[at + 1 :], encoding="utf-8")
        with pytest.raises(BadSettings):
            read_share(file)


def test_a_public_key_is_the_one_that_is_wanted(tmp_path: Path) -> None:
    file = tmp_path / "key.toml"
    file.write_text(public_text("A", public(OUTER_KEY)), encoding="utf-8")
    assert read_public(file, "A") == public(OUTER_KEY)
    with pytest.raises(BadSettings, match="key A"):
        read_public(file, "B")
    file.write_text(file.read_text().replace('public = "', 'public = "00').replace(' "', ' "'), encoding="utf-8")
    with pytest.raises(BadSettings, match="digits"):
        read_public(file, "A")


def test_two_shares_are_enough_and_one_is_told_that_it_is_not() -> None:
    for some in (*combinations(SHARES, 2), SHARES):
        assert private_key(some, "A", public(OUTER_KEY)) == OUTER_KEY
    for few in ([SHARES[0]], [SHARES[0], SHARES[0]], []):
        with pytest.raises(Missing, match="Two of the three"):
            private_key(few, "A", public(OUTER_KEY))


def test_a_share_of_the_wrong_holder_or_poll_is_told() -> None:
    with pytest.raises(NotSo, match="key B"):
        private_key(split("B", INNER_KEY), "A", public(OUTER_KEY))
    with pytest.raises(NotSo, match="another key"):
        private_key(split("A", new_key()), "A", public(OUTER_KEY))


def test_one_damaged_share_is_told_and_the_third_mends_it() -> None:
    """Whose check was made anew: somebody wants that nobody can count."""
    first = SHARES[0]
    broken = Share("A", 1, first.public, {other: bytes(32) for other in CUSTODIANS if other != 1})
    with pytest.raises(NotSo, match="third"):
        private_key([broken, SHARES[1]], "A", public(OUTER_KEY))
    assert private_key([broken, *SHARES[1:]], "A", public(OUTER_KEY)) == OUTER_KEY
