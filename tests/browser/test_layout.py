"""Every text is as large as it has to be, and what has to stand beside another does."""

from __future__ import annotations

import pytest

from tests.browser.conftest import LANDSCAPE, Opener
from tests.browser.states import all_faces, shown, view

pytestmark = pytest.mark.browser

FACES = all_faces()

PANEL = (154.08, 85.92)
"""Millimetres that show something, of the Raspberry Pi's own panel of 7 inches and 800 by 480 pixels."""

LEGIBLE = 9.0
"""Millimetres of a Chinese character, and of a digit: 15 minutes of arc at two metres."""

NEAR = 3.5
"""Millimetres of a capital of the second language, for whoever steps nearer."""


@pytest.mark.parametrize("turned", [False, True], ids=["landscape", "portrait"])
def test_from_two_metres_the_sentence_and_the_number_to_call_can_be_read(tab: Opener, turned: bool) -> None:
    size, pixel = ((480, 800), PANEL[0] / 800) if turned else ((800, 480), PANEL[1] / 480)
    signs = "Math.max(...[sign, code].map(each => each.getBoundingClientRect().height))"
    heights = f"[glyph('#zh', '国'), glyph('#call', '0'), {signs}, glyph('#en', 'H')]"
    found = tab(size).each(FACES, heights)
    small = {
        name: [round(each * pixel, 1) for each in pixels]
        for name, pixels in found.items()
        if any(each * pixel < least for each, least in zip(pixels, (LEGIBLE, LEGIBLE, LEGIBLE, NEAR), strict=True))
    }
    assert small == {}


def test_a_refusal_moves_neither_the_number_to_call_nor_is_it_beside_a_notice(tab: Opener) -> None:
    ready = tab((800, 480))
    place = "[document.querySelector('footer').getBoundingClientRect().toJSON(), getComputedStyle(notice).display]"
    shown_at = ready.each({name: FACES[f"{name} beside the usual"] for name in ("ready", "bad_signature")}, place)
    assert shown_at["ready"][0] == shown_at["bad_signature"][0]
    assert ready.page.locator("#notice").is_hidden()
    ready.show(FACES["ready beside the usual"])
    assert ready.page.locator("#notice").is_visible()


def test_where_the_next_station_is_stands_below_whenever_the_door_is_closed(tab: Opener) -> None:
    closed = {name: each for name, each in FACES.items() if each.nearby}
    assert len(closed) > 10
    for size in LANDSCAPE:
        found = tab(size).each(closed, "[notice.offsetParent !== null, notice.textContent.includes('经十路')]")
        assert set(map(tuple, found.values())) == {(True, True)}


def test_what_is_urgent_stands_below_beside_all_but_a_refusal_and_the_longest_sentences(tab: Opener) -> None:
    faces = {name: each for name, each in FACES.items() if any(notice.urgent for notice in each.notices)}
    assert len(faces) > 20
    found = tab((800, 480)).each(faces, "notice.offsetParent !== null && notice.querySelector('.urgent') !== null")
    hidden = {name.partition(" beside")[0] for name, is_shown in found.items() if not is_shown}
    assert hidden == {"saving", "not enrolled", "enrolled"}


def test_a_notice_stands_on_one_page_in_all_its_languages_where_it_has_room(tab: Opener) -> None:
    across = "[...notice.children].map(each => each.getClientRects().length)"
    for size in LANDSCAPE:
        found = tab(size).each({"ready": FACES["ready beside notices"]}, across)["ready"]
        assert set(found) == {1}, "a block in two columns has two boxes"


def test_a_notice_of_several_pages_is_turned(tab: Opener) -> None:
    page = tab((480, 320)).page
    page.clock.install()
    page.reload()
    page.evaluate(
        "face => show(face)", {"sign": "ready", "words": {"zh": "请", "en": "x"}, "notice": {"zh": "热水" * 250}}
    )
    at = [page.evaluate("notice.scrollLeft")]
    for _ in range(20):
        page.clock.run_for(8000)
        at.append(page.evaluate("notice.scrollLeft"))
    assert at[0] == 0
    assert len(set(at)) > 2
    assert at.count(0) > 1, "and then from the beginning"


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("body.style.setProperty('--words', 40)", "leaves the page"),
        ("body.style.setProperty('--call', 60)", "footer leaves the page"),
        ("document.getElementById('en').style.marginTop = '-3em'", "#zh and #en overlap"),
        ("notice.style.maxHeight = '2.1em'; notice.style.columns = 'auto'", "notice is cut"),
    ],
)
def test_the_measure_itself_sees_what_is_wrong(tab: Opener, spoil: str, told: str) -> None:
    spoilt = tab((800, 480))
    spoilt.show(FACES["ready beside the usual"])
    assert spoilt.page.evaluate("measure()") == []
    spoilt.page.evaluate(spoil)
    assert told in "; ".join(spoilt.page.evaluate("measure()"))


def test_a_page_without_its_script_shows_what_holds_while_nothing_is_known(tab: Opener) -> None:
    still = tab((800, 480))
    assert still.page.evaluate("measure()") == []
    still.show(shown(view()))
    assert still.page.locator("#en").inner_text() == "Please show your pass to the camera."
