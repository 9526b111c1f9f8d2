"""The doctor and a hospital's medicine at the page inside: by fingers and by four keys, on every display; and what is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from msgspec.structs import replace

from kiosk.desk import words
from kiosk.trust.outcomes import WORDS, Outcome
from kiosk.wire import Refused
from kiosk.wire.inside import Consult, DoctorView, LeaveConsult, MedicineView
from tests.browser.conftest import scanned
from tests.browser.inside import Beside
from tests.browser.test_desk import LEFT, NOTHING
from tests.browser.test_desk_flows import IDLE, WARNED, pressed, ready_again, touch, wait
from tests.browser.test_desk_looks import SCRIPT, SIZES, SMALLEST, USUAL, axe_finds, wrongs
from tests.programs.house import until

pytestmark = pytest.mark.browser

DOCTOR: Final = DoctorView({"zh": "市第一人民医院在线门诊", "en": "The city hospital"}, "0537-1234567", reachable=True)
SECRET: Final = "k3Jd8s0AbQz71mVxk3Jd8s0AbQz71mVx"
LINKED: Final = replace(DOCTOR, link=f"https://doctor.example.cn/station/{SECRET}", seconds=300.0)
AWAY: Final = replace(DOCTOR, reachable=False, since=1_785_000_000.0)
SHUT: Final = replace(DOCTOR, reachable=False, opens=1_785_000_000.0)
WITH: Final = replace(USUAL, doctor=DOCTOR)
TOLD: Final = "import('./station.js').then(({ shown }) => JSON.stringify(shown))"
SHOWN: Final = MedicineView("pass", "ors", "box3")


@pytest.fixture
def page(gloves: Any, desk_program: tuple[str, Beside], station: Beside) -> Iterator[Any]:
    station.show(WITH)
    page = gloves.new_page()
    page.goto(desk_program[0])
    ready_again(page)
    page.evaluate(SCRIPT)
    yield page
    page.close()


def consulting(page: Any, station: Beside) -> None:
    touch(page, "医生", "用自己的手机问医生")
    until(lambda: station.heard == [Consult()])
    station.show(replace(USUAL, doctor=LINKED))
    page.locator("svg.symbol").wait_for()


def test_one_touch_shows_a_link_that_a_telephone_reads(page: Any, station: Beside) -> None:
    consulting(page, station)
    assert scanned(page) == [LINKED.link]
    assert SECRET not in page.content() + page.evaluate(TOLD), "a symbol, and no text of it"
    page.locator("#back").tap()
    until(lambda: station.heard[1:] == [LeaveConsult()])
    assert page.locator("svg.symbol").count() == 0


def test_whoever_goes_away_leaves_no_link(page: Any, station: Beside) -> None:
    before = page.content()
    consulting(page, station)
    station.show(WITH)
    page.get_by_text("这个码已经收起").wait_for()
    station.show(replace(USUAL, doctor=LINKED))
    page.locator("nav [lang=en]").tap()
    assert page.locator("svg.symbol").count() == 0, "one that comes by itself is somebody else's"
    page.clock.run_for(IDLE + 1000)
    station.heard.clear()
    with page.expect_navigation():
        page.clock.run_for(WARNED)
    station.show(WITH)
    ready_again(page)
    assert station.heard[0] == LeaveConsult(), "and so it is told"
    assert page.content() == before
    assert page.evaluate(LEFT) == NOTHING


@pytest.mark.parametrize(("doctor", "said"), [(AWAY, "现在联系不上医生"), (SHUT, "医生上线")])
def test_where_no_doctor_is_it_says_since_when_and_whom_to_call(
    page: Any, station: Beside, doctor: DoctorView, said: str
) -> None:
    touch(page, "医生")
    station.show(replace(USUAL, doctor=doctor))
    wait(page, said)
    text = page.locator("#stage").inner_text()
    assert all(each in text for each in ("120", "0537-1234567", "2026-07-26 01:20"))
    assert page.locator("#stage button").count() == 0


def test_a_doctor_who_has_gone_meanwhile_is_told(page: Any, station: Beside) -> None:
    station.answer = Refused("closed")
    touch(page, "医生", "用自己的手机问医生")
    wait(page, words.OURS["doctor_away"][0])


def test_the_ambulance_is_there_where_the_station_answers_nothing(page: Any) -> None:
    page.route("**/events", lambda route: route.abort())
    page.reload()
    touch(page, "急救")
    assert "120" in page.locator("#stage").inner_text()


def test_four_keys_ask_a_doctor(page: Any, station: Beside) -> None:
    pressed(page, "1+", "1", "1")
    until(lambda: station.heard == [Consult()])


def test_a_release_wants_a_pass_and_what_became_of_it_stands_there_large(page: Any, station: Beside) -> None:
    touch(page, "反映问题")
    station.show(replace(WITH, medicine=SHOWN))
    wait(page, words.OURS["medicine_pass"][0])
    assert "box3" in page.locator("#stage").inner_text()
    station.show(replace(WITH, medicine=SHOWN, told="release_not_yours"))
    wait(page, WORDS[Outcome.NOT_YOURS][0])
    assert page.get_by_text(words.OURS["medicine_pass"][0]).is_visible(), "who holds the right one shows it now"
    station.show(replace(WITH, medicine=replace(SHOWN, state="take"), told="release_opened"))
    wait(page, words.OURS["medicine_take"][0])
    assert not page.locator("#told").is_visible(), "once is enough"
    station.show(replace(WITH, told="release_taken"))
    wait(page, WORDS[Outcome.TAKEN][0])
    assert not page.locator("#told").is_visible()
    page.clock.run_for(13_000)
    wait(page, words.ASK[0])


def test_each_refusal_has_words_and_leaves_by_itself(page: Any, station: Beside) -> None:
    for outcome in (Outcome.KEPT_TOO_WARM, Outcome.USED):
        station.show(replace(WITH, told=f"release_{outcome}"))
        wait(page, WORDS[outcome][0])
        wait(page, WORDS[outcome][1])
    station.show(WITH)
    page.clock.run_for(13_000)
    wait(page, words.ASK[0])


STANDING: Final = {
    "ask": WITH,
    "away": replace(USUAL, doctor=AWAY),
    "link": replace(USUAL, doctor=LINKED),
    "none": USUAL,
    "pass": replace(WITH, medicine=SHOWN),
    "refused": replace(WITH, told=f"release_{Outcome.KEPT_TOO_WARM}"),
}


def test_every_view_can_be_read_on_every_display_and_axe_finds_nothing(page: Any, station: Beside) -> None:
    touch(page, "医生", "用自己的手机问医生")
    found: dict[str, list[str]] = {}
    for name, view in STANDING.items():
        station.show(view)
        page.wait_for_function("view => import('./station.js').then(({ shown }) => shown.told === view)", arg=view.told)
        for size in SIZES:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            for language in ("zh", "en"):
                page.evaluate("language => document.querySelector(`nav [lang=${language}]`).click()", language)
                found[f"{name} {language} {size}"] = wrongs(page, size, size != SMALLEST)
        found[f"{name} axe"] = axe_finds(page)
    assert {name: each for name, each in found.items() if each} == {}
