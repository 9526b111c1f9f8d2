"""What is done at the page inside, by fingers and by four keys; and that whoever goes away leaves nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import cv2
import pytest
from msgspec.structs import replace

from kiosk.desk import words
from kiosk.wire import Refused
from kiosk.wire.inside import Clean, DeskView, LeaveRound, Round, Say, Touched
from kiosk.wire.views import NoticeView
from tests.browser.conftest import pictured
from tests.browser.inside import Beside
from tests.browser.test_desk import LEFT, NOTHING, ready
from tests.browser.test_desk_looks import ROUND, STORM, USUAL
from tests.programs.house import until

pytestmark = pytest.mark.browser

IDLE, WARNED = 45_000, 20_000

UNSEEN = 4
"""Of 255. Chromium draws the same rounded corner twice, and its edge is off by 2; the paler of two whites is off by 28."""


@pytest.fixture
def page(gloves: Any, desk_program: tuple[str, Beside], station: Beside) -> Iterator[Any]:
    station.show(USUAL)
    page = gloves.new_page()
    page.goto(desk_program[0])
    page.locator(".face:enabled").first.wait_for()
    page.clock.run_for(1000)
    ready(page)
    yield page
    page.close()


def touch(page: Any, *words: str) -> None:
    """One after the other, as soon as a view takes a touch."""
    for each in words:
        page.clock.run_for(400)
        page.locator("#stage:not([inert])").get_by_role("button", name=each).first.tap()


def wait(page: Any, text: str) -> None:
    page.get_by_text(text).first.wait_for()


def test_a_voice_is_three_touches(page: Any, station: Beside) -> None:
    touch(page, "反映问题", "饮水", "不热")
    wait(page, words.SAVED[0])
    assert station.heard == [Say("water", "not_hot")]


def test_before_what_is_urgent_it_says_so_and_asks_once_more(page: Any, station: Beside) -> None:
    touch(page, "反映问题", "门", "被堵住")
    wait(page, words.URGENT[0])
    wait(page, words.URGENT[1])
    touch(page, "不发")
    assert station.heard == []
    touch(page, "反映问题", "门", "被堵住", "马上发出")
    wait(page, words.SAVED[0])
    assert station.heard == [Say("door", "blocked")]


def test_after_a_rating_what_it_was_is_one_more_touch(page: Any, station: Beside) -> None:
    touch(page, "一般")
    wait(page, "哪里可以更好")
    page.clock.run_for(700)
    touch(page, "冰箱")
    until(lambda: len(station.heard) == 2)
    assert station.heard == [Touched(2), Say("fridge", "something_else")]


def test_a_question_is_answered_by_its_own_name(page: Any, station: Beside) -> None:
    touch(page, "一个问题")
    wait(page, "你对午餐满意吗？")
    touch(page, "满意")
    until(lambda: station.heard)
    assert station.heard == [Touched(0, "meals")], "非常满意 stands first"


@pytest.mark.parametrize(
    ("why", "said"),
    [("too_many", words.TOO_MANY), ("not_saved", words.NOT_SAVED), ("not_known", words.OURS["refused"])],
)
def test_what_the_station_refuses_is_said(page: Any, station: Beside, why: str, said: words.Words) -> None:
    station.answer = Refused(why)
    touch(page, "反映问题", "饮水", "不热")
    wait(page, said[0])


def test_late_answers_stand_first_and_a_picture_that_is_absent_is_left_out(page: Any) -> None:
    touch(page, "答复")
    assert page.locator("article").all_inner_texts()[0].startswith("饮水：不热")
    page.locator("#back").tap()
    touch(page, "通知")
    wait(page, "消防知识讲座")
    page.locator("article img").wait_for(state="detached")
    assert "2026-07-26 01:20" in page.locator("#stage").inner_text()


def test_a_steward_fills_in_what_no_sensor_proves(page: Any, station: Beside) -> None:
    station.show(replace(USUAL, round=ROUND, told="round_open"))
    wait(page, "每日巡查")
    assert page.locator("#told").inner_text() == "巡查已打开\nThe round is open"
    year = page.evaluate("new Date().getFullYear()") + 1
    touch(page, "开始巡查", "否", str(year), f"{year}-05")
    assert "传感器测得" in page.locator("li", has_text="冰箱").inner_text()
    assert page.locator("li button").count() == 0, "what is proven cannot be changed"
    touch(page, "提交")
    wait(page, words.SAVED[0])
    assert station.heard == [Round({"clean": "no", "fridge": "yes", "box": f"{year}-05"}, 3)]
    touch(page, "好了", "巡查", "已打扫")
    wait(page, words.SAVED[0])
    assert station.heard[1:] == [Clean()]
    station.show(USUAL)


def test_a_round_that_the_station_ends_leaves_the_page_as_it_was(page: Any, station: Beside) -> None:
    before = page.content()
    station.show(replace(USUAL, round=ROUND))
    touch(page, "开始巡查", "是")
    station.show(USUAL)
    wait(page, words.ASK[0])
    page.clock.run_for(400)
    assert page.content() == before


def test_what_a_pass_has_opened_is_left_where_nobody_touches_it(page: Any, station: Beside) -> None:
    station.show(replace(USUAL, round=ROUND))
    wait(page, "每日巡查")
    page.clock.run_for(IDLE + 1000)
    assert still_there(page)
    with page.expect_navigation():
        page.clock.run_for(WARNED)
    until(lambda: station.heard == [LeaveRound()])
    station.show(USUAL)


def pressed(page: Any, *keys: str) -> None:
    """Each for a moment; one with a `+` is held down until the numbers have moved on."""
    for key in keys:
        page.clock.run_for(400)
        page.keyboard.down(key.strip("+"))
        if "+" in key:
            page.keyboard.down(key.strip("+"))
        page.keyboard.up(key.strip("+"))


def test_four_keys_do_all(page: Any, station: Beside) -> None:
    pressed(page, "1+", "2")
    wait(page, "哪里有问题？")
    pressed(page, "3")
    wait(page, "不热")
    pressed(page, "2")
    wait(page, words.SAVED[0])
    assert station.heard == [Say("water", "not_hot")]
    pressed(page, "1", "1+")
    numbered = page.locator("[data-key]").all_inner_texts()
    assert numbered[1] == "反映问题"
    pressed(page, "1+", "3")
    assert page.evaluate("document.documentElement.lang") == "en", "the languages are the last four"


def test_a_keyboard_goes_from_one_to_the_next_and_is_seen(page: Any, station: Beside) -> None:
    page.keyboard.press("Tab")
    seen = set()
    while page.evaluate("document.activeElement.textContent") != "反映问题":
        seen.add(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait(page, "哪里有问题？")
    page.keyboard.press("Escape")
    wait(page, words.ASK[0])
    assert (seen, station.heard) == ({"solid"}, [])


def test_what_the_browser_does_by_keys_of_its_own_nobody_gets(page: Any) -> None:
    """Its tools, above all: whoever opened them could read along what the next one answers."""
    page.evaluate(
        "window.kept = []; addEventListener('keydown', ({ defaultPrevented }) => kept.push(defaultPrevented))"
    )
    for keys in ("F12", "F1", "Control+Shift+I", "Control+U", "Control+O", "Alt+ArrowLeft", "Meta+L"):
        page.keyboard.press(keys)
    kept = page.evaluate("kept")
    assert len(kept) > 7
    assert all(kept)
    page.keyboard.press("Tab")
    assert not page.evaluate("kept")[-1]


def still_there(page: Any) -> bool:
    return bool(page.locator("#warning").is_visible())


def test_whoever_goes_away_leaves_nothing(page: Any, station: Beside) -> None:
    """Neither in the page, nor in what a browser keeps, nor to be seen."""
    before, picture = page.content(), pictured(page)
    page.locator("nav [lang=ug]").tap()
    page.locator("nav [lang=en]").tap()
    touch(page, "Say something", "Toilet")
    page.clock.run_for(IDLE - 1000)
    assert not still_there(page)
    page.clock.run_for(2000)
    assert still_there(page)
    page.locator("#continue").tap()
    assert not still_there(page)
    wait(page, "Clogged")
    page.clock.run_for(IDLE + 1000)
    with page.expect_navigation():
        page.clock.run_for(WARNED)
    ready_again(page)
    assert page.content() == before
    assert cv2.absdiff(pictured(page), picture).max() <= UNSEEN
    assert page.evaluate(LEFT) == NOTHING
    page.go_back()
    assert page.url == "about:blank", "there is no page behind it"
    assert station.heard == []


def ready_again(page: Any) -> None:
    page.locator(".face:enabled").first.wait_for()
    page.clock.run_for(1000)
    ready(page)


def test_who_needs_longer_has_twice_the_time(page: Any, station: Beside) -> None:
    station.show(replace(USUAL, extended=True))
    until(lambda: page.evaluate("import('./station.js').then(({ shown }) => shown.extended)"))
    touch(page, "反映问题")
    page.clock.run_for(2 * IDLE - 1000)
    assert not still_there(page)
    page.clock.run_for(2000)
    assert still_there(page)
    page.clock.run_for(2 * WARNED - 3000)
    assert still_there(page)


@pytest.mark.parametrize("gone", [replace(USUAL, nobody=True), replace(USUAL, nobody=True, round=ROUND)])
def test_where_nobody_is_the_page_is_fresh_at_once(page: Any, station: Beside, gone: DeskView) -> None:
    touch(page, "反映问题", "饮水")
    with page.expect_navigation():
        station.show(gone)
    ready_again(page)
    assert station.heard == ([LeaveRound()] if gone.round else [])


def test_without_its_program_it_does_not_leave_for_an_error_of_the_browsers(page: Any) -> None:
    touch(page, "反映问题", "饮水")
    page.route("**/page.css", lambda route: route.abort())
    page.clock.run_for(IDLE + 1000)
    page.clock.run_for(WARNED + 1000)
    wait(page, words.ASK[0])
    assert not still_there(page)
    assert not re.search("不热|没有水", page.content())


def test_what_is_urgent_is_seen_before_anything_is_touched(page: Any, station: Beside) -> None:
    station.show(replace(USUAL, notices=(STORM,)))
    wait(page, STORM.texts["zh"])


def test_a_language_that_the_browser_does_not_know_is_chosen_by_its_tag(page: Any, station: Beside) -> None:
    station.show(replace(USUAL, events=(), questions=(), notices=(NoticeView({"zh": "停水", "zh-yue": "冇水"}),)))
    page.get_by_role("button", name="zh-yue").tap()
    touch(page, "通知活动")
    wait(page, "冇水")
