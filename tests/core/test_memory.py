"""What a station remembers of grants: what can still refuse somebody stays, and what cannot goes when there are many."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import LEEWAY, Clock
from kiosk.core.door.access import (
    MAX_FRESH,
    MAX_MARKS,
    PHONE_WINDOW,
    SECOND_CHANCE,
    Mark,
    Memory,
    mark,
    place,
    remember,
)
from kiosk.core.door.door import Door, DoorRules
from kiosk.core.entries import stream_of
from kiosk.trust.passes import Kind
from tests.keys import NOW, claims

BOOT = 1000.0
CLOCK = Clock(lo=NOW, lo_at=BOOT)
DOOR = Door("main", DoorRules(rest=90.0))
NEXT = Mark(BOOT, Kind.LIVE, NOW + 60)


def full(count: int = MAX_FRESH - 1) -> dict[str, Mark]:
    return {f"fresh {number}": NEXT for number in range(count)}


@pytest.mark.parametrize(
    ("old", "stays"),
    [
        (Mark(BOOT - 89.0, Kind.CARD, NOW - 9999), True),
        (Mark(BOOT - 90.0, Kind.CARD, NOW + 9999), False),
        (Mark(0.0, Kind.BOUND, NOW - 9999, shown_at=NOW - int(PHONE_WINDOW)), True),
        (Mark(BOOT, Kind.BOUND, NOW + 9999, shown_at=NOW - int(PHONE_WINDOW) - 1), False),
        (Mark(0.0, Kind.LIVE, NOW - int(LEEWAY)), True),
        (Mark(BOOT, Kind.LIVE, NOW - int(LEEWAY) - 1), False),
    ],
)
def test_a_mark_that_can_refuse_nobody_any_more_goes_when_there_are_many(old: Mark, stays: bool) -> None:
    memory = remember(Memory(marks={"old": old}, fresh=full(MAX_FRESH - 2)), "last but one", NEXT, CLOCK, BOOT)
    assert (memory.marks, len(memory.fresh)) == ({"old": old}, MAX_FRESH - 1), "there is room"
    memory = remember(memory, "last", NEXT, CLOCK, BOOT)
    assert memory.fresh == {}
    assert ("old" in memory.marks, len(memory.marks)) == (stays, MAX_FRESH + stays)


def test_the_oldest_marks_go_when_there_are_too_many() -> None:
    marks = {f"old {number}": NEXT for number in range(MAX_MARKS)}
    memory = remember(Memory(marks=marks, fresh=full()), "old 0", NEXT, CLOCK, BOOT)
    assert len(memory.marks) == MAX_MARKS
    assert next(iter(memory.marks)) == f"old {MAX_FRESH}", "the one shown again is among the newest"
    assert list(memory.marks)[-1] == "old 0"
    assert memory["old 0"] == memory[f"fresh {MAX_FRESH - 2}"] == NEXT
    assert memory["old 1"] is None


def test_each_kind_is_remembered_by_what_makes_it_one() -> None:
    assert place("main", Kind.BOUND, 7, "token") == "7@main"
    assert place("main", Kind.CARD, 7, "token") == place("main", Kind.LIVE, 8, "token") == "token@main"


def test_the_first_time_counts_for_a_second_chance_and_the_newest_otherwise() -> None:
    card, at = claims(7), place("main", Kind.CARD, 7, claims(7).token)
    memory = mark(Memory(), card, DOOR, CLOCK, BOOT)
    assert memory[at] == Mark(BOOT, Kind.CARD, card.expires, 90.0, 0)
    assert mark(memory, card, DOOR, CLOCK, BOOT + SECOND_CHANCE) is memory
    later = mark(memory, card, DOOR, CLOCK, BOOT + SECOND_CHANCE + 1)
    assert later[at] == Mark(BOOT + 11.0, Kind.CARD, card.expires, 90.0, 0)


def test_a_phones_newer_time_is_remembered_with_the_first_moment() -> None:
    phone = replace(claims(7, Kind.BOUND), shown_at=NOW)
    memory = mark(Memory(), phone, DOOR, CLOCK, BOOT)
    assert memory["7@main"] == Mark(BOOT, Kind.BOUND, phone.expires, 90.0, NOW)
    assert mark(memory, phone, DOOR, CLOCK, BOOT + 5) is memory
    newer = mark(memory, replace(phone, shown_at=NOW + 5), DOOR, CLOCK, BOOT + 5)
    assert newer["7@main"] == Mark(BOOT, Kind.BOUND, phone.expires, 90.0, NOW + 5)


@pytest.mark.parametrize("entry", get_args(fact.Entry))
def test_readings_are_telemetry_answers_are_services_and_all_else_is_access(entry: Any) -> None:
    made = entry(*["x"] * len(entry.__struct_fields__))
    streams = dict.fromkeys((fact.Measured, fact.Absent, fact.Used, fact.Position), "telemetry")
    streams |= dict.fromkeys(fact.SERVICES, "services")
    assert stream_of(made) == streams.get(entry, "access")


def test_no_entry_of_services_names_a_holder_or_a_pass_but_a_stewards_and_what_was_handed_out() -> None:
    stewards = (fact.Inspected, fact.Cleaned, fact.Counted, fact.Filled)
    named: dict[Any, set[str]] = {fact.HandedOut: {"token"}} | {each: {"index"} for each in stewards}
    for entry in fact.SERVICES:
        found = {"index", "token", "shown_at", "pass_class", "who"} & {*entry.__struct_fields__}
        assert found == named.get(entry, set())


def test_an_entrys_kind_is_its_name_in_small_letters() -> None:
    tags = [each.__struct_config__.tag for each in (fact.Locked, fact.NotTaken, fact.InterruptedUnlock)]
    assert tags == ["locked", "not_taken", "interrupted_unlock"]
