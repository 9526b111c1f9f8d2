"""What of supplies is in force and shown: how fresh ledgers are, what slots can do, where else there is some."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from kiosk.core.clock import Clock, Instant
from kiosk.core.desk.desk import Desk
from kiosk.core.desk.entitled import judged
from kiosk.core.desk.events import NO_CHECKLIST, NO_STEWARD
from kiosk.core.desk.handing import Running, Setting, Shown, Supplies
from kiosk.core.desk.supplies import step
from kiosk.core.desk.urn import Urn
from kiosk.core.door.door import Door, DoorRules
from kiosk.core.door.tables import AlarmState, Claim, DoorState
from kiosk.core.room.position import Place as Fix
from kiosk.core.state import State
from kiosk.station.inside import GivenOut, desk_view
from kiosk.station.supplied import handing_view, known, nearest, setting_of, supply_views, wrong
from kiosk.station.supplies import Remembered, SuppliesAtWork
from kiosk.trust.ledger import packed, packed_new
from kiosk.trust.service import Body, Campaign, Ledger, Place, Sheet, StockAt, WhenStale
from kiosk.wire.inside import MAX_DESK, NearestView, SupplyView
from tests.core.supplied import WORKER
from tests.keys import NOW
from tests.test_inside_view import HERE
from tests.test_inside_view import state as holding

ZH = {"zh": "雨衣"}
RAIN = Campaign(ZH, "raincoat", bytes(range(32)), slots=("locker3",), ledger_max_age=3600)
CLOSED = Door("locker3", DoorRules(slot=True, pulse=2.0), door=DoorState.CLOSED)
HOLDS = {"locker3": 20}


def ledger(at: int, since: int = 0, **fields: Any) -> Ledger:
    bits = packed_new((3,)) if since else packed((3,), 100)
    return Ledger("d0", at, 100, bits, since, **fields)


def at_station(*bodies: Body, door: Door = CLOSED) -> State:
    """The first of them is the service `d0`."""
    found = replace(holding(*bodies, ends=NOW + 10_000), doors={"locker3": door})
    return replace(found, services=replace(found.services, number=900))


def setting(state: State, now: Instant = HERE, *, keeps: bool = True) -> Setting:
    return setting_of(state, known(state.services), HOLDS, now, keeps=keeps)


@pytest.mark.parametrize("when_stale", ["stop", "home_only", "count_only"])
def test_who_lost_its_marks_goes_by_ledgers_that_came_after_it(when_stale: WhenStale) -> None:
    """Also of those who are at home here: what they had is known to the centre alone."""
    rain = replace(RAIN, when_stale=when_stale)
    state, shown = at_station(rain, ledger(NOW - 60)), Shown(7, WORKER, "37081101")

    def word(since: float) -> str:
        there = setting_of(state, known(state.services), HOLDS, HERE, keeps=True, since=since)
        return judged(step(Supplies(ready=True), shown, there)[0], "d0", there)[0]

    assert word(0.0) == word(NOW - 60) == "yours"
    assert word(NOW - 59) == word(math.inf) == ("yours" if when_stale == "count_only" else "stale")


@pytest.mark.parametrize(
    ("ledgers", "fresh"),
    [
        ((), False),
        ((ledger(NOW - 3590),), True),
        ((ledger(NOW - 3700),), False),
        ((ledger(NOW - 7000), ledger(NOW - 3700, NOW - 7000), ledger(NOW - 60, NOW - 3700)), True),
        ((ledger(NOW - 7000), ledger(NOW - 60, NOW - 3700)), False),
        ((ledger(NOW - 60, NOW - 3700),), False),
    ],
)
def test_ledgers_are_fresh_where_an_unbroken_chain_comes_near_enough(
    ledgers: tuple[Ledger, ...], *, fresh: bool
) -> None:
    found = setting(at_station(RAIN, *ledgers))
    assert found.running["d0"].fresh is fresh
    assert len(found.running["d0"].ledgers) == len(ledgers)


def test_without_a_proven_time_no_ledger_is_fresh_and_nothing_is_certain() -> None:
    state = replace(at_station(RAIN, ledger(NOW)), clock=Clock(NOW, 10.0, raised=True))
    found = setting(state)
    assert (found.running["d0"].fresh, found.certain) == (False, False)
    assert setting(at_station(RAIN)).certain


def test_what_is_over_is_known_as_such() -> None:
    later = Instant(HERE.boot + 20_000, NOW + 20_000)
    found = setting(at_station(RAIN), later)
    assert not found.running
    assert found.known == found.over == {"d0"}


@pytest.mark.parametrize(
    ("door", "why"),
    [
        (CLOSED, ""),
        (replace(CLOSED, claims={Claim.PASS: 99.0}), "wait"),
        (replace(CLOSED, door=DoorState.OPEN), "wait"),
        (replace(CLOSED, door=DoorState.OPEN, alarm=AlarmState.PRE_ALARM), "wait"),
        (replace(CLOSED, door=DoorState.OPEN, alarm=AlarmState.HELD_OPEN), "slot_fault"),
        (replace(CLOSED, door=DoorState.UNKNOWN), "slot_fault"),
        (replace(CLOSED, jammed=True), "slot_fault"),
        (replace(CLOSED, claims={Claim.LOCKDOWN: 99.0}), "slot_fault"),
    ],
)
def test_an_open_slot_is_waited_for_until_its_alarm_and_no_longer(door: Door, why: str) -> None:
    found = setting(at_station(RAIN, door=door)).slots["locker3"]
    assert (found.why, found.is_open, found.holds, found.pulse) == (why, door.door is DoorState.OPEN, 20, 2.0)


def test_two_campaigns_for_one_slot_are_told() -> None:
    state = at_station(RAIN, replace(RAIN, item="umbrella"))
    found = setting(state)
    assert wrong(Supplies(ready=True), found) == "d0: locker3 is of another campaign"
    assert wrong(Supplies(ready=True, misses={"locker3": ("a", "b", "c")}), setting(at_station(RAIN))).startswith(
        "locker3"
    )
    assert wrong(Supplies(ready=True), setting(at_station(RAIN))) == ""


def stock(station: str, left: int, at: int = NOW - 600, north: float = 36.0) -> StockAt:
    return StockAt(station, {"zh": station}, left, at, north, 117.0)


STOCK = (stock("37081102", 4, north=36.02), stock("37081103", 9, north=36.5), stock("37081104", 0, north=36.0001))
OWN = stock("37081101", 7)


def test_the_nearest_with_some_is_told_and_how_old_that_is() -> None:
    near = ledger(NOW, stock=(*STOCK, OWN))
    old = ledger(NOW - 60, stock=(stock("37081109", 1, north=36.0001),))
    by_sheet = at_station(RAIN, near, Sheet(ZH, place=Place(36.0, 117.0)))
    found = nearest((old, near), by_sheet, HERE)
    assert found is not None
    assert (found.texts, found.left, found.age) == ({"zh": "37081102"}, 4, 600.0)
    assert found.metres == pytest.approx(2224, abs=5)
    driving = replace(by_sheet, room=replace(by_sheet.room, place=Fix(told_at=1.0, latitude=36.5, longitude=117.0)))
    assert nearest((near,), driving, HERE) == NearestView({"zh": "37081103"}, 9, 600.0, 0.0)
    assert nearest((near,), at_station(RAIN, near), HERE) == NearestView({"zh": "37081102"}, 4, 600.0, None)
    assert nearest((), by_sheet, HERE) is None
    assert nearest((ledger(NOW, stock=(OWN,)),), by_sheet, HERE) is None


def test_what_a_holder_is_shown_is_what_one_touch_does() -> None:
    state = at_station(replace(RAIN, when_stale="count_only"), ledger(NOW, stock=STOCK))
    found = setting(state)
    supplies, _ = step(Supplies(ready=True), Shown(7, 0, ""), found)
    assert [*supply_views(supplies, found, state)] == [SupplyView("d0", ZH, "yours", "locker3", touch="take")]
    empty = replace(supplies, stock={("locker3", "raincoat"): 0})
    (view,) = supply_views(empty, found, state)
    assert (view.state, view.touch, view.nearest) == ("empty", "", nearest((ledger(NOW, stock=STOCK),), state, HERE))
    steward, _ = step(empty, Shown(9, 2, ""), found)
    with_worker, _ = step(steward, Shown(7, 0, ""), found)
    assert [each.touch for each in supply_views(with_worker, found, state)] == ["give"]


def test_a_session_shows_what_may_be_filled_and_not_how_much_there_is() -> None:
    state = at_station(RAIN)
    found = setting(state)
    supplies, _ = step(Supplies(ready=True, stock={("locker3", "raincoat"): 17}), Shown(9, 2, ""), found)
    view = handing_view(supplies, found, state)
    assert view is not None
    assert ([each.item for each in view.items], [each.item for each in view.slots]) == (["raincoat"], ["raincoat"])
    assert "17" not in repr(view)
    assert handing_view(Supplies(ready=True), found, state) is None


@pytest.mark.parametrize(
    ("given", "words", "told"),
    [
        (GivenOut((SupplyView("a", ZH, "yours"),), None, has_holder=True), NO_STEWARD, ""),
        (GivenOut((SupplyView("a", ZH, "show_pass"),)), NO_STEWARD, NO_STEWARD),
        (GivenOut(has_holder=True), NO_STEWARD, NO_STEWARD),
        (GivenOut(), NO_CHECKLIST, NO_CHECKLIST),
        (GivenOut((SupplyView("a", ZH, "yours"),), None, has_holder=True), "revoked", "revoked"),
    ],
)
def test_a_pass_that_is_good_for_something_is_not_told_to_be_good_for_nothing(
    given: GivenOut, words: str, told: str
) -> None:
    assert given.told(words) == told


class Looked(dict[str, Running]):
    """Campaigns in force, and how often somebody went through all of them."""

    through = 0

    def values(self) -> Any:
        self.through += 1
        return super().values()


def test_what_lies_where_is_found_once_for_all_campaigns_that_are_shown() -> None:
    state = at_station(RAIN)
    runs = Looked({f"c{number}": Running(replace(RAIN, item=f"item{number}"), fresh=True) for number in range(20)})
    found = replace(setting(state), running=runs)
    shown, _ = step(Supplies(ready=True), Shown(7, 0, ""), found)
    assert [each.state for each in supply_views(shown, found, state)][1:] == ["unclear"] * 19
    assert runs.through == 1


def test_who_leaves_again_and_again_keeps_nobody_from_their_turn() -> None:
    woken: list[object] = []
    work = SuppliesAtWork(Remembered(), HOLDS, woken.append, woken.append, lambda: woken.append("wake"))
    for session in [False] * 50 + [True, False] * 50:
        work.left(session=session)
    assert woken == ["wake", "wake"]


def test_a_stewards_session_is_shown_however_long_the_texts_of_campaigns_are() -> None:
    texts = dict.fromkeys(("bo", "en", "kk", "ko", "mn", "ug", "za", "zh"), "衣" * 80)
    state = at_station(*(replace(RAIN, texts=texts, item=f"item{number}") for number in range(40)))
    found = setting(state)
    supplies, _ = step(Supplies(ready=True), Shown(9, 2, ""), found)
    given = GivenOut(tuple(supply_views(supplies, found, state)), handing_view(supplies, found, state), has_holder=True)
    view = desk_view(state, Desk(Urn("a"), 0), found.now, given=given)
    assert view.handing is not None
    assert {each.item for each in view.handing.items} == {f"item{number}" for number in range(40)}
    assert len(msgspec.json.encode(view)) <= MAX_DESK
