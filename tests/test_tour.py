"""The way of a simulated bus, through the sentences of its receiver to the rules that match its stops."""

from __future__ import annotations

import pytest

from hardware.gps import NoFix, parse
from kiosk.core.room import motion, stops
from kiosk.core.room.motion import Fix, Motion
from kiosk.core.room.stops import Fence, Stops
from kiosk.demo.appliances import sentence
from kiosk.demo.tour import KNOT, STANDING, Halt, Tour, in_minutes

HALTS = (Halt(36.66, 117.02, 120.0), Halt(36.68, 117.05, 90.0, silent=True), Halt(36.70, 117.10, 0.0))


def told(tour: Tour, seconds: float) -> Fix | None:
    """As the station hears it."""
    found = tour.at(seconds)
    if found is None:
        with pytest.raises(NoFix):
            parse(sentence("V", in_minutes(0.0, 0.0), 0.0))
        return None
    latitude, longitude, speed = found
    fix = parse(sentence("A", in_minutes(latitude, longitude), speed / KNOT))
    assert fix
    assert (fix.latitude, fix.longitude) == pytest.approx((latitude, longitude), abs=2e-6)
    return Fix(fix.latitude, fix.longitude, fix.speed, seconds)


def test_it_stands_drives_is_lost_and_arrives() -> None:
    fences = {str(number): Fence(each.latitude, each.longitude, 100) for number, each in enumerate(HALTS)}
    tour, known, driving, course, drove = Tour(HALTS), Stops(), Motion(), [], 0
    for seconds in range(0, 1600, 2):
        fix = told(tour, float(seconds))
        if fix:
            known, entries = stops.located(known, fences, driving.newest, fix, 1.0)
            course += [(each.stop, each.what) for each in entries]
            driving = motion.located(driving, fix)
            drove += motion.moving(driving, float(seconds))
    assert course == [("0", "arrived"), ("0", "left"), ("2", "arrived")], "of the second nobody knows"
    assert drove * 2 > 600


def test_a_station_that_stays_never_drives() -> None:
    assert STANDING.at(0.0) == STANDING.at(1e9) == (36.66872, 117.02613, 0.05)
