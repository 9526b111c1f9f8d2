"""Where a station is that moves: told when it has moved, starts or stops moving, and at a heartbeat."""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kiosk.core.entries import Entry, Position

EARTH: Final = 6_371_000.0
"""Metres of its radius."""

MOVES_ABOVE: Final = 1.5
"""Metres a second; a receiver that stands still tells up to about one."""

STOPS_BELOW: Final = 0.7


class Place(Struct, frozen=True):
    """`moved`: metres that count; `heartbeat`: seconds. `told_at`, `latitude`, `longitude`: what was told last, in degrees."""

    moved: float = 50.0
    heartbeat: float = 3600.0
    told_at: float = -math.inf
    latitude: float = 0.0
    longitude: float = 0.0
    moving: bool = False


def located(
    place: Place, latitude: float, longitude: float, speed: float, now: float
) -> tuple[Place, tuple[Entry, ...]]:
    """Take a fix; speed in metres a second."""
    moving = speed > (STOPS_BELOW if place.moving else MOVES_ABOVE)
    far = distance(place.latitude, place.longitude, latitude, longitude) >= place.moved
    if not far and moving is place.moving and now - place.told_at < place.heartbeat:
        return place, ()
    place = replace(place, told_at=now, latitude=latitude, longitude=longitude, moving=moving)
    return place, (Position(round(latitude, 6), round(longitude, 6), moving),)


def distance(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Metres between two places, along the ground (haversine)."""
    north, other_north = math.radians(latitude), math.radians(other_latitude)
    east = math.radians(other_longitude - longitude)
    half = math.sin((other_north - north) / 2) ** 2 + math.cos(north) * math.cos(other_north) * math.sin(east / 2) ** 2
    return 2 * EARTH * math.asin(min(1.0, math.sqrt(half)))
