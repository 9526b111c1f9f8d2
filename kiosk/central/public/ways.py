"""Links to a place in the map apps that people have. Only computes.

Maps of China are drawn in GCJ-02, some hundred metres off from WGS 84; it is computed for these links alone, and kept nowhere.
Thirty lines and public test points instead of a library, which would be the same formula and one dependency more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, urlencode

from kiosk.central.coordinates import Point
from kiosk.language import _

AXIS: Final = 6378245.0
ECCENTRICITY: Final = 0.00669342162296594323
"""Semi-major axis in metres, and the square of the first eccentricity, of Krasovsky's ellipsoid of 1940."""


def gcj02(at: Point) -> Point:
    """The same place as maps of China have it; within China, where alone stations stand."""
    x, y = at.longitude - 105.0, at.latitude - 35.0
    wave = 20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += (wave + _waves(y, (1, 20), (1 / 3, 40), (1 / 12, 160), (1 / 30, 320))) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += (wave + _waves(x, (1, 20), (1 / 3, 40), (1 / 12, 150), (1 / 30, 300))) * 2 / 3
    latitude = math.radians(at.latitude)
    bent = 1 - ECCENTRICITY * math.sin(latitude) ** 2
    metres_north = AXIS * (1 - ECCENTRICITY) / (bent * math.sqrt(bent))
    metres_east = AXIS / math.sqrt(bent) * math.cos(latitude)
    return Point(at.latitude + math.degrees(north / metres_north), at.longitude + math.degrees(east / metres_east))


def _waves(at: float, *waves: tuple[float, float]) -> float:
    return sum(high * math.sin(at * often * math.pi) for often, high in waves)


def ways(at: Point, name: str) -> Iterator[tuple[str, str]]:
    """What each map app is called, and the address that shows the place in it."""
    there = gcj02(at)
    north, east = f"{there.latitude:.6f}", f"{there.longitude:.6f}"
    amap = {"position": f"{east},{north}", "name": name, "coordinate": "gaode", "callnative": 1}
    yield _("Amap"), f"https://uri.amap.com/marker?{urlencode(amap)}"
    baidu = {"location": f"{north},{east}", "title": name, "content": name, "output": "html", "coord_type": "gcj02"}
    yield _("Baidu"), f"https://api.map.baidu.com/marker?{urlencode(baidu)}"
    marker = f"coord:{north},{east};title:{name}"
    yield _("Tencent"), f"https://apis.map.qq.com/uri/v1/marker?{urlencode({'marker': marker, 'coord_type': 2})}"
    yield _("Apple Maps"), f"https://maps.apple.com/?{urlencode({'ll': f'{north},{east}', 'q': name})}"
    place = f"{at.latitude:.6f},{at.longitude:.6f}"
    yield _("another map app"), f"geo:{place}?q={place}({quote(name)})"
