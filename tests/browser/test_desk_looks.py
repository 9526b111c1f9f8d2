"""How the page inside looks: every view on every display, in each language, with letters of twice the size; and axe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace

from kiosk.wire.inside import AnswerView, DeskView, EventView, ItemView, QuestionView, RoundView
from kiosk.wire.views import NoticeView
from tests.browser.conftest import needed
from tests.browser.inside import Beside, beside

pytestmark = pytest.mark.browser

SIZES: Final = ((480, 320), (800, 480), (1280, 800), (480, 800), (320, 480))
TARGET, GAP = 20 / 85.92, 4 / 85.92
"""Millimetres of the Raspberry Pi's own panel, as shares of the page's shorter side."""

SCRIPT: Final = (Path(__file__).parent / "desk.js").read_text(encoding="utf-8")

USUAL: Final = DeskView(
    "37081101",
    {"zh": "高温关爱周：7月20日至27日，中午对所有人开放", "en": "Heat week, 20 to 27 July: open to everybody at noon"},
    (NoticeView({"zh": "周三上午停水。", "en": "No water on Wednesday morning.", "ug": "چارشەنبە ئەتىگەن سۇ يوق"}),),
    (EventView({"zh": "消防知识讲座，欢迎参加", "en": "A lecture on fire safety"}, 1_785_000_000.0, "ab" * 32),),
    (QuestionView("meals", {"zh": "你对午餐满意吗？", "en": "How content are you with lunch?"}),),
    (
        AnswerView("water", "not_hot", "2026-07-01", "owned", "2026-07-15", late=True),
        AnswerView("air_conditioner", "does_not_cool", "2026-07-03", "done", words={"zh": "已更换压缩机"}),
    ),
)
ITEMS: Final = (
    ItemView("clean", {"zh": "地面和桌面是否干净？", "en": "Are floor and tables clean?"}, "yes_no"),
    ItemView(
        "fridge", {"zh": "冰箱是否低于8度？", "en": "Is the fridge below 8 degrees?"}, "yes_no", "yes", proven=True
    ),
    ItemView("box", {"zh": "药箱中最早到期的药品", "en": "The medicine that expires first"}, "month"),
)
ROUND: Final = RoundView("daily", 3, {"zh": "每日巡查", "en": "Daily round"}, ITEMS)
STORM: Final = NoticeView(
    {"zh": "暴雨红色预警：请留在室内", "en": "Red rainstorm warning: please stay inside"}, urgent=True
)
LONGEST: Final = NoticeView({"zh": "请勿在休息室内吸烟。" * 50, "en": "Please do not smoke in the rest room. " * 13})

DOCTOR, SAY, NOTICES, ANSWERS, QUESTION = (f"#tiles button:nth-child({number})" for number in range(1, 6))
VIEWS: Final[dict[str, tuple[str, ...]]] = {
    "home": (),
    "ambulance": (DOCTOR,),
    "where": (SAY,),
    "what": (SAY, "#stage button:nth-child(6)"),
    "sure": (SAY, "#stage button:nth-child(2)", "#stage button:nth-child(5)"),
    "question": (QUESTION,),
    "notices": (NOTICES,),
    "answers": (ANSWERS,),
}
"""Each by what is touched from the first page on."""

STEWARDS: Final[dict[str, tuple[str, ...]]] = {
    "round": (),
    "item": ("#stage button",),
    "year": ("#stage button", "#stage button"),
    "month": ("#stage button", "#stage button", "#stage button"),
    "whole": ("#stage button", "#stage button", "#stage button", "#stage button"),
}
SMALLEST: Final = (320, 480)
"""On which three languages leave no room: there the page is longer than the display, and moves."""

WHOLE: Final = {"home", "ambulance", "where", "what", "sure", "question", "round", "item"}
"""What is seen at once, with letters of the usual size; the rest may move under the finger."""


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Beside]]:
    with beside(tmp_path_factory.mktemp("looks") / "house", USUAL) as found:
        yield found


@pytest.fixture(scope="module")
def page(chromium: Any, inside: tuple[str, Beside]) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 800, "height": 480}, has_touch=True)
    page = context.new_page()
    page.goto(inside[0])
    page.locator(".face:enabled").first.wait_for()
    page.evaluate(SCRIPT)
    yield page
    context.close()


def walk(page: Any, touched: tuple[str, ...], start: str = "#back") -> None:
    """From the first page on, at once: what holds back a finger that slips holds back no script."""
    page.evaluate(
        "touched => { for (const each of touched) document.querySelector(each).click(); }",
        [start, *touched],
    )


def wrongs(page: Any, size: tuple[int, int], whole: bool) -> list[str]:
    """Of the view as it stands, at both sizes of letters."""
    shorter = min(size)
    found = page.evaluate("least => { single(); return wrongs(...least); }", [shorter * TARGET, shorter * GAP])
    if whole and page.evaluate("document.documentElement.scrollHeight > innerHeight"):
        found.append("something has to be looked for")
    return [*found, *page.evaluate("() => { double(); const found = wrongs(0, 0); single(); return found; }")]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_view_can_be_read_and_hit_with_gloves_on(page: Any, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    found: dict[str, list[str]] = {}
    for language in ("zh", "en", "ug"):
        page.evaluate("language => document.querySelector(`nav [lang=${language}]`).click()", language)
        for name, touched in VIEWS.items():
            walk(page, touched)
            found[f"{name} {language}"] = wrongs(page, size, name in WHOLE and size != SMALLEST)
    assert {name: each for name, each in found.items() if each} == {}


@pytest.fixture
def steward(page: Any, inside: tuple[str, Beside]) -> Iterator[Any]:
    """The page after a steward's pass was shown, with what that is told, and an urgent notice of the longest."""
    shown = replace(USUAL, round=ROUND, told="round_open", notices=(STORM, LONGEST))
    inside[1].show(shown)
    page.locator("#told:not([hidden])").wait_for()
    yield page
    inside[1].show(USUAL)
    page.locator("#told").wait_for(state="hidden")


def test_a_stewards_round_can_be_read_and_hit_too(steward: Any) -> None:
    found: dict[str, list[str]] = {}
    for size in SIZES:
        steward.set_viewport_size({"width": size[0], "height": size[1]})
        for language in ("zh", "en"):
            steward.evaluate("language => document.querySelector(`nav [lang=${language}]`).click()", language)
            for name, touched in STEWARDS.items():
                walk(steward, ("#tiles button", *touched))
                found[f"{name} {language} {size}"] = wrongs(steward, size, whole=False)
            for name, touched in {"home": (), "notices": ("#tiles button:nth-child(4)",)}.items():
                walk(steward, touched)
                found[f"{name} {language} {size}"] = wrongs(steward, size, whole=False)
    assert {name: each for name, each in found.items() if each} == {}


RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def axe_finds(page: Any) -> list[str]:
    """Of the view as it stands; one that takes no touch yet would be passed over."""
    axe = needed("axe_playwright_python.sync_playwright").Axe()
    page.evaluate("document.getElementById('stage').inert = false")
    found = axe.run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response
    return [each["id"] for each in found["violations"]]


def test_axe_finds_nothing(page: Any) -> None:
    page.set_viewport_size({"width": 800, "height": 480})
    for name, touched in VIEWS.items():
        walk(page, touched)
        assert axe_finds(page) == [], name


def test_axe_finds_nothing_of_a_stewards_round(steward: Any) -> None:
    steward.set_viewport_size({"width": 800, "height": 480})
    for name, touched in STEWARDS.items():
        walk(steward, ("#tiles button", *touched))
        assert axe_finds(steward) == [], name


def test_axe_finds_nothing_where_it_asks_who_is_there(page: Any) -> None:
    page.set_viewport_size({"width": 800, "height": 480})
    page.evaluate("import('./idle.js').then(({ warn }) => warn())")
    assert axe_finds(page) == []
    page.locator("#continue").click()
