"""Cards on paper: where they lie, what is on them, whether a door reads them, and that no file makes somebody a second pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.codes import read_symbols
from kiosk.central.passes import By
from kiosk.central.people_file import ordered
from kiosk.central.printing.card import EDGE, HEIGHT, WIDTH, Card
from kiosk.central.printing.cards import cards_pdf, signed_cards
from kiosk.central.printing.registering import PrintedPasses
from kiosk.central.printing.settings import PrintSettings
from kiosk.central.printing.sheets import COLUMNS, OFF, REACH, ROWS, Form, Print, Shift, place, sheets, trial_sheets
from kiosk.central.scope import EVERYWHERE
from kiosk.printing.marks import A4, Line, Sheet, Words
from kiosk.printing.pdf import pdf_of
from kiosk.trust.passes import Pass, PassClass, peek
from kiosk.trust.status import Status
from tests.films import grey
from tests.keys import claims, signed
from tests.printing.paper import held_up, outside, pictures, read_share, texts
from tests.programs.office import NOW, Office

UNTIL = 1_830_000_000
HERE = By("@tester", "list of May")


def card(index: int = 1, **more: object) -> Card:
    pass_ = signed(claims(index=1_500_000 + index, scope="370811", issued_at=UNTIL - 9_000_000, expires=UNTIL))
    facts = {"number": f"{48213900 + index}", "place": "370811…", "until": "2027-12-31", "call": "12351"} | more
    return Card(code=pass_, pass_class=PassClass.WORKER, **facts)  # type: ignore[arg-type]


def test_ten_cards_lie_on_a4_and_each_back_behind_its_front() -> None:
    places = [place(at) for at in range(COLUMNS * ROWS)]
    assert len(set(places)) == 10
    for at, (x, y) in enumerate(places):
        assert x >= 5, "a printer leaves a margin"
        assert y >= 5
        assert x + WIDTH <= A4[0] - 5
        assert y + HEIGHT <= A4[1] - 5
        behind, down = place(at, behind=True)
        assert behind + WIDTH + x == pytest.approx(A4[0]), "turned over the long edge, left is right"
        assert down == y


@given(st.integers(1, 25), st.booleans(), st.sampled_from(["a4", "single"]))
def test_every_card_is_there_once_and_has_its_back_on_the_next_page(count: int, backs: bool, form: Form) -> None:
    cards = [card(0, number=f"N{at}") for at in range(count)]
    pages = [*sheets(cards, Print(form, backs))]
    fronts = [number for page in pages[:: 2 if backs else 1] for number in said(page, "N")]
    behind = [number for page in pages[1::2] for number in said(page, "卡号 No. N")] if backs else fronts
    assert fronts == behind == [each.number for each in cards]


def said(page: Sheet, begins: str) -> list[str]:
    found = [mark.text for mark in page.marks if isinstance(mark, Words) and mark.text.startswith(begins)]
    return [text.split()[-1] for text in found]


def test_a_shift_moves_a_side_and_not_the_other() -> None:
    straight, moved = ([*sheets([card()], Print("single", back=Shift(right)))] for right in (0.0, 1.5))
    assert straight[0] == moved[0]
    assert [each.x + 1.5 for each in straight[1].marks] == [each.x for each in moved[1].marks]


def test_a_printed_sheet_is_read_back_and_nothing_is_cut_off() -> None:
    cards = [card(at) for at in range(10)]
    made = cards_pdf(cards, Print())
    front, back = pictures(made)
    assert sorted(read_symbols(grey(front))) == sorted(each.code for each in cards)
    assert read_symbols(grey(back)) == []
    assert outside(made) == []
    words = texts(made)
    assert all(each.number in side for each in cards for side in words)
    assert "劳动者" in words[0]
    assert "12351" in words[1]
    assert made.count(b"/FontFile") == 2, "both fonts are in it"


CALLS = ("12351", "<b>&amp;</b> 济宁市总工会 0537-12351 转 8", "☎🚪" * 20, "م" * 40, "W" * 40)


@pytest.mark.slow
def test_whatever_they_are_to_call_stays_on_the_card() -> None:
    cards = [card(call=PrintSettings(call).call, number="W" * 32, place="370811011234…") for call in CALLS]
    assert outside(cards_pdf(cards, Print("single")), margin=EDGE) == []


@pytest.mark.parametrize("call", ["", "x" * 41, "12\n351", "\u202e12351"])
def test_settings_refuse_what_nobody_can_call(call: str) -> None:
    with pytest.raises(ValueError, match="call: 1 to 40 characters"):
        PrintSettings(call)


SCENES: dict[str, dict[str, Any]] = {"as it is": {}, "dim": {"light": 0.5}, "not quite in focus": {"defocus": 1.2}}


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
def test_the_door_reads_a_printed_card_in_nine_of_ten_frames_at_25_cm(scene: str) -> None:
    face = pictures(cards_pdf([card()], Print("single", backs=False)), 300)[0]
    assert read_share(held_up(face, HEIGHT, 250, **SCENES[scene]), card().code) >= 0.9


@pytest.mark.slow
def test_the_sheet_that_tries_a_printer_says_a_shift_by_where_the_lines_stand() -> None:
    front, back = trial_sheets(Print())
    zeros = {(mark.x, mark.y + mark.dy + OFF) for mark in front.marks if isinstance(mark, Line) and mark.dy == 3.0}
    hairs = {(A4[0] - mark.x, mark.y + REACH) for mark in back.marks if isinstance(mark, Line) and mark.dy == 2 * REACH}
    assert len(hairs) == 4
    assert hairs <= zeros, "without a shift a line of the back stands at 0"
    wide = Sheet(60, 30, (Words(5, 20, "驿" * 200, 12, 50),))
    made = pdf_of([front, back, wide], "test sheet")
    assert outside(made) == [], "words that are too wide are set smaller"
    assert "--back-shift" in texts(made)[0]
    assert {each.width for each in trial_sheets(Print("single"))} == {WIDTH}


# Whose cards.


@pytest.fixture
def office(central_folder: Path) -> Iterator[Office]:
    office = Office(central_folder)
    yield office
    office.store.close()


FILE = b"holder,card,until,scope\nh-2,,2027-12-31,3708\nh-1,C1,2027-12-31,37081101\nh-3,,2027-12-31,*\n"


def printed(office: Office, data: bytes = FILE) -> dict[str, tuple[int, str]]:
    """Each holder's index and card number, as they are after printing."""
    found = ordered(data, office.store, NOW)
    assert not found.wrong
    held = PrintedPasses(office.store, office.issuer).register_cards(found.new, found.renewed, "", HERE)
    return {holder: (held[holder].index, held[holder].facts.card) for holder in found.holders}


def test_a_file_printed_twice_makes_the_same_cards(office: Office) -> None:
    first = printed(office)
    assert [*first] == ["h-2", "h-1", "h-3"], "in the file's order"
    assert first["h-1"][1] == "C1"
    assert len({number for _index, number in first.values()}) == 3
    assert all(number for _index, number in first.values())
    assert printed(office) == first
    assert [len(office.store.credentials(holder)) for holder in first] == [1, 1, 1]
    assert office.store.acts(EVERYWHERE)[0].what == "cards printed"


def test_two_who_print_the_same_file_at_once_make_no_second_credential(office: Office) -> None:
    """Both have judged the file before either has registered anybody."""
    acts = PrintedPasses(office.store, office.issuer)
    one, other = ordered(FILE, office.store, NOW), ordered(FILE, office.store, NOW)
    first = acts.register_cards(one.new, one.renewed, "", HERE)
    second = acts.register_cards(other.new, other.renewed, "", HERE)
    assert {each.index for each in first.values()} == {each.index for each in second.values()}


def test_what_is_printed_is_signed_for_whom_the_register_has(office: Office) -> None:
    printed(office)
    acts = PrintedPasses(office.store, office.issuer)
    held = [office.store.credentials(each)[0] for each in ("h-2", "h-1")]
    cards = [*signed_cards(acts, held, "12351")]
    said = [peek(each.code) for each in cards]
    assert [(each.index, each.scope) for each in said if isinstance(each, Pass)] == [
        (held[0].index, "3708"),
        (held[1].index, "37081101"),
    ]
    assert [(each.place, each.until) for each in cards] == [("3708…", "2027-12-31"), ("37081101", "2027-12-31")]


def test_a_lost_card_gets_another_number_and_the_file_prints_the_new_one(office: Office) -> None:
    first = printed(office)
    acts = PrintedPasses(office.store, office.issuer)
    acts.replace(office.store.credentials("h-2")[0], "", By("wang", "lost"))
    again = printed(office)
    assert again["h-2"][0] != first["h-2"][0]
    assert again["h-2"][1] not in {"", first["h-2"][1]}
    old = office.store.credential(first["h-2"][0])
    assert old is not None
    assert old.status is Status.REVOKED
