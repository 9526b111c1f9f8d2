"""What is wrong now: one line for one cause, nothing left out, nothing healthy named."""

from __future__ import annotations

import time
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from kiosk.central.wrong import MOST_SAID, WITHIN, Cause, Trouble, Urgency, by_strangers, causes

NOW = 1_795_392_000.0
PLACES = ["370811", "370812", "370900", "410100"]
CODES = [f"{place}{number:02}" for place in PLACES for number in range(1, 7)]

WHATS = st.sampled_from(["silent", "fault.central", "forced_open", "alarm.fridge.too_warm", "server.quota", "claim"])
TROUBLES = st.lists(
    st.builds(
        Trouble,
        WHATS,
        st.sampled_from([*CODES, "", "9999", "3708"]),
        st.floats(NOW - 4 * WITHIN, NOW),
        st.sampled_from(["", "main", "back"]),
    ),
    max_size=80,
)
ENROLLED = st.sets(st.sampled_from([*CODES, "3708"]))
BEFORE = st.sets(st.sampled_from(["silent@*", "silent@37*", "silent@3708*", "silent@370811*", "fault.central@370811*"]))


def silent(codes: Iterable[str], since: float = NOW) -> list[Trouble]:
    return [Trouble("silent", code, since + number) for number, code in enumerate(codes)]


def district(place: str, count: int) -> list[str]:
    return [f"{place}{number:02}" for number in range(1, count + 1)]


def named(found: Iterable[Cause]) -> list[tuple[str, str]]:
    """The troubles that causes name: of what, and where."""
    return [(each.what, code) for each in found for code in each.stations or ("",)]


@given(TROUBLES, ENROLLED, BEFORE)
def test_every_trouble_is_in_exactly_one_cause_and_nothing_else_is(
    troubles: list[Trouble], enrolled: set[str], before: set[str]
) -> None:
    found = causes(troubles, enrolled, before)
    assert sorted(named(found)) == sorted({(each.what, each.station) for each in troubles})
    assert len({each.key for each in found}) == len(found)


@given(TROUBLES, ENROLLED, BEFORE, st.randoms(use_true_random=False))
def test_the_order_in_which_it_is_told_changes_nothing(
    troubles: list[Trouble], enrolled: set[str], before: set[str], any_: object
) -> None:
    mixed = list(troubles)
    any_.shuffle(mixed)  # type: ignore[attr-defined]
    assert causes(mixed, sorted(enrolled, reverse=True), before) == causes(troubles, enrolled, before)


@given(TROUBLES, ENROLLED)
def test_a_cause_of_a_place_is_one_of_most_of_its_stations(troubles: list[Trouble], enrolled: set[str]) -> None:
    for each in causes(troubles, enrolled):
        if each.whole:
            there = {code for code in enrolled if code.startswith(each.place) and len(code) > len(each.place)}
            assert set(each.stations) <= there
            assert each.of == len(there)
            assert 2 * len(each.stations) > each.of


@given(TROUBLES, ENROLLED)
def test_the_most_urgent_stands_first(troubles: list[Trouble], enrolled: set[str]) -> None:
    urgencies = [each.urgency for each in causes(troubles, enrolled)]
    assert urgencies == sorted(urgencies)


def test_a_dead_line_of_a_district_is_one_cause_and_not_fifty() -> None:
    here, there = district("370811", 50), district("370812", 50)
    (found,) = causes(silent(here[:48]), here + there)
    assert (found.key, len(found.stations), found.of, found.since) == ("silent@370811*", 48, 50, NOW)


def test_a_city_a_province_and_everywhere_are_one_cause_too_where_more_than_one_of_their_places_is_silent() -> None:
    stations = [code for place in ("370811", "370812", "370900", "410100") for code in district(place, 10)]

    def keys(places: set[str]) -> list[str]:
        return [each.key for each in causes(silent(code for code in stations if code[:6] in places), stations)]

    assert keys({"370811", "370812"}) == ["silent@3708*"]
    assert keys({"370811", "370812", "370900"}) == ["silent@37*"]
    assert keys({"370811", "370900", "410100", "370812"}) == ["silent@*"]
    assert keys({"370811", "410100"}) == ["silent@370811*", "silent@410100*"], "not most of what they have in common"


def test_a_place_is_called_by_all_the_digits_that_its_stations_have_in_common() -> None:
    stations = district("370811", 5)
    assert [each.key for each in causes(silent(stations), stations)] == ["silent@370811*"]


def test_stations_that_fell_silent_on_their_own_stay_causes_of_their_own() -> None:
    stations = district("370811", 10)
    long_ago = silent(stations[:2], NOW - 86_400)
    found = causes(long_ago + silent(stations[2:9]), stations)
    assert [each.key for each in found] == ["silent@370811*", "silent@37081101", "silent@37081102"]
    assert causes(silent(stations[:2]), stations[:2])[0].whole is False, "two are no district"


def test_a_place_stays_one_cause_while_its_stations_come_back() -> None:
    stations = district("370811", 10)
    before = {"silent@370811*"}
    assert [each.key for each in causes(silent(stations[:4]), stations)] == [f"silent@{code}" for code in stations[:4]]
    assert [each.key for each in causes(silent(stations[:4]), stations, before)] == ["silent@370811*"]
    assert [each.whole for each in causes(silent(stations[:2]), stations, before)] == [False, False]
    city = [code for district_ in ("370811", "370812", "370881") for code in district(district_, 10)]
    assert causes(silent(city[:8]), city, {"silent@3708*"})[0].key == "silent@3708*"
    few = causes(silent([*city[:3], *city[10:14]]), city, {"silent@3708*"})
    assert not any(each.whole for each in few), "a quarter of a city's stations, not three, keep its cause"


def test_the_same_fault_at_most_of_a_place_is_one_cause_whenever_it_began_and_another_fault_is_another() -> None:
    stations = district("370811", 5)
    faults = [Trouble("fault.gps", code, NOW - number * 86_400, "no_fix") for number, code in enumerate(stations[:4])]
    found = causes([*faults, Trouble("fault.scanner.main", stations[4], NOW)], stations)
    assert [(each.key, each.detail) for each in found] == [
        ("fault.scanner.main@37081105", ""),
        ("fault.gps@370811*", "no_fix"),
    ]


def test_two_doors_of_a_station_are_one_line_that_names_both() -> None:
    (found,) = causes([Trouble("forced_open", "37081101", NOW, door) for door in ("main", "back")], [])
    assert (found.detail, found.urgency) == ("back, main", Urgency.DOOR)


def test_whatever_strangers_say_at_whatever_stations_a_fire_stands_first_and_they_have_few_lines() -> None:
    stations = [code for number in range(160) for code in district(f"37{number:04}", 28)]
    said = [
        Trouble(f"voice.{what}", code, NOW)
        for what in ("did_not_open", "dangerous", "blocked", "overdue")
        for code in stations
        if int(code[6:]) <= 12
    ]
    told = [Trouble("fire", stations[5], NOW), Trouble("fault.gps", stations[6], NOW)]
    found = causes([*said, *told], stations)
    assert [each.what for each in found[:2]] == ["fire", "fault.gps"]
    few = [each for each in found if each.urgency is Urgency.SAID]
    assert len(few) == 3 * MOST_SAID + 1
    (rest,) = [each for each in few if each.what == "voice.many"]
    assert (rest.key, len(rest.stations), rest.of) == ("voice.many@*", 160 * 12 - MOST_SAID, 4480)
    waits = [each for each in found if each.what == "voice.overdue"]
    assert (len(waits), {(len(each.stations), each.of) for each in waits}) == (160, {(12, 28)})


SAID = st.lists(
    st.builds(
        Trouble,
        st.sampled_from(["voice.did_not_open", "voice.dangerous", "voice.blocked", "voice.overdue", "voice.unowned"]),
        st.sampled_from([f"{place}{number:02}" for place in PLACES for number in range(1, 30)]),
        st.floats(NOW, NOW + 2 * 3600),
    ),
    max_size=120,
)


@given(TROUBLES, SAID, ENROLLED)
def test_nothing_that_strangers_say_stands_before_what_a_station_tells_or_is_lost_or_has_many_lines(
    told: list[Trouble], said: list[Trouble], enrolled: set[str]
) -> None:
    stations, found = {each for each in told if each.what != "claim"}, causes([*told, *said], enrolled)
    strangers = [by_strangers(each.what) for each in found if each.what != "claim"]
    assert strangers == sorted(strangers)
    assert strangers.count(False) == len(causes(stations, enrolled))
    assert {code for each in found if by_strangers(each.what) for code in each.stations} == {
        each.station for each in said
    }
    assert sum(each.urgency is Urgency.SAID for each in found) <= 3 * 3 * MOST_SAID + 1


def test_a_province_is_judged_in_no_more_than_a_moment() -> None:
    stations = [f"37{district:04}{number:02}" for district in range(1, 91) for number in range(1, 51)] + district(
        "410100", 40
    )
    troubles = silent(stations[::3], NOW - 5000) + [Trouble("fault.gps", code, NOW) for code in stations[::2]]
    began = time.process_time()
    causes(troubles, stations)
    assert time.process_time() - began < 2
