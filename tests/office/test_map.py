"""The map: each station by how it is, in few bytes; a wrong coordinate is told, and costs no other station its place."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import time
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.central.coordinates import EAST, NORTH, SOUTH, WEST, Point, far_off, point
from kiosk.central.office import leaflet, station_map
from kiosk.central.office.asked import POLICY
from kiosk.central.office.station_map import LOOK, places_of, shown
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed
from kiosk.central.store.place import settings_of
from kiosk.central.store.places import Placed
from kiosk.central.store.registers import Registered
from kiosk.central.store.sightings import SILENT_AFTER, Sighting, StationLine
from kiosk.central.store.stops import ToldOfStop
from kiosk.central.web.drawing import WIDTH, Mark, drawn, framed
from kiosk.demo.founding import founded
from kiosk.trust.documents import read_document
from kiosk.trust.service import ServiceDocument, Stop
from tests.core.test_services import service
from tests.keys import KEYSET, ROOT, private, public
from tests.office.clerks import Office, open_office
from tests.programs.province_of_days import codes
from tests.programs.test_register import verb

JINAN = Point(36.65, 117.12)
POINTS = st.builds(Point, st.floats(SOUTH, NORTH), st.floats(WEST, EAST))


def line(code: str, **more: object) -> StationLine:
    heard = Sighting(code, 1000.0, "", "")
    usual = StationLine(code, "enrolled", "", "", b"", 0.0, heard, 0)
    return replace(usual, **more)


def placed(at: dict[str, Point | None]) -> dict[str, Placed]:
    return {code: Placed(code, found, "361, 117") for code, found in at.items()}


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        ("36.65", "117.12", JINAN),
        ("36.65", "", None),
        ("117.12", "36.65", None),
        ("361", "117", None),
        ("0", "0", None),
        ("nan", "inf", None),
        ("36°39'", "117°7'", None),
        ("３６", "117", None),
        ("-36.65", "117.12", None),
    ],
)
def test_what_is_a_place(latitude: str, longitude: str, expected: Point | None) -> None:
    assert point(latitude, longitude) == expected


@given(near=st.lists(st.tuples(st.floats(-2, 2), st.floats(-2, 2)), min_size=5), far=POINTS)
def test_one_point_far_off_never_hides_the_others(near: list[tuple[float, float]], far: Point) -> None:
    points = [Point(36 + north, 118 + east) for north, east in near]
    assert not any(far_off([Point(36 + north / 100, 118 + east / 100) for north, east in near]))
    assert sum(far_off([*points, far])[:-1]) <= len(points) / 2, "most are always shown"


def test_tibet_is_not_in_shandong() -> None:
    chance = random.Random(1)  # noqa: S311  no secret
    points = [Point(36.3 + chance.uniform(-1.6, 1.6), 118.5 + chance.uniform(-3.5, 3.5)) for _ in range(100)]
    assert far_off([*points, Point(30.0, 91.0)]) == [*[False] * 100, True]


@given(st.lists(POINTS, min_size=1, max_size=50))
def test_every_point_is_within_the_picture(points: Sequence[Point]) -> None:
    frame = framed(points)
    for each in points:
        assert 0 <= frame.x(each) <= WIDTH + 1e-6
        assert 0 <= frame.y(each) <= frame.height + 1e-6


def test_how_a_station_is() -> None:
    assert line("1").condition(1000.0) == "well"
    assert line("1", faults=2).condition(1000.0) == "faulty"
    assert line("1", faults=2).condition(1001.0 + SILENT_AFTER) == "silent"
    assert line("1", state="added", seen=None).condition(1e9) == "waiting"


def test_what_has_no_place_is_listed_and_what_ended_is_not() -> None:
    lines = [line("1"), line("2"), line("3"), line("4", state="retired"), line("5", state="added")]
    found = shown(lines, placed({"1": JINAN, "2": None, "4": JINAN}), 1000.0)
    assert [each.code for each in found.marks] == ["1"]
    assert [each.station for each in found.wrong] == ["2"]
    assert [each.code for each in found.missing] == ["3", "5"]


def test_a_province_is_a_picture_of_60_kilobytes_and_well_formed() -> None:
    chance = random.Random(2)  # noqa: S311  no secret
    spots = [Point(36.3 + chance.gauss(0, 0.8), 118.5 + chance.gauss(0, 1.7)) for _ in range(4540)]
    kinds = [*LOOK.shapes]
    marks = [Mark(code, chance.choice(kinds), at) for code, at in zip(codes(4540), spots, strict=True)]
    picture = drawn(marks, {"<3701>": JINAN}, 'a map & its "name"', LOOK)
    assert len(gzip.compress(picture.encode(), 6)) < 60_000
    assert len(ET.fromstring(picture).findall("a")) == 4540  # noqa: S314  our own
    drawn_kinds = re.findall(r'href="#(\w+)"', picture)
    assert drawn_kinds == sorted(drawn_kinds, key=kinds.index), "what is worse lies above"


def test_the_page_shows_the_stations_that_somebody_may_see(office: Office) -> None:
    found = [Registered(code, latitude="36.65", longitude=f"117.{at}") for at, code in enumerate(codes(32))]
    office.store.add_stations([*found, Registered("37019999", "<b>", latitude="999", longitude="117")], time())
    office.store.enrol(
        "37010101", office.store.make_claim("37010101", time()), public(private(31)), time() - 2 * SILENT_AFTER
    )
    clerk = office.hire("mapper", "viewer", "3701")
    text = clerk.get("/map").text
    assert set(re.findall(r"stations/(\d+)", text)) == {"37010101", "37010201", "37019999"}
    assert "37019999: 999, 117" in clerk.reads("/map").replace(" :", ":")
    assert "silent: 1" in clerk.reads("/map").replace(" :", ":")
    assert "No station has coordinates" in office.hire("elsewhere", "viewer", "99").reads("/map")


def test_an_import_tells_what_is_no_place_and_takes_the_station_all_the_same(
    central_folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "stations.csv"
    file.write_text(
        "code,latitude,longitude\n37880001,36.65,117.12\n37880002,117.12,36.65\n37880003,,\n", encoding="utf-8"
    )
    with closing(CentralStore(central_folder)) as store:
        founded(central_folder, store)
        store.add_stations([Registered("37880001", "a name", "a street", "36", "117")], 0.0)
        made = verb(central_folder, "station", "import", str(file))
        assert made.exit_code == 0, made.output
        assert "37880002: 117.12, 36.65: is no place in China" in made.output
        assert "3 stations, 2 of them new" in made.output
        assert store.places(EVERYWHERE) == {
            "37880001": Placed("37880001", JINAN, "36.65, 117.12"),
            "37880002": Placed("37880002", None, "117.12, 36.65"),
        }
        assert store.names(EVERYWHERE, "") == {"37880001": "a name"}, "an empty cell leaves what is there"


def test_one_on_wheels_stands_at_its_stop_and_its_page_lists_what_it_told(office: Office) -> None:
    now = int(time())
    office.store.add_stations([Registered("37019801", latitude="30.0", longitude="110.0")], now)
    said: dict[str, Any] = msgspec.to_builtins(Stop({"zh": "泉城广场"}, 36.66, 117.02, 100, "3701"))
    said |= {"issued_at": now, "begins": now - 600, "ends": now + 600}
    body = service(1, "square", station="37019801", **said)
    head = read_document(body, public(ROOT), KEYSET)
    assert isinstance(head, ServiceDocument)
    office.store.put_service(head, body)
    lines = office.store.register(Scope("37019801"))
    assert places_of(office.store, lines, Scope("3701"), now)["37019801"].point == Point(36.66, 117.02)
    assert places_of(office.store, lines, Scope("3701"), now + 700)["37019801"].point == Point(30.0, 110.0)
    clerk = office.hire("driver", "viewer", "3701")
    assert "泉城广场" in clerk.reads("/stations/37019801")
    office.store.keep_stop(ToldOfStop("37019801", "square", "arrived", now - 60.0), now)
    assert "arrived ·" in clerk.reads("/stations/37019801")


# Where there is a script, and a server with pictures of the ground.


def test_the_numbers_of_the_map_are_those_of_the_operators_stations(office: Office) -> None:
    office.store.add_stations([Registered("37650101", "<b>", latitude="36.65", longitude="117.1")], time())
    answer = office.hire("map.numbers", "viewer", "3765").get("/map/stations.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {
        "stations": [["37650101", 36.65, 117.1, "waiting", "<b>"]],
        "labels": [["376501", 36.65, 117.1]],
    }
    assert office.stranger().get("/map/stations.json").status_code == 303
    assert office.hire("map.none", "viewer", "9998").get("/map/stations.json").json()["stations"] == []


def test_the_page_loads_pictures_from_the_named_server_and_from_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaflet, "library", lambda: {"js": ("/a.js", b""), "css": ("/a.css", b"")})
    monkeypatch.setattr(station_map, "library", leaflet.library)
    for number, (said, images) in enumerate(
        [("", ""), ('[map]\ntiles = "https://t.example.org:8443/{z}/{x}/{y}.png"', "https://t.example.org:8443")]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "central.toml").write_text(said, encoding="utf-8")
        with open_office(folder) as office:
            office.store.add_stations([Registered("37660101", latitude="36.65", longitude="117.1")], time())
            clerk = office.hire("map.tiles", "viewer")
            policy = clerk.get("/map").headers["Content-Security-Policy"]
            assert policy == (f"{POLICY}; img-src 'self' data: {images}" if images else POLICY)
            assert clerk.get("/stations").headers["Content-Security-Policy"] == POLICY


def test_without_the_library_the_map_is_drawn_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leaflet.library.cache_clear()
    monkeypatch.setattr(leaflet, "FOLDER", tmp_path)
    with open_office(tmp_path) as office:
        office.store.add_stations([Registered("37660101", latitude="36.65", longitude="117.1")], time())
        page = office.hire("map.alone", "viewer").get("/map").text
    leaflet.library.cache_clear()
    assert 'href="stations/37660101"' in page
    assert "<script" not in page


@pytest.mark.parametrize(
    "tiles",
    [
        "http://tiles.example.org/{z}/{x}/{y}.png", "https://t.example.org/{z}/{x}.png", "https://t.example.org;/{z}/{x}/{y}",
        "https://t.example.org/{z}/{x}/{y} .png", "tiles/{z}/{x}/{y}.png", "https://a:b@t.example.org/{z}/{x}/{y}.png",
        "https://t.example.org/{z}/{x}/{y}/{y}.png", "https://{s}.example.org/{z}/{x}/{y}.png",
    ],
)  # fmt: skip
def test_what_is_no_server_with_pictures_is_told(tmp_path: Path, tiles: str) -> None:
    (tmp_path / "central.toml").write_text(f'[map]\ntiles = "{tiles}"', encoding="utf-8")
    with pytest.raises(StoreFailed, match=r"tiles: .* must be like https://"):
        settings_of(tmp_path)
