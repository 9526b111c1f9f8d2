"""What displays inside are told of their stations' cases: a document each, when it is another, and nobody's own words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from kiosk.central.answering import AT_ONCE, HOLDS, Answering, answered, document_id
from kiosk.central.cases import Cases, Said
from kiosk.central.gathering import remember
from kiosk.central.issuer import DAY, Issuer
from kiosk.central.scope import EVERYWHERE
from kiosk.central.services import read_service
from kiosk.central.store import CentralStore
from kiosk.central.store.voices import CaseFilter
from kiosk.central.voices.calendar import Calendar
from kiosk.central.voices.case import Answer, Event, Own, State, received
from kiosk.cli.main import main
from kiosk.demo.founding import founded
from kiosk.trust.service import AnsweredCase, Answers, ServiceDocument, body_in
from tests.keys import private, public

NOW = 1_795_392_000
CODE, OTHER = "37081101", "37081102"
CANARY: Final = "c4n4ry-" * 3


class Desk:
    """A central server with two stations, and a clock that somebody sets."""

    def __init__(self, folder: Path, codes: tuple[str, ...] = (CODE, OTHER)) -> None:
        self.now = float(NOW)
        self.store = CentralStore(folder)
        self.issuer = founded(folder, self.store, lambda: self.now)
        self.cases = Cases(self.store)
        self.answering = Answering(self.store, self.issuer)
        self.store.add_account("wang", "administrator", "", "", NOW)
        for code in codes:
            self.enrol(code)

    def enrol(self, code: str) -> None:
        self.store.enrol(code, self.store.make_claim(code, self.now), public(private(7)), self.now)

    def say(self, code: str = CODE, what: str = "not_hot", text: str = "", ago: float = 0.0) -> int:
        self.cases.say(Said(code, "water", what, text), self.now - ago)
        return self.store.cases(CaseFilter(prefix=code), EVERYWHERE)[0].number

    def answer(self, number: int, words: str, event: Event = Event.DO, to: str = "") -> None:
        self.cases.act(number, Own("wang"), "wang", EVERYWHERE, self.now)
        self.cases.act(number, Answer(event, words, to), "wang", EVERYWHERE, self.now)  # type: ignore[arg-type]

    def pass_months(self, count: int) -> None:
        """With a list each month, or nobody would believe the clock."""
        for _month in range(count):
            self.now += 29 * DAY
            self.issuer.publish_status()

    def look(self) -> int:
        return sum(self.answering.look(self.now))

    def told(self, code: str = CODE) -> tuple[AnsweredCase, ...]:
        """What that station's display shows, read as a station reads it."""
        found = self.store.service(document_id(code))
        assert found is not None
        assert found.scope == code
        said = body_in(*read_service(found.body))
        assert isinstance(said, Answers)
        return said.cases


@pytest.fixture
def desk(central_folder: Path) -> Iterator[Desk]:
    desk = Desk(central_folder)
    yield desk
    desk.store.close()


def test_a_station_is_told_of_its_cases_and_no_worker_is_quoted(desk: Desk) -> None:
    number = desk.say(text=CANARY)
    desk.say(OTHER, "leaking")
    assert desk.look() == 2
    assert desk.told() == (AnsweredCase("water", "not_hot", "2026-11-23", "received", "2026-12-14"),)
    desk.answer(number, "水箱换了")
    assert desk.look() == 1
    assert desk.told() == (AnsweredCase("water", "not_hot", "2026-11-23", "done", words={"zh": "水箱换了"}),)
    assert [each.what for each in desk.told(OTHER)] == ["leaking"]
    assert not [each for each in desk.store.services() if CANARY.encode() in each.body]


def test_a_station_that_is_enrolled_later_is_told_of_what_was_said_before(desk: Desk) -> None:
    desk.say("37081103", ago=9 * DAY)
    assert desk.look() == 0
    desk.enrol("37081103")
    desk.now += 60
    assert [desk.look(), desk.look()] == [1, 0]
    assert [each.what for each in desk.told("37081103")] == ["not_hot"]


def test_it_is_published_when_it_is_another_for_that_station_alone(desk: Desk) -> None:
    desk.say()
    before = desk.store.last_publication()
    assert [desk.look(), desk.look()] == [1, 0]
    desk.cases.say(Said(CODE, "water", "not_hot"), desk.now)
    assert desk.look() == 0, "that one more says so is not shown"
    assert [(each.kind, each.scope) for each in desk.store.news(before)] == [("service", CODE)]
    assert Answering(desk.store, desk.issuer).look(desk.now).__next__() == 0, "nor after a start"


def test_what_becomes_late_with_the_day_is_told_first(desk: Desk) -> None:
    desk.say(ago=DAY)
    desk.say(what="leaking")
    desk.look()
    desk.now += DAY
    assert desk.look() == 1
    assert [(each.what, each.late, each.due) for each in desk.told()] == [
        ("not_hot", True, "2026-11-23"),
        ("leaking", False, "2026-12-14"),
    ]


def test_where_nothing_is_left_to_tell_it_is_withdrawn_and_comes_back(desk: Desk) -> None:
    desk.answer(desk.say(), "it is hot")
    desk.look()
    desk.pass_months(4)
    assert desk.look() == 1
    found = desk.store.service(document_id(CODE))
    assert found is not None
    assert (found.ends, desk.look()) == (desk.now, 0)
    desk.say()
    assert desk.look() == 1
    assert len(desk.told()) == 1


def test_services_are_listed_by_kind_since_there_is_one_for_each_station(desk: Desk) -> None:
    desk.say()
    desk.look()
    desk.issuer.publish_service(ServiceDocument(1, "heat", "notice", 0, NOW, NOW + DAY), {"texts": {"zh": "x"}})

    def listed(*words: str) -> set[str]:
        result = CliRunner().invoke(
            main, ["central", "service", "list", *words, "--data", str(desk.store.folder), "--json"]
        )
        return {each["id"] for each in json.loads(result.output)}

    assert listed() == {document_id(CODE), "heat"}
    assert listed("--kind", "notice") == {"heat"}


def test_it_is_published_again_long_before_it_ends(desk: Desk) -> None:
    desk.say()
    desk.look()
    desk.pass_months(9)
    assert desk.look() == 1
    found = desk.store.service(document_id(CODE))
    assert found is not None
    assert found.ends > NOW + HOLDS


def test_who_is_in_service_is_told_in_steps(tmp_path: Path) -> None:
    codes = tuple(f"3708{number:04}" for number in range(AT_ONCE + 2))
    with closing(Desk(tmp_path, codes).store) as store:
        desk = Desk.__new__(Desk)
        desk.store, desk.now = store, float(NOW)
        desk.issuer, desk.cases = Issuer(tmp_path, store, lambda: desk.now), Cases(store)
        for code in (*codes, "37090001"):
            desk.say(code)
        assert [*Answering(store, desk.issuer).look(desk.now)] == [AT_ONCE, 2]
        assert store.service(document_id("37090001")) is None


def test_a_name_that_somebody_took_is_left_to_them(desk: Desk) -> None:
    head = ServiceDocument(1, document_id(CODE), "notice", 0, NOW, NOW + DAY, "")
    desk.issuer.publish_service(head, {"texts": {"zh": "x"}})
    desk.say()
    desk.say(OTHER)
    desk.look()
    found = desk.store.service(document_id(CODE))
    assert found is not None
    assert found.kind == "notice"
    assert len(desk.told(OTHER)) == 1


def test_every_state_is_said_in_words_that_a_station_reads() -> None:
    case = received(CODE, "desk", "water", "not_hot", NOW, Calendar(), False)
    for state in State:
        found = answered(replace(case, state=state, answer="no " * 200, passed_to="the water works"), "2026-11-23")
        assert msgspec.convert(msgspec.to_builtins(found), AnsweredCase) == found
    passed = answered(replace(case, state=State.PASSED_ON, answer="x" * 500, passed_to="自来水公司"), "2026-11-23")
    assert passed.words["zh"].startswith("自来水公司: xx")
    of_a_round = replace(case, source="round", what="round.weekly.clean")
    assert answered(of_a_round, "2026-11-23").what == "something_else"


def test_ids_are_of_small_letters_and_of_one_station_each() -> None:
    ids = {document_id(each) for each in ("AB12", "ab12", "Ab12", "37081101", "ABCDEFGHIJKL")}
    assert len(ids) == 5
    head = {"type": "service", "version": 1, "kind": "answers", "issued_at": 0, "begins": 0, "ends": 0}
    for each in ids:
        msgspec.convert(head | {"id": each}, ServiceDocument)


def test_what_questions_and_checklists_say_is_remembered_past_their_end(desk: Desk) -> None:
    head = ServiceDocument(1, "lunch", "question", 0, NOW, NOW + 9 * DAY, "37")
    desk.issuer.publish_service(head, {"texts": {"zh": "要热饭吗？"}})
    remember(desk.store)
    desk.issuer.publish_service(head, {"texts": {"zh": "要热汤吗？"}})
    remember(desk.store)
    assert desk.store.questions()["lunch"].texts == {"zh": "要热汤吗？"}
    desk.issuer.withdraw_service("lunch")
    remember(desk.store)
    (held,) = desk.store.said_services("question")
    assert (held.ends, desk.store.questions()["lunch"].texts) == (NOW, {"zh": "要热汤吗？"})
