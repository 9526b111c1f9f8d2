"""The way of a simulated bus, as its GPS tells it: it stands, drives to the next place, and stands there, or is lost."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from kiosk.core.room.position import distance

KNOT: Final = 1852 / 3600
"""Metres a second."""


class Halt(Struct, frozen=True):
    """A place (degrees, WGS 84), for how many seconds the bus stands there, and whether its GPS is silent meanwhile."""

    latitude: float
    longitude: float
    stays: float
    silent: bool = False


class Tour(Struct, frozen=True):
    """From halt to halt in a straight line, at `speed` metres a second; at the last one it stays."""

    halts: tuple[Halt, ...]
    speed: float = 10.0

    def at(self, seconds: float) -> tuple[float, float, float] | None:
        """Latitude, longitude and metres a second so long after its beginning; None while the receiver is silent."""
        for here, there in zip(self.halts, self.halts[1:], strict=False):
            if seconds < here.stays:
                return _standing(here)
            seconds -= here.stays
            takes = distance(here.latitude, here.longitude, there.latitude, there.longitude) / self.speed
            if seconds < takes:
                return (*_between(here, there, seconds / takes), self.speed)
            seconds -= takes
        return _standing(self.halts[-1])


STANDING: Final = Tour((Halt(36.66872, 117.02613, 0.0),))
"""A station that stays where it is."""


def _standing(halt: Halt) -> tuple[float, float, float] | None:
    return None if halt.silent else (halt.latitude, halt.longitude, 0.05)


def _between(here: Halt, there: Halt, part: float) -> tuple[float, float]:
    return (
        here.latitude + (there.latitude - here.latitude) * part,
        here.longitude + (there.longitude - here.longitude) * part,
    )


def in_minutes(latitude: float, longitude: float) -> str:
    """A place north of the equator and east of Greenwich as NMEA 0183 writes it."""
    north, east = divmod(latitude, 1.0), divmod(longitude, 1.0)
    return (
        f"{int(north[0]):02}{min(north[1] * 60, 59.9999):07.4f},N,{int(east[0]):03}{min(east[1] * 60, 59.9999):07.4f},E"
    )
