"""Ratings inside: nobody's answer can be told, none is lost, and none counts twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import Clock, Instant
from kiosk.core.desk.desk import AGAIN_AFTER, due
from kiosk.core.desk.events import (
    BUTTON,
    TICKET,
    Cleaned,
    Heard,
    Judged,
    Kept,
    Offers,
    Presented,
    Touched,
)
from kiosk.core.desk.pace import A_SECOND, AT_ONCE, Pace, taken
from kiosk.core.desk.ratings import ANSWERS, CROWD, FEWEST, PLACES, WEEK, Bundle, begins, week_of
from kiosk.core.desk.rounds import MOST_SENT, Posted
from kiosk.core.desk.urn import Urn, arrived, entered, rated, turned
from kiosk.core.door.inputs import SETTLE
from kiosk.core.entries import Rated
from kiosk.core.events import CommitFailed, Committed, Edge, Tick
from kiosk.trust.passes import PassClass
from kiosk.trust.service import Checklist, Item
from tests.core.inside import Inside
from tests.inside import MONDAY, OFFSET

touches = st.lists(st.one_of(st.integers(0, 3), st.integers(100, 99 + CROWD)), max_size=60)
"""Answers, and holders who came in."""


def filled(happened: list[int], urn: Urn | None = None) -> Urn:
    urn = urn or turned(Urn("u"), 10)
    for each in happened:
        urn = entered(urn, each) if each >= 100 else rated(urn, each)
    return urn


def leaving(urn: Urn) -> list[Rated]:
    return [each for each in urn.leaving if isinstance(each, Rated)]


def people(count: int, first: int = 100) -> list[int]:
    return [*range(first, first + count)]


def test_a_week_begins_on_monday_at_three() -> None:
    week = week_of(MONDAY, OFFSET)
    assert (week_of(MONDAY - 1, OFFSET), week_of(MONDAY + WEEK - 1, OFFSET)) == (week - 1, week)
    assert begins(week, OFFSET) == MONDAY


@given(touches)
def test_answers_never_exceed_people_and_what_is_beyond_them_is_counted(happened: list[int]) -> None:
    bundle = filled(happened).open
    assert sum(bundle.counts) <= bundle.entered
    assert sum(bundle.counts) + bundle.surplus == sum(each < 100 for each in happened)


@given(touches, st.permutations([0, 1, 2, 3]))
def test_permuting_the_answers_permutes_the_counts(happened: list[int], order: list[int]) -> None:
    other = filled([order[each] if each < 100 else each for each in happened]).open
    counts = filled(happened).open.counts
    assert [other.counts[order[at]] for at in range(4)] == [*counts]


@given(st.lists(touches, min_size=1, max_size=8))
def test_no_bundle_leaves_that_could_tell_of_somebody(weeks: list[list[int]]) -> None:
    urn, given_in_all, told, came, since = turned(Urn("u"), 10), 0, 0, set[int](), 10
    for number, happened in enumerate(weeks):
        urn = filled(happened, urn)
        given_in_all += sum(each < 100 for each in happened)
        came |= {each for each in happened if each >= 100}
        before, urn = urn, turned(urn, 11 + number)
        for found in leaving(urn):
            bundle = before.open
            assert sum(found.counts) >= FEWEST
            assert len(came) >= FEWEST
            assert len(came) * (11 + number - since) >= CROWD
            assert max(bundle.counts) < sum(bundle.counts) or bundle.waited
            came, since = set(), 11 + number
            told += sum(found.counts) + found.surplus
            urn = arrived(urn, {found.generation})
    left = sum(urn.open.counts) + urn.open.surplus
    assert told + left == given_in_all, "none lost, none twice"


@pytest.mark.parametrize("counts", [(5, 0, 0, 0), (0, 0, 0, 9)])
def test_where_all_say_the_same_it_waits_once_more(counts: tuple[int, int, int, int]) -> None:
    urn = Urn("u", Bundle(10, counts, 0, 9, b"\xff" * CROWD), 10)
    urn = turned(urn, 11)
    assert (urn.leaving, urn.open.waited) == ((), True)
    assert turned(urn, 11) is urn, "not twice on one Monday"
    assert turned(urn, 12).leaving == (Rated("station", counts, 0, 9, 2, "u", 0),)


def test_one_bundle_is_not_another_and_a_second_need_not_wait_for_the_first() -> None:
    first = turned(filled([*people(CROWD), 0, 1, 0, 0, 0]), 11)
    second = turned(filled([*people(CROWD), 3, 1, 0, 0, 0], first), 12)
    assert [each.generation for each in second.leaving] == [0, 1]
    assert [each.counts for each in leaving(second)] == [(4, 1, 0, 0), (3, 1, 0, 1)]


def test_a_clock_that_was_ahead_holds_nothing_back() -> None:
    urn = turned(filled([*people(CROWD), 0, 1, 0, 0, 0], turned(Urn("u"), 900)), 11)
    assert (urn.looked_at, urn.open.opened, urn.leaving) == (11, 11, ())
    assert turned(urn, 12).leaving


@pytest.mark.parametrize(("count", "weeks"), [(100, 1), (99, 2), (50, 2), (34, 3), (12, 9), (5, 20)])
def test_the_fewer_come_the_longer_it_waits(count: int, weeks: int) -> None:
    urn = turned(filled([*people(count), 0, 1, 0, 0, 0]), 9 + weeks)
    assert urn.leaving == ()
    assert turned(urn, 10 + weeks).leaving == (Rated("station", (4, 1, 0, 0), 0, count, weeks, "u", 0),)


def test_fewer_than_five_never_leave() -> None:
    assert turned(filled([*people(4) * 9, 0, 1, 0, 0, 0]), 999).leaving == ()


def test_an_urn_keeps_nobody_whole_and_nobody_twice() -> None:
    assert filled(people(9, 1_234_500) * 3).open.people == 9
    assert filled(people(2 * PLACES)).open.people == PLACES
    assert filled([100]).open.came == filled([100 + PLACES]).open.came


def full() -> Inside:
    """Some came in and answered, an hour before Monday's turn, after enough weeks."""
    inside = Inside(Urn("u", Bundle(week_of(MONDAY, OFFSET) - CROWD)))
    for number in people(5):
        inside.enter(number)
        inside.press(ANSWERS[number % 2])
    return inside


def test_a_press_counts_once_and_is_stored_at_once() -> None:
    inside = Inside(Urn("u"))
    inside.enter(7)
    inside.press("fair")
    assert inside.desk.urn.open.counts == (0, 0, 1, 0)
    assert inside.kept[-1].open.counts == (0, 0, 1, 0)
    inside.take(Edge(f"{BUTTON}fair", active=True, at=inside.boot))
    inside.take(Edge(f"{BUTTON}fair", active=False, at=inside.boot + SETTLE / 2))
    inside.take(Tick(), SETTLE * 3)
    assert inside.desk.urn.open == replace(inside.kept[-1].open), "a bounce is no press"


def test_answer_cards_count_as_buttons_do_and_no_other_code_does() -> None:
    inside = Inside(Urn("u"))
    for index in people(4):
        inside.enter(index)
    for text in ("YZ5:1", "YZ5:4", " YZ5:4\r", "YZ5:5", "YZ5:0", "YZ1:ABC", "", "YZ5:", "\ud800"):
        inside.take(Presented(text))
    assert inside.desk.urn.open.counts == (1, 0, 0, 2)


def test_a_second_presentation_and_whoever_did_not_come_in_are_nobody_more() -> None:
    inside = Inside(Urn("u"))
    inside.take(Heard((fact.Granted("main", 7, 0, 0, "t", 0), fact.NotTaken("main"))))
    inside.take(Heard((fact.Taken("main"),)))
    assert inside.desk.urn.open.entered == 0
    inside.enter(7)
    inside.enter(7, again=True)
    assert inside.desk.urn.open.entered == 1


def test_what_leaves_is_stored_so_then_recorded_then_let_go() -> None:
    inside = full()
    inside.take(Tick(), 3600)
    (bundle,) = inside.kept[-1].leaving
    assert inside.told == [], "not before it is stored"
    inside.take(Kept(inside.kept[-1]))
    inside.take(Tick(), 60)
    assert [(each.entries, each.ticket) for each in inside.told] == [((bundle,), TICKET)], "once"
    inside.take(Committed(TICKET))
    assert (inside.desk.urn.leaving, inside.kept[-1]) == ((), inside.desk.urn)


def test_touches_meanwhile_record_nothing_twice() -> None:
    inside = full()
    inside.take(Tick(), 3600)
    inside.take(Kept(inside.kept[-1]))
    for _ in range(2):
        inside.enter(9)
        inside.press("fair")
        inside.take(Kept(inside.kept[-1]))
    assert len(inside.told) == 1
    inside.take(CommitFailed(TICKET, "full"))
    inside.press("fair")
    inside.take(Kept(inside.kept[-1]))
    assert len(inside.told) == 1, "the logbook has it in memory"


def test_what_a_power_cut_leaves_is_recorded_again_under_the_same_number() -> None:
    inside = full()
    inside.take(Tick(), 3600)
    after = Inside(inside.kept[-1], MONDAY + 10)
    after.take(Tick())
    assert [each.entries for each in after.told] == [inside.kept[-1].leaving]


def test_a_logbook_that_refuses_is_asked_again_a_day_later() -> None:
    inside = full()
    inside.take(Tick(), 3600)
    inside.take(Kept(inside.kept[-1]))
    inside.take(CommitFailed(TICKET, "full"))
    inside.take(Tick(), AGAIN_AFTER - 10)
    assert len(inside.told) == 1
    inside.take(Tick(), 20)
    assert len(inside.told) == 2


def test_without_the_time_nothing_leaves_and_everything_is_kept() -> None:
    inside = Inside(Urn("u"), known=False)
    for number in people(6):
        inside.enter(number)
        inside.press("fair" if number % 2 else "satisfied")
    inside.take(Tick(), 5 * WEEK)
    assert (inside.desk.urn.leaving, sum(inside.desk.urn.open.counts)) == ((), 6)


def test_it_wants_to_be_asked_at_monday_three() -> None:
    inside = full()
    now = Instant(inside.boot, MONDAY - 5)
    inside.clock = Clock(MONDAY - 5, inside.boot, hi=MONDAY - 5, hi_at=inside.boot, raised=True)
    assert due(inside.desk, inside.clock, now) == pytest.approx(inside.boot + 5, abs=0.1)


def test_a_touch_on_the_display_counts_as_a_press_does() -> None:
    inside = Inside(Urn("u"))
    inside.enter(7)
    inside.take(Touched(3))
    assert inside.kept[-1].open.counts == (0, 0, 0, 1)
    inside.take(Touched(0))
    assert (inside.kept[-1].open.counts, inside.kept[-1].open.surplus) == ((0, 0, 0, 1), 1), "one for each who came in"


@given(st.lists(st.floats(0, 5), max_size=60))
def test_touches_come_no_faster_than_a_crowd(pauses: list[float]) -> None:
    pace, now, let_in = Pace(), 1000.0, 0
    for pause in pauses:
        now += pause
        found = taken(pace, now)
        let_in += found is not None
        pace = found or pace
    assert let_in <= AT_ONCE + (now - 1000.0) * A_SECOND + 1e-6
    assert taken(pace, now + AT_ONCE), "whoever comes later is let in"


def test_a_page_that_plays_keeps_no_round_open_and_fills_no_logbook() -> None:
    inside = Inside(Urn("u"))
    inside.take(Offers(checklist=Posted("standard", 12, Checklist({"zh": "标准"}, (Item("clean", {"zh": "干净"}),)))))
    for _ in range(2):
        inside.take(Judged("", 7, PassClass.STEWARD))
        sent = 0
        for _ in range(1000):
            inside.take(Cleaned(), 1.0)
            sent += len(inside.written())
        assert (sent, inside.desk.round) == (MOST_SENT, None), "until the pass is shown again"
