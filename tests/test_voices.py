"""What people say, as it is decided: the case's table, working days, owners, receipts, ratings, forms' words, and limits."""

from __future__ import annotations

import tomllib
from collections import Counter
from contextlib import suppress
from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import convert
from msgspec.structs import replace

from kiosk.central.codes import check_digit
from kiosk.central.retention import DAY
from kiosk.central.voice_words import face_word
from kiosk.central.voices.calendar import Calendar, Days
from kiosk.central.voices.case import (
    LONGEST_ANSWER,
    OPEN,
    TABLE,
    Act,
    Answer,
    Case,
    Denied,
    Event,
    Judge,
    Own,
    State,
    end_of_day,
    received,
    said_again,
    step,
    today,
)
from kiosk.central.voices.limits import BOUNDS, HOUR, Bound, Limits, What
from kiosk.central.voices.owners import OwnerRule, owner_of
from kiosk.central.voices.ratings import FACES, FEWEST, Counts, content, monday, one_more, wilson
from kiosk.central.voices.receipts import DIGITS, WrongReceipt, digest, grouped, new_receipt, parsed
from kiosk.central.voices.tokens import LEAST_AGE, MOST_AGE, age_of, form_word, has_rated, rated_cookie
from kiosk.central.web.network import network
from kiosk.core.desk.vocabulary import WHATS, known, urgent
from kiosk.desk.words import ANSWERS
from kiosk.language import speaking
from tests.conftest import ROOT

NOW = 1_795_392_000.0
"""Monday, the 23rd of November 2026, eight in the morning in Beijing."""

CALENDAR = Calendar(holidays=("2026-10-01/2026-10-07", "2027-01-01"), worked=("2026-10-10",))
KEY = b"k" * 32

ACTS: list[Act] = [
    Own("li.ming"),
    Answer(Event.DO, "the valve is new"),
    Answer(Event.REFUSE, "it is not ours"),
    Answer(Event.HAND_ON, "they have the key", "the water works"),
    Judge(Event.CONFIRM),
    Judge(Event.DISPUTE),
]


few = settings(max_examples=30)
"""These rules are small: more examples find no more."""


def new(now: float = NOW) -> Case:
    return received("37081101", "phone", "water", "no_water", now, CALENDAR, False)


def done(case: Case, act: Act, by: str = "li.ming", now: float = NOW) -> Case:
    after = step(case, act, by, now, CALENDAR)
    assert isinstance(after, Case), after
    return after


def test_every_pair_of_state_and_event_is_in_the_table() -> None:
    assert {(state, event) for state, events in TABLE.items() for event in events} == set(product(State, Event))


def test_the_only_ways_to_an_end_are_answers_of_a_case_that_has_an_owner() -> None:
    for state, event in product(State, Event):
        after = TABLE[state][event]
        if after in {State.DONE, State.WILL_NOT, State.PASSED_ON}:
            assert state is not State.RECEIVED
            assert event in {Event.DO, Event.REFUSE, Event.HAND_ON}
    assert State.CONFIRMED not in {TABLE[state][event] for state in OPEN for event in Event}


@few
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(["li.ming", "wang", "", "zhao"])), max_size=12))
def test_whatever_is_done_no_case_ends_without_its_owners_words(acts: list[tuple[Act, str]]) -> None:
    case = new()
    for act, by in acts:
        after = step(case, act, by, NOW, CALENDAR)
        if isinstance(after, Denied):
            continue
        case = after
        if not case.open:
            assert case.owner
            assert case.answer
            assert case.answered_by
        assert case.open == (case.state in OPEN)


def test_a_case_goes_its_way_and_back() -> None:
    owned = done(new(), Own("li.ming"))
    assert (owned.state, owned.owner) == (State.OWNED, "li.ming")
    answered = done(owned, ACTS[3])
    assert (answered.state, answered.passed_to, answered.answer) == (
        State.PASSED_ON,
        "the water works",
        "they have the key",
    )
    later = NOW + 30 * DAY
    disputed = done(answered, Judge(Event.DISPUTE), "", later)
    assert (disputed.state, disputed.owner) == (State.DISPUTED, "li.ming")
    assert disputed.due > answered.due
    confirmed = done(done(disputed, ACTS[1]), Judge(Event.CONFIRM), "")
    assert confirmed.state is State.CONFIRMED
    assert done(confirmed, Judge(Event.DISPUTE), "wang").state is State.DISPUTED


@pytest.mark.parametrize(
    ("act", "by", "why"),
    [
        (Answer(Event.DO, "x"), "wang", Denied.NOT_YOURS),
        (Answer(Event.DO, " \n "), "li.ming", Denied.NO_WORDS),
        (Answer(Event.DO, "x" * (LONGEST_ANSWER + 1)), "li.ming", Denied.TOO_LONG),
        (Answer(Event.HAND_ON, "x", " "), "li.ming", Denied.NOBODY),
        (Own(""), "wang", Denied.NOBODY),
        (Judge(Event.CONFIRM), "wang", Denied.NOT_NOW),
    ],
)
def test_what_is_not_done_says_why(act: Act, by: str, why: Denied) -> None:
    assert step(done(new(), Own("li.ming")), act, by, NOW, CALENDAR) is why


def test_nobody_confirms_their_own_words_and_nobody_answers_what_nobody_owns() -> None:
    answered = done(done(new(), Own("li.ming")), ACTS[1])
    assert step(answered, Judge(Event.CONFIRM), "li.ming", NOW, CALENDAR) is Denied.OWN_WORDS
    assert step(new(), ACTS[1], "li.ming", NOW, CALENDAR) is Denied.NO_OWNER


def test_saying_it_again_changes_only_how_many_said_it() -> None:
    case = done(new(), Own("li.ming"))
    again = said_again(case, NOW + 60, urgent=True)
    assert replace(again, last=case.last, too=0, urgent=False) == case
    assert (again.too, again.last, again.urgent) == (1, NOW + 60, True)


def test_it_is_late_after_its_days() -> None:
    case = new()
    assert (today(NOW), case.own_by, case.due) == ("2026-11-23", "2026-11-24", "2026-12-14")
    assert not case.overdue("2026-11-24")
    assert case.unowned("2026-11-25")
    owned = done(case, Own("li.ming"))
    assert not owned.overdue("2026-12-14")
    assert owned.overdue("2026-12-15")
    assert not done(owned, ACTS[2]).overdue("2027-12-16")
    assert today(end_of_day("2026-11-25") - 1) == "2026-11-25"
    assert today(end_of_day("2026-11-25")) == "2026-11-26"


# Working days.


@pytest.mark.parametrize(
    ("day", "count", "then"),
    [
        ("2026-09-30", 1, "2026-10-08"),  # a holiday of seven days between
        ("2026-10-09", 1, "2026-10-10"),  # a Saturday that is worked
        ("2026-10-10", 1, "2026-10-12"),
        ("2026-11-27", 1, "2026-11-30"),  # a weekend
        ("2026-12-31", 1, "2027-01-04"),
        ("2026-11-24", 0, "2026-11-24"),
    ],
)
def test_working_days_are_those_of_the_calendar(day: str, count: int, then: str) -> None:
    assert CALENDAR.after(date.fromisoformat(day), count) == date.fromisoformat(then)


@few
@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 40))
def test_so_many_working_days_lie_between(day: date, count: int) -> None:
    end, days = CALENDAR.after(day, count), Days(CALENDAR)
    between = [day + timedelta(days=number + 1) for number in range((end - day).days)]
    assert sum(map(days.working, between)) == count
    assert not count or days.working(end)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"holidays": ("2026-13-01",)}, "2026-13-01: no day such as 2026-10-01"),
        ({"holidays": ("2026-10-07/2026-10-01",)}, "before the first"),
        ({"holidays": ("2026-01-01/2026-12-31",)}, "more than 60 days"),
        ({"holidays": ("9999-12-31",)}, "9999-12-31"),
        ({"holidays": ("2026-10-01",), "worked": ("2026-10-01",)}, "2026-10-01 is a holiday, and worked"),
        ({"worked": ("2026-10-10",) * 501}, "more than 500 days"),
    ],
)
def test_what_is_no_calendar_is_told(wrong: dict[str, tuple[str, ...]], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Calendar(**wrong)


def test_a_calendar_says_which_years_it_knows() -> None:
    assert CALENDAR.knows(2027)
    assert not CALENDAR.knows(2028)
    assert CALENDAR.after(date(9990, 1, 1), 5) == date(9990, 1, 1)


def test_the_days_of_2026_stand_ready_in_the_example() -> None:
    text = (ROOT / "config" / "central.toml").read_text(encoding="utf-8").partition("# Of 2026")[2]
    lines = [line[2:] for line in text.splitlines()[1:5] if line.startswith("# ")]
    calendar = convert(tomllib.loads("\n".join(lines)), Calendar)
    days, year = Days(calendar), [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    assert sum(map(days.working, year)) == 248, "261 weekdays, 19 of them off, and six days of weekends worked"
    assert calendar.after(date(2026, 2, 13), 2) == date(2026, 2, 24)


# Owners.

RULES = [
    OwnerRule("37", "", "province"),
    OwnerRule("37", "water", "plumber"),
    OwnerRule("3708", "", "city"),
    OwnerRule("370811", "water", "gone"),
]


@pytest.mark.parametrize(
    ("station", "place", "owner"),
    [
        ("37091101", "door", "province"),
        ("37091101", "water", "plumber"),
        ("37081101", "water", "city"),  # the narrower district stands before the place
        ("38081101", "water", ""),
    ],
)
def test_the_narrowest_rule_of_somebody_who_is_able_says_whose_it_is(station: str, place: str, owner: str) -> None:
    assert owner_of(station, place, RULES, {"province", "plumber", "city"}) == owner


# Receipts.


def test_a_receipt_comes_back_as_it_is_read() -> None:
    receipt = new_receipt()
    assert len(receipt) == DIGITS
    assert parsed(f" {grouped(receipt)} ") == parsed(grouped(receipt).replace(" ", "-")) == receipt
    assert digest(receipt, KEY) == digest(receipt, KEY) != digest(receipt, b"other")


@few
@given(st.integers(0, 10**DIGITS - 1), st.integers(0, DIGITS), st.integers(1, 9))
def test_one_wrong_digit_is_always_told(number: int, at: int, by: int) -> None:
    receipt = f"{number:012}"
    whole = receipt + check_digit(receipt)
    wrong = f"{whole[:at]}{(int(whole[at]) + by) % 10}{whole[at + 1 :]}"
    with pytest.raises(WrongReceipt):
        parsed(wrong)


@few
@given(st.text())
def test_whatever_is_typed_is_a_receipt_or_none(text: str) -> None:
    with suppress(WrongReceipt):
        assert parsed(text).isdecimal()


# Ratings.


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_that_of_the_literature(k: int, n: int, low: float, high: float) -> None:
    """R. G. Newcombe, Statistics in Medicine 17, 1998, 857-872, table I, method 3."""
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


@few
@given(st.tuples(*[st.integers(0, 10_000)] * 4), st.integers(0, 10_000) | st.none())
def test_nothing_is_told_that_is_not_known(counts: Counts, asked: int | None) -> None:
    told = content(counts, asked)
    assert told.k <= told.n == sum(counts)
    if told.n < FEWEST:
        assert (told.share, told.low, told.high) == (None, None, None)
        return
    assert told.share is not None
    assert told.low is not None
    assert told.high is not None
    assert 0 <= told.low <= told.share <= told.high <= 1
    assert (told.response is None) == (not asked)


def test_a_face_is_called_on_a_phone_as_at_the_display_inside() -> None:
    for chinese, at in ((True, 0), (False, 1)):
        with speaking(chinese):
            assert [face_word(face) for face in FACES] == [words[at] for words in ANSWERS]


def test_permuting_faces_permutes_counts_and_a_week_begins_on_monday() -> None:
    assert [one_more(face).index(1) for face in FACES] == [0, 1, 2, 3]
    assert {monday(f"2026-11-{day}") for day in range(23, 30)} == {"2026-11-23"}


# What goes out and comes back.


@pytest.mark.parametrize(
    ("word", "after", "age"),
    [
        (form_word(KEY, "say", NOW), LEAST_AGE, "right"),
        (form_word(KEY, "say", NOW), LEAST_AGE - 0.1, "young"),
        (form_word(KEY, "say", NOW), MOST_AGE + 1, "old"),
        (form_word(KEY, "rate", NOW), 10, "foreign"),
        (form_word(b"other", "say", NOW), 10, "foreign"),
    ],
)
def test_a_forms_word_is_of_its_form_and_time(word: str, after: float, age: str) -> None:
    assert age_of(word, KEY, "say", NOW + after) == age


@few
@given(st.text())
def test_whatever_comes_back_is_no_word_and_no_cookie(text: str) -> None:
    assert age_of(text, KEY, "say", NOW) == "foreign"
    assert not has_rated(text, KEY, "2026-11-24")


def test_all_who_have_rated_on_a_day_hold_the_same_cookie() -> None:
    cookie = rated_cookie(KEY, "2026-11-24")
    assert has_rated(cookie, KEY, "2026-11-24")
    assert not has_rated(cookie, KEY, "2026-11-25")


# Limits.


def test_one_who_floods_a_station_leaves_half_of_it_to_others() -> None:
    limits, bound = Limits(), BOUNDS["voice"]
    flood = sum(limits.admit("voice", "37081101", "192.0.2.1", NOW) for _ in range(1000))
    assert flood == bound.station // 2
    others = sum(limits.admit("voice", "37081101", f"198.51.100.{number}", NOW) for number in range(200))
    assert others == bound.station - flood
    assert limits.admit("voice", "37081102", "192.0.2.1", NOW), "another station is not shut"
    assert limits.admit("voice", "37081101", "192.0.2.1", NOW + HOUR), "nor is the next hour"


@pytest.mark.parametrize("what", ["rating", "voice", "door"])
def test_a_whole_carrier_behind_one_address_is_let_in(what: What) -> None:
    limits, stations = Limits(), [f"3708{number:04}" for number in range(100)]
    assert all(limits.admit(what, each, "192.0.2.1", NOW) for each in stations * 3)


def test_an_address_is_bounded_where_a_station_or_the_whole_province_has_had_half() -> None:
    limits, one, other = Limits({"voice": Bound(10, 2, 100, 30)}), "192.0.2.1", "192.0.2.2"
    assert all(limits.admit("voice", "37081101", f"198.51.100.{number}", NOW) for number in range(5))
    assert all(limits.admit("voice", f"3709{number:04}", one, NOW) for number in range(40)), "nowhere is much"
    assert not limits.admit("voice", "37081101", one, NOW), "half of that station is used"
    assert limits.admit("voice", "37090001", one, NOW), "of this one is not"
    assert all(limits.admit("voice", f"3710{number:04}", other, NOW) for number in range(10))
    assert not limits.admit("voice", "37090001", one, NOW), "half of the province's is used"
    assert limits.admit("voice", "37090001", other, NOW)


FLOOD = st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 5), st.integers(1, 12)), max_size=12)
"""At a station, from an address, so often."""


@few
@given(FLOOD, st.integers(0, 4), st.sampled_from(sorted(BOUNDS)), st.sampled_from(sorted(BOUNDS)))
def test_whatever_others_do_no_report_is_refused_at_a_station_of_which_nothing_is_used(
    flood: list[tuple[str, int, int]], most: int, sent: What, what: What
) -> None:
    limits = Limits(dict.fromkeys(BOUNDS, Bound(4, 1, 6, 2)), most)
    for station, address, times in flood:
        for _again in range(times):
            limits.admit(sent, station, f"192.0.2.{address}", NOW)
    used = {station for station, *_more in flood}
    for station in {"a", "b", "c", "d", "e"} - (used if sent == what else set()):
        assert not limits.full(what, station, "192.0.2.0", NOW)
        assert limits.admit(what, station, "192.0.2.0", NOW)


@few
@given(FLOOD, st.integers(0, 40))
def test_no_station_has_more_than_its_hour_and_half_of_it_is_for_whoever_has_sent_little(
    flood: list[tuple[str, int, int]], most: int
) -> None:
    limits, kept = Limits({"door": Bound(8, 1, 20, 3)}, most), Counter[str]()
    for station, address, times in flood:
        for _again in range(times):
            kept[station] += limits.admit("door", station, f"192.0.2.{address}", NOW)
    for station, count in kept.items():
        assert count <= 8
        assert limits.full("door", station, "198.51.100.1", NOW) == (count == 8), "a stranger's is the station's alone"


def test_ratings_from_ever_new_networks_shut_out_nothing_else_and_no_rating_elsewhere() -> None:
    limits = Limits(most=100)
    for number in range(300):
        limits.admit("rating", f"3708{number % 50:04}", f"2001:db8:0:{number:x}::1", NOW)
    assert limits.admit("door", "37080000", "192.0.2.1", NOW)
    assert limits.admit("voice", "37080000", "192.0.2.1", NOW)
    assert all(limits.admit("rating", f"3708{number:04}", "192.0.2.1", NOW) for number in range(60))


def test_one_who_asks_for_receipts_without_end_does_not_shut_out_who_shares_the_address() -> None:
    limits, carrier = Limits({"receipt": BOUNDS["receipt"]}), "192.0.2.1"
    flood = [limits.admit("receipt", "", carrier, NOW) for _ in range(BOUNDS["receipt"].everywhere)]
    assert flood.count(True) == BOUNDS["receipt"].everywhere // 2, "half of the province's is for anybody"
    assert limits.admit("receipt", "", "192.0.2.2", NOW)


def test_wrong_receipts_of_all_the_world_shut_out_nobody() -> None:
    limits = Limits({"receipt": BOUNDS["receipt"]}, most=3000)
    flood = [limits.admit("receipt", "", f"2001:db8:0:{number:x}::1", NOW) for number in range(4200)]
    assert all(flood)
    own = sum(limits.admit("receipt", "", "2001:db8::1", NOW) for _ in range(300))
    assert own == BOUNDS["receipt"].address - 1
    assert limits.admit("receipt", "", "192.0.2.1", NOW)


def test_nothing_of_an_address_is_kept() -> None:
    limits = Limits()
    limits.admit("door", "37081101", "192.0.2.77", NOW)
    assert "192.0.2.77" not in repr(vars(limits))
    before = limits._key
    limits.admit("door", "37081101", "192.0.2.77", NOW + DAY)
    assert limits._key != before


@few
@given(st.text(), st.text(), st.sampled_from(sorted(BOUNDS)), st.floats(0, 1e11))
def test_whatever_an_address_is_nothing_raises(station: str, address: str, what: str, now: float) -> None:
    assert Limits().admit(what, station, address, now)  # type: ignore[arg-type]


def test_one_customer_of_ipv6_is_one() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff") != network("2001:db8:0:1::1")
    assert network("192.0.2.1") != network("192.0.2.2")
    assert network("unix:") == ""


def test_what_can_be_said_is_of_its_place() -> None:
    assert known("water", "no_water")
    assert not known("door", "no_water")
    assert not known("window", "dirty")
    assert urgent("dangerous")
    assert not any(urgent(what) for what in WHATS["cleanliness"])
