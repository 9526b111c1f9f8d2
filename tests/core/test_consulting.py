"""A doctor's link: one for each touch, for some minutes, and nothing that is told of it has a time near the touch."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.clock import Clock, Instant
from kiosk.core.desk.consulting import (
    LINK_FOR,
    MOST,
    Asked,
    Consulting,
    ConsultingEvent,
    KeepLying,
    Left,
    Lies,
    Setting,
    Stored,
    due,
    opens,
    refused,
    step,
)
from kiosk.core.desk.voices import DAY, begins, day_of
from kiosk.core.events import Record, Tick
from kiosk.trust.service import Doctor

NOON = 1_900_000_000.0 // DAY * DAY + 4 * 3600
"""12:00 in China."""

OFFSET = 8 * 3600
DOCTOR = Doctor({"zh": "社区医院"}, "12320", "https://hospital.example/talk/{token}")
MORNINGS = Doctor({"zh": "社区医院"}, "12320", "https://hospital.example/talk/{token}", ("daily 08:00-11:00",))


class Room:
    """A display in virtual time, before a disk that stores at once unless it is told not to."""

    def __init__(self, doctor: Doctor | None = DOCTOR, *, proven: bool = True, online: bool = True) -> None:
        self.boot, self.doctor, self.online = 1000.0, doctor, online
        self.clock = Clock(NOON, 1000.0, hi=NOON + 1 if proven else math.inf, hi_at=1000.0, raised=proven)
        self.room, self.stores = Consulting(), True
        self.disk: tuple[Lies, ...] = ()
        self.told: list[Record] = []
        self.take(Tick())

    def setting(self) -> Setting:
        now = Instant(self.boot, NOON + self.boot - 1000.0)
        return Setting(self.doctor, self.online, self.clock, now, OFFSET)

    def take(self, event: ConsultingEvent, after: float = 0.0) -> None:
        self.boot += after
        self.room, commands = step(self.room, event, self.setting())
        self.told += [each for each in commands if isinstance(each, Record)]
        for each in commands:
            if isinstance(each, KeepLying) and self.stores:
                self.disk = each.lying
                self.take(Stored(each.lying))

    def until(self, wall: float) -> None:
        self.take(Tick(), max(0.0, wall - NOON - (self.boot - 1000.0)))

    @property
    def link(self) -> str:
        return self.room.link.address if self.room.link else ""


def test_a_touch_shows_the_documents_address_with_a_word_of_its_own() -> None:
    room = Room()
    room.take(Asked("abc"))
    assert room.link == "https://hospital.example/talk/abc"
    room.take(Asked("def"), 5.0)
    assert room.link == "https://hospital.example/talk/def"


@pytest.mark.parametrize(("seconds", "ended"), [(LINK_FOR, "over"), (33.0, "left")])
def test_it_ends_by_itself_or_when_it_is_left(seconds: float, ended: str) -> None:
    room = Room()
    room.take(Asked("abc"))
    assert due(room.room, room.boot) == room.boot + LINK_FOR
    room.take(Left(), seconds)
    assert room.link == ""
    assert [(each.seconds, each.ended) for each in room.disk] == [(round(seconds / 10) * 10, ended)]


def test_with_its_document_the_link_is_gone() -> None:
    room = Room()
    room.take(Asked("abc"))
    room.doctor = None
    room.take(Tick())
    assert room.link == ""
    assert refused(room.setting()) == "no_doctor"


def test_outside_of_the_doctors_hours_there_is_none() -> None:
    room = Room(MORNINGS)
    assert refused(room.setting()) == "closed"
    assert opens(room.setting()) == NOON + 20 * 3600
    room.take(Asked("abc"))
    assert room.link == ""
    room.until(NOON + 20 * 3600 + 60)
    assert refused(room.setting()) == ""
    assert room.room.reachable
    assert room.room.since == pytest.approx(NOON + 20 * 3600 + 60, abs=5)


def test_without_a_network_it_says_so_since_when_and_gives_a_link_all_the_same() -> None:
    room = Room()
    room.online = False
    room.take(Tick(), 100.0)
    assert not room.room.reachable
    assert room.room.since == pytest.approx(NOON + 100, abs=2)
    room.take(Asked("abc"))
    assert room.link


def test_nobody_knows_since_when_before_the_time_is_known() -> None:
    assert Room(proven=False).room.since == 0.0


def test_what_is_told_leaves_at_the_second_morning_after_it_without_a_time_of_its_own() -> None:
    room = Room()
    for seconds in (200.0, 40.0):
        room.take(Asked("abc"))
        room.take(Left(), seconds)
    leaves = begins(day_of(NOON, OFFSET) + 2, OFFSET)
    room.until(leaves - 60)
    assert room.told == []
    room.until(leaves + 60)
    (told,) = room.told
    assert [(each.seconds, each.ended) for each in told.entries] == [(40, "left"), (200, "left")]  # type: ignore[union-attr]
    assert told.stamp.wall >= leaves
    assert room.disk == ()


def test_it_is_told_only_when_the_disk_holds_it_no_more_so_that_none_counts_twice() -> None:
    room = Room()
    room.take(Asked("abc"))
    room.take(Left(), 40.0)
    room.stores = False
    room.until(begins(day_of(NOON, OFFSET) + 2, OFFSET) + 60)
    assert room.told == []
    room.take(Stored(room.room.lying))
    assert len(room.told) == 1
    room.take(Stored(room.room.lying))
    assert len(room.told) == 1


def test_while_no_day_is_proven_it_waits() -> None:
    room = Room(proven=False)
    room.take(Asked("abc"))
    room.take(Left(), 40.0)
    room.until(NOON + 10 * DAY)
    assert room.told == []
    assert room.disk == (Lies(None, 40, "left"),)


@given(st.lists(st.tuples(st.sampled_from(["ask", "leave", "wait"]), st.floats(0, 2 * DAY)), max_size=40))
def test_each_is_told_once_and_a_day_later_at_the_least(steps: list[tuple[str, float]]) -> None:
    room, asked = Room(), []
    for what, after in steps:
        before = len(room.told)
        room.take(Asked("x") if what == "ask" else Left() if what == "leave" else Tick(), after)
        asked += [room.boot] if what == "ask" else []
        for record in room.told[before:]:
            early = sum(1 for at in asked if at <= room.boot - DAY + 600)
            assert sum(len(each.entries) for each in room.told) <= early, record
    room.take(Left())
    room.until(NOON + 200 * DAY)
    assert sum(len(each.entries) for each in room.told) == len(asked)


def test_how_many_lie_there_is_bounded() -> None:
    room = Room(proven=False)
    room.stores = False
    for _ in range(MOST + 5):
        room.take(Asked("x"))
    assert len(room.room.lying) == MOST
