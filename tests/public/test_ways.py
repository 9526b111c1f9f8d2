"""GCJ-02 by public test points, and only in the links to map apps."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from kiosk.central.coordinates import Point, distance
from kiosk.central.public.ways import gcj02, ways

POINTS = [
    # WGS 84, and the same in GCJ-02: the test points of the eviltransform project (googollee/eviltransform)
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
]


@pytest.mark.parametrize(("here", "there"), POINTS)
def test_a_point_lies_where_maps_of_china_have_it(here: tuple[float, float], there: tuple[float, float]) -> None:
    assert distance(gcj02(Point(*here)), Point(*there)) < 1e-6


def test_each_app_gets_the_place_as_it_wants_it() -> None:
    (here, there), *_ = POINTS
    links = dict(ways(Point(*here), "中山路驿站 & 1"))
    assert len(links) == 5
    north, east = (f"{each:.6f}" for each in there)
    amap, baidu, tencent, apple, geo = links.values()
    assert parse_qs(urlsplit(amap).query)["position"] == [f"{east},{north}"]
    assert parse_qs(urlsplit(baidu).query)["coord_type"] == ["gcj02"]
    assert parse_qs(urlsplit(tencent).query)["marker"] == [f"coord:{north},{east};title:中山路驿站 & 1"]
    assert parse_qs(urlsplit(apple).query)["ll"] == [f"{north},{east}"]
    assert geo.startswith(f"geo:{here[0]:.6f},{here[1]:.6f}?q="), "WGS 84 (RFC 5870)"
