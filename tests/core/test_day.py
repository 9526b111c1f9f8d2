"""A whole day of a station in virtual time: few rows, the picture in them, and every alarm that the day deserves."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from functools import cache

import pytest

from kiosk.core import entries as fact
from kiosk.core.entries import Entry
from kiosk.demo.model import DAY, DEAD_SENSOR, POWER_CUT, Model
from kiosk.demo.virtual import Virtual, live_a_day
from kiosk.logbook.curves import Day, day_of
from kiosk.settings.loading import load
from tests.conftest import ROOT

MIDNIGHT = datetime(2026, 7, 31, 16, tzinfo=UTC).timestamp()
"""Of 1 August 2026 in China."""


@cache
def a_day() -> tuple[Virtual, Day]:
    virtual = Virtual(load(ROOT / "config" / "station.toml"), MIDNIGHT)
    live_a_day(virtual, Model())
    virtual.stop()
    return virtual, day_of(sorted(((at.wall, entry) for at, entry in virtual.told), key=lambda each: each[0]))


def entries(virtual: Virtual) -> list[Entry]:
    return [entry for _, entry in virtual.told]


def test_the_logbook_gets_at_least_fifty_times_fewer_rows_than_samples() -> None:
    samples, rows = a_day()[0].counted()
    print(f"a day: {samples} samples, {rows} rows of telemetry, {samples / rows:.0f} times fewer")
    assert samples >= 50 * rows > 0


def test_the_day_can_be_drawn_from_the_logbook_within_the_dead_band() -> None:
    virtual, day = a_day()
    drawn = 0
    for name, samples in virtual.samples.items():
        table = virtual.settings.sensors[name]
        for at, value in samples:
            found = day.curves[name].at(at)
            if found is not None and table.dead_band:
                drawn += 1
                assert abs(found - value) <= table.dead_band + 1e-3, (name, at)
    assert drawn > 0.98 * sum(
        len(each) for name, each in virtual.samples.items() if virtual.settings.sensors[name].dead_band
    )


def test_the_dead_sensor_and_the_power_cut_are_gaps_and_not_the_last_value_again() -> None:
    _, day = a_day()
    dead = MIDNIGHT + sum(DEAD_SENSOR) / 2
    dark = MIDNIGHT + sum(POWER_CUT) / 2
    assert day.curves["fridge"].at(dead) is None
    assert day.curves["air_conditioner"].at(dead) is not None
    assert all(curve.at(dark) is None for name, curve in day.curves.items() if name not in {"fridge_door", "presence"})
    assert [reason for _, reason in day.curves["fridge"].gaps] == ["power", "not_connected"]


def test_the_thermometers_absence_is_a_fault_and_ends() -> None:
    found = [each for each in entries(a_day()[0]) if isinstance(each, fact.Fault | fact.FaultCleared)]
    assert found == [fact.Fault("sensor.fridge", "not_connected"), fact.FaultCleared("sensor.fridge")]


def test_run_hours_and_energy_add_up_to_what_the_model_used() -> None:
    virtual, day = a_day()
    used = day.used["air_conditioner"]
    powers = virtual.samples["air_conditioner"]
    joules = sum(value * (after - at) for (at, value), (after, _) in itertools.pairwise(powers) if after - at < 60)
    assert used.watt_hours == pytest.approx(joules / 3600, rel=0.01)
    assert used.ran == pytest.approx(sum(10.0 for _, value in powers if value > 50), rel=0.02)
    assert used.metered == pytest.approx(DAY - (POWER_CUT[1] - POWER_CUT[0]), rel=0.01)
    assert used.starts == sum(before <= 50 < after for (_, before), (_, after) in itertools.pairwise(powers))
    hours = [each for each in entries(virtual) if isinstance(each, fact.Used)]
    assert 22 <= len(hours) <= 26
