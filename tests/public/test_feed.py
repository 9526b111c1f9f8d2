"""The feed: valid by its schema and by GeoJSON's grammar, small, asked again for nothing, and never open on old evidence."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from time import time
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.central.coordinates import Point
from kiosk.central.feed import NAMES, ROUGHLY, TTL, WRITTEN_EVERY, bodies, opening_hours, schema
from kiosk.central.feed_files import FeedFiles
from kiosk.central.figures import ZONE
from kiosk.central.issuer import Issuer
from kiosk.central.jobs import Jobs
from kiosk.central.openness import EVIDENCE, Evidence, Hours, Lockdown, hours_of
from kiosk.central.public.clock import day_and_hour
from kiosk.central.public.words import said as page_says
from kiosk.central.publicly import PublicStation, placed, public_stations
from kiosk.central.sheets import FACILITIES, Sheet
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed, Trouble
from kiosk.central.store.registers import Registered
from kiosk.central.store.sightings import Sighting
from kiosk.core.door.hours import Schedule, weekly
from kiosk.demo.founding import founded
from kiosk.trust.policy import DoorPolicy, PolicyDocument
from tests.keys import private, public
from tests.programs.house import until
from tests.public.ground import FULL, Ground

MONDAY = datetime(2026, 12, 7, tzinfo=ZONE).timestamp()
HOUR, MINUTE = 3600.0, 60.0
SITE = "https://yizhan.example.org"
OPEN = ("mon-fri 06:00-22:00",)


def station(code: str = "37081101", heard: float | None = None, sheet: Sheet = FULL, **more: Any) -> PublicStation:
    hours = hours_of(PolicyDocument(1, 0, doors={"main": DoorPolicy(OPEN)}), (), ())
    known = Evidence(hours, heard, more.pop("lockdowns", ()))
    return PublicStation(
        code, True, "中山路驿站", "中山路 1 号", more.pop("point", Point(35.4, 116.6)), sheet, known, **more
    )


def read(stations: list[PublicStation], now: float) -> dict[str, Any]:
    found = bodies({each.code: each for each in stations}, now, SITE)
    return {name: json.loads(body.raw) for name, body in found.items()}


def is_geojson(found: dict[str, Any]) -> bool:
    """RFC 7946, 3: as far as points, features and collections go, and the order of coordinates."""
    match found:
        case {"type": "FeatureCollection", "features": list(features)}:
            return all(map(is_geojson, features)) and not found.keys() & {"coordinates", "geometry", "properties"}
        case {"type": "Feature", "geometry": geometry, "properties": dict() | None, **rest}:
            known = isinstance(rest.get("id", ""), str | int | float) and not rest.keys() & {"coordinates", "features"}
            return known and (geometry is None or is_geojson(geometry))
        case {"type": "Point", "coordinates": [float() | int() as longitude, float() | int() as latitude]}:
            return -180 <= longitude <= 180 and -90 <= latitude <= 90 and len(found) == 2
    return False


ALL_KINDS = [
    station(heard=MONDAY + 10 * HOUR),
    station("37081102", None, Sheet()),
    station("37081103", point=None),
    station("37081104", MONDAY + 10 * HOUR, lockdowns=(Lockdown("main", MONDAY, MONDAY + 11 * HOUR),)),
    station("37081105", sheet=Sheet(facilities=FACILITIES, wheels=True, photo="0" * 64, medicine_box=False)),
]


@pytest.mark.parametrize("hour", [5, 10, 23])
def test_both_files_are_as_their_schemas_say_and_the_map_is_geojson(hour: float) -> None:
    found = read(ALL_KINDS, MONDAY + hour * HOUR)
    for name, value in found.items():
        jsonschema.Draft202012Validator(schema(f"{name.partition('.')[0]}.schema.json")).validate(value)
    assert is_geojson(found["stations.geojson"])
    (first, *_) = found["stations.geojson"]["features"]
    assert first["geometry"]["coordinates"] == [116.6, 35.4], "longitude first"


def test_the_grammar_and_the_schema_find_what_is_wrong() -> None:
    assert not is_geojson({"type": "FeatureCollection", "features": [{"type": "Point", "coordinates": [1, 91]}]})
    assert not is_geojson({"type": "Feature", "geometry": {"type": "Point", "coordinates": [35.4]}, "properties": {}})
    found = read(ALL_KINDS, MONDAY)["stations.geojson"]
    found["features"][0]["properties"]["open"] = "perhaps"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema("stations.schema.json")).validate(found)


def test_what_a_station_has_stands_under_the_keys_of_openstreetmap() -> None:
    bare, full = (
        read([station(heard=MONDAY + 10 * HOUR, sheet=each)], MONDAY + 10 * HOUR)["stations.geojson"]["features"][0]
        for each in (Sheet(), FULL)
    )
    said = full["properties"]
    assert (said["ref"], said["open"], said["by_hours"]) == ("370811015", "yes", True)
    assert (said["next_change"], said["as_of"]) == ("2026-12-07T22:00:00+08:00", "2026-12-07T10:00:00+08:00")
    assert (said["opening_hours"], said["name:en"], said["website"]) == (
        "Mo-Fr 06:00-22:00", "Zhongshan Road", f"{SITE}/s/370811015",
    )  # fmt: skip
    assert (said["drinking_water"], said["toilets"], said["yizhan:fridge"]) == ("yes", "no", "yes")
    assert not {"drinking_water", "toilets", "name:en", "yizhan:medicine_box"} & bare["properties"].keys()


def test_when_a_silent_station_was_heard_stands_nowhere() -> None:
    for heard in (MONDAY + 8 * HOUR, MONDAY - 40 * HOUR, None):
        found = read([station(heard=heard)], MONDAY + 10 * HOUR)
        assert found == read([station()], MONDAY + 10 * HOUR)
        (said,) = found["station_status.json"]["data"]["stations"]
        assert (said["open"], said["as_of"], said["by_hours"]) == ("unknown", None, True)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (None, "24/7"),
        (("daily 00:00-24:00",), "Mo-Su 00:00-24:00"),
        (("mon-fri 06:00-22:00", "sat,sun 20:00-06:00"), "Mo-Fr 06:00-22:00; Sa,Su 20:00-06:00"),
        (("mon,wed-fri 08:00-09:30",), "Mo,We,Th,Fr 08:00-09:30"),
    ],
)
def test_hours_are_written_as_openstreetmap_does(texts: tuple[str, ...] | None, expected: str) -> None:
    assert opening_hours(Schedule(weekly(texts, 0))) == expected


def test_hours_of_several_doors_are_no_one_text() -> None:
    both = PolicyDocument(1, 0, doors={"a": DoorPolicy(OPEN), "b": DoorPolicy(("daily 08:00-20:00",))})
    known = replace(station(), evidence=Evidence(hours_of(both, (), ())))
    assert "opening_hours" not in read([known], MONDAY)["stations.geojson"]["features"][0]["properties"]


VALID = jsonschema.Draft202012Validator(schema("stations.schema.json"))
ANYTHING: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.floats(-200, 200) | st.floats(allow_nan=False) | st.integers() | st.text(max_size=3)
    | st.just([]) | st.just(10**400) | st.just(-(10**400))
)  # fmt: skip


@given(
    entry=st.fixed_dictionaries(
        {},
        optional={
            "latitude": st.floats(3, 54) | ANYTHING,
            "longitude": st.floats(73, 136) | ANYTHING,
            "wall": ANYTHING,
        },
    ),
    received=st.floats(MONDAY, MONDAY + HOUR),
)
def test_wherever_a_station_says_it_is_the_feed_is_valid_and_the_page_can_say_when(
    entry: dict[str, Any], received: float
) -> None:
    found = placed(station(heard=received), entry, received)
    value = read([found], received)["stations.geojson"]
    VALID.validate(value)
    if found.moved is not None:
        assert 0 <= found.moved <= received
        assert day_and_hour(found.moved, received)
        assert found.stands == Point(entry["latitude"], entry["longitude"])


OUTAGES = st.lists(st.tuples(st.floats(0, 48 * HOUR), st.floats(0, 9 * HOUR)), max_size=6)


def heard_before(outages: list[tuple[float, float]], at: float) -> float:
    """When a station was heard last that is heard each minute, but while its link is cut."""
    for begins, lasts in sorted(outages, reverse=True):
        if begins < at - MONDAY <= begins + lasts:
            at = MONDAY + begins
    return at


@given(
    outages=OUTAGES,
    written=st.floats(0, 48 * HOUR),
    noted=st.floats(0, MINUTE),
    fetched=st.floats(0, WRITTEN_EVERY),
    kept=st.floats(0, 1),
)
def test_whoever_keeps_the_feed_as_long_as_it_may_never_reads_open_on_old_evidence(
    outages: list[tuple[float, float]], written: float, noted: float, fetched: float, kept: float
) -> None:
    now = MONDAY + written
    heard = heard_before(outages, now - noted)
    found = read([station(heard=heard)], now)
    for name in NAMES:
        later = now + fetched + kept * TTL[name]
        (said,) = found[name].get("features") or found[name]["data"]["stations"]
        said = said.get("properties", said)
        if said["open"] == "yes":
            assert later - heard <= EVIDENCE
            assert later - datetime.fromisoformat(said["as_of"]).timestamp() <= EVIDENCE, "also by what it says itself"
            assert datetime.fromisoformat(said["next_change"]).timestamp() >= later


def steps(days: float, seconds: float) -> Iterator[float]:
    yield from (MONDAY + step * seconds for step in range(int(days * 24 * HOUR / seconds)))


def test_over_virtual_days_with_cut_links_files_and_page_are_honest(tmp_path: Path) -> None:
    """A real database and real files; each station's link is cut now and then, and its policy closes it at night."""
    chance = random.Random(7)  # noqa: S311  the same days each time
    codes = [f"370811{number:02}" for number in range(1, 4)]
    cut = {code: [(chance.uniform(0, 20 * HOUR), chance.uniform(0, 4 * HOUR)) for _ in range(4)] for code in codes}
    said = set()
    with closing(CentralStore(town(tmp_path, codes))) as store:
        clock = [0.0]
        files = FeedFiles(store, lambda: clock[0])
        for now in steps(1, 30 * MINUTE):
            heard = {code: heard_before(cut[code], now - chance.uniform(0, MINUTE)) for code in codes}
            store.saw([Sighting(code, at, "yizhan-kiosk/1", "") for code, at in heard.items()])
            clock[0] = now
            files.turn()
            for each in json.loads((tmp_path / "feed" / "station_status.json").read_text())["data"]["stations"]:
                said.add(each["open"])
                assert each["open"] != "yes" or now - heard[each["station_id"]] <= EVIDENCE
            for code, each in public_stations(store).items():
                assert page_says(each, now).kind != "yes" or now - heard[code] <= EVIDENCE
    assert said == {"yes", "no", "unknown"}, "all of it came up"


def town(folder: Path, codes: list[str]) -> Path:
    (folder / "central.toml").write_text('[feed]\nfolder = "feed"\n', encoding="utf-8")
    with closing(CentralStore(folder)) as store:
        store.add_stations([Registered(code) for code in codes], MONDAY)
        for number, code in enumerate(codes, 1):
            store.enrol_for_trial(code, public(private(number)), MONDAY)
        store.put_sheets(dict.fromkeys(codes, Sheet(hours=OPEN)), "@test", MONDAY)
    return folder


def test_files_are_written_when_they_change_and_with_the_same_by_gzip_beside(tmp_path: Path) -> None:
    with closing(CentralStore(town(tmp_path, ["37081101"]))) as store:
        clock = [MONDAY]
        files = FeedFiles(store, lambda: clock[0])
        files.turn()
        written = {each.name: each.stat().st_ino for each in (tmp_path / "feed").iterdir()}
        assert written.keys() == {*NAMES, *(f"{name}.gz" for name in NAMES)}
        for name in NAMES:
            raw = (tmp_path / "feed" / name).read_bytes()
            assert gzip.decompress((tmp_path / "feed" / f"{name}.gz").read_bytes()) == raw
        clock[0] += ROUGHLY / 2
        files.turn()
        assert {each.name: each.stat().st_ino for each in (tmp_path / "feed").iterdir()} == written
        clock[0] += ROUGHLY
        files.turn()
        assert (tmp_path / "feed" / "station_status.json").stat().st_ino != written["station_status.json"]


def test_while_the_database_is_away_there_are_no_files(tmp_path: Path) -> None:
    store = CentralStore(town(tmp_path, ["37081101"]))
    files = FeedFiles(store)
    files.turn()
    assert len([*(tmp_path / "feed").iterdir()]) == 4
    store._engine.run("DROP TABLE sheets")
    with pytest.raises(StoreFailed):
        files.turn()
    assert [*(tmp_path / "feed").iterdir()] == []
    store.close()


class Away(CentralStore):
    """One whose database is another's, or away, as the test says."""

    ours: bool | StoreFailed = True

    def runs_jobs(self) -> bool:
        if isinstance(self.ours, StoreFailed):
            raise self.ours
        return self.ours


@pytest.mark.parametrize("lost", [False, StoreFailed(Trouble.AWAY, "no route to host")], ids=["another's", "away"])
def test_who_runs_the_jobs_no_longer_takes_back_what_it_wrote_and_nothing_of_others(
    tmp_path: Path, lost: bool | StoreFailed
) -> None:
    with closing(Away(town(tmp_path, ["37081101"]))) as store:
        founded(tmp_path, store)
        told = list[Exception]()
        jobs = Jobs(store, Issuer(tmp_path, store), told.append)
        jobs.turn(0.0)
        assert {*NAMES} <= {each.name for each in (tmp_path / "feed").iterdir()}
        store.ours = lost
        jobs.turn(10.0)
        assert [*(tmp_path / "feed").iterdir()] == [], "nginx would say open without end"
        (tmp_path / "feed" / NAMES[0]).write_text("another's\n", encoding="utf-8")
        jobs.turn(20.0)
        assert (tmp_path / "feed" / NAMES[0]).read_text(encoding="utf-8") == "another's\n"
        store.ours = True
        jobs.turn(60.0)
        assert len([*(tmp_path / "feed").iterdir()]) == 4, "and says it again when it may"


def test_a_folder_that_takes_no_more_keeps_nothing_old(tmp_path: Path) -> None:
    with closing(CentralStore(town(tmp_path, ["37081101"]))) as store:
        clock = [MONDAY]
        files = FeedFiles(store, lambda: clock[0])
        files.turn()
        small = tmp_path / "feed" / "station_status.json.gz"
        small.unlink()
        small.mkdir()
        clock[0] += HOUR
        with pytest.raises(StoreFailed):
            files.turn()
        assert not {*NAMES, f"{NAMES[0]}.gz"} & {each.name for each in (tmp_path / "feed").iterdir()}


def test_a_folder_that_takes_no_files_is_told(tmp_path: Path) -> None:
    (tmp_path / "feed").write_text("a file\n", encoding="utf-8")
    with closing(CentralStore(town(tmp_path, ["37081101"]))) as store, pytest.raises(StoreFailed, match="feed"):
        FeedFiles(store).turn()


@pytest.mark.parametrize("name", NAMES)
def test_over_http_it_is_for_everybody_packed_and_not_sent_twice(ground: Ground, name: str) -> None:
    ground.build("37081101")
    ground.hear("37081101")
    answer = ground.get(f"/feed/{name}")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == f"public, max-age={TTL[name]}"
    assert '"open":"yes"' in answer.text.replace(" ", "")

    def has_it() -> bool:
        tag = ground.get(f"/feed/{name}").headers["ETag"]
        again = ground.get(f"/feed/{name}", headers={"If-None-Match": tag})
        return again.status_code == 304 and not again.content and again.headers["ETag"] == tag

    until(has_it)  # a minute may begin in between
    assert ground.get("/feed/nothing.json").status_code == 404


def test_what_is_served_as_a_schema_is_what_stands_in_docs(ground: Ground) -> None:
    for name in ("stations", "station_status"):
        answer = ground.get(f"/feed/{name}.schema.json")
        assert answer.json() == schema(f"{name}.schema.json")
    assert ground.get("/feed/other.schema.json").status_code == 404


def test_a_province_is_85_kilobytes() -> None:
    hours = Hours(())
    many = {
        f"{code}": replace(station(f"{code}"), evidence=Evidence(hours, time())) for code in range(37000000, 37004540)
    }
    packed = bodies(many, time(), SITE)
    assert len(packed["stations.geojson"].packed) < 150_000
    assert len(packed["station_status.json"].packed) < 60_000
