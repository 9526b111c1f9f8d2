"""What desks send at the central server: voices become cases, rounds stand by their stations, questions have their ratings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import time
from typing import Any, Final

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.central.cases import Cases, Said
from kiosk.central.gathering import Gathering
from kiosk.central.looking import Wrong
from kiosk.central.retention import DAY
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.rounds import SaidService
from kiosk.central.store.voices import CaseFilter
from kiosk.central.voices.case import Answer, Case, Event, Own, State
from kiosk.central.voices.owners import OwnerRule
from kiosk.central.voices.ratings import Bundle
from kiosk.central.voices.rounds import Round
from kiosk.cli.main import main
from kiosk.core.entries import Cleaned, Inspected, Rated, Voiced
from kiosk.demo.founding import found
from kiosk.trust.service import Checklist, Item, Question
from tests.databases import emptied
from tests.keys import private, public
from tests.programs.test_days import CODES, NOW, entry, take
from tests.programs.test_retention import found_anywhere

CODE, OTHER, FAR = CODES
STEWARD = 471_147_114
TABLES: Final = (
    "voices", "voice_acts", "owner_rules", "accounts", "question_ratings", "ratings", "said_services", "rounds", "last_rounds",
    "cleanings", "urns", "taken_bundles", "counted", "rejected", "entries", "logs", "boots",
)  # fmt: skip
WEEKLY: Final = Checklist(
    {"zh": "每周检查", "en": "Weekly"},
    (
        Item("clean", {"zh": "干净", "en": "Clean"}),
        Item("water", {"zh": "饮水", "en": "Drinking water"}),
        Item("plasters", {"zh": "创可贴", "en": "Plasters"}, "month"),
    ),
    7,
)
FINE: Final = {"clean": "yes", "water": "yes", "plasters": "2027-05"}


@pytest.fixture(scope="module")
def opened(shared_central_folder: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(shared_central_folder)) as store:
        yield store


@pytest.fixture
def store(opened: CentralStore) -> CentralStore:
    """One to which nobody has sent anything yet, with a steward and a checklist."""
    emptied(opened, *TABLES)
    opened.add_account("li.ming", "steward", "3708", "", NOW)
    opened.add_account("wang", "administrator", "", "", NOW)
    opened.set_owner_rule(OwnerRule("3708", "", "li.ming"))
    publish(opened, "weekly", WEEKLY)
    publish(opened, "lunch", Question({"zh": "要不要热饭？", "en": "Hot lunch?"}))
    return opened


def publish(store: CentralStore, name: str, said: Checklist | Question, scope: str = "37", **more: int) -> None:
    times = {"version": 1, "begins": int(NOW - 30 * DAY), "ends": int(NOW + 300 * DAY)} | more
    kind = "checklist" if isinstance(said, Checklist) else "question"
    store.remember_service(
        SaidService(id=name, kind=kind, scope=scope, body=msgspec.json.encode(said).decode(), **times)
    )


def sent(
    store: CentralStore, *facts: Any, code: str = CODE, first: int = 1, now: float = NOW, wall: float = 0.0
) -> None:
    """That station sends these, and they are gathered."""
    entries = [
        entry(first + at, said.pop("kind"), wall or now, **said)
        for at, said in enumerate(
            msgspec.to_builtins(each) if not isinstance(each, dict) else dict(each) for each in facts
        )
    ]
    take(store, entries, now, code, "services")
    gather(store, now)


def gather(store: CentralStore, now: float = NOW) -> None:
    for _step in Gathering(store).gather(now):
        pass


def cases(store: CentralStore, **wanted: Any) -> list[Case]:
    return store.cases(CaseFilter(**wanted), EVERYWHERE)


def voiced(
    place: str = "water", what: str = "not_hot", me_too: int = 0, generation: int = 0, urn: str = "ab"
) -> Voiced:
    return Voiced(place, what, me_too, urn=urn, generation=generation)


def inspected(results: dict[str, str], *proven: str, checklist: str = "weekly") -> Inspected:
    return Inspected(STEWARD, checklist, 1, results, proven)


# Voices.


def test_what_somebody_says_inside_is_a_case_with_an_owner_as_by_phone(store: CentralStore) -> None:
    sent(store, voiced(me_too=2))
    (case,) = cases(store)
    assert (case.station, case.source, case.place, case.what, case.too) == (CODE, "desk", "water", "not_hot", 2)
    assert (case.state, case.owner, case.said, case.urgent) == (State.OWNED, "li.ming", NOW, False)
    assert not store._engine.all("SELECT * FROM receipts")


def test_a_voice_that_comes_twice_counts_once(store: CentralStore) -> None:
    sent(store, voiced(), voiced(), voiced(generation=1), voiced("toilet", "dirty"))
    assert {(each.what, each.too) for each in cases(store)} == {("not_hot", 1), ("dirty", 0)}
    sent(store, voiced(generation=1, me_too=5), first=5)
    assert {each.too for each in cases(store)} == {0, 1}


def test_what_is_said_by_phone_and_inside_of_the_same_is_one_case(store: CentralStore) -> None:
    Cases(store).say(Said(CODE, "water", "not_hot"), NOW - 3600)
    sent(store, voiced(me_too=3))
    (case,) = cases(store)
    assert (case.source, case.too) == ("phone", 4)
    Cases(store).act(case.number, Answer(Event.DO, "it is hot"), "li.ming", EVERYWHERE, NOW)
    sent(store, voiced(generation=1), first=2, now=NOW + 60)
    assert {each.source for each in cases(store)} == {"phone", "desk"}


def test_a_danger_is_told_with_what_is_wrong(store: CentralStore) -> None:
    sent(store, Voiced("fridge", "dangerous", urgent=True, urn="ab"), Voiced("water", "not_hot", urgent=True, urn="ab"))
    assert [each.what for each in Wrong(store, NOW).causes] == ["voice.dangerous"], "what is urgent is decided here"


def test_a_voice_that_was_long_on_its_way_has_its_days_from_when_it_came(store: CentralStore) -> None:
    sent(store, voiced(), wall=NOW - 20 * DAY)
    (case,) = cases(store)
    assert (case.said, case.overdue("2026-11-24")) == (NOW, False)


NO_VOICES: Final[tuple[dict[str, Any], ...]] = (
    {"place": "window"}, {"what": "nonsense"}, {"place": None}, {"urn": ""}, {"urn": 7}, {"me_too": -1}, {"me_too": 10**9},
    {"generation": -1}, {"place": "door", "what": "did_not_open"}, {"what": ["not_hot"]},
)  # fmt: skip


def test_what_is_no_voice_is_passed_over(store: CentralStore) -> None:
    base = msgspec.to_builtins(voiced()) | {"urgent": False}
    sent(store, *(base | each for each in NO_VOICES), {"kind": "voiced"})
    assert cases(store) == []
    sent(store, voiced(), first=len(NO_VOICES) + 2)
    assert len(cases(store)) == 1


def test_no_station_says_more_often_than_can_be_kept(store: CentralStore) -> None:
    sent(store, *(voiced(me_too=10**6, generation=number) for number in range(200)))
    assert cases(store)[0].too == 199 * 1001 + 1000


# Ratings of questions.


def test_a_question_has_ratings_of_its_own_and_only_if_it_was_asked(store: CentralStore) -> None:
    lunch = Rated("lunch", (6, 2, 1, 0), 1, 12, 1, "ab", 3)
    sent(store, lunch, lunch, Rated("station", (5, 0, 1, 0), 0, 9, 1, "ab", 3), Rated("dinner", (9, 0, 0, 0), urn="ab"))
    sent(store, Rated("lunch", (4, 0, 0, 1), 0, 8, 1, "cd", 3), code=FAR)
    days = ("2000-01-01", "2100-01-01")
    assert store.question_ratings(EVERYWHERE, *days) == [
        Bundle(CODE, "desk", "2026-11-16", (6, 2, 1, 0), 1, 12, "lunch"),
        Bundle(FAR, "desk", "2026-11-16", (4, 0, 0, 1), 0, 8, "lunch"),
    ]
    assert [each.counts for each in store.ratings(EVERYWHERE, *days)] == [(5, 0, 1, 0)]
    assert [each.station for each in store.question_ratings(Scope("3708"), *days)] == [CODE]


# Rounds.


def test_a_round_is_kept_and_what_is_not_so_is_a_case_with_an_owner_once(store: CentralStore) -> None:
    sent(store, inspected(FINE | {"water": "no"}, "water"))
    (made,) = store.last_rounds()
    assert made == Round(CODE, "weekly", NOW, 1, FINE | {"water": "no"}, ("water",))
    (case,) = cases(store)
    assert (case.source, case.place, case.what, case.owner) == ("round", "water", "round.weekly.water", "li.ming")
    later = NOW + 7 * DAY
    sent(store, inspected(FINE | {"water": "no", "clean": "no"}), first=2, now=later)
    assert sorted(each.what for each in cases(store)) == ["round.weekly.clean", "round.weekly.water"]
    Cases(store).act(case.number, Answer(Event.DO, "the tap is new"), "li.ming", EVERYWHERE, later)
    sent(store, inspected(FINE), first=3, now=later + DAY)
    assert len(cases(store)) == 2
    sent(store, inspected(FINE | {"water": "no"}), first=4, now=later + 2 * DAY)
    assert [each.state for each in cases(store, place="water")] == [State.OWNED, State.DONE], "it is so again"
    assert [each.results["water"] for each in store.rounds_of(CODE, 10)] == ["no", "yes", "no", "no"]


def test_a_day_has_one_round_the_last_whatever_order_they_come_in(store: CentralStore) -> None:
    sent(store, inspected(FINE | {"clean": "no"}), now=NOW, wall=NOW - 3600)
    sent(store, inspected(FINE), first=2, now=NOW)
    sent(store, inspected(FINE | {"clean": "no"}), first=3, now=NOW + 60, wall=NOW - 1800)
    assert [each.no for each in store.rounds_of(CODE, 10)] == [()]
    assert [each.no for each in store.last_rounds()] == [()]


def test_medicine_that_has_ended_is_a_case_once_after_each_round(store: CentralStore) -> None:
    sent(store, inspected(FINE | {"plasters": "2026-12"}))
    gather(store, NOW + 30 * DAY)
    assert cases(store) == []
    over = NOW + 45 * DAY
    gather(store, over)
    (case,) = cases(store)
    assert (case.what, case.place, case.said) == ("round.weekly.plasters", "other", over)
    gather(store, over + DAY)
    Cases(store).act(case.number, Answer(Event.DO, "there are new ones"), "li.ming", EVERYWHERE, over + DAY)
    gather(store, over + 2 * DAY)
    assert len(cases(store)) == 1, "the owner has answered: the next round tells"
    sent(store, inspected(FINE | {"plasters": "2026-12"}), first=2, now=over + 3 * DAY)
    assert len(cases(store)) == 2


NO_ROUNDS: Final[tuple[dict[str, Any], ...]] = (
    {"checklist": "monthly"}, {"checklist": None}, {"results": {"water": "maybe"}}, {"results": {"plasters": "2026-13"}},
    {"results": {"plasters": "yes\n"}}, {"results": {"plasters": "20\u0662\u0667-05"}},
    {"results": []}, {"results": {f"x{number}": "no" for number in range(30)}}, {"index": -1}, {"index": "7"},
    {"proven": 3}, {"version": 10**30}, {"results": {"plasters": "9999-12"}},
)  # fmt: skip


def test_what_is_no_round_is_passed_over_and_an_item_that_is_not_asked_for_is_none(store: CentralStore) -> None:
    base = msgspec.to_builtins(inspected(FINE)) | {"version": 1}
    sent(store, *(base | each for each in NO_ROUNDS), {"kind": "inspected"})
    assert (store.last_rounds(), cases(store)) == ([], [])
    sent(store, inspected({"clean": "yes", "windows": "no"}, "windows"), first=len(NO_ROUNDS) + 2)
    (made,) = store.last_rounds()
    assert (made.results, made.proven, cases(store)) == ({"clean": "yes"}, (), [])


def test_medicine_that_is_over_is_judged_once_by_who_goes_on_gathering(store: CentralStore) -> None:
    sent(store, inspected(FINE | {"plasters": "2026-10"}))
    gathering = Gathering(store)
    for _look in range(2):
        assert sum(gathering.gather(NOW)) == 0, "its case was made with the round"
    assert len(gathering._over) == len(cases(store)) == 1
    sent(store, inspected(FINE | {"plasters": "2026-10"}), first=2, now=NOW + 60)
    assert sum(gathering.gather(NOW + 60)) == 0
    assert len(gathering._over) == 1, "a station that sends rounds without end fills no memory"


def test_a_round_that_is_sent_again_after_its_owners_answer_makes_no_other_case(store: CentralStore) -> None:
    made = Inspected(STEWARD, "weekly", 1, FINE | {"clean": "no"}, urn="ab", generation=3)
    sent(store, made)
    (case,) = cases(store)
    Cases(store).act(case.number, Answer(Event.DO, "ok"), "li.ming", EVERYWHERE, NOW)
    sent(store, made, first=2)
    assert [each.number for each in cases(store)] == [case.number]
    sent(store, msgspec.structs.replace(made, generation=4), first=3)
    assert len(cases(store)) == 2, "another round that finds the same"


def test_rounds_of_cleaning_are_counted_by_day(store: CentralStore) -> None:
    sent(store, Cleaned(STEWARD, "weekly"), Cleaned(STEWARD), wall=NOW - 60)
    sent(store, Cleaned(STEWARD), first=3, now=NOW + DAY)
    sent(store, Cleaned(STEWARD), code=OTHER, wall=NOW + 500 * DAY)
    assert store.cleanings(EVERYWHERE, "3708", "2026-11-20") == {CODE: (3, NOW + DAY), OTHER: (1, NOW)}
    assert store.cleanings(Scope("3709"), "", "2026-11-20") == {}
    assert store.cleanings(EVERYWHERE, CODE, "2026-11-24") == {CODE: (1, NOW + DAY)}
    sent(store, *[Cleaned(STEWARD, urn="ab", generation=7)] * 2, {"kind": "cleaned", "urn": 7}, code=FAR)
    assert store.cleanings(EVERYWHERE, FAR, "2026-11-20") == {FAR: (1, NOW)}, "once, however often it comes"


def test_whose_pass_it_was_is_kept_as_long_as_what_points_to_a_person(store: CentralStore) -> None:
    sent(store, inspected(FINE), Cleaned(STEWARD))
    assert store.steward_of(CODE, "weekly", "2026-11-23") == STEWARD
    for _step in store.purge(NOW + 29 * DAY):
        pass
    assert store.steward_of(CODE, "weekly", "2026-11-23") == STEWARD
    for _step in store.purge(NOW + 31 * DAY):
        pass
    assert store.steward_of(CODE, "weekly", "2026-11-23") is None
    assert len(store.rounds_of(CODE, 10)) == len(store.last_rounds()) == 1
    if store._engine.words.name == "sqlite":
        assert found_anywhere(store.folder, f'"index":{STEWARD}') == []
    for _step in store.purge(NOW + 402 * DAY):
        pass
    assert (store.rounds_of(CODE, 10), len(store.last_rounds())) == ([], 1), "that it was long ago is still known"


def test_what_a_checklist_said_is_kept_until_nothing_comes_of_it_any_longer(store: CentralStore) -> None:
    for _step in store.purge(NOW + 699 * DAY):
        pass
    assert set(store.checklists()) == {"weekly"}
    for _step in store.purge(NOW + 701 * DAY):
        pass
    assert (store.checklists(), store.questions()) == ({}, {})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)
FIELDS = (
    "place",
    "what",
    "me_too",
    "urn",
    "generation",
    "question",
    "counts",
    "checklist",
    "results",
    "index",
    "proven",
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["voiced", "rated", "inspected", "cleaned"]), st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
def test_nothing_that_a_station_sends_stops_the_others(store: CentralStore, kind: str, fields: dict[str, Any]) -> None:
    emptied(store, *TABLES)
    good = msgspec.to_builtins({"voiced": voiced(), "inspected": inspected(FINE)}.get(kind, Cleaned(STEWARD)))
    sent(store, good | {"kind": kind} | fields, code=FAR)
    sent(store, voiced(generation=77))
    assert [each.station for each in cases(store, prefix=CODE)] == [CODE]


def test_an_owner_of_a_round_takes_it_over(store: CentralStore) -> None:
    sent(store, inspected(FINE | {"clean": "no"}), code=FAR)
    (case,) = cases(store)
    assert case.state is State.RECEIVED
    Cases(store).act(case.number, Own("wang"), "wang", EVERYWHERE, NOW)
    assert cases(store)[0].owner == "wang"


def test_what_the_release_before_went_past_is_taken_in_after_the_upgrade(central_folder: Path) -> None:
    made = ("taken_bundles", "question_ratings", "said_services", "rounds", "last_rounds", "cleanings", "answers")
    with closing(CentralStore(central_folder)) as store:
        sent(store, voiced(), Rated("station", (5, 0, 1, 0), 0, 9, 1, "ab", 3))
        for table in made:
            store._engine.run(f"DROP TABLE {table}")
        store._engine.run("DROP INDEX services_for")
        store._engine.run("DELETE FROM migrations WHERE number = 28")
        store._engine.run("DELETE FROM voices")
    with closing(CentralStore(central_folder)) as store:
        gather(store)
        assert [each.what for each in cases(store)] == ["not_hot"]
        assert [each.counts for each in store.ratings(EVERYWHERE, "2000-01-01", "2100-01-01")] == [(5, 0, 1, 0)]


def test_the_verb_tells_how_stations_stand_with_their_checklists(tmp_path: Path) -> None:
    folder, now = tmp_path / "central-data", time()
    found(folder)
    with closing(CentralStore(folder)) as store:
        for code, days in ((CODE, 3.0), (OTHER, 3.0), (FAR, 20.0)):
            store.enrol(code, store.make_claim(code, now - days * DAY), public(private(7)), now - days * DAY)
        publish(store, "weekly", WEEKLY, begins=int(now - 30 * DAY), ends=int(now + DAY))
        publish(store, "ended", WEEKLY, begins=0, ends=9)
        sent(
            store, inspected({"clean": "yes", "water": "no", "plasters": "2020-01"}, "water"), Cleaned(STEWARD), now=now
        )

    def typed(*words: str) -> str:
        result = CliRunner().invoke(main, ["central", "inspections", *words, "--data", str(folder)])
        return f"{result.exit_code} {result.output}"

    first, second, third = typed().splitlines()
    assert first.startswith(f"0 {FAR}  Weekly  last round: never; round overdue since")
    assert (second.startswith(CODE), third.startswith(OTHER)) == (False, False), "what is due first stands first"
    assert "not as it is to be: Drinking water, Plasters (2020-01); cleaned 1 times in 30 days" in third
    assert typed("--overdue").count("Weekly") == 1
    assert "No checklist holds there" in typed("3799")
    (facts,) = [each for each in json.loads(typed("3708", "--json")[2:]) if each["last"]]
    assert (facts["no"], facts["ended"], facts["proven"], facts["cleaned"]) == (["water"], ["plasters"], ["water"], 1)
