"""What people say, in the store of either kind: cases and receipts, what is urgent, whose it is, and what goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import time

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from kiosk.central.cases import SAME_FOR, Cases, Evidence, NotSo, Said
from kiosk.central.known_cases import MOST, shown
from kiosk.central.looking import Wrong
from kiosk.central.retention import DAY
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.voices import MOST_REMARKS, CaseFilter
from kiosk.central.voices.case import Answer, Case, Event, Judge, Own, State
from kiosk.central.voices.owners import OwnerRule
from kiosk.central.voices.ratings import Bundle, one_more
from kiosk.central.voices.receipts import WrongReceipt, grouped
from kiosk.central.voices.tokens import rated_cookie
from kiosk.cli.main import main
from kiosk.contract.bodies import Batch
from kiosk.demo.founding import found
from tests.programs.office import NOW
from tests.programs.test_retention import EPOCH, found_anywhere

CODE = "37081101"
CANARY = "c4n4ry-" * 4
HOUR = 3600.0


TABLES = ("voices", "voice_acts", "remarks", "evidence", "receipts", "owner_rules", "ratings", "secrets", "accounts")


@pytest.fixture(scope="module")
def opened(shared_central_folder: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(shared_central_folder)) as store:
        yield store


@pytest.fixture
def store(opened: CentralStore) -> CentralStore:
    """One in which nobody has said anything yet."""
    for table in TABLES:
        opened._engine.run(f"DELETE FROM {table}")
    for name, role, scope in (("li.ming", "steward", "3708"), ("wang", "administrator", ""), ("zhao", "viewer", "")):
        opened.add_account(name, role, scope, "", NOW)  # type: ignore[arg-type]
    return opened


def said(text: str = "", place: str = "water", what: str = "no_water", code: str = CODE) -> Said:
    return Said(code, place, what, text)


def only(store: CentralStore) -> Case:
    (found,) = store.cases(CaseFilter(), EVERYWHERE)
    return found


def test_the_same_thing_within_a_day_is_one_case_and_each_has_a_receipt(store: CentralStore) -> None:
    cases = Cases(store)
    first, second = cases.say(said("no drop"), NOW), cases.say(said("none at all"), NOW + HOUR)
    assert first != second
    case = only(store)
    assert (case.too, case.said, case.last) == (1, NOW, NOW + HOUR)
    assert cases.of_receipt(first, NOW) == cases.of_receipt(second, NOW) == case
    assert [each.text for each in store.remarks(case.number)] == ["no drop", "none at all"]
    cases.say(said(place="toilet", what="dirty"), NOW)
    cases.say(said(code="37081102"), NOW)
    cases.say(said(), NOW + SAME_FOR + 1)
    assert [each.too for each in store.cases(CaseFilter(), EVERYWHERE)] == [0, 0, 0, 1]


def test_what_is_said_again_after_an_answer_is_a_case_of_its_own(store: CentralStore) -> None:
    cases = Cases(store)
    cases.say(said(), NOW)
    number = only(store).number
    cases.act(number, Own("wang"), "wang", EVERYWHERE, NOW)
    cases.act(number, Answer(Event.DO, "the tap is open"), "wang", EVERYWHERE, NOW)
    cases.say(said(), NOW + HOUR)
    assert [each.state for each in store.cases(CaseFilter(), EVERYWHERE)] == [State.RECEIVED, State.DONE]


def test_a_receipt_that_is_none_leads_nowhere_and_the_database_has_none(store: CentralStore) -> None:
    cases = Cases(store)
    receipt = cases.say(said(), NOW).replace(" ", "")
    assert cases.of_receipt(grouped(f"{(int(receipt[:12]) + 1) % 10**12:012}"), NOW) is None
    with pytest.raises(WrongReceipt):
        cases.of_receipt(receipt[:12] + str((int(receipt[12]) + 1) % 10), NOW)
    assert found_anywhere(store.folder, receipt[:12]) == []


def test_no_case_has_endless_remarks(store: CentralStore) -> None:
    for number in range(MOST_REMARKS + 5):
        Cases(store).say(said(f"{number}"), NOW + number)
    assert len(store.remarks(only(store).number)) == MOST_REMARKS
    assert only(store).too == MOST_REMARKS + 4


def test_what_somebody_writes_is_kept_as_it_can_be_seen(store: CentralStore) -> None:
    Cases(store).say(said("a\0b\x1b[31m\u202e\ud800 停水\r\nline"), NOW)
    (remark,) = store.remarks(only(store).number)
    assert remark.text == "a\\x00b\\x1b[31m\\u202e\\ud800 停水\nline"
    assert (remark.text_public, remark.photo_public, remark.has_photo) == (False, False, False)


def test_a_rule_gives_a_new_case_its_owner(store: CentralStore) -> None:
    cases = Cases(store)
    cases.set_rule(OwnerRule("3708", "", "li.ming"), "wang", NOW)
    cases.set_rule(OwnerRule("", "water", "wang"), "wang", NOW)
    for code, place, what in (
        (CODE, "water", "no_water"),
        ("37091101", "water", "leaking"),
        ("37091101", "door", "damaged"),
    ):
        cases.say(said(place=place, what=what, code=code), NOW)
    assert [each.owner for each in store.cases(CaseFilter(), EVERYWHERE)] == ["", "wang", "li.ming"]
    store.disable("li.ming", NOW)
    cases.say(said(code="37081102"), NOW)
    assert store.cases(CaseFilter(), EVERYWHERE)[0].owner == "wang", "who is away owns nothing new"
    cases.drop_rule("", "water", "wang", NOW)
    with pytest.raises(NotSo):
        cases.drop_rule("", "water", "wang", NOW)


@pytest.mark.parametrize(("prefix", "owner"), [("", "li.ming"), ("3708", "zhao"), ("3708", "nobody")])
def test_a_rule_names_somebody_who_may_answer_there(store: CentralStore, prefix: str, owner: str) -> None:
    with pytest.raises(NotSo):
        Cases(store).set_rule(OwnerRule(prefix, "", owner), "wang", NOW)


def test_what_is_done_stands_with_the_case_and_in_the_audit(store: CentralStore) -> None:
    cases = Cases(store)
    receipt = cases.say(said(), NOW)
    number = only(store).number
    with pytest.raises(NotSo, match="Nobody owns it"):
        cases.act(number, Answer(Event.DO, "x"), "li.ming", Scope("3708"), NOW)
    cases.act(number, Own("li.ming"), "wang", EVERYWHERE, NOW + 1)
    with pytest.raises(NotSo, match="no such case"):
        cases.act(number, Answer(Event.DO, "x"), "li.ming", Scope("3709"), NOW)
    cases.act(number, Answer(Event.REFUSE, "it is not ours"), "li.ming", Scope("3708"), NOW + 2)
    with pytest.raises(NotSo, match="somebody else"):
        cases.act(number, Judge(Event.CONFIRM), "li.ming", Scope("3708"), NOW)
    found = cases.of_receipt(receipt, NOW)
    assert found is not None
    cases.act(found.number, Judge(Event.DISPUTE), "", EVERYWHERE, NOW + 3)
    acts = [(each.account, each.event, each.words) for each in store.acts_on(number)]
    assert acts == [("wang", "own", "li.ming"), ("li.ming", "refuse", "it is not ours"), ("", "dispute", "")]
    audited = [(each.account, each.what, each.scope) for each in store.acts(EVERYWHERE, f"voice {number}")]
    assert audited == [("li.ming", "voice will not", CODE), ("wang", "voice owned", CODE)]


def test_a_remark_is_public_when_somebody_of_the_office_says_so(store: CentralStore) -> None:
    cases = Cases(store)
    cases.say(Said(CODE, "water", "no_water", "no drop", b"jpeg"), NOW)
    number = only(store).number
    (remark,) = store.remarks(number)
    assert store.public_remarks([number]) == []
    with pytest.raises(NotSo):
        cases.publish(remark.number, "text", "li.ming", Scope("3709"), NOW, public=True)
    cases.publish(remark.number, "photo", "li.ming", Scope("3708"), NOW, public=True)
    (shown,) = store.public_remarks([number])
    assert (shown.text_public, shown.photo_public, store.remark_photo(shown.number)) == (False, True, b"jpeg")
    cases.publish(remark.number, "photo", "li.ming", Scope("3708"), NOW, public=False)
    assert store.public_remarks([number]) == []


def denied(store: CentralStore, seq: int, at: float) -> None:
    entry = {"seq": seq, "boot_id": "b", "boot": 1.0, "wall": at, "kind": "denied", "door": "main"}
    odd = {"reason": "too_old", "index": 4711, "token": CANARY}
    store.take(CODE, "access", Batch(EPOCH, seq, "b", 1.0, 1.0, [entry | odd]), at)


def test_that_a_door_did_not_open_is_kept_with_what_is_known_of_it_and_no_index(store: CentralStore) -> None:
    denied(store, 1, NOW - 2 * HOUR)
    denied(store, 2, NOW - 60)
    Cases(store).did_not_open(CODE, NOW)
    case = only(store)
    assert (case.place, case.what, case.urgent) == ("door", "did_not_open", True)
    (body,) = store.evidence(case.number)
    evidence = msgspec.json.decode(body, type=Evidence)
    assert [(each.at, each.reason, each.door) for each in evidence.refusals] == [(NOW - 60, "too_old", "main")]
    assert "4711" not in body
    assert CANARY not in body


def test_a_door_that_did_not_open_is_urgent_once_an_hour(store: CentralStore) -> None:
    cases = Cases(store)

    def answer() -> None:
        number = store.cases(CaseFilter(open=True), EVERYWHERE)[0].number
        cases.act(number, Own("wang"), "wang", EVERYWHERE, NOW)
        cases.act(number, Answer(Event.DO, "the lock is new"), "wang", EVERYWHERE, NOW)

    for number in range(10):
        cases.did_not_open(CODE, NOW + number)
    assert (only(store).too, only(store).urgent, len(store.evidence(only(store).number))) == (9, True, 1)
    answer()
    cases.did_not_open(CODE, NOW + 60)
    assert not store.cases(CaseFilter(open=True), EVERYWHERE)[0].urgent
    cases.did_not_open("37081102", NOW + 60)
    assert store.cases(CaseFilter(prefix="37081102"), EVERYWHERE)[0].urgent, "another station has its own hour"
    cases.did_not_open(CODE, NOW + 60 + HOUR)
    (again,) = store.cases(CaseFilter(prefix=CODE, open=True), EVERYWHERE)
    assert (again.urgent, len(store.evidence(again.number))) == (True, 2)


def test_who_says_that_a_door_did_not_open_among_very_many_is_counted_at_least(store: CentralStore) -> None:
    cases = Cases(store)
    cases.did_not_open(CODE, NOW, much=True)
    assert (only(store).too, only(store).urgent, len(store.evidence(only(store).number))) == (0, True, 1)
    cases.did_not_open(CODE, NOW + 2 * HOUR, much=True)
    assert (only(store).too, len(store.evidence(only(store).number))) == (1, 1)


def test_what_is_urgent_or_late_is_wrong_until_it_is_answered(store: CentralStore) -> None:
    cases = Cases(store)
    cases.say(said(what="dangerous"), NOW)
    cases.say(said(what="leaking"), NOW)
    assert [each.what for each in Wrong(store, NOW).causes] == ["voice.dangerous"]
    later = NOW + 3 * DAY
    assert [each.what for each in Wrong(store, later).causes] == ["voice.dangerous", "voice.unowned"]
    for case in store.cases(CaseFilter(open=True), EVERYWHERE):
        cases.act(case.number, Own("wang"), "wang", EVERYWHERE, later)
    assert [each.what for each in Wrong(store, later).causes] == ["voice.dangerous"]
    much_later = NOW + 40 * DAY
    assert [each.what for each in Wrong(store, much_later).causes] == ["voice.dangerous", "voice.overdue"]
    for case in store.cases(CaseFilter(open=True), EVERYWHERE):
        cases.act(case.number, Answer(Event.DO, "it is mended"), "wang", EVERYWHERE, much_later)
    assert Wrong(store, much_later).causes == []


def test_a_list_of_cases_is_filtered_scoped_and_paged(store: CentralStore) -> None:
    cases = Cases(store)
    for number in range(5):
        cases.say(said(code=f"3708110{number}"), NOW + number)
    cases.say(said(code="37091101", place="door", what="blocked"), NOW)
    first = store.cases(CaseFilter(), EVERYWHERE)[-1].number
    cases.act(first, Own("li.ming"), "wang", EVERYWHERE, NOW)

    def listed(scope: str = "", **wanted: object) -> list[int]:
        return [each.number - first for each in store.cases(CaseFilter(**wanted), Scope(scope))]  # type: ignore[arg-type]

    assert listed() == [5, 4, 3, 2, 1, 0]
    assert listed("3709") == [5]
    assert listed(owner="li.ming") == [0]
    assert listed(place="door") == listed(urgent=True) == listed(prefix="3709", open=True) == [5]
    paged = store.cases(CaseFilter(), EVERYWHERE, before=first + 3, most=2)
    assert [each.number - first for each in paged] == [2, 1]
    assert store.case(first + 5, Scope("3708")) is None


def test_a_stations_page_begins_with_what_is_overdue_longest_whatever_came_since(store: CentralStore) -> None:
    cases, old = Cases(store), NOW - 60 * DAY
    for number in range(3):
        cases.say(said(what="leaking"), old + number * 2 * DAY)
    cases.say(said(what="not_hot"), NOW - DAY)
    answered = store.cases(CaseFilter(), EVERYWHERE)[0].number
    cases.act(answered, Own("wang"), "wang", EVERYWHERE, NOW)
    cases.act(answered, Answer(Event.DO, "it is hot"), "wang", EVERYWHERE, NOW)
    oldest = store.cases(CaseFilter(open=True), EVERYWHERE)[-1]
    for number in range(70):
        store.add_case(replace(oldest, what="did_not_open", said=NOW - number))
        store.add_case(replace(oldest, what="no_water", said=NOW, due="2999-01-01", own_by="2999-01-01"))
    found = shown(store, CODE, NOW)
    assert [each.said - old for each in found[:3]] == [0, 2 * DAY, 4 * DAY]
    assert {each.what for each in found[3:-1]} == {"no_water"}
    assert (found[-1].number, len(found)) == (answered, MOST + 1), "the answer is not pushed out"
    assert shown(store, CODE, NOW + 91 * DAY)[-1].open, "what ended long ago is not shown"


def test_the_display_inside_says_into_the_same_tables(store: CentralStore) -> None:
    Cases(store).say(Said(CODE, "water", "not_hot", source="desk"), NOW)
    Cases(store).say(said(what="not_hot"), NOW)
    assert (only(store).source, only(store).too) == ("desk", 1)
    assert {each.kind: each.count for each in store.held(NOW) if not each.stream} == {}
    Cases(store).say(said("tepid", what="not_hot"), NOW)
    assert {each.kind: each.count for each in store.held(NOW) if not each.stream} == {"remarks": 1}


def test_ratings_of_a_week_add_up_and_a_display_has_its_own(store: CentralStore) -> None:
    for face in ("very_content", "very_content", "not_content"):
        store.add_ratings(Bundle(CODE, "phone", "2026-11-23", one_more(face)))
    for _again in range(2):
        store.add_ratings(Bundle(CODE, "desk", "2026-11-23", (5, 0, 1, 0), 2, 40))
    assert store.ratings(Scope("3708"), "2026-11-01", "2026-11-30") == [
        Bundle(CODE, "desk", "2026-11-23", (10, 0, 2, 0), 4, 80),
        Bundle(CODE, "phone", "2026-11-23", (2, 0, 0, 1)),
    ]
    assert store.ratings(Scope("3709"), "2026-11-01", "2026-11-30") == []
    assert store.ratings(EVERYWHERE, "2026-11-24", "2026-11-30") == []


def test_keys_of_a_day_are_the_same_for_all_and_go(store: CentralStore) -> None:
    first = store.secret_of("2026-11-23", NOW)
    assert store.secret_of("2026-11-23", NOW + 5) == first
    assert store.secret_of("receipts", NOW) != first
    receipts = store.secret_of("receipts", NOW)
    assert sum(store.purge(NOW + 3 * DAY)) == 1
    assert store.secret_of("receipts", NOW + 3 * DAY) == receipts
    assert rated_cookie(store.secret_of("2026-11-23", NOW + 3 * DAY), "2026-11-23") != rated_cookie(first, "2026-11-23")


def test_what_somebody_wrote_goes_after_its_days_and_a_case_that_ended_later(store: CentralStore) -> None:
    cases = Cases(store)
    receipt = cases.say(Said(CODE, "water", "no_water", CANARY, CANARY.encode()), NOW)
    cases.did_not_open(CODE, NOW)
    case = cases.of_receipt(receipt, NOW)
    assert case is not None
    number = case.number
    cases.act(number, Own("wang"), "wang", EVERYWHERE, NOW)
    cases.act(number, Answer(Event.DO, "it is mended"), "wang", EVERYWHERE, NOW + DAY)
    for _step in store.purge(NOW + 29 * DAY):
        pass
    assert cases.of_receipt(receipt, NOW) is not None
    assert len(store.remarks(number)) == 1
    for _step in store.purge(NOW + 32 * DAY):
        pass
    assert cases.of_receipt(receipt, NOW) is None
    assert store.remarks(number) == []
    assert [len(store.evidence(each.number)) for each in store.cases(CaseFilter(), EVERYWHERE)] == [0, 0]
    assert found_anywhere(store.folder, CANARY) == []
    held = store.case(number)
    assert held is not None
    assert (held.owner, held.answered_by, held.answer) == ("", "", "it is mended")
    assert {(each.account, each.words) for each in store.acts_on(number)} == {("", ""), ("", "it is mended")}
    for _step in store.purge(NOW + 402 * DAY):
        pass
    assert [each.what for each in store.cases(CaseFilter(), EVERYWHERE)] == ["did_not_open"], "it is still open"
    assert store.acts_on(number) == []


def test_the_verbs_lead_a_case_to_its_end(tmp_path: Path) -> None:
    folder = tmp_path / "central-data"
    found(folder)
    with closing(CentralStore(folder)) as store:
        now = time()
        store.add_account("li.ming", "steward", "3708", "", now)
        Cases(store).say(said("no drop"), now)
        Cases(store).did_not_open(CODE, now)

    def typed(*words: str) -> str:
        result = CliRunner().invoke(main, ["central", "voices", *words, "--data", str(folder)])
        return f"{result.exit_code} {result.output}"

    assert "drinking water: no water" in typed("list", "3708")
    assert typed("answer", "1", "x").startswith("1 1: Nobody owns it yet")
    assert typed("own", "1", "zhao").startswith("1 1: zhao: no steward or administrator")
    assert typed("rules").startswith("0 No rules")
    assert typed("rules", "set", "3708", "li.ming", "--place", "toilet").startswith("0 li.ming owns")
    assert "toilet  li.ming" in typed("rules")
    assert typed("rules", "drop", "3708").startswith("1 There is no such rule. Next")
    assert typed("own", "1", "li.ming") == "0 case 1: owned\n"
    assert typed("pass", "1", "the water works", "they have the key") == "0 case 1: passed on to the water works\n"
    assert typed("dispute", "1") == "0 case 1: disputed\n"
    assert typed("refuse", "1", "it is not ours") == "0 case 1: will not\n"
    assert typed("confirm", "1") == "0 case 1: confirmed\n"
    assert typed("publish", "1") == "0 remark 1: is public\n"
    told = typed("show", "1")
    assert "public  no drop" in told
    assert "the water works: they have the key" in told
    assert "It had refused nobody" in typed("show", "2")
    assert typed("show", "3").startswith("1 There is no case 3. Next")
    assert json.loads(typed("list", "--all", "--json")[2:])[1]["state"] == "confirmed"
    assert typed("list", "--overdue") == "0 No such cases.\n"
