"""What people have written in another language than the office's page is marked with its own (WCAG 2.2, 3.1.2)."""

from __future__ import annotations

import re
from time import time
from typing import Final

import pytest

from kiosk.central.cases import Cases, Said
from kiosk.central.scope import EVERYWHERE
from kiosk.central.store.registers import Registered
from kiosk.central.store.voices import CaseFilter
from kiosk.central.voices.case import Answer, Event, Own
from tests.keys import private, public
from tests.office.clerks import Clerk, Office
from tests.office.test_people_pages import day
from tests.office.test_stations import CODE, tell
from tests.public.test_tongues import Heard

SAID: Final = {"zh": "冰箱已经修好", "en": "The fridge is mended"}
PLACES: Final = {"zh": "water", "en": "fridge"}
NAME: Final = "reads.both"


@pytest.fixture(scope="module")
def clerk(office: Office) -> Clerk:
    """Somebody before whom people have written the same in both languages, wherever they can."""
    office.store.add_stations([Registered(CODE, "Lake")], time())
    office.store.enrol(CODE, office.store.make_claim(CODE, time()), public(private(44)), time())
    tell(office, {"kind": "fault", "what": "gps", "detail": "no_fix"})
    clerk = office.hire(NAME)
    for number, (language, words) in enumerate(SAID.items()):
        clerk.send("/enrolments", station=f"3708990{number}", reason=words).raise_for_status()
        page, key = cause(clerk)
        clerk.send("/cause", page, key=key, act="noted", why=words).raise_for_status()
        notice = {"id": f"n{number}", "ends": f"{day()}T18:00", f"text_{language}": words}
        clerk.send("/notices", do="publish", **notice).raise_for_status()
        answered(office, language, words)
    return clerk


def cause(clerk: Clerk) -> tuple[str, str]:
    """The page of the first that is there, and its key."""
    key = re.search(r'name="key" value="([^"]+)"', clerk.get("/").text)
    assert key
    return f"/cause?key={key[1]}", key[1]


def case(office: Office, language: str) -> int:
    (found,) = office.store.cases(CaseFilter(place=PLACES[language]), EVERYWHERE)
    return found.number


def answered(office: Office, language: str, words: str) -> None:
    """A case of which everything was said in these words."""
    cases = Cases(office.store)
    cases.say(Said(CODE, PLACES[language], "leaking" if language == "zh" else "not_cold", words), time())
    for act in (Own(NAME), Answer(Event.DO, words)):
        cases.act(case(office, language), act, NAME, EVERYWHERE, time())


@pytest.mark.parametrize("reader", SAID)
@pytest.mark.parametrize("written", SAID)
@pytest.mark.parametrize("where", ["/audit", "/notices", "/services", "/cause", "/voices"])
def test_whoever_has_a_page_read_out_hears_each_text_in_its_own_language(
    office: Office, clerk: Clerk, where: str, written: str, reader: str
) -> None:
    path = {"/cause": cause(clerk)[0], "/voices": f"/voices/{case(office, written)}"}.get(where, where)
    heard = Heard(clerk.get(path, headers={"Accept-Language": reader}).text).texts
    found = {language[:2] for language, text in heard if SAID[written] in text}
    assert found == {written}
    assert heard[0][0].startswith(reader), "the rest is in the page's"
