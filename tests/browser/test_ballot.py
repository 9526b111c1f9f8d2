"""A ballot on the display inside: beside a real station, by fingers and by four keys; and how it looks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Final

import pytest
import requests

from kiosk.demo.place import free_port
from kiosk.desk import words
from kiosk.index.sealing import open_answers, open_ballot
from kiosk.wire import Refused
from kiosk.wire.inside import BallotView, CastBallot, DeskView, LeaveBallot
from tests.browser.inside import Beside, beside
from tests.browser.test_desk_looks import SCRIPT, SIZES, SMALLEST, axe_finds, wrongs
from tests.index.polls import INNER_KEY, OUTER_KEY, serial
from tests.programs.house import PATIENCE, until
from tests.programs.votes import Voting, VotingHouse, poll

pytestmark = pytest.mark.browser

WAIT: Final = PATIENCE * 1000
ASKED: Final = (
    ("你对平等就业和择业自主满意吗？", "How content are you with equal employment and the choice of work?"),
    ("你对劳动报酬满意吗？", "How content are you with your pay?"),
    ("你对休息休假满意吗？", "How content are you with rest and leave?"),
    ("你对劳动安全卫生满意吗？", "How content are you with safety and health at work?"),
    ("你对职业技能培训满意吗？", "How content are you with training?"),
    ("你对社会保险和福利满意吗？", "How content are you with insurance and welfare?"),
    ("你对诉求处理满意吗？", "How content are you with how complaints are handled?"),
)
BALLOT: Final = BallotView(
    1,
    "ab" * 32,
    "abandon ability able about above absent",
    {"zh": "幸福指数", "en": "Happiness index"},
    tuple({"zh": zh, "en": en} for zh, en in ASKED),
    b"k" * 32,
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> VotingHouse:
    return VotingHouse(
        tmp_path_factory.mktemp("vote") / "house", poll(60), f"[desk]\ndisplay = true\nport = {free_port()}\n"
    )


@pytest.fixture(scope="module")
def voting(house: VotingHouse) -> Iterator[Voting]:
    with house.voting() as voting, house.program("desk"):
        until(lambda: requests.get(url(house), timeout=5).ok, "the page")
        yield voting


def url(house: VotingHouse) -> str:
    return f"http://127.0.0.1:{house.config.read_text().rsplit('port = ', 1)[1].strip()}"


def opened(chromium: Any, voting: Voting) -> Iterator[Any]:
    """The page of that station's display, where it can be touched."""
    context = chromium.new_context(viewport={"width": 800, "height": 480}, has_touch=True)
    page = context.new_page()
    page.goto(url(voting.house))
    page.locator("#stage:not([inert]) .face:enabled").first.wait_for(timeout=WAIT)
    yield page
    context.close()


@pytest.fixture
def page(chromium: Any, voting: Voting) -> Iterator[Any]:
    yield from opened(chromium, voting)


def asks(page: Any, at: int) -> None:
    page.locator("#title .count", has_text=f"{at + 1}/7").wait_for(timeout=WAIT)
    page.locator("#stage:not([inert]) #choices").wait_for(timeout=WAIT)


def answer(page: Any, at: int, given: int) -> None:
    asks(page, at)
    page.locator("#choices button").nth(given).tap()


def says(page: Any, key: str) -> None:
    page.locator("body", has_text=words.OURS[key][0]).wait_for(timeout=WAIT)


def counted(house: VotingHouse) -> dict[bytes, Any]:
    opened = [open_ballot(house.held.id, OUTER_KEY, each) for each in house.urn().sealed]
    return {each.serial: open_answers(house.held.id, INNER_KEY, each.inner) for each in opened if each}


def test_random_paths_give_the_answers_of_the_model(page: Any, voting: Voting, house: VotingHouse) -> None:
    walk, wanted = Walk(page, voting), dict[bytes, Any]()
    for slip in range(2):
        wanted[serial(slip)] = walk.votes(slip)
    assert counted(house) == wanted
    assert walk.went == {"on", "back", "back from the last look", "away"}, "each was tried"


class Walk:
    """Somebody who goes back now and then, also from the last look, or away to begin again; and what they answered at last."""

    def __init__(self, page: Any, voting: Voting) -> None:
        self.page, self.voting = page, voting
        self.chance = random.Random(249)  # noqa: S311
        self.went: set[str] = set()
        self._given: list[int] = []

    def votes(self, slip: int) -> tuple[int, ...]:
        """The answers that are cast."""
        self.voting.show(slip)
        self._given = []
        while len(self._given) < 7 or self._goes("back from the last look", 0.4):
            self._step(slip)
        self.page.locator("#stage:not([inert]) .moves .main").tap()
        says(self.page, "cast_done")
        self.page.locator("#stage .main").tap()
        self.page.locator(".face:enabled").first.wait_for(timeout=WAIT)
        return tuple(self._given)

    def _goes(self, where: str, likely: float) -> bool:
        goes = self.chance.random() < likely
        self.went |= {where} if goes else set()
        return goes

    def _step(self, slip: int) -> None:
        at = len(self._given)
        if at == 7:
            self.page.locator("#stage:not([inert]) .moves").wait_for(timeout=WAIT)
            self._back()
        elif at and self._goes("back", 0.15):
            asks(self.page, at)
            self._back()
        elif at and self._goes("away", 0.06):
            self._away(slip)
        else:
            self.went.add("on")
            self._given.append(self.chance.randrange(5))
            answer(self.page, at, self._given[-1])

    def _back(self) -> None:
        """What was answered there is shown, and answered anew."""
        self.page.locator("#back").tap()
        asks(self.page, len(self._given) - 1)
        before = words.BALLOT[self._given.pop()][0]
        assert self.page.locator("#choices [aria-pressed=true]").all_inner_texts() == [before]

    def _away(self, slip: int) -> None:
        """Nothing of it is left, and the slip is good as before."""
        asks(self.page, len(self._given))
        self.page.reload()
        until(lambda: self.voting.view().ballot is None, "the ballot to be closed")
        self.page.locator(".face:enabled").first.wait_for(timeout=WAIT)
        self.voting.show(slip)
        self._given = []
        asks(self.page, 0)
        assert self.page.locator("#choices [aria-pressed]").count() == 0


def test_four_keys_vote(page: Any, voting: Voting, house: VotingHouse) -> None:
    voting.show(10)
    for at in range(7):
        asks(page, at)
        page.keyboard.press("3")
    page.locator("#stage:not([inert]) .moves").wait_for(timeout=WAIT)
    page.keyboard.press("1")
    says(page, "cast_done")
    assert counted(house)[serial(10)] == (2,) * 7


def test_who_goes_away_leaves_nothing_and_the_slip_as_it_was(page: Any, voting: Voting, house: VotingHouse) -> None:
    before = house.urn()
    voting.show(11)
    answer(page, 0, 3)
    page.reload()
    until(lambda: voting.view().ballot is None, "the ballot to be closed")
    page.locator(".face:enabled").first.wait_for(timeout=WAIT)
    assert house.urn() == before
    voting.show(11)
    asks(page, 0)
    assert page.locator("#choices [aria-pressed]").count() == 0, "nothing of it is left"
    page.locator("#back").tap()
    says(page, "ballot_left")
    until(lambda: voting.view().ballot is None, "the ballot to be closed")


def test_a_slip_that_was_cast_is_told(page: Any, voting: Voting) -> None:
    voting.vote(12, (0,) * 7)
    voting.show(12)
    says(page, "told_slip_cast")


@pytest.fixture(scope="module")
def seen(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Beside]]:
    """The page beside what says what a station would, with a ballot that is open."""
    with beside(tmp_path_factory.mktemp("looks") / "house", DeskView("37081101")) as (url, station):
        context = chromium.new_context(viewport={"width": 800, "height": 480}, has_touch=True)
        page = context.new_page()
        page.goto(url)
        page.locator(".face:enabled").first.wait_for()
        page.evaluate(SCRIPT)
        station.show(DeskView("37081101", ballot=BALLOT))
        page.locator("#choices").wait_for()
        yield page, station
        context.close()


def test_every_page_of_it_can_be_read_and_hit_with_gloves_on(seen: tuple[Any, Beside]) -> None:
    page, _station = seen
    found: dict[str, list[str]] = {}
    for at in range(8):
        for size in SIZES:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            for language in ("zh", "en"):
                page.evaluate("language => document.querySelector(`nav [lang=${language}]`).click()", language)
                found[f"{at} {language} {size}"] = wrongs(page, size, at < 7 and size != SMALLEST)
        found[f"{at} axe"] = axe_finds(page)
        assert page.locator(".six b").inner_text() == BALLOT.words, "to be compared with the slip on each page"
        if at < 7:
            page.evaluate("document.querySelector('#choices button').click()")
    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize(("became", "told"), [(Refused("no"), "cast_refused"), (None, "cast_unknown")])
def test_who_does_not_know_whether_it_was_cast_is_told_what_to_do(
    seen: tuple[Any, Beside], became: Any, told: str
) -> None:
    page, station = seen
    station.show(DeskView("37081101", ballot=BallotView(**{**_fields(BALLOT), "number": 2 if became else 3})))
    asks(page, 0)
    for at in range(7):
        answer(page, at, 1)
    if became:
        station.answer = became
    else:
        page.route("**/cast", lambda route: route.abort())
    page.locator("#stage:not([inert]) .moves .main").tap()
    says(page, told)
    until(lambda: LeaveBallot(2 if became else 3) in station.heard, "the ballot to be left")
    assert all(len(each.inner) == 55 for each in station.heard if isinstance(each, CastBallot))


def _fields(ballot: BallotView) -> dict[str, Any]:
    return {name: getattr(ballot, name) for name in BallotView.__struct_fields__}


@pytest.fixture(scope="module")
def by_cards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voting]:
    """A station whose display is not touched."""
    more = f"[desk]\ndisplay = true\ncards = true\nport = {free_port()}\n"
    house = VotingHouse(tmp_path_factory.mktemp("cards") / "house", poll(60), more)
    with house.voting() as voting, house.program("desk"):
        until(lambda: requests.get(url(house), timeout=5).ok, "the page")
        yield voting


@pytest.fixture
def untouched(chromium: Any, by_cards: Voting) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 800, "height": 480})
    page = context.new_page()
    page.goto(url(by_cards.house))
    page.locator("#stage:not([inert]) .face:enabled").first.wait_for(timeout=WAIT)
    yield page
    context.close()


def number_of(page: Any, words: str) -> int:
    """The number beside that choice."""
    found = page.locator("#stage:not([inert]) button", has=page.get_by_text(words, exact=True)).get_attribute(
        "data-card"
    )
    return int(found)


def test_cards_vote_and_what_is_shown_says_nothing(untouched: Any, by_cards: Voting) -> None:
    page, voting = untouched, by_cards
    shown: list[int] = []

    def show(number: int) -> None:
        voting.shows(f"YZ7:{number}")
        shown.append(number)

    voting.show(1)
    page.locator("#choices", has_text="English").wait_for(timeout=WAIT)
    show(number_of(page, "English"))
    for at in range(7):
        asks(page, at)
        if at == 3:
            show(0)
            asks(page, 2)
            show(number_of(page, words.BALLOT[4][1]))
            asks(page, 3)
        show(number_of(page, words.BALLOT[at % 5][1]))
    page.locator("#stage:not([inert]) .moves").wait_for(timeout=WAIT)
    assert str(shown[-1]) not in page.locator(".moves .card").all_inner_texts(), (
        "nobody casts by a card that is still there"
    )
    show(number_of(page, words.OURS["cast"][1]))
    page.locator("body", has_text=words.OURS["cast_done"][1]).wait_for(timeout=WAIT)
    assert counted(voting.house)[serial(1)] == (0, 1, 4, 3, 4, 0, 1)


def test_the_numbers_of_answers_are_drawn_anew_and_each_alike(untouched: Any, by_cards: Voting) -> None:
    page, voting = untouched, by_cards
    voting.show(2)
    page.locator("#stage:not([inert]) #choices").wait_for(timeout=WAIT)
    drawn = page.evaluate("""async () => {
      const { drawn } = await import("./cards.js");
      return Array.from({ length: 5000 }, drawn);
    }""")
    voting.leave(voting.opened(2))
    for at in range(5):
        counts = [sum(each[at] == number for each in drawn) for number in range(1, 6)]
        assert all(850 < count < 1150 for count in counts), "five deviations"
    assert {tuple(sorted(each)) for each in drawn} == {(1, 2, 3, 4, 5)}


def test_a_page_that_is_left_by_cards_is_asked_for_once_more_and_goes_on(untouched: Any, by_cards: Voting) -> None:
    page, voting = untouched, by_cards
    voting.show(3)
    page.locator("#stage:not([inert]) #choices").wait_for(timeout=WAIT)
    page.evaluate("import('./idle.js').then(({ warn }) => warn())")
    page.locator("#warning[open]", has_text=words.OURS["continue_by_card"][0]).wait_for(timeout=WAIT)
    voting.shows("YZ7:1")
    page.locator("#warning:not([open])").wait_for(state="attached", timeout=WAIT)
    page.locator("#choices", has_text="English").wait_for(timeout=WAIT)
    voting.shows("YZ7:0")
    says(page, "ballot_left")


UNSEEN: Final = "[...document.querySelectorAll('.sheet')].some((each) => each.scrollHeight > each.clientHeight)"


def test_each_page_of_a_ballot_by_cards_can_be_read_and_nothing_has_to_be_looked_for(
    untouched: Any, by_cards: Voting
) -> None:
    page, voting = untouched, by_cards
    page.evaluate(SCRIPT)
    voting.show(4)
    found: dict[str, list[str]] = {}
    for at in range(9):
        page.locator("#stage:not([inert]) [data-card]").first.wait_for(timeout=WAIT)
        for size in SIZES:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            for language in ("zh", "en"):
                page.evaluate("language => document.querySelector(`nav [lang=${language}]`).click()", language)
                found[f"{at} {language} {size}"] = wrongs(page, size, size != SMALLEST)
                if min(size) >= 480 and page.evaluate(UNSEEN):
                    found[f"{at} {language} {size}"].append("some lines are not seen")
        found[f"{at} axe"] = axe_finds(page)
        if at < 8:
            page.evaluate("document.querySelector('#stage [data-card]').click()")
    assert {name: each for name, each in found.items() if each} == {}
