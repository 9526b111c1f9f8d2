"""A text in another language than its page is marked with its own, for whoever has the page read out (WCAG 2.2, 3.1.2)."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from time import time
from typing import Final

import pytest

from kiosk.central.cases import Cases, Said
from kiosk.central.codes import printed
from kiosk.central.scope import EVERYWHERE
from kiosk.central.sheets import Sheet
from kiosk.central.store.voices import CaseFilter
from kiosk.central.voices.case import Answer, Event, Own
from kiosk.demo.founding import founded
from kiosk.language import language_of, speaking, with_language
from kiosk.trust.service import ServiceDocument
from tests.public.ground import Ground

CODE, NEXT = "37081101", "37081102"
NOTICES: Final = {"zh": "今天停水", "ug": "سۇ يوق", "en": "The fridge is new"}
HAN: Final = re.compile("[\u3400-\u9fff]")
VOID: Final = {"meta", "link", "input", "img", "br"}
UNMARKED: Final = {"title", "style", "svg"}
"""Where no language can be said of a part, or where names stand alone."""


class Heard(HTMLParser):
    """A page as it is read out: each text behind the language that it is said to be in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._within: list[tuple[str, str]] = [("", "")]
        self.texts: list[tuple[str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self._within.append((tag, dict(attrs).get("lang") or self._within[-1][1]))

    def handle_endtag(self, tag: str) -> None:
        assert self._within.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and UNMARKED.isdisjoint(tag for tag, _language in self._within):
            self.texts.append((self._within[-1][1], data.strip()))

    def chinese(self) -> dict[str, str]:
        """In which language each text with Chinese characters is."""
        return {text: language for language, text in self.texts if HAN.search(text)}


@pytest.fixture(scope="module", autouse=True)
def town(ground: Ground) -> None:
    """A station of which all is in Chinese alone, another beside it, and notices in one language each."""
    ground.build(CODE, Sheet(hours=("daily 00:00-24:00",)))
    ground.build(NEXT, Sheet(), "火车站驿站", ("35.41", "116.6"))
    ground.hear(CODE)
    issuer = founded(ground.store.folder, ground.store)
    for language, text in NOTICES.items():
        issuer.publish_service(ServiceDocument(1, language, "notice", 0, 0, 2**39), {"texts": {language: text}})
    ground.store.add_account("li.ming", "steward", "3708", "", time())
    cases = Cases(ground.store)
    cases.say(Said(CODE, "water", "no_water", "饮水机没有水"), time())
    (case,) = ground.store.cases(CaseFilter(prefix=CODE), EVERYWHERE)
    (remark,) = ground.store.remarks(case.number)
    cases.publish(remark.number, "text", "li.ming", EVERYWHERE, time(), public=True)
    cases.act(case.number, Own("li.ming"), "li.ming", EVERYWHERE, time())
    cases.act(case.number, Answer(Event.DO, "修好了"), "li.ming", EVERYWHERE, time())


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (f"/s/{printed(CODE)}", {"中山路驿站", "今天停水", "济宁市任城区中山路 1 号", "火车站驿站", "饮水机没有水", "修好了"}),
        (f"/s/{printed(CODE)}/say", {"中山路驿站"}),
        (f"/s/{printed(CODE)}/rated", {"中山路驿站"}),
        ("/map", {"中山路驿站", "火车站驿站"}),
        ("/map?words=370811", {"中山路驿站", "火车站驿站"}),
    ],
)  # fmt: skip
def test_what_is_there_in_chinese_alone_is_marked_on_an_english_page(ground: Ground, path: str, told: set[str]) -> None:
    found = Heard(ground.get(path).text).chinese()
    assert told <= found.keys()
    assert {text: language for text, language in found.items() if not language.startswith("zh")} == {}


@pytest.mark.parametrize("reader", ["zh", "en"])
def test_each_notice_is_in_its_own_language_on_every_page(ground: Ground, reader: str) -> None:
    heard = Heard(ground.get(f"/s/{printed(CODE)}", reader).text).texts
    assert {(language, text) for language, text in NOTICES.items()} <= {*heard}
    assert heard[0][0].startswith(reader), "the rest is in the page's"


@pytest.mark.parametrize(
    ("text", "language"),
    [("停水", "zh"), ("A4 停水", "zh"), ("No water", "en"), ("سۇ يوق", "xx"), ("370 811 015", "xx"), ("", "xx")],
)
def test_letters_tell_the_language_as_far_as_they_do(text: str, language: str) -> None:
    assert language_of(text, "xx") == language


def test_of_a_text_by_language_the_readers_is_read_and_else_what_there_is() -> None:
    for chinese, language in ((True, "zh"), (False, "en")):
        with speaking(chinese):
            assert with_language(NOTICES) == (language, NOTICES[language])
            assert with_language({"ug": "سۇ يوق"}) == ("ug", "سۇ يوق")
            assert with_language({}) == ("", "")


def test_the_ear_itself_hears_what_is_not_marked() -> None:
    page = '<html lang="en"><br><p>停水</p><p lang="zh">停电<b>！停气</b></p><title>停</title><img alt=""></html>'
    assert Heard(page).texts == [("en", "停水"), ("zh", "停电"), ("zh", "！停气")]
