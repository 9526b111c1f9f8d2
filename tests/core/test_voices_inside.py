"""Voices inside: none leaves before its second 03:00 unless it is urgent, none is lost, and none tells who it was."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.desk import voices
from kiosk.core.desk.desk import due, refused
from kiosk.core.desk.events import TICKET, Kept, Said, Touched
from kiosk.core.desk.ratings import DAY
from kiosk.core.desk.urn import Urn
from kiosk.core.desk.vocabulary import WHATS, urgent
from kiosk.core.desk.voices import AGAIN_AFTER, LIES_FOR, MOST_PEOPLE
from kiosk.core.entries import Voiced
from kiosk.core.events import CommitFailed, Tick
from kiosk.logbook.urn import MOST
from tests.core.inside import Inside
from tests.inside import MONDAY, OFFSET

KINDS = [(place, what) for place, whats in WHATS.items() for what in whats]
USUAL = [kind for kind in KINDS if not urgent(kind[1])]
NOON = MONDAY + 9 * 3600


def test_a_voice_leaves_at_its_second_three_oclock_without_its_time() -> None:
    inside = Inside(Urn("u"), NOON)
    inside.take(Said("water", "not_hot"))
    assert inside.kept[-1].voices == (voices.Said(voices.day_of(NOON, OFFSET), "water", "not_hot", 1),)
    inside.take(Tick(), 15 * 3600 + 5)
    assert inside.written() == (), "the first 03:00"
    inside.take(Tick(), DAY - 20)
    assert inside.written() == (), "just before the second"
    inside.take(Tick(), 20)
    assert inside.written() == (Voiced("water", "not_hot", urn="u"),)
    assert (inside.desk.urn.voices, inside.desk.urn.leaving) == ((), ())


def test_the_same_on_the_same_day_is_one_ticket_and_on_the_next_another() -> None:
    inside = Inside(Urn("u"), NOON)
    for what in ("not_hot", "no_water", "not_hot", "not_hot"):
        inside.take(Said("water", what), 60)
    inside.take(Said("water", "not_hot"), DAY)
    inside.take(Tick(), DAY)
    assert inside.written() == (
        Voiced("water", "no_water", urn="u"),
        Voiced("water", "not_hot", 2, urn="u", generation=1),
    )
    inside.take(Tick(), DAY)
    assert inside.written() == (Voiced("water", "not_hot", urn="u", generation=2),)


def test_what_is_urgent_leaves_at_once_and_then_once_an_hour_with_all_who_said_it() -> None:
    inside = Inside(Urn("u"), NOON)
    for _ in range(4):
        inside.take(Said("door", "blocked"), 10)
    assert inside.written() == (Voiced("door", "blocked", 0, True, "u"),)
    inside.take(Said("fridge", "dangerous"), 10)
    assert inside.written() == (Voiced("fridge", "dangerous", 0, True, "u", 1),), "another danger does not wait"
    inside.take(Tick(), AGAIN_AFTER)
    assert inside.written() == (Voiced("door", "blocked", 2, True, "u", 2),)
    inside.take(Said("door", "blocked"), 10 * AGAIN_AFTER)
    assert inside.written() == (Voiced("door", "blocked", 0, True, "u", 3),)


def test_what_is_urgent_needs_no_time_of_day() -> None:
    inside = Inside(Urn("u"), known=False)
    inside.take(Said("door", "blocked"))
    inside.take(Said("door", "damaged"))
    assert inside.written() == (Voiced("door", "blocked", 0, True, "u"),)
    inside.take(Tick(), 30 * DAY)
    assert [each.day for each in inside.desk.urn.voices] == [None]


def test_what_was_said_before_the_time_was_known_counts_from_the_day_on_which_it_is() -> None:
    inside, later = Inside(Urn("u"), known=False), Inside(Urn("u"), NOON)
    inside.take(Said("door", "damaged"))
    later.desk = inside.desk
    later.take(Tick())
    assert later.desk.urn.voices == (voices.Said(voices.day_of(NOON, OFFSET), "door", "damaged", 1),)


def test_a_day_that_was_ahead_holds_nothing_back() -> None:
    inside = Inside(Urn("u", voices=(voices.Said(900_000, "door", "damaged", 1),)), NOON)
    inside.take(Tick(), 2 * DAY)
    inside.take(Tick(), 2 * DAY)
    assert inside.written() == (Voiced("door", "damaged", urn="u"),)


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.floats(0, DAY)), max_size=40))
def test_no_voice_is_lost_or_doubled_and_none_but_an_urgent_one_leaves_early(
    happened: list[tuple[voices.Kind, float]],
) -> None:
    inside, said_at, told = Inside(Urn("u"), NOON), list[tuple[voices.Kind, float]](), list[Voiced]()

    def look() -> None:
        for each in inside.written():
            assert isinstance(each, Voiced)
            told.append(each)
            if not each.urgent:
                gone = [at for kind, at in said_at if kind == (each.place, each.what)][: each.me_too + 1]
                now = voices.day_of(MONDAY + 9 * 3600 + inside.boot - 100, OFFSET)
                assert all(voices.day_of(NOON + at - 100, OFFSET) + LIES_FOR <= now for at in gone)
                for at in gone:
                    said_at.remove(((each.place, each.what), at))

    for kind, pause in happened:
        inside.take(Said(*kind), pause)
        said_at.append((kind, inside.boot))
        look()
    for _ in range(4):
        inside.take(Tick(), DAY)
        look()
    assert sum(each.me_too + 1 for each in told) == len(happened)
    numbers = [each.generation for each in told]
    assert numbers == [*range(len(told))]


@given(st.permutations([kind for kind in USUAL for _ in range(2)][:30]))
def test_what_lies_there_does_not_tell_in_which_order_it_came(order: list[voices.Kind]) -> None:
    one, other = Inside(Urn("u"), NOON), Inside(Urn("u"), NOON)
    for kind, sorted_kind in zip(order, sorted(order), strict=True):
        one.take(Said(*kind))
        other.take(Said(*sorted_kind))
    assert msgspec.json.encode(one.desk.urn) == msgspec.json.encode(other.desk.urn)


def test_a_hand_that_plays_fills_neither_urn_nor_logbook() -> None:
    inside = Inside(Urn("u"), NOON)
    for kind in KINDS * (MOST_PEOPLE + 10):
        inside.take(Said(*kind))
    assert len(inside.desk.urn.voices) == len(KINDS)
    writes = len(inside.kept)
    inside.take(Said("water", "not_hot"))
    assert len(inside.kept) == writes, "who is beyond them is no write"
    inside.take(Kept(inside.desk.urn))
    assert {each.people for each in inside.desk.urn.voices if not urgent(each.what)} == {MOST_PEOPLE}


def test_what_a_full_disk_lets_nobody_record_fits_the_urn_however_long_it_lasts() -> None:
    inside = Inside(Urn("u"), NOON)
    for _ in range(30):
        for kind in KINDS:
            inside.take(Said(*kind))
        inside.take(Kept(inside.desk.urn))
        inside.take(CommitFailed(TICKET, "the disk is full"), DAY)
    assert len(inside.desk.urn.voices) <= len(KINDS) * (LIES_FOR + 1)
    assert len(msgspec.json.encode(inside.desk.urn)) < MOST // 2


@pytest.mark.parametrize("event", [Said("water", "blocked"), Said("moon", "not_hot"), Touched(0, "moon")])
def test_what_there_are_no_words_for_changes_nothing(event: Said | Touched) -> None:
    inside = Inside(Urn("u"), NOON)
    assert refused(inside.desk, event)
    inside.take(event)
    assert inside.kept == [Urn("u", looked_at=inside.desk.urn.looked_at, open=inside.desk.urn.open)]


def test_it_wants_to_be_asked_when_a_day_begins_and_when_an_hour_is_over() -> None:
    inside = Inside(Urn("u"), MONDAY + DAY - 50)
    inside.take(Said("water", "not_hot"))
    assert due(inside.desk, inside.clock, inside.now) == pytest.approx(inside.boot + 50, abs=0.1)
    inside.take(Said("door", "blocked"))
    inside.take(Said("door", "blocked"), 20)
    assert inside.desk.urn.voices
    assert due(inside.desk, inside.clock, inside.now) <= inside.boot + 50
