"""The four answer cards: what is printed is read back as the answer that the card says, and no card has more than another."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner
from msgspec.structs import replace

from hardware.codes import read_symbols
from kiosk.central.printing.answers import HEIGHT, HOLE, SAYS, WIDTH, answer_sheet
from kiosk.cli.main import main as kiosk
from kiosk.core.desk.events import CARDS
from kiosk.core.desk.ratings import ANSWERS
from kiosk.desk import words
from kiosk.printing.marks import Code, Line, Mark, Words
from tests.films import grey
from tests.printing.paper import outside, pictures, texts


def test_each_card_is_read_as_the_answer_that_it_says_and_nothing_is_cut_off(tmp_path: Path) -> None:
    done = CliRunner().invoke(kiosk, ["central", "cards", "answers", "--out", str(tmp_path / "a.pdf")])
    assert done.exit_code == 0, done.output
    made = (tmp_path / "a.pdf").read_bytes()
    (page,) = pictures(made, dpi=60)
    down, right = page.shape[0] // 2, page.shape[1] // 2
    quarters = [page[y : y + down, x : x + right] for y in (0, down) for x in (0, right)]
    read = [CARDS[text] for quarter in quarters for text in read_symbols(grey(quarter))]
    assert [ANSWERS[each] for each in read] == list(ANSWERS)
    assert outside(made, margin=12) == []
    assert all(zh in texts(made)[0] and en in texts(made)[0] for zh, en in SAYS)
    assert SAYS == words.ANSWERS, "as on the display"


def test_the_cards_differ_in_words_and_code_alone_and_leave_room_for_the_hole() -> None:
    marks = [each for each in answer_sheet().marks if not (isinstance(each, Line) and max(each.dx, each.dy) > WIDTH)]
    cards = [marks[at : at + len(marks) // 4] for at in range(0, len(marks), len(marks) // 4)]
    looks = [[bare(mark, at) for mark in card] for at, card in enumerate(cards)]
    assert all(look == looks[0] for look in looks)
    assert all(mark.y > HOLE + 5 or isinstance(mark, Line | Words) for mark in cards[0])


def bare(mark: Mark, at: int) -> Mark:
    """Where it stands on its card, and how; Chinese is centred by its length."""
    mark = replace(mark, x=round(mark.x - at % 2 * WIDTH, 6), y=round(mark.y - at // 2 * HEIGHT, 6))
    if isinstance(mark, Code):
        return replace(mark, text="")
    if isinstance(mark, Words):
        return replace(mark, text="", x=0.0)
    return mark
