"""Supplies at the page inside, for whoever shows a pass and for a steward: by fingers and by four keys, on every display."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from msgspec.structs import replace

from kiosk.desk import words
from kiosk.wire import Refused
from kiosk.wire.inside import (
    Count,
    CountedView,
    DeskView,
    Fill,
    Give,
    GiveOne,
    HandingView,
    LeaveRound,
    LeaveSupplies,
    NearestView,
    OpenCampaign,
    SlotView,
    StockView,
    SupplyView,
    Take,
)
from tests.browser.inside import Beside
from tests.browser.test_desk import LEFT, NOTHING
from tests.browser.test_desk_flows import IDLE, WARNED, pressed, ready_again, touch, wait
from tests.browser.test_desk_looks import ROUND, SCRIPT, SIZES, SMALLEST, USUAL, axe_finds, wrongs
from tests.programs.house import until

pytestmark = pytest.mark.browser

COAT: Final = {"zh": "雨衣一件", "en": "One raincoat"}
PENCILS: Final = {"zh": "考生文具一套", "en": "One set of pencils"}
NEAREST: Final = NearestView({"zh": "火炬路驿站", "en": "Torch Road station"}, 12, 2700.0, 850.0)
EXAM: Final = SupplyView("exam", PENCILS, "open", touch="one", left=38)
SESSION: Final = HandingView(
    300.0,
    (StockView("coat", COAT), StockView("ors")),
    (SlotView("box1", 20, "coat"), SlotView("box2", 10, "ors")),
    ("exam",),
)


def coat(state: str, **more: Any) -> SupplyView:
    return SupplyView("coat", COAT, state, **more)


def with_supplies(*supplies: SupplyView, **more: Any) -> DeskView:
    return replace(USUAL, supplies=supplies, **more)


WAITING: Final = with_supplies(coat("show_pass"))
YOURS: Final = with_supplies(coat("yours", slot="box1", touch="take"), holder=True)
STEWARDS: Final = with_supplies(coat("show_pass"), EXAM, handing=SESSION, round=ROUND)


@pytest.fixture
def page(gloves: Any, desk_program: tuple[str, Beside], station: Beside) -> Iterator[Any]:
    station.show(WAITING)
    page = gloves.new_page()
    page.goto(desk_program[0])
    ready_again(page)
    page.evaluate(SCRIPT)
    yield page
    page.close()


def says(page: Any, state: str) -> None:
    wait(page, words.SUPPLIES[state][0])
    wait(page, words.SUPPLIES[state][1])


def test_a_pass_shows_what_is_yours_and_one_touch_takes_it(page: Any, station: Beside) -> None:
    station.show(YOURS)
    says(page, "yours")
    assert "box1" in page.locator("#stage").inner_text()
    touch(page, "领取")
    until(lambda: station.heard == [Take("coat")])
    station.show(with_supplies(coat("granted", slot="box1"), holder=True))
    says(page, "granted")
    assert page.locator("#stage button").count() == 0
    station.show(with_supplies(coat("taken"), holder=True))
    says(page, "taken")
    page.clock.run_for(7000)
    wait(page, words.ASK[0])
    until(lambda: station.heard[1:] == [LeaveSupplies()], "nothing is theirs any longer")


def test_what_is_refused_is_told_by_its_state(page: Any, station: Beside) -> None:
    station.answer = Refused("wait")
    station.show(YOURS)
    says(page, "yours")
    touch(page, "领取")
    station.show(with_supplies(coat("wait"), holder=True))
    says(page, "wait")
    station.show(with_supplies(coat("empty", nearest=NEAREST), holder=True))
    wait(page, "火炬路驿站")
    told = page.locator(".nearest").inner_text()
    assert all(each in told for each in ("0.8 公里", "剩 12", "45 分钟前")), told


def test_whoever_shows_a_pass_for_nothing_is_told_so(page: Any, station: Beside) -> None:
    station.show(with_supplies(coat("empty", nearest=NEAREST), holder=True))
    says(page, "empty")


def test_a_pass_that_is_shown_again_before_the_next_news_opens_what_is_theirs_again(page: Any, station: Beside) -> None:
    """They have left, and the station tells of both at once: that somebody is there, as before."""
    station.show(replace(YOURS, shown=1))
    says(page, "yours")
    station.show(with_supplies(coat("had"), holder=True, shown=1))
    says(page, "had")
    page.locator("#back").tap()
    until(lambda: LeaveSupplies() in station.heard)
    station.show(with_supplies(coat("had"), holder=True, shown=1))
    page.wait_for_function("() => document.body.className !== 'ended'")
    station.show(with_supplies(coat("had"), holder=True, shown=2))
    says(page, "had")


def test_one_of_several_is_chosen(page: Any, station: Beside) -> None:
    station.show(
        with_supplies(
            coat("yours", slot="box1", touch="take"), SupplyView("heat", {"zh": "藿香正气水"}, "had"), EXAM, holder=True
        )
    )
    touch(page, "藿香正气水")
    says(page, "had")
    page.locator("#back").tap()
    touch(page, "雨衣", "领取")
    until(lambda: Take("coat") in station.heard)
    assert LeaveSupplies() not in station.heard, "they are still here"


def test_whoever_goes_away_leaves_nothing_to_be_taken(page: Any, station: Beside) -> None:
    before = page.content()
    station.show(YOURS)
    says(page, "yours")
    page.clock.run_for(IDLE + 1000)
    with page.expect_navigation():
        page.clock.run_for(WARNED)
    until(lambda: LeaveSupplies() in station.heard)
    wait(page, words.ASK[0])
    station.show(WAITING)
    ready_again(page)
    assert page.content() == before
    assert page.evaluate(LEFT) == NOTHING


def test_in_an_exam_week_each_is_one_touch(page: Any, station: Beside) -> None:
    station.show(with_supplies(EXAM))
    touch(page, "领物资", "发出一份")
    wait(page, "刚才发出 1")
    touch(page, "发出一份")
    wait(page, "刚才发出 2")
    assert station.heard == [GiveOne("exam")] * 2


def test_a_steward_hands_it_to_whoever_shows_a_pass(page: Any, station: Beside) -> None:
    station.show(with_supplies(coat("yours", touch="take"), holder=True, handing=SESSION))
    wait(page, "盘点")
    until(lambda: station.heard == [LeaveSupplies()], "a steward's own pass opens what is a steward's")
    station.show(with_supplies(coat("show_pass"), handing=SESSION))
    theirs = replace(SESSION, holder=True)
    station.show(with_supplies(coat("steward", touch="give"), holder=True, shown=2, handing=theirs))
    says(page, "steward")
    touch(page, "已发给对方")
    until(lambda: station.heard[1:] == [Give("coat", shown=2)])


def test_a_steward_counts_blind_by_four_keys(page: Any, station: Beside) -> None:
    station.show(STEWARDS)
    wait(page, "每日巡查")
    pressed(page, "3", "1")
    assert "–" in page.locator("#title").inner_text(), "nothing stands there before it is counted"
    assert page.locator("#tools .main").is_disabled()
    pressed(page, "4", "1+", "3", "1+", "1+", "4")
    until(lambda: station.heard == [Count("coat", 47)])
    assert "50" not in page.inner_html("body")
    station.show(replace(STEWARDS, handing=replace(SESSION, counted=CountedView("coat", 47, 50))))
    wait(page, "应有 50")


def test_a_steward_fills_a_slot_until_a_month(page: Any, station: Beside) -> None:
    station.show(STEWARDS)
    year = page.evaluate("new Date().getFullYear()") + 1
    touch(page, "补货", "box2")
    page.clock.run_for(400)
    assert page.locator("#stage button").first.inner_text() == "ors", "what lies there already stands first"
    touch(page, "ors", "1", "2")
    page.locator("#tools .main").tap()
    touch(page, str(year), f"{year}-05")
    until(lambda: station.heard == [Fill("ors", 12, "box2", f"{year}-05")])
    wait(page, words.SAVED[0])


def test_a_steward_opens_an_exam_week_for_a_time_or_a_number(page: Any, station: Beside) -> None:
    station.show(STEWARDS)
    touch(page, "开放领取", "4 小时", "好了", "巡查", "开放领取", "按份数", "5", "0")
    page.locator("#tools .main").tap()
    touch(page, "好了", "巡查", "开放领取", "停止发放")
    until(lambda: len(station.heard) == 3)
    assert station.heard == [OpenCampaign("exam", 14_400), OpenCampaign("exam", 0, 50), OpenCampaign("exam")]


def test_a_session_without_a_round_ends_with_leave_and_leaves_nothing(page: Any, station: Beside) -> None:
    before = page.content()
    station.show(with_supplies(coat("show_pass"), handing=SESSION))
    touch(page, "盘点", "雨衣", "4")
    station.show(WAITING)
    wait(page, words.ASK[0])
    page.clock.run_for(400)
    assert page.content() == before
    station.show(with_supplies(coat("show_pass"), handing=SESSION))
    touch(page, "结束")
    until(lambda: station.heard == [LeaveRound()])


STATES: Final = {
    **{state: with_supplies(coat(state)) for state in words.SUPPLIES},
    "yours": YOURS,
    "empty": with_supplies(coat("empty", nearest=NEAREST)),
    "open": with_supplies(EXAM),
    "several": with_supplies(coat("yours", slot="box1", touch="take"), SupplyView("heat", COAT, "elsewhere"), EXAM),
}
LOOKED_AT: Final = ("show_pass", "yours", "empty", "stale", "open", "several")


def test_every_state_can_be_read_on_every_display_and_axe_finds_nothing(page: Any, station: Beside) -> None:
    found: dict[str, list[str]] = {}
    touch(page, "领物资")
    for name in LOOKED_AT:
        station.show(STATES[name])
        page.wait_for_function(
            "wanted => import('./station.js').then(({ shown }) => shown.supplies[0].state === wanted)",
            arg=STATES[name].supplies[0].state,
        )
        page.evaluate("while (!document.getElementById('tiles')) document.getElementById('back').click()")
        page.evaluate("document.querySelector('#tiles button').click()")
        looked_at(page, found, name, SIZES)
    assert {name: each for name, each in found.items() if each} == {}


def looked_at(page: Any, found: dict[str, list[str]], name: str, sizes: tuple[tuple[int, int], ...]) -> None:
    for size in sizes:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for language in ("zh", "en"):
            page.evaluate("language => document.querySelector(`nav [lang=${language}]`).click()", language)
            found[f"{name} {language} {size}"] = wrongs(page, size, size != SMALLEST)
    found[f"{name} axe"] = axe_finds(page)


def test_what_a_steward_sees_can_be_read_on_every_display_too(page: Any, station: Beside) -> None:
    found: dict[str, list[str]] = {}
    station.show(STEWARDS)
    wait(page, "每日巡查")
    looked_at(page, found, "desk", SIZES)
    for name, touched in {"pad": (3, 1), "fill": (4,), "open": (5,)}.items():
        page.evaluate("document.querySelector('#back').click()")
        for each in ("#tiles button", *(f"#stage button:nth-child({number})" for number in touched)):
            page.evaluate("each => document.querySelector(each).click()", each)
        looked_at(page, found, name, SIZES)
    assert {name: each for name, each in found.items() if each} == {}
