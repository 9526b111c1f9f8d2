"""The map of all stations: by district, by words, drawn; light with a whole province on it."""

from __future__ import annotations

import random
from time import time
from xml.etree import ElementTree as ET

import pytest

from kiosk.central.codes import printed
from kiosk.central.coordinates import Point
from kiosk.central.public.districts import called
from kiosk.central.public.station_map import COLOURS, FEW
from kiosk.central.store.registers import Registered
from kiosk.central.web.drawing import Mark, dotted
from tests.public.ground import Ground


@pytest.fixture(scope="module", autouse=True)
def province(ground: Ground) -> None:
    """Two districts, of which one has more stations than are listed at once, and one that lies in no district's place."""
    ground.build("37081201", name="兖州站")
    ground.hear("37081201")
    many = [f"370811{number:02}" for number in range(1, FEW + 1)]
    with ground.store.transaction():
        ground.store.add_stations(
            [Registered(code, f"任城{code[6:]}", "济宁市任城区阳光小区", "35.4", f"116.{code[6:]}") for code in many],
            time(),
        )
        for number, code in enumerate(many):
            ground.store.enrol_for_trial(code, number.to_bytes(32), time())


def test_of_many_stations_the_districts_come_first(ground: Ground) -> None:
    text = ground.reads("/map")
    assert f"济宁市任城区 {FEW} stations, 0 of them open" in text
    assert "1 stations, 1 of them open" in text
    assert "任城07" not in text
    assert ground.get("/map").text.count('<a href="/map?district=') >= 2


def test_a_district_shows_its_stations_and_each_leads_to_its_page(ground: Ground) -> None:
    text = ground.get("/map?district=370811").text
    assert "任城07" in text
    assert f'href="/s/{printed("37081107")}"' in text
    assert "兖州站" not in text


def test_words_find_by_name_street_and_code(ground: Ground) -> None:
    for words in ("兖州", printed("37081201"), "中山路 兖州"):
        text = ground.get("/map", params={"words": words}).text
        assert f'href="/s/{printed("37081201")}"' in text
        assert "任城07" not in text
    assert "There is no such station" in ground.reads("/map?words=nowhere")
    assert "&lt;b&gt;" in ground.get("/map?words=<b>").text


def test_a_province_is_a_picture_of_60_kilobytes_and_well_formed() -> None:
    chance = random.Random(2)  # noqa: S311  no secret
    spots = [Point(36.3 + chance.gauss(0, 0.8), 118.5 + chance.gauss(0, 1.7)) for _ in range(4540)]
    marks = [Mark("", chance.choice([*COLOURS]), at) for at in spots]
    picture = dotted(marks, {"/map?a=1&b=2": ("<任城>", spots[0])}, 'a "map"', COLOURS)
    assert len(picture) < 60_000
    root = ET.fromstring(picture)  # noqa: S314  our own
    assert sum(path.attrib["d"].count("M") for path in root.iter("path")) == 4540


@pytest.mark.parametrize(
    ("addresses", "name"),
    [
        (["济宁市任城区中山路 1 号", "济宁市任城区人民路"], "济宁市任城区"),
        (["济宁市微山县夏镇", ""], "济宁市微山县"),
        (["济宁市任城区阳光小区 3 号"], "济宁市任城区"),
        (["a street", "another"], ""),
        ([], ""),
    ],
)
def test_a_district_is_called_what_its_addresses_begin_with(addresses: list[str], name: str) -> None:
    assert called(addresses) == name
