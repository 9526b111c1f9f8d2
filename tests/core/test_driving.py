"""A station on wheels that drives: nobody comes in by a pass, everybody comes out, and only what is proven counts."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import Clock
from kiosk.core.door.door import Door, DoorRules
from kiosk.core.door.hours import Programme, Schedule
from kiosk.core.door.tables import Claim
from kiosk.core.events import DoorRequested, Edge, Lamp, Located, Offered, Show, Verb
from kiosk.core.room.motion import GOT, MOVES_AFTER, QUIET
from kiosk.core.room.position import EARTH, MOVES_ABOVE
from kiosk.core.room.room import Room, Wheels
from kiosk.core.room.wheels import moving
from kiosk.trust.documents import CommandDocument
from kiosk.trust.passes import PassClass
from tests.core.bench import Bench, logged
from tests.keys import NOW, claims, document, signed

LATITUDE, LONGITUDE = 36.66872, 117.02613
BUS_SPEED = 8.0


class Driven(Bench):
    """A bench whose GPS tells a fix each second while it drives north, or stands."""

    def __init__(self, **rules: object) -> None:
        super().__init__(**rules)  # type: ignore[arg-type]
        self.state = replace(self.state, room=Room(wheels=Wheels()), phone_door="main")
        self.north = 0.0

    def fix(self, speed: float, seconds: float = 1.0, got: float | None = None) -> None:
        """One fix, after which time passes; `got`: metres that it has got, if not what its speed says."""
        self.north += speed * seconds if got is None else got
        self.take(Located(LATITUDE + math.degrees(self.north / EARTH), LONGITUDE, speed))
        self.wait(seconds)

    def drive(self, seconds: int, speed: float = BUS_SPEED) -> None:
        for _ in range(seconds):
            self.fix(speed)

    def drives(self) -> bool:
        return moving(self.state, self.boot)


def card(index: int = 7, pass_class: PassClass = PassClass.WORKER) -> str:
    return signed(claims(index, pass_class=pass_class))


def test_after_ten_seconds_of_driving_no_pass_opens_and_when_it_stands_the_next_does() -> None:
    bench = Driven()
    bench.fix(0.0)
    bench.drive(9)
    assert bench.outcome(card(1)) == "open", "it may be a receiver's wander"
    bench.drive(3)
    assert bench.outcome(card(2)) == "moving"
    assert not bench.is_locked(), "whoever was let in before is not shut out half way"
    bench.drive(60)
    assert bench.outcome(card(2)) == "moving"
    bench.fix(0.3)
    assert bench.outcome(card(2)) == "open"


def test_at_a_crawl_it_still_drives_and_below_that_it_stands() -> None:
    bench = Driven()
    bench.drive(12)
    bench.drive(30, speed=1.0)
    assert bench.drives()
    bench.fix(0.7)
    assert not bench.drives()
    bench.drive(60, speed=1.4)
    assert not bench.drives(), "what stands begins to drive above another speed than it stops at"


@pytest.mark.parametrize(
    "fixes",
    [
        [(BUS_SPEED, 0.0)] * 60,
        [(1.4, None)] * 60,
        [(BUS_SPEED, None)] * 8 + [(0.5, None)] + [(BUS_SPEED, None)] * 8,
    ],
    ids=["speeds without getting anywhere", "slowly", "with a stop"],
)
def test_what_is_no_proof(fixes: list[tuple[float, float | None]]) -> None:
    bench = Driven()
    for speed, got in fixes:
        bench.fix(speed, got=got)
        assert not bench.drives()


def test_a_silent_gps_keeps_nobody_out() -> None:
    bench = Driven()
    bench.drive(20)
    bench.wait(QUIET - 2)
    assert bench.outcome(card()) == "moving"
    bench.wait(2)
    assert bench.outcome(card()) == "open"
    bench.drive(8)
    assert not bench.drives(), "after a silence it is proven anew"


def test_a_fix_that_jumps_proves_nothing() -> None:
    bench = Driven()
    bench.drive(5)
    bench.fix(BUS_SPEED, got=40_000.0)
    bench.drive(8)
    assert not bench.drives()
    bench.drive(5)
    assert bench.drives()


def test_a_technician_comes_in_and_a_steward_waits() -> None:
    bench = Driven()
    bench.drive(20)
    assert bench.outcome(card(1, PassClass.STEWARD)) == "moving"
    assert bench.outcome(card(2, PassClass.TECHNICIAN)) == "open"


def test_a_phone_is_judged_likewise() -> None:
    bench = Driven()
    bench.state = replace(bench.state, clock=Clock(NOW, bench.boot, NOW + 1, bench.boot))
    bench.drive(20)
    command = CommandDocument(
        version=1, id="c1", station="37081101", verb="admit", issued_at=NOW, expires=NOW + 300, door="main",
        index=7, pass_class=0, scope="3708", extended=False,
    )  # fmt: skip
    said = logged(bench.take(Offered(document(command))))
    assert fact.CommandEnded("c1", "moving") in said
    assert [each.reason for each in said if isinstance(each, fact.Denied)] == ["moving"]


def test_who_is_inside_comes_out_and_technicians_open_hold_and_evacuate_as_ever() -> None:
    bench = Driven()
    bench.drive(20)
    bench.take(Edge("main.exit", True, bench.boot))
    bench.wait(0.2)
    assert not bench.is_locked()
    bench.take(Edge("main.exit", False, bench.boot))
    bench.wait(30)
    for verb in (Verb.OPEN, Verb.HOLD, Verb.EVACUATE):
        bench.take(DoorRequested("main", verb, "anna", 60.0))
        bench.drive(2)
        assert not bench.is_locked(), verb
        bench.take(DoorRequested("main", Verb.RELEASE, "anna"))
        bench.wait(30)
        assert bench.is_locked(), verb
        bench.drive(20)


def test_the_lamps_say_closed_until_it_stands_and_the_display_is_told_why() -> None:
    bench = Driven()
    bench.drive(9)
    bench.said.clear()
    bench.drive(4)
    shown = [each.lamp for each in bench.said if isinstance(each, Show)]
    assert shown == [Lamp.CLOSED]
    bench.wait(QUIET)
    assert [each.lamp for each in bench.said if isinstance(each, Show)] == [Lamp.CLOSED, Lamp.READY]


def test_a_programme_for_everybody_frees_the_door_where_it_stands_and_not_while_it_drives() -> None:
    heat = Schedule(None, (Programme("heat", NOW - 100, NOW + 10_000, None, "everybody"),))
    bench = Driven(schedule=heat)
    bench.state = replace(bench.state, clock=Clock(NOW, bench.boot, NOW + 1, bench.boot))
    bench.fix(0.0)
    assert not bench.is_locked()
    bench.drive(13)
    assert bench.is_locked()
    assert Claim.PROGRAMME not in bench.state.doors["main"].claims
    bench.fix(0.0)
    bench.fix(0.0)
    assert not bench.is_locked()
    bench.drive(13)
    bench.wait(QUIET + 1)
    assert not bench.is_locked(), "nobody knows that it drives"


def test_a_station_that_stands_is_never_said_to_drive() -> None:
    bench = Driven()
    bench.state = replace(bench.state, room=Room())
    bench.drive(60)
    assert not bench.drives()
    assert bench.outcome(card()) == "open"


def proven(fixes: Iterable[tuple[float, float]]) -> list[bool]:
    """After each fix, told slowly from what was told: since when has it driven without a break, and how far has it got?"""
    found, began = [], None
    north = at = 0.0
    driving = False
    for speed, seconds in fixes:
        at, north = at + seconds, north + speed * seconds
        fast = speed > (0.7 if driving else MOVES_ABOVE)
        broken = seconds > QUIET
        if not fast or (broken and not speed > MOVES_ABOVE):
            began, driving = None, False
        elif began is None or broken:
            began, driving = (at, north), False
        else:
            driving = driving or (at - began[0] >= MOVES_AFTER and north - began[1] >= GOT)
        found.append(driving)
    return found


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0, 1.6, 8.0, 20.0]), st.sampled_from([1.0, 2.0, 6.0, 16.0]))))
def test_whatever_the_gps_tells_it_drives_only_when_that_is_proven(fixes: list[tuple[float, float]]) -> None:
    bench = Driven()
    at, seen = bench.boot, []
    for speed, seconds in fixes:
        bench.wait(at + seconds - bench.boot)
        at = bench.boot
        bench.north += speed * seconds
        bench.take(Located(LATITUDE + math.degrees(bench.north / EARTH), LONGITUDE, speed))
        seen.append(bench.drives())
    assert seen == proven(fixes)


def test_every_door_of_a_bus_is_an_entrance() -> None:
    bench = Driven()
    doors = {name: Door(name, DoorRules()) for name in ("main", "rear")}
    bench.state = replace(bench.state, doors=doors)
    bench.drive(20)
    assert [bench.outcome(card(), name) for name in doors] == ["moving", "moving"]
