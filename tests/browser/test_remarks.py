"""A remark beside a ballot on the display inside: by fingers, by keys, by cards and by a keyboard; and how it looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from msgspec.structs import replace

from kiosk.demo.place import free_port
from kiosk.desk import words
from kiosk.index.sealing import open_remark
from kiosk.wire.inside import CastBallot, DeskView
from tests.browser.inside import Beside, beside
from tests.browser.test_ballot import BALLOT, UNSEEN, WAIT, answer, asks, number_of, opened, says, url
from tests.browser.test_desk_looks import SCRIPT, SIZES, SMALLEST, axe_finds, wrongs
from tests.index.polls import INNER_KEY, PREPARED
from tests.programs.house import until
from tests.programs.votes import Voting, VotingHouse, poll

pytestmark = pytest.mark.browser

LONGEST: Final = tuple({"zh": "工" * 40, "en": "Paid late, and never told when or why it"} for _each in range(4))
TYPED: Final = "更多的饮水机 1234, please"
LEFT: Final = """typed => document.documentElement.outerHTML.includes(typed)
  || [...document.querySelectorAll("textarea")].some((each) => each.value)
  || JSON.stringify([localStorage, sessionStorage, history.state]).includes(typed)"""


def voting_at(folder: Path, more: str) -> Iterator[Voting]:
    house = VotingHouse(
        folder / "house", poll(60, remarks=PREPARED), f"[desk]\ndisplay = true\n{more}\nport = {free_port()}\n"
    )
    with house.voting() as voting, house.program("desk"):
        until(lambda: requests.get(url(house), timeout=5).ok, "the page")
        yield voting


@pytest.fixture(scope="module")
def voting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voting]:
    """A station whose display has a keyboard."""
    yield from voting_at(tmp_path_factory.mktemp("remarks"), "keyboard = true")


@pytest.fixture(scope="module")
def by_cards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voting]:
    yield from voting_at(tmp_path_factory.mktemp("cards"), "cards = true")


@pytest.fixture
def page(chromium: Any, voting: Voting) -> Iterator[Any]:
    yield from opened(chromium, voting)


@pytest.fixture
def untouched(chromium: Any, by_cards: Voting) -> Iterator[Any]:
    yield from opened(chromium, by_cards)


def said(voting: Voting) -> Counter[Any]:
    """What is said beside all ballots of the urn."""
    house = voting.house
    return Counter(open_remark(house.held.id, INNER_KEY, each) for each in house.urn().remarks)


def asked(page: Any, voting: Voting, slip: int) -> None:
    """Seven answers, and the page that asks for a remark."""
    voting.show(slip)
    for at in range(7):
        answer(page, at, 1)
    asks_for_one(page)


def asks_for_one(page: Any) -> None:
    page.locator("#title", has_text=words.OURS["remark"][0]).wait_for(timeout=WAIT)
    page.locator("#stage:not([inert]) #choices").wait_for(timeout=WAIT)


def touched(page: Any, text: str) -> None:
    page.locator("#stage:not([inert]) button", has=page.get_by_text(text, exact=True)).tap()


def cast(page: Any) -> None:
    page.locator("#stage:not([inert]) .moves .main").tap()
    says(page, "cast_done")


def test_one_touch_says_what_is_prepared_or_nothing(page: Any, voting: Voting) -> None:
    before = said(voting)
    for slip, text in ((1, words.OURS["no_remark"][0]), (2, "没有休息日")):
        asked(page, voting, slip)
        touched(page, text)
        page.locator(".sheet", has_text=words.OURS["remark_is"][0]).wait_for(timeout=WAIT)
        assert text in page.locator(".sheet").inner_text(), "it is shown once more before it is cast"
        cast(page)
    assert said(voting) - before == Counter([0, 2])


def test_who_comes_back_sees_what_was_chosen_and_may_choose_otherwise(page: Any, voting: Voting) -> None:
    before = said(voting)
    asked(page, voting, 3)
    touched(page, "工资拖欠")
    page.locator("#stage:not([inert]) .moves").wait_for(timeout=WAIT)
    page.locator("#back").tap()
    asks_for_one(page)
    assert page.locator("#choices [aria-pressed=true]").all_inner_texts() == ["工资拖欠"]
    page.locator("#back").tap()
    asks(page, 6)
    page.locator("#choices button").nth(1).tap()
    asks_for_one(page)
    touched(page, words.OURS["no_remark"][0])
    cast(page)
    assert said(voting) - before == Counter([0])


def test_what_is_typed_is_cast_and_nothing_of_it_is_left_in_the_page(page: Any, voting: Voting) -> None:
    before = said(voting)
    asked(page, voting, 4)
    touched(page, words.OURS["own_words"][0])
    field = page.locator("#stage:not([inert]) textarea")
    field.press_sequentially(TYPED)
    assert field.input_value() == TYPED, "digits are letters there, and no choices"
    page.evaluate("document.querySelector('nav [lang=en]').click()")
    assert field.input_value() == TYPED
    page.evaluate("document.querySelector('nav [lang=zh]').click()")
    page.locator(".writing .main").tap()
    page.locator(".sheet", has_text=TYPED).wait_for(timeout=WAIT)
    cast(page)
    assert said(voting) - before == Counter([TYPED])
    page.locator("#stage .main").tap()
    page.locator(".face:enabled").first.wait_for(timeout=WAIT)
    assert not page.evaluate(LEFT, TYPED)


def test_words_that_are_too_long_cannot_be_cast(page: Any, voting: Voting) -> None:
    asked(page, voting, 5)
    touched(page, words.OURS["own_words"][0])
    field, done = page.locator("#stage:not([inert]) textarea"), page.locator(".writing .main")
    field.fill("工" * 167)
    assert done.is_disabled()
    assert "-1" in page.locator(".writing").inner_text()
    field.fill("工" * 166)
    assert done.is_enabled()
    page.reload()
    page.locator(".face:enabled").first.wait_for(timeout=WAIT)
    assert not page.evaluate(LEFT, "工工")
    until(lambda: voting.view().ballot is None, "the ballot to be closed")


def test_the_first_key_says_nothing(page: Any, voting: Voting) -> None:
    before = said(voting)
    voting.show(6)
    for at in range(7):
        asks(page, at)
        page.keyboard.press("2")
    asks_for_one(page)
    page.keyboard.press("1")
    page.locator("#stage:not([inert]) .moves").wait_for(timeout=WAIT)
    page.keyboard.press("1")
    says(page, "cast_done")
    assert said(voting) - before == Counter([0])


def test_cards_say_what_is_prepared(untouched: Any, by_cards: Voting) -> None:
    page, voting = untouched, by_cards
    voting.show(1)
    page.locator("#choices", has_text="English").wait_for(timeout=WAIT)
    voting.shows(f"YZ7:{number_of(page, 'English')}")
    for at in range(7):
        asks(page, at)
        voting.shows(f"YZ7:{number_of(page, words.BALLOT[0][1])}")
    page.locator("#title", has_text=words.OURS["remark"][1]).wait_for(timeout=WAIT)
    page.locator("#stage:not([inert]) #choices").wait_for(timeout=WAIT)
    assert page.locator("#choices button").count() == 3, "nothing is typed there"
    voting.shows(f"YZ7:{number_of(page, 'Wages paid late')}")
    page.locator("#stage:not([inert]) .moves").wait_for(timeout=WAIT)
    assert not page.evaluate(UNSEEN)
    voting.shows(f"YZ7:{number_of(page, words.OURS['cast'][1])}")
    page.locator("body", has_text=words.OURS["cast_done"][1]).wait_for(timeout=WAIT)
    assert said(voting) == Counter([1])


@pytest.fixture(scope="module")
def seen(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Beside]]:
    """The page beside what says what a station would, with a ballot that is open, and the longest remarks."""
    view = DeskView("37081101")
    with beside(tmp_path_factory.mktemp("looks") / "house", view, "keyboard = true\n") as (address, station):
        context = chromium.new_context(viewport={"width": 800, "height": 480}, has_touch=True)
        page = context.new_page()
        page.goto(address)
        page.locator(".face:enabled").first.wait_for()
        page.evaluate(SCRIPT)
        station.show(DeskView("37081101", ballot=replace(BALLOT, remarks=LONGEST)))
        page.locator("#choices").wait_for()
        yield page, station
        context.close()


def test_every_page_of_it_can_be_read_and_hit_with_gloves_on(seen: tuple[Any, Beside]) -> None:
    page, station = seen
    for at in range(7):
        answer(page, at, 0)
    found: dict[str, list[str]] = {}
    for at, then in enumerate(("#choices button:last-child", ".writing .main", None)):
        page.locator("#stage:not([inert])").wait_for()
        for size in SIZES:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            for language in ("zh", "en"):
                page.evaluate("language => document.querySelector(`nav [lang=${language}]`).click()", language)
                found[f"{at} {language} {size}"] = wrongs(page, size, at == 0 and size != SMALLEST)
        found[f"{at} axe"] = axe_finds(page)
        if then == ".writing .main":
            page.locator("textarea").fill("字" * 166)
        if then:
            page.evaluate("then => document.querySelector(then).click()", then)
    assert {name: each for name, each in found.items() if each} == {}
    assert not [each for each in station.heard if isinstance(each, CastBallot)]
