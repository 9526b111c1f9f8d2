"""Further questions: each has a bundle under the rules of the first, and what is over leaves by them, or is thrown away."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.core.desk import urn as urns
from kiosk.core.desk.desk import refused
from kiosk.core.desk.events import TICKET, Offers, Touched
from kiosk.core.desk.ratings import CROWD, FEWEST, PLACES, WEEK, Bundle
from kiosk.core.desk.urn import MOST_LEAVING, MOST_QUESTIONS, Leaves, Urn, asked, entered, left, opened, rated, turned
from kiosk.core.desk.vocabulary import WHATS
from kiosk.core.desk.voices import MOST_PEOPLE, Said
from kiosk.core.entries import Cleaned, Inspected, Rated, Voiced
from kiosk.core.events import Committed, Tick
from kiosk.logbook.urn import MOST
from kiosk.trust.service import MOST_ITEMS, STATION
from tests.core.inside import Inside

QUIET = "quiet-2026"
MANY = st.lists(st.one_of(st.integers(0, 3), st.integers(100, 99 + CROWD)), max_size=60)
"""Answers, and holders who came in."""


def filled(happened: list[int], urn: Urn | None = None, question: str = QUIET) -> Urn:
    urn = urn or asked(turned(Urn("u"), 10), [question], 10)
    for each in happened:
        urn = entered(urn, each) if each >= 100 else rated(urn, each, question)
    return urn


MANY_CAME = [*range(100, 100 + CROWD), 0, 1, 0, 3, 2]


def test_a_question_closes_as_the_first_does_and_beside_it() -> None:
    urn = filled([0, 0, 0, 3, 1], filled(MANY_CAME), STATION)
    urn = turned(urn, 11)
    assert urn.leaving == (
        Rated(STATION, (3, 1, 0, 1), 0, CROWD, 1, "u", 0),
        Rated(QUIET, (2, 1, 1, 1), 0, CROWD, 1, "u", 1),
    )
    assert urn.questions == {QUIET: Bundle(11)}


def test_a_question_a_day_is_no_bundle_a_day() -> None:
    """One begins in the middle of a week, also after the one before has ended; the others on Monday."""
    urn = turned(Urn("u"), 10)
    for day in range(6):
        urn = asked(urn, [f"day-{day}"], 10)
    assert not urn.questions
    urn = asked(turned(Urn("u"), 10), ["first"], 10)
    urn = asked(urn, ["first", "second", "third"], 10)
    assert [*urn.questions] == ["first"]
    assert [*asked(urn, ["first", "second", "third"], 11).questions] == ["first", "second", "third"]


def test_who_came_in_before_it_was_asked_is_not_asked() -> None:
    urn = asked(filled(MANY_CAME, turned(Urn("u"), 10)), [QUIET], 10)
    assert filled([1, 1], urn).questions[QUIET] == Bundle(10, surplus=2)


def test_what_is_not_asked_is_refused_and_counts_nowhere() -> None:
    inside = Inside(Urn("u"))
    inside.take(Offers((QUIET,)))
    assert (refused(inside.desk, Touched(0, QUIET)), refused(inside.desk, Touched(0, "another"))) == ("", "not_asked")
    inside.enter(7)
    inside.take(Touched(0, QUIET))
    inside.take(Offers())
    assert refused(inside.desk, Touched(0, QUIET)) == "not_asked"
    kept = len(inside.kept)
    inside.take(Touched(3, QUIET))
    assert len(inside.kept) == kept


def test_a_question_that_is_over_closes_by_the_same_rules_on_the_next_monday() -> None:
    urn = turned(asked(filled(MANY_CAME), [], 10), 11)
    assert (urn.questions, [type(each) for each in urn.leaving]) == ({}, [Rated])


def test_where_all_said_the_same_it_waits_once_more_also_when_it_is_over() -> None:
    urn = turned(asked(filled([*range(100, 200), *[2] * 6]), [], 10), 11)
    assert (urn.questions[QUIET].waited, urn.leaving) == (True, ())
    assert turned(urn, 12).leaving == (Rated(QUIET, (0, 0, 6, 0), 0, 100, 2, "u", 0),)


def test_a_question_that_few_were_asked_for_too_short_a_time_is_not_told() -> None:
    """To wait after its end adds nobody to it."""
    urn = asked(filled([*range(100, 150), 0, 1, 0, 3, 2]), [], 11)
    assert turned(turned(urn, 11), 12).leaving == ()
    assert turned(turned(turned(urn, 11), 12), 13).questions == {}
    longer = asked(filled([*range(100, 150), 0, 1, 0, 3, 2]), [], 12)
    assert turned(longer, 12).leaving == (Rated(QUIET, (2, 1, 1, 1), 0, 50, 2, "u", 0),)


def test_too_little_is_thrown_away_on_the_second_monday_after_the_end_and_not_told() -> None:
    urn = turned(asked(filled([*range(100, 200), 0, 1, 0, 3]), [], 10), 11)
    assert sum(urn.questions[QUIET].counts) == FEWEST - 1
    urn = turned(urn, 12)
    assert (urn.questions, urn.leaving, urn.generation) == ({}, (), 0)


def test_nobody_who_comes_after_the_end_hides_those_who_answered() -> None:
    urn = asked(filled([*range(100, 199), 0, 1, 0, 3, 2]), [], 10)
    urn = filled([*range(200, 210)], urn)
    assert turned(urn, 11).leaving == ()


def test_a_question_that_comes_back_goes_on() -> None:
    urn = turned(asked(filled([*range(100, 140), 0, 1]), [], 10), 11)
    urn = filled([*range(140, 150), 2, 2, 3], asked(urn, [QUIET], 11))
    assert turned(urn, 12).leaving == (Rated(QUIET, (1, 1, 2, 1), 0, 50, 2, "u", 0),)


def test_there_is_room_for_so_many_and_the_newest_wait() -> None:
    names = [f"q{number:02}" for number in range(MOST_QUESTIONS + 3)]
    urn = asked(Urn("u"), names, 10)
    assert [*urn.questions] == names[:MOST_QUESTIONS]
    urn = asked(urn, names[2:], 10)
    assert [*urn.questions] == names[2 : MOST_QUESTIONS + 2]
    assert asked(urn, names[2:], 11) is urn


@given(st.lists(st.tuples(MANY, st.booleans()), min_size=1, max_size=8))
def test_of_a_question_too_no_bundle_leaves_that_could_tell_of_somebody(weeks: list[tuple[list[int], bool]]) -> None:
    urn = turned(Urn("u"), 10)
    for number, (happened, on) in enumerate(weeks):
        urn = asked(urn, [QUIET] if on else [], 10 + number)
        before = urn = filled(happened, urn)
        urn = turned(urn, 11 + number)
        for found in urn.leaving:
            assert isinstance(found, Rated)
            bundle = before.questions[QUIET]
            assert FEWEST <= sum(found.counts) <= found.entered
            assert bundle.people * found.weeks >= CROWD
            assert bundle.people >= FEWEST
            assert max(bundle.counts) < sum(bundle.counts) or bundle.waited
        urn = urns.arrived(urn, {each.generation for each in urn.leaving})


def test_what_an_urn_may_hold_fits_its_slot() -> None:
    """Of everything as much as there can be, with the longest names."""
    much, came = 10**7, b"\xff" * (PLACES // 8)
    bundle = Bundle(2999, (much,) * 4, much, much, came, waited=True, over=2999)
    names = [f"{number:02}".ljust(32, "x") for number in range(MOST_ITEMS)]
    kinds = [(place, what) for place, whats in WHATS.items() for what in whats]
    urn = Urn(
        "0" * 16,
        bundle,
        2999,
        10**7,
        questions=dict.fromkeys(names[:MOST_QUESTIONS], bundle),
        voices=tuple(Said(day, *kind, MOST_PEOPLE) for day in (None, 20_998, 20_999, 21_000) for kind in kinds),
        months=dict.fromkeys(names, "2027-03"),
    )
    round_ = Inspected(1_500_000, names[0], 10**10, dict.fromkeys(names, "2027-03"), tuple(names))
    longest: list[Leaves] = [round_, Cleaned(1_500_000, names[0])]
    longest += [Rated(names[0], (much,) * 4, much, much, 99)] * (MOST_LEAVING - 2)
    for each in longest:
        urn = left(urn, each)
    assert not urn.has_room
    assert len(msgspec.json.encode(urn)) <= MOST


def test_an_urn_of_version_0_7_0_is_read_and_what_it_had_sealed_leaves() -> None:
    stored = (
        b'{"id":"ab12","open":{"opened":2964,"counts":[3,1,0,1],"surplus":2,"entered":9,"holders":[3,5],"waited":false},'
        b'"looked_at":2965,"generation":4,"sealed":{"kind":"rated","question":"station","counts":[5,2,0,0],"surplus":1,'
        b'"entered":8,"weeks":2,"urn":"ab12","generation":3}}'
    )
    urn = opened(msgspec.json.decode(stored, type=Urn))
    assert urn.open == Bundle(2964, (3, 1, 0, 1), 2, 9)
    inside = Inside(urn)
    inside.take(Tick())
    assert inside.told[0].entries == (Rated("station", (5, 2, 0, 0), 1, 8, 2, "ab12", 3),)
    inside.take(Committed(TICKET))
    assert (inside.desk.urn.generation, inside.desk.urn.leaving) == (4, ())


def test_what_waits_for_the_logbook_is_bounded_and_the_rest_waits_where_it_lies() -> None:
    urn = replace(filled(MANY_CAME), voices=(Said(10, "door", "damaged", 1),))
    for _ in range(MOST_LEAVING):
        urn = left(urn, Voiced("water", "not_hot"))
    after = urns.dawned(turned(urn, 11), 12)
    assert (after.leaving, after.voices, after.questions[QUIET].counts) == (urn.leaving, urn.voices, (2, 1, 1, 1))


@pytest.mark.parametrize("minutes", [0, 30])
def test_all_of_it_leaves_by_itself_in_time(minutes: int) -> None:
    inside = Inside(Urn("u"))
    inside.take(Offers((QUIET,)))
    for number in range(CROWD):
        inside.enter(100 + number)
        inside.take(Touched(number % 2, QUIET), 60 * minutes / CROWD)
    inside.take(Tick(), WEEK)
    assert [each for each in inside.written() if isinstance(each, Rated)] == [
        Rated(QUIET, (50, 50, 0, 0), 0, 100, 1, "u", 0)
    ]
