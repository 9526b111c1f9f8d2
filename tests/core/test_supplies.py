"""What campaigns hand out, each once: who may, from where, and what ends a grant."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.core.clock import Clock
from kiosk.core.desk.entitled import judged
from kiosk.core.desk.handing import (
    ANSWER_PATIENCE,
    COMMIT_PATIENCE,
    COUNTED_FOR,
    FORGOTTEN_AFTER,
    HOLDER_FOR,
    LATE,
    MOST_SENT,
    SESSION_FOR,
    Count,
    CutOff,
    Fill,
    Forget,
    Give,
    Gone,
    Grant,
    Heard,
    KeepMarks,
    One,
    Open,
    Recovered,
    Shown,
    Slot,
    Supplies,
    Take,
    Touch,
)
from kiosk.core.desk.periods import day_name, period_of, week_name
from kiosk.core.desk.stock import after, expected
from kiosk.core.desk.supplies import due, refused
from kiosk.core.entries import Counted, Filled, HandedOut, NotTaken, Taken
from kiosk.core.events import CommitFailed, Committed, Record, SlotGranted, Tick
from tests.core.supplied import (
    NOW,
    OFFSET,
    STATION,
    STEWARD,
    TIME,
    WORKER,
    Handing,
    campaign,
    delta,
    mark,
    running,
    setting,
    whole,
)

SEVEN = Shown(7, WORKER, "3708")
STEWARDS = Shown(9, STEWARD, "3708")
GRANTED = HandedOut("rain", "raincoat", "locker3", mark(7))
GIVEN = replace(GRANTED, taken=True)
BY_HAND = {"rain": running(campaign(slots=()))}
FREE = {"exam": running(campaign("water", slots=(), without_pass=True))}
FOUND: dict[str, Any] = {"known": frozenset({"rain"})}


def entries(done: Any) -> list[Any]:
    return [entry for each in done if isinstance(each, Record) for entry in each.entries]


def ticket(done: Any) -> int:
    return int(next(each.ticket for each in done if isinstance(each, Record)))


def opened(handing: Handing, at: float = 0.0) -> None:
    """Seven has shown a pass and taken, and the slot is told to open."""
    handing.take(SEVEN, at=at)
    done = handing.take(Take("rain"))
    assert handing.take(Committed(ticket(done))) == (SlotGranted("locker3"),)


def state(handing: Handing, name: str = "rain") -> tuple[str, str]:
    return judged(handing.supplies, name, handing.now)


def test_a_mark_is_on_the_disk_before_the_slot_opens_and_counts_once_its_contact_says_taken() -> None:
    handing = Handing()
    handing.take(SEVEN)
    assert state(handing) == ("yours", "locker3")
    done = handing.take(Take("rain"))
    assert entries(done) == [GRANTED]
    assert not [each for each in done if isinstance(each, SlotGranted)]
    assert state(handing) == ("granted", "locker3")
    assert handing.take(Committed(ticket(done))) == (SlotGranted("locker3"),)
    assert handing.supplies.marks == {}
    assert entries(handing.take(Heard((Taken("locker3"),)), at=2.0)) == [GIVEN]
    assert handing.supplies.marks == {"rain": {"": {mark(7)}}}
    assert state(handing) == ("had", "")
    assert refused(handing.supplies, Take("rain"), handing.now) == "had"
    assert handing.take(Take("rain")) == ()


def test_what_nobody_takes_is_not_used_up() -> None:
    handing = Handing()
    opened(handing)
    handing.take(Heard((NotTaken("locker3"),)), at=5.0)
    assert state(handing)[0] == "granted"
    handing.take(Tick(), at=5.0 + LATE)
    assert (handing.supplies.grants, handing.supplies.marks) == ({}, {})
    assert handing.supplies.said["rain"].word == "not_taken"
    assert state(handing) == ("yours", "locker3")


def test_a_slot_that_is_opened_in_the_last_moment_was_taken_from() -> None:
    handing = Handing()
    opened(handing)
    handing.take(Heard((NotTaken("locker3"),)), at=5.0)
    done = handing.take(Tick(), at=5.5, slots={"locker3": Slot(is_open=True, why="wait")})
    assert entries(done) == [GIVEN]


@pytest.mark.parametrize("late", [COMMIT_PATIENCE, COMMIT_PATIENCE + 100])
def test_a_disk_that_is_too_slow_opens_nothing_later(late: float) -> None:
    handing = Handing()
    handing.take(SEVEN)
    done = handing.take(Take("rain"))
    assert handing.take(Committed(ticket(done)), at=late) == ()
    assert handing.supplies.grants == {}


def test_a_disk_that_takes_no_mark_opens_nothing() -> None:
    handing = Handing()
    handing.take(SEVEN)
    done = handing.take(Take("rain"))
    assert handing.take(CommitFailed(ticket(done), "full")) == ()
    assert handing.supplies.said["rain"].word == "not_saved"
    assert state(handing) == ("yours", "locker3")


def test_while_the_disk_takes_nothing_nobody_gets_anything_and_what_a_steward_touches_is_not_counted_later() -> None:
    handing = Handing(setting(runs={"rain": running(), "soup": running(campaign("soup", slots=()))}))
    handing.take(STEWARDS, SEVEN)
    touches: list[Touch] = [Take("rain"), Give("rain"), Give("soup"), Count("soup", 3), Fill("soup", 3)]
    assert handing.take(*touches, writes=False) == ()
    whys = [refused(handing.supplies, each, handing.now) for each in touches]
    assert whys == ["disk", "disk", "disk", "not_saved", "not_saved"]
    assert entries(handing.take(Give("soup"), writes=True)) == [replace(GIVEN, campaign="soup", item="soup", slot="")]


def test_a_slot_that_says_nothing_holds_nobody_up() -> None:
    handing = Handing()
    opened(handing)
    handing.take(Shown(8, WORKER, "3708"), at=1.0)
    assert state(handing)[0] == "wait"
    assert due(handing.supplies, handing.now) == 5.0 + ANSWER_PATIENCE
    handing.take(Tick(), at=5.0 + ANSWER_PATIENCE)
    assert state(handing) == ("yours", "locker3")


def test_a_contact_that_never_says_taken_is_told_after_three_people_and_mended_by_a_steward() -> None:
    handing = Handing()
    for number in (7, 8, 10):
        at = number * 20.0
        handing.take(Shown(number, WORKER, ""), at=at)
        handing.take(Committed(ticket(handing.take(Take("rain")))))
        handing.take(Heard((NotTaken("locker3"),)), at=at + 5)
        handing.take(Tick(), at=at + 10)
    assert state(handing) == ("slot_fault", "locker3")
    handing.take(STEWARDS)
    handing.take(Fill("raincoat", 1, "locker3"))
    handing.take(SEVEN)
    assert state(handing) == ("yours", "locker3")


def test_who_lets_it_go_three_times_gets_it_from_a_steward_and_nobody_else_suffers() -> None:
    handing = Handing()
    for attempt in range(3):
        opened(handing, at=attempt * 20.0)
        handing.take(Heard((NotTaken("locker3"),)), at=attempt * 20.0 + 5)
        handing.take(Tick(), at=attempt * 20.0 + 10)
    assert state(handing) == ("steward", "locker3")
    handing.take(Shown(8, WORKER, ""))
    assert state(handing) == ("yours", "locker3")


@pytest.mark.parametrize(
    ("fields", "of", "word"),
    [
        ({"classes": (1,)}, {}, "not_for_you"),
        ({}, {"keeps": False}, "disk"),
        ({"per": "day"}, {"clock": Clock(NOW, 0.0)}, "no_time"),
        ({}, {"slots": {"locker3": Slot(why="wait")}}, "wait"),
        ({}, {"slots": {"locker3": Slot(why="slot_fault")}}, "slot_fault"),
        ({}, {"slots": {}}, "steward"),
        ({"slots": ()}, {}, "steward"),
    ],
)
def test_why_nothing_is_to_be_had(fields: dict[str, Any], of: dict[str, Any], word: str) -> None:
    handing = Handing(replace(setting(runs={"rain": running(campaign(**fields))}), **of))
    assert state(handing)[0] == "show_pass"
    handing.take(SEVEN)
    assert state(handing)[0] == word
    assert handing.take(Take("rain")) == ()


def test_what_a_damaged_logbook_still_holds_is_waited_for() -> None:
    handing = Handing(ready=False)
    handing.take(SEVEN)
    assert state(handing)[0] == "wait"
    marks = {"rain": {"": frozenset({mark(7)})}}
    assert handing.take(Recovered(marks, anew=True)) == (KeepMarks(marks, {}),)
    assert state(handing)[0] == "had"


def test_what_was_taken_just_before_a_cut_counts_from_the_next_start() -> None:
    handing = Handing()
    done = handing.take(CutOff((Grant("rain", "raincoat", "locker3", mark(7), "", 0, 0.0),)), SEVEN)
    assert entries(done) == [GIVEN]
    assert state(handing)[0] == "had"


def test_a_holder_is_there_for_some_seconds_and_longer_who_needs_it() -> None:
    for extended, seconds in ((False, HOLDER_FOR), (True, 2 * HOLDER_FOR)):
        handing = Handing()
        handing.take(replace(SEVEN, extended=extended))
        handing.take(Tick(), at=seconds - 1)
        assert state(handing)[0] == "yours"
        handing.take(Tick(), at=seconds)
        assert state(handing)[0] == "show_pass"


@pytest.mark.parametrize("touch", [Take, Give])
def test_a_touch_for_whose_pass_was_there_before_is_not_for_who_has_come_meanwhile(touch: type[Take | Give]) -> None:
    """Of two displays, or one that is a second behind: nobody takes what is another's to take."""
    handing = Handing()
    handing.take(STEWARDS, SEVEN)
    before = handing.supplies.shown
    handing.take(Shown(8, WORKER, "3708"))
    assert handing.take(touch("rain", before)) == ()
    assert refused(handing.supplies, touch("rain", before), handing.now) == "show_pass"
    assert entries(handing.take(touch("rain", handing.supplies.shown)))[0].token == mark(8)


def test_nothing_is_anybodys_after_who_showed_a_pass_has_gone() -> None:
    handing = Handing()
    handing.take(SEVEN, Gone())
    assert handing.take(Take("rain")) == ()
    assert refused(handing.supplies, Take("rain"), handing.now) == "show_pass"


def test_what_became_of_one_is_not_told_to_the_next() -> None:
    handing = Handing()
    opened(handing)
    handing.take(Shown(8, WORKER, ""), Heard((Taken("locker3"),)), at=1.0)
    assert handing.supplies.said["rain"].token == mark(7)
    assert state(handing)[0] == "yours"


# What is known of other stations.


@pytest.mark.parametrize("fresh", [True, False])
def test_who_had_one_elsewhere_gets_none_however_old_that_is(*, fresh: bool) -> None:
    known = running(campaign(when_stale="count_only"), whole((7,), NOW - 50), delta((8,), NOW - 50, NOW), fresh=fresh)
    for number, word in ((7, "elsewhere"), (8, "elsewhere"), (9, "yours")):
        handing = Handing(setting(runs={"rain": known}))
        handing.take(Shown(number, WORKER, ""))
        assert state(handing)[0] == word


@pytest.mark.parametrize(
    ("when_stale", "scope", "word"),
    [
        ("stop", STATION, "stale"),
        ("home_only", STATION, "yours"),
        ("home_only", "3708", "stale"),
        ("home_only", "", "stale"),
        ("count_only", "", "yours"),
    ],
)
def test_what_is_given_where_too_little_is_known_is_the_campaigns_to_say(
    when_stale: Any, scope: str, word: str
) -> None:
    handing = Handing(setting(runs={"rain": running(campaign(when_stale=when_stale), fresh=False)}))
    handing.take(Shown(7, WORKER, scope))
    assert state(handing)[0] == word


def test_a_ledger_of_yesterday_says_nothing_of_today() -> None:
    daily = campaign(per="day", when_stale="count_only")
    for period, word in (("2026-11-26", "yours"), ("2026-11-27", "elsewhere")):
        handing = Handing(setting(runs={"rain": running(daily, whole((7,), period=period))}))
        handing.take(SEVEN)
        assert state(handing)[0] == word


def test_one_a_day_is_one_more_on_the_next() -> None:
    handing = Handing(setting(runs={"rain": running(campaign(per="day"))}))
    opened(handing)
    handing.take(Heard((Taken("locker3"),)), at=2.0)
    handing.take(SEVEN, at=3600.0)
    assert state(handing)[0] == "had"
    handing.take(SEVEN, at=86_400.0)
    assert state(handing)[0] == "yours"
    assert entries(handing.take(Take("rain")))[0].period == "2026-11-28"


@given(st.integers(0, 60_000))
def test_days_and_weeks_have_the_names_of_iso_8601(day: int) -> None:
    found = date(1970, 1, 1) + timedelta(days=day)
    year, week, _ = found.isocalendar()
    assert (day_name(day), week_name(day)) == (found.isoformat(), f"{year}-W{week:02}")


def test_around_midnight_it_is_no_day_until_that_is_proven() -> None:
    midnight = NOW + 16 * 3600
    for before, found in ((100.0, "2026-11-27"), (1.0, None), (-100.0, "2026-11-28")):
        known = Clock(midnight - before - 2, 0.0, hi=midnight - before + 2, hi_at=0.0)
        assert period_of("day", known, 0.0, OFFSET) == found
    assert period_of("week", TIME, 0.0, OFFSET) == "2026-W48"
    assert period_of("day", Clock(NOW, 0.0), 0.0, OFFSET) is None
    assert period_of("once", Clock(NOW, 0.0), 0.0, OFFSET) == ""


# A steward's.


def test_a_steward_hands_over_with_one_touch() -> None:
    handing = Handing(setting(runs=BY_HAND))
    handing.take(SEVEN)
    assert refused(handing.supplies, Give("rain"), handing.now) == "no_session"
    handing.take(STEWARDS, SEVEN)
    done = handing.take(Give("rain"))
    assert entries(done) == [HandedOut("rain", "raincoat", "", mark(7), taken=True)]
    assert refused(handing.supplies, Give("rain"), handing.now) == "had"
    handing.take(CommitFailed(ticket(done), "full"))
    assert state(handing)[0] == "had", "it was given, whatever the disk did"


def test_a_steward_gives_what_a_slot_does_not() -> None:
    handing = Handing(setting(slots={"locker3": Slot(why="slot_fault")}))
    handing.take(STEWARDS, SEVEN)
    assert entries(handing.take(Give("rain")))[0].slot == ""


def test_a_session_ends_by_itself_and_by_how_much_is_sent() -> None:
    handing = Handing(setting(runs=BY_HAND))
    handing.take(STEWARDS)
    handing.take(Tick(), at=SESSION_FOR)
    assert handing.supplies.session is None
    handing.take(STEWARDS)
    for _ in range(MOST_SENT):
        handing.take(Count("raincoat", 3))
    assert handing.supplies.session is None
    assert refused(handing.supplies, Count("raincoat", 3), handing.now) == "no_session"
    handing.take(STEWARDS, Gone(session=True))
    assert handing.supplies.session is None


def test_what_was_expected_is_told_after_what_was_counted_is_stored() -> None:
    handing = Handing(stock={("", "raincoat"): 20})
    handing.take(STEWARDS)
    done = handing.take(Count("raincoat", 18))
    assert entries(done) == [Counted(9, "raincoat", 18, 20)]
    assert [handing.supplies.counted and handing.supplies.counted.stored] == [False]
    handing.take(Committed(ticket(done)))
    assert [handing.supplies.counted and handing.supplies.counted.stored] == [True]
    assert handing.supplies.stock == {("", "raincoat"): 18}
    handing.take(Tick(), at=COUNTED_FOR)
    assert handing.supplies.counted is None


@pytest.mark.parametrize(
    ("touch", "why"),
    [
        (Fill("raincoat", 10, "nowhere"), "not_known"),
        (Fill("raincoat", 21, "locker3"), "does_not_fit"),
        (Fill("umbrella", 1), "not_known"),
        (Count("umbrella", 1), "not_known"),
        (Give("nothing"), "not_asked"),
        (Open("rain", 60.0), "not_asked"),
    ],
)
def test_what_a_session_refuses(touch: Any, why: str) -> None:
    handing = Handing(setting(slots={"locker3": Slot(holds=20)}))
    handing.take(STEWARDS)
    assert refused(handing.supplies, touch, handing.now) == why
    assert handing.take(touch) == ()


def test_a_filled_slot_is_emptied_by_openings_and_then_there_is_none() -> None:
    handing = Handing()
    handing.take(STEWARDS)
    assert entries(handing.take(Fill("raincoat", 1, "locker3", "2027-03"))) == [
        Filled(9, "locker3", "raincoat", 1, "2027-03")
    ]
    opened(handing)
    handing.take(Heard((Taken("locker3"),)))
    handing.take(Shown(8, WORKER, ""))
    assert state(handing) == ("empty", "")


def test_a_slot_with_something_else_in_it_is_none_of_the_campaigns() -> None:
    handing = Handing(stock={("locker3", "ibuprofen"): 4})
    handing.take(SEVEN)
    assert state(handing)[0] == "empty"


def test_the_first_slot_that_can_be_opened_is_taken_from() -> None:
    found = setting(
        runs={"rain": running(campaign(slots=("a", "b", "c")))},
        slots={"a": Slot(why="slot_fault"), "b": Slot(), "c": Slot()},
    )
    handing = Handing(found, stock={("b", "raincoat"): 0})
    handing.take(SEVEN)
    assert state(handing) == ("yours", "c")


def test_one_slot_serves_two_campaigns_with_the_same_in_it_and_not_two_with_other_things() -> None:
    for item, word in (("raincoat", "yours"), ("umbrella", "unclear")):
        handing = Handing(setting(runs={"rain": running(), "more": running(campaign(item, key=2))}))
        handing.take(SEVEN)
        assert state(handing) == ("yours", "locker3")
        assert state(handing, "more")[0] == word
        opened(handing)
        handing.take(Heard((Taken("locker3"),)))
        assert state(handing, "rain")[0] == "had"
        assert state(handing, "more")[0] == word


# Without a pass.


def test_a_campaign_for_everybody_is_open_for_a_time_or_a_number() -> None:
    handing = Handing(setting(runs=FREE))
    assert state(handing, "exam")[0] == "closed"
    assert handing.take(One("exam")) == ()
    handing.take(STEWARDS, Open("exam", 60.0), Gone(session=True))
    assert entries(handing.take(One("exam"))) == [HandedOut("exam", "water", taken=True)]
    handing.take(Tick(), at=60.0)
    assert state(handing, "exam")[0] == "closed"
    handing.take(STEWARDS, Open("exam", count=2))
    assert [len(entries(handing.take(One("exam")))) for _ in range(3)] == [1, 1, 0]
    handing.take(Open("exam", 60.0), Open("exam"))
    assert state(handing, "exam")[0] == "closed"
    assert handing.supplies.marks == {}


def test_one_without_a_pass_from_a_slot_is_nobodys_and_not_counted_where_nobody_took_it() -> None:
    handing = Handing(setting(runs={"exam": running(campaign("water", without_pass=True))}))
    handing.take(STEWARDS, Open("exam", count=1))
    done = handing.take(One("exam"))
    assert entries(done) == [HandedOut("exam", "water", "locker3")]
    handing.take(Committed(ticket(done)), Heard((NotTaken("locker3"),)))
    handing.take(Tick(), at=LATE)
    assert state(handing, "exam") == ("yours", "locker3")


# Stock.


@given(
    st.lists(
        st.one_of(
            st.builds(
                Filled, st.just(9), st.sampled_from(["", "a", "b"]), st.sampled_from(["x", "y"]), st.integers(0, 9)
            ),
            st.builds(Counted, st.just(9), st.sampled_from(["x", "y"]), st.integers(0, 9)),
            st.builds(
                HandedOut, st.just("c"), st.sampled_from(["x", "y"]), st.sampled_from(["", "a"]), taken=st.booleans()
            ),
        )
    )
)
def test_after_a_count_what_is_expected_is_what_was_counted_and_nothing_is_ever_less_than_none(
    found: list[Any],
) -> None:
    stock: Any = {}
    for each in found:
        stock = after(stock, each)
        assert all(left >= 0 for left in stock.values())
        assert len({slot for slot, _item in stock if slot}) == len([slot for slot, _item in stock if slot])
        if isinstance(each, Counted):
            assert expected(stock, each.item) == each.counted
    if not any(isinstance(each, Counted | Filled) for each in found):
        assert stock == {}


# What goes.


def test_marks_go_when_a_campaign_is_provably_over_and_later_when_it_is_no_longer_known() -> None:
    marks = {"rain": {"": frozenset({mark(7)})}}
    handing = Handing(setting(runs={}, over=frozenset({"rain"}), **FOUND), marks=marks)
    assert handing.take(Tick()) == (Forget("rain"),)
    assert handing.supplies.marks == {}
    handing = Handing(setting(runs={}), marks=marks)
    assert handing.take(Tick()) == ()
    assert due(handing.supplies, handing.now) == FORGOTTEN_AFTER
    assert handing.take(Tick(), at=FORGOTTEN_AFTER - 1) == ()
    assert handing.take(Tick(), at=FORGOTTEN_AFTER) == (Forget("rain"),)


@pytest.mark.parametrize("fields", [{"certain": False, "known": frozenset()}, FOUND])
def test_marks_stay_while_the_campaign_is_known_or_may_come_anew(fields: dict[str, Any]) -> None:
    handing = Handing(replace(setting(runs={}), **fields), marks={"rain": {"": frozenset({mark(7)})}})
    handing.take(Tick())
    assert handing.take(Tick(), at=10 * FORGOTTEN_AFTER) == ()
    assert handing.supplies.marks
    assert due(handing.supplies, handing.now) == math.inf


def test_of_one_a_day_only_the_last_two_are_remembered() -> None:
    days = {f"2026-11-{day}": frozenset({mark(7)}) for day in (25, 26, 27)}
    handing = Handing(setting(runs={}, **FOUND), marks={"rain": days})
    assert handing.take(Tick()) == (Forget("rain", "2026-11-25"),)
    assert list(handing.supplies.marks["rain"]) == ["2026-11-26", "2026-11-27"]


def test_nothing_is_remembered_at_the_beginning_and_nothing_wanted() -> None:
    assert due(Supplies(), setting(runs={})) == math.inf
