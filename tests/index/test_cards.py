"""The six cards of a ballot by cards: what is printed is read back as its number, and the page has a number for each answer."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from hardware.codes import read_symbols
from kiosk.board.card_sheets import COLUMNS, ROWS
from kiosk.cli.main import main as kiosk
from kiosk.core.desk.events import CARDS as OF_A_RATING
from kiosk.index.answers import ANSWERS
from kiosk.index.cards import BACK, CARDS, NUMBERS
from kiosk.trust.codes import OURS
from tests.films import grey
from tests.printing.paper import outside, pictures, texts


def test_each_card_is_read_as_the_number_that_it_says_and_nothing_is_cut_off(tmp_path: Path) -> None:
    done = CliRunner().invoke(kiosk, ["index", "cards", "--out", str(tmp_path / "cards.pdf")])
    assert done.exit_code == 0, done.output
    made = (tmp_path / "cards.pdf").read_bytes()
    (page,) = pictures(made, dpi=60)
    down, right = page.shape[0] // ROWS, page.shape[1] // COLUMNS
    cut = [page[y * down : (y + 1) * down, x * right : (x + 1) * right] for y in range(ROWS) for x in range(COLUMNS)]
    assert [CARDS[text] for each in cut for text in read_symbols(grey(each))] == [*NUMBERS, BACK]
    assert outside(made, margin=8) == []
    assert all(str(number) in texts(made)[0] for number in NUMBERS)


def test_there_is_a_card_for_each_answer_and_none_is_anything_else() -> None:
    assert len(NUMBERS) == len(ANSWERS)
    assert not CARDS.keys() & OF_A_RATING.keys()
    assert not [text for text in CARDS if OURS.fullmatch(text)]
