"""Where a station on wheels is, for whoever walks there: by its plan and by what it told, and never by what nobody knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from time import time
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.central.coordinates import Point
from kiosk.central.feed import bodies, schema
from kiosk.central.openness import EVIDENCE, Evidence, hours_of
from kiosk.central.public.words import said
from kiosk.central.publicly import PublicStation, public_stations
from kiosk.central.sheets import Sheet
from kiosk.central.stops import Known, PlannedStop, stops_of, where
from kiosk.central.store.stops import ToldOfStop
from kiosk.contract.bodies import Batch
from kiosk.trust.documents import read_document
from kiosk.trust.service import ServiceDocument, Stop
from tests.core.test_services import service
from tests.keys import KEYSET, ROOT, public
from tests.public.ground import Ground

HOUR, NOON = 3600, 1_796_000_000
HERE, THERE = Point(36.66, 117.02), Point(36.70, 117.10)
WHEELS = Sheet(wheels=True, hours=("daily 00:00-24:00",))
HEARD = Known(located=True)
BUS, CLOSE = "37081177", "37081178"


def stop(name: str, begins: float, ends: float, told: str = "", at: Point = HERE) -> PlannedStop:
    times = NOON + int(begins * HOUR), NOON + int(ends * HOUR)
    return PlannedStop(name, {"zh": f"{name}广场", "en": f"{name} Square"}, at, *times, told=told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stops", "known", "expected"),
    [
        ([stop("a", -1, 1, "arrived")], HEARD, "here a"),
        ([stop("a", -1, 1, "arrived"), stop("b", 2, 3)], HEARD, "here a"),
        ([stop("a", -1, 1)], HEARD, "on_the_way a"),
        ([stop("a", -1, 1, "left")], HEARD, None),
        ([stop("a", -1, 1, "left"), stop("b", 2, 3)], HEARD, "planned b"),
        ([stop("a", -1, 1, "left"), stop("b", 2, 3)], Known(drives=True), "on_the_way b"),
        ([stop("a", -1, 1, "left"), stop("b", 2, 3)], Known(drives=True, silent=True), "planned b"),
        ([stop("a", -2, -1, "missed"), stop("b", 2, 3)], HEARD, "planned b"),
        ([stop("b", 2, 3), stop("c", 4, 5)], Known(silent=True), "planned b"),
        ([stop("a", -1, 1, "arrived")], Known(silent=True, heard=7.0), "unknown a"),
        ([stop("a", -1, 1, "arrived")], Known(deaf=True), "unknown a"),
        ([stop("a", -1, 1, "arrived")], Known(located=False), "here a"),
        ([stop("a", -1, 1)], Known(silent=True), "unknown a"),
        ([stop("a", -1, 1)], Known(located=False), "unknown a"),
        ([stop("a", -2, -1, "arrived")], HEARD, None),
        ([], HEARD, None),
    ],
)
def test_where_it_is(stops: list[PlannedStop], known: Known, expected: str | None) -> None:
    found = where(stops, known, NOON)
    assert (found and f"{found.state} {found.stop.id}") == expected


TOLD = st.sampled_from(["", "arrived", "left", "missed"])
STOPS = st.lists(
    st.builds(lambda at, long, told: stop(f"s{at}", at, at + long, told), st.integers(-5, 5), st.integers(1, 3), TOLD)
)


def bus(stops: list[PlannedStop], heard: float | None, **more: Any) -> PublicStation:
    evidence = Evidence(hours_of(None, (), ("daily 00:00-24:00",)), heard)
    sheet = more.pop("sheet", WHEELS)
    known = PublicStation(BUS, True, "流动站", "", Point(35.0, 116.0), sheet, evidence, moved=heard, stops=tuple(stops))
    return msgspec.structs.replace(known, **more)


@settings(max_examples=30)
@given(STOPS, st.one_of(st.none(), st.integers(-2000, 0)), st.booleans(), st.integers(0, 4000))
def test_it_is_open_only_where_it_is_and_the_feed_says_nothing_that_becomes_false(
    stops: list[PlannedStop], ago: int | None, drives: bool, later: int
) -> None:
    station = bus(stops, None if ago is None else NOON + ago, drives=drives)
    place, found = station.where(NOON), station.openness(NOON)
    arrived = any(each.told == "arrived" and each.begins <= NOON < each.ends for each in stops)
    if place and place.state == "here":
        assert arrived
        assert ago is not None
        assert -ago <= EVIDENCE
    if found.open == "yes" and place:
        assert place.state == "here"
    [feature] = json.loads(bodies({BUS: station}, NOON)["stations.geojson"].raw)["features"]
    told = feature["properties"].get("yizhan:whereabouts", {})
    if told.get("state") == "here" and later <= 300:
        again = bus(stops, station.evidence.heard, drives=drives)
        assert again.openness(NOON + later).open in {"yes", "unknown"} or NOON + later >= place.stop.ends  # type: ignore[union-attr]
    if told.get("state") == "unknown":
        assert "since" not in told, "nobody watches this station"
    jsonschema.validate({"type": "FeatureCollection", "version": "1.0", "ttl": 1, "features": [feature]}, SCHEMA)


SCHEMA = schema("stations.schema.json")


def test_the_feed_says_until_when_and_what_comes_next() -> None:
    station = bus([stop("a", -1, 2, "arrived"), stop("b", 3, 5, at=THERE)], NOON)
    [feature] = json.loads(bodies({BUS: station}, NOON)["stations.geojson"].raw)["features"]
    properties = feature["properties"]
    assert feature["geometry"]["coordinates"] == [HERE.longitude, HERE.latitude]
    assert properties["open"] == "yes"
    assert properties["next_change"] == properties["yizhan:whereabouts"]["until"]
    assert [each["id"] for each in properties["yizhan:stops"]] == ["a", "b"]
    assert properties["yizhan:stops"][1]["coordinates"] == [THERE.longitude, THERE.latitude]
    attended = bus([stop("a", -1, 2)], NOON - 5000, sheet=Sheet(wheels=True, attended=True))
    [feature] = json.loads(bodies({BUS: attended}, NOON)["stations.geojson"].raw)["features"]
    assert feature["properties"]["yizhan:whereabouts"].keys() == {"state", "stop", "since"}


def test_the_words_say_what_to_do() -> None:
    course = {
        "here": ([stop("a", -1, 2, "arrived")], "Open", "It is here until"),
        "late": ([stop("a", -1, 2)], "On the way", "where it is to be until"),
        "next": ([stop("a", 1, 2)], "Not there yet", "It is to be at"),
    }
    for stops, word, words in course.values():
        told = said(bus(stops, NOON), NOON)
        assert told.word == word
        assert words in told.where
        assert "a Square" in told.where or word == "Open"
    shut = bus([stop("a", -1, 2, "arrived")], NOON, evidence=Evidence(hours_of(None, (), ("daily 06:00-10:00",)), NOON))
    assert (said(bus([stop("a", -1, 2, "arrived")], NOON), NOON).hours, "By its hours" in said(shut, NOON).hours) == (
        "",
        True,
    )
    lost = said(bus([stop("a", -1, 2)], None), NOON)
    assert (lost.kind, lost.where) == ("unknown", "It should be at a Square. Whether it is, nobody knows.")


@pytest.fixture(scope="module")
def square(ground: Ground) -> Ground:
    """A bus at a stop, with the next one ahead, and another that its own stop has not seen."""
    now = int(time())
    for code in (BUS, CLOSE):
        ground.build(code, WHEELS, name="流动驿站")
        ground.hear(code)
    for version, (name, scope, begins, ends, at) in enumerate(
        [
            ("square", "370811", -HOUR, HOUR, HERE), ("lake", BUS, 2 * HOUR, 3 * HOUR, THERE),
            ("gate", CLOSE, -HOUR, HOUR, THERE),
        ],
        1,
    ):  # fmt: skip
        said: dict[str, Any] = msgspec.to_builtins(
            Stop({"zh": name, "en": name}, at.latitude, at.longitude, 100, "3708")
        )
        body = service(version, name, station=scope, issued_at=now, begins=now + begins, ends=now + ends, **said)
        head = read_document(body, public(ROOT), KEYSET)
        assert isinstance(head, ServiceDocument)
        ground.store.put_service(head, body)
    ground.store.keep_stop(ToldOfStop(BUS, "square", "arrived", now - 60.0), now)
    for code in (BUS, CLOSE):
        position = {"kind": "position", "latitude": 36.0, "longitude": 117.0, "moving": False}
        told = {"seq": 1, "boot_id": "b", "boot": 1.0, "wall": time(), "quality": "synced", **position}
        ground.store.take(code, "telemetry", Batch("e", 1, "b", 1.0, time(), [told]), time())
    return ground


def known(ground: Ground) -> Mapping[str, PublicStation]:
    return public_stations(ground.store)


def test_the_page_says_where_it_is_and_where_it_will_be(square: Ground) -> None:
    text = square.reads(f"/s/{known(square)[BUS].printed}")
    assert "It is here until" in text
    assert "The next stops" in text
    assert text.index("square") < text.index("lake")
    assert "济宁市" not in text, "it stands elsewhere than the register says"
    assert "It drives" not in text
    assert "停靠点" in square.reads(f"/s/{known(square)[BUS].printed}", "zh")
    found = known(square)[CLOSE]
    assert {each.id for each in found.stops} == {"square", "gate"}
    assert found.point(time()) in {HERE, THERE}
    assert "On the way" in square.reads("/map?words=流动")


def test_what_was_told_before_a_stop_begins_is_of_another_day(square: Ground) -> None:
    now = int(time())
    square.store.keep_stop(ToldOfStop(CLOSE, "gate", "arrived", now - 2.0 * HOUR), now)
    assert not any(each.told for each in known(square)[CLOSE].stops if each.id == "gate")
    square.store.keep_stop(ToldOfStop(CLOSE, "gate", "arrived", now - 60.0), now)
    square.store.keep_stop(ToldOfStop(CLOSE, "gate", "left", now - 120.0), now)
    assert [each.told for each in known(square)[CLOSE].stops if each.id == "gate"] == ["arrived"], "in their order"


def test_of_thousands_of_stations_each_is_asked_once_whether_it_drives(square: Ground) -> None:
    asked: list[str] = []

    def drives(station: str) -> bool:
        asked.append(station)
        return station == CLOSE

    stations = {BUS, CLOSE, *(f"3709{each:08}" for each in range(50))}
    found = stops_of(square.store, stations, drives)
    assert {code: {each.id for each in planned} for code, planned in found.items()} == {
        BUS: {"lake"}, CLOSE: {"square", "gate"}
    }  # fmt: skip
    assert sorted(asked) == sorted(stations)
