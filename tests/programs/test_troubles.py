"""What a central server's store knows of what is wrong: alarms that stand, as stations tell them; and all of it as troubles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.central.published import Published
from kiosk.central.store import CentralStore
from kiosk.central.store.alarms import Alarm
from kiosk.central.store.registers import OpenClaim
from kiosk.central.store.sightings import SILENT_AFTER, OpenFault, Sighting, StationLine
from kiosk.central.troubles import LATE, WAITS, Known, troubles
from kiosk.central.voices.rounds import Listed, Round
from kiosk.central.wrong import OVERDUE, Trouble
from kiosk.trust.service import Checklist, Item
from tests.programs.test_register import CODE, NOW, OTHER, take, told


@pytest.fixture
def store(central_folder: Path) -> Iterator[CentralStore]:
    with closing(CentralStore(central_folder)) as store:
        yield store


def raised(store: CentralStore) -> set[tuple[str, str]]:
    return {(each.what, each.detail) for each in store.raised(CODE)}


def test_alarms_stand_until_the_station_tells_that_they_are_over(store: CentralStore) -> None:
    take(
        store,
        told(1, "door_alarm", door="main", alarm="pre_alarm"),
        told(2, "door_alarm", door="main", alarm="forced_open"),
        told(3, "lock_fault", door="main", jammed=True),
        told(4, "fire_release", active=True),
        told(5, "appliance_alarm", alarm="fridge.too_warm", sensor="t", value=9.5, raised=True),
    )
    assert raised(store) == {
        ("door.main", "forced_open"),
        ("lock.main", "jammed"),
        ("fire", ""),
        ("alarm.fridge.too_warm", "9.5"),
    }
    assert store.all_open("raised") == {CODE: store.raised(CODE)}
    assert store.faults(CODE) == []
    take(
        store,
        told(6, "door_alarm", door="main", alarm="none"),
        told(7, "lock_fault", door="main", jammed=False),
        told(8, "fire_release", active=False),
    )
    assert raised(store) == {("alarm.fridge.too_warm", "9.5")}
    take(store, told(9, "started", version="1"))
    assert raised(store) == set()


def test_what_no_station_of_ours_tells_raises_nothing_and_hurts_nothing(store: CentralStore) -> None:
    odd: list[dict[str, Any]] = [
        {"door": 1, "alarm": ["forced_open"]},
        {},
        {"alarm": None},
        {"jammed": "yes", "active": 1},
    ]
    kinds = ("door_alarm", "lock_fault", "fire_release", "appliance_alarm", "fault", "fault_cleared")
    bodies = [(kind, body) for kind in kinds for body in odd]
    take(store, *(told(number, kind, **body) for number, (kind, body) in enumerate(bodies, 1)))
    assert raised(store) == set()


# All that is known, as troubles.

SEEN = Sighting(CODE, NOW, "1", "", {"policy": int(NOW)})
LINE = StationLine(CODE, "enrolled", "", "", b"k", NOW - 86_400, SEEN, 0)
NOTHING = Known([LINE], {}, {}, Published({}, {}, {}, {}), [], [], None)


def found(known: Known) -> list[Trouble]:
    return [*troubles(known, NOW)]


def test_nothing_is_wrong_with_a_station_that_is_heard_and_has_everything() -> None:
    assert found(NOTHING) == []


def test_an_enrolled_station_that_was_not_heard_is_silent_since_it_was() -> None:
    silent = replace(LINE, seen=replace(SEEN, at=NOW - SILENT_AFTER - 1))
    never = replace(LINE, seen=None)
    assert found(replace(NOTHING, stations=[silent])) == [Trouble("silent", CODE, NOW - SILENT_AFTER - 1)]
    assert found(replace(NOTHING, stations=[never])) == [Trouble("silent", CODE, NOW - 86_400)]


def test_a_station_that_ended_has_no_troubles_any_longer() -> None:
    ended = replace(LINE, state="stolen", seen=None)
    faults = {CODE: [OpenFault("gps", "no_fix", NOW)]}
    assert found(replace(NOTHING, stations=[ended], faults=faults, raised=faults)) == []


def test_a_document_that_a_station_does_not_take_is_a_trouble_once_it_had_time_for_it() -> None:
    def lacks(ago: float) -> list[Trouble]:
        newest = int(NOW - ago)
        line = replace(LINE, seen=replace(SEEN, documents={"policy": newest - 1}))
        return found(replace(NOTHING, stations=[line], published=Published({}, {"": (newest, b"")}, {}, {})))

    assert lacks(LATE - 1) == []
    assert lacks(LATE + 1) == [Trouble("lacks.policy", CODE, int(NOW - LATE - 1))]


def test_a_program_that_is_away_is_one_trouble_and_not_one_for_each_of_its_sensors() -> None:
    faults = [OpenFault(what, "", NOW) for what in ("sensors", "sensor.fridge", "sensor.door", "gps")]
    assert [each.what for each in found(replace(NOTHING, faults={CODE: faults}))] == ["fault.sensors", "fault.gps"]


def test_a_round_that_nobody_made_in_time_is_wrong_from_the_day_after_it_was_due() -> None:
    asks = Checklist({"zh": "周检"}, (Item("clean", {"zh": "干净"}),), every=7)
    weekly = Listed("weekly", CODE[:4], int(NOW - 86_400), int(NOW + 9e6), asks)
    elsewhere = Listed("south", "44", int(NOW - 9e6), int(NOW + 9e6), asks)
    here = replace(NOTHING, checklists=[weekly, elsewhere])

    def overdue(days: float, *made: Round) -> list[Trouble]:
        found = troubles(replace(here, rounds=[*made]), NOW + days * 86_400)
        return [each for each in found if each.what == OVERDUE]

    assert overdue(6) == []
    (missed,) = overdue(9)
    assert (missed.station, missed.detail) == (CODE, "weekly")
    assert NOW + 6 * 86_400 < missed.since < NOW + 8 * 86_400, "since the day was over"
    assert overdue(9, Round(CODE, "weekly", NOW + 5 * 86_400, 1, {"clean": "yes"})) == []


def test_a_door_is_a_detail_of_its_alarm() -> None:
    alarms = [OpenFault("door.main", "forced_open", NOW), OpenFault("fire", "", NOW), OpenFault("alarm.a.b", "9", NOW)]
    assert found(replace(NOTHING, raised={CODE: alarms})) == [
        Trouble("forced_open", CODE, NOW, "main"),
        Trouble("fire", CODE, NOW),
        Trouble("alarm.a.b", CODE, NOW, "9"),
    ]


def test_what_the_server_found_and_what_waits_there_are_troubles_of_the_server() -> None:
    known = replace(
        NOTHING,
        alarms=[Alarm("keys_end", "", "soon", NOW - 5, NOW, 2)],
        claims=[OpenClaim("1", OTHER, NOW - WAITS - 1, NOW, ""), OpenClaim("2", OTHER, NOW - WAITS + 1, NOW, "")],
        gathered=NOW - 3600,
        unsent={"duty": NOW - 7200},
    )
    assert found(known) == [
        Trouble("server.keys_end", "", NOW - 5, "soon"),
        Trouble("unpublished", "", NOW - 3600),
        Trouble("unsent.duty", "", NOW - 7200),
        Trouble("claim", OTHER, NOW - WAITS - 1),
    ]


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=5))
def test_whatever_a_station_calls_its_faults_each_is_a_trouble_or_hidden_by_its_program(
    faults: list[tuple[str, str]],
) -> None:
    open_faults = [OpenFault(what, detail, NOW) for what, detail in faults]
    known = replace(NOTHING, faults={CODE: open_faults}, raised={CODE: open_faults})
    assert len(found(known)) == 2 * len(faults)
