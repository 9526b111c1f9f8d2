"""Where a station stands, in degrees (WGS 84). What is no place costs nothing but its point on the map. Only computes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from statistics import median
from typing import Final

from msgspec import Struct

SOUTH, NORTH = 3.0, 54.0
WEST, EAST = 73.0, 136.0
"""China, rounded outwards (mainland and islands, 3.8 to 53.6 degrees north, 73.5 to 135.1 east)."""

KILOMETRES: Final = 111.2
"""Of a degree of latitude."""

FAR: Final = 8
"""Times the usual distance from the middle, beyond which a point is one of another place."""

NEAR: Final = 10.0
"""Kilometres that are never far."""


class Point(Struct, frozen=True):
    """In degrees."""

    latitude: float
    longitude: float


def point(latitude: str, longitude: str) -> Point | None:
    """The point that two numbers mean; None where they mean none in China."""
    if not all(re.fullmatch(r"\d{1,3}(\.\d{1,15})?", text, re.ASCII) for text in (latitude, longitude)):
        return None
    found = Point(float(latitude), float(longitude))
    return found if in_china(found.latitude, found.longitude) else None


def in_china(latitude: float, longitude: float) -> bool:
    """Whether it is a place that a station may stand at."""
    return SOUTH <= latitude <= NORTH and WEST <= longitude <= EAST


def given(latitude: str, longitude: str) -> str:
    """Both as they were given, in one text; empty where neither was."""
    return f"{latitude}, {longitude}" if latitude or longitude else ""


def far_off(points: Sequence[Point]) -> list[bool]:
    """Which of them lie so far from the others that somebody must have mistyped them."""
    if not points:
        return []
    middle = Point(median(each.latitude for each in points), median(each.longitude for each in points))
    distances = [distance(middle, each) for each in points]
    most = FAR * max(NEAR, median(distances))
    return [each > most for each in distances]


def distance(one: Point, other: Point) -> float:
    """Kilometres, as a flat map has them: enough to tell a province from its neighbour."""
    north = one.latitude - other.latitude
    east = (one.longitude - other.longitude) * math.cos(math.radians((one.latitude + other.latitude) / 2))
    return KILOMETRES * math.hypot(north, east)
