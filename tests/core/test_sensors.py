"""One sensor's samples become changes: what is no value, what is told at once, what must last first."""

from __future__ import annotations

import math

import msgspec
import pytest
from msgspec.structs import replace

from kiosk.core.entries import Absent, Entry, Measured
from kiosk.core.room import sensors
from kiosk.core.room.sensors import Sensor, SensorRules

RULES = SensorRules("°C", lowest=-10.0, highest=90.0, dead_band=0.5, heartbeat=100.0, stale_after=30.0)


class Heard:
    """A sensor, and what was told of it."""

    def __init__(self, **rules: object) -> None:
        self.sensor = Sensor("t", replace(RULES, **rules), 0.0)
        self.told: list[Entry] = []

    def value(self, value: float, now: float) -> tuple[Entry, ...]:
        self.sensor, entries = sensors.reading(self.sensor, value, now)
        self.told += entries
        return entries

    def nothing(self, reason: str, now: float) -> tuple[Entry, ...]:
        self.sensor, entries = sensors.no_reading(self.sensor, reason, now)
        self.told += entries
        return entries

    def tick(self, now: float) -> tuple[Entry, ...]:
        self.sensor, entries = sensors.tick(self.sensor, now)
        self.told += entries
        return entries


def test_the_first_value_is_told_at_once_and_the_same_again_at_the_heartbeat() -> None:
    heard = Heard()
    assert heard.value(5.0, 7.0) == (Measured("t", 5.0, "°C"),)
    for now in range(8, 107):
        assert heard.value(5.0, float(now)) == ()
    assert heard.value(5.0, 107.0) == (Measured("t", 5.0, "°C"),)
    assert (heard.sensor.value, heard.sensor.heard_at) == (5.0, 107.0)


def test_a_corner_is_told_with_its_age() -> None:
    heard = Heard()
    heard.value(5.0, 0.0)
    heard.value(5.0, 10.0)
    assert heard.value(20.0, 20.0) == (Measured("t", 5.0, "°C", 10.0),)


def test_a_switch_tells_each_change_at_once() -> None:
    heard = Heard(switches=True, dead_band=0.0)
    assert heard.value(0.0, 0.0) == (Measured("t", 0.0, "°C"),)
    assert heard.value(0.0, 1.0) == ()
    assert heard.value(1.0, 2.0) == (Measured("t", 1.0, "°C"),)
    assert heard.value(0.0, 2.5) == (Measured("t", 0.0, "°C"),)


@pytest.mark.parametrize(
    ("value", "reason"),
    [(-10.01, "out_of_range"), (90.01, "out_of_range"), (math.nan, "out_of_range"), (66.0, "no_probe")],
)
def test_what_is_no_value_is_shown_at_once_as_an_absence(value: float, reason: str) -> None:
    heard = Heard(never=(66.0,))
    for edge in (-10.0, 90.0):
        heard.value(edge, 1.0)
        assert heard.sensor.value == edge
    assert heard.value(value, 2.0) == ()
    assert (heard.sensor.value, heard.sensor.absent) == (None, reason)


def test_an_absence_is_told_once_it_has_lasted_behind_the_end_of_the_line() -> None:
    heard = Heard()
    heard.value(5.0, 0.0)
    heard.value(5.2, 10.0)
    heard.nothing("no_answer", 20.0)
    assert sensors.due(heard.sensor) == 50.0
    assert heard.tick(49.9) == ()
    assert heard.tick(50.0) == (Measured("t", 5.2, "°C", 40.0), Absent("t", "no_answer", 30.0))
    assert sensors.due(heard.sensor) == math.inf
    assert heard.nothing("no_answer", 60.0) == ()
    assert heard.value(5.2, 70.0) == (Measured("t", 5.2, "°C"),)


def test_a_disturbed_frame_is_no_news() -> None:
    heard = Heard()
    heard.value(5.0, 0.0)
    for round_ in range(1, 9):
        heard.nothing("no_answer", round_ * 10.0)
        heard.value(5.0, round_ * 10.0 + 5.0)
    assert heard.told == [Measured("t", 5.0, "°C")]


def test_silence_becomes_an_absence() -> None:
    heard = Heard()
    heard.value(5.0, 0.0)
    assert sensors.due(heard.sensor) == 30.0
    assert heard.tick(30.0) == (Absent("t", "silent", 30.0),)
    assert heard.sensor.value is None


def test_the_power_on_value_is_believed_only_near_the_value_before() -> None:
    cold = Heard(power_on=85.0)
    cold.value(85.0, 1.0)
    assert cold.sensor.absent == "power_on_value"
    cold.value(4.0, 2.0)
    cold.value(85.0, 3.0)
    assert (cold.sensor.value, cold.sensor.absent) == (None, "power_on_value")
    hot = Heard(power_on=85.0)
    hot.value(84.5, 1.0)
    hot.value(85.0, 2.0)
    assert hot.sensor.value == 85.0, "a kettle passes it"


def test_a_value_that_never_changes_by_one_bit_is_a_failed_sensor() -> None:
    heard = Heard(stuck_after=3600.0)
    for minute in range(60):
        heard.value(4.25, 60.0 * minute)
        assert heard.sensor.value == 4.25
    heard.value(4.25, 3600.0)
    assert heard.sensor.absent == "stuck"
    heard.value(4.3125, 3660.0)
    assert heard.sensor.value == 4.3125


def test_the_end_of_the_program_tells_the_end_of_the_line() -> None:
    heard = Heard()
    heard.value(5.0, 0.0)
    assert sensors.close(heard.sensor, 1.0) == ()
    heard.value(5.3, 10.0)
    assert sensors.close(heard.sensor, 12.0) == (Measured("t", 5.3, "°C", 2.0),)


def test_a_value_of_now_has_no_age_in_the_logbook() -> None:
    _, (entry,) = sensors.reading(Sensor("t", SensorRules("C"), 0.0), 4.0, now=110.0)
    assert b"age" not in msgspec.json.encode(entry)


def test_a_reading_that_had_to_wait_counts_from_its_measuring() -> None:
    rules = SensorRules("C", stale_after=120.0)
    found, entries = sensors.reading(Sensor("t", rules, 100.0), 4.0, now=110.0, at=90.0)
    assert entries == (Measured("t", 4.0, "C", 20.0),)
    assert found.heard_at == 90.0
    assert sensors.due(found) == 210.0, "it is stale as early as it is old"
    later, entries = sensors.reading(found, 9.0, now=130.0, at=60.0)
    assert later.heard_at == 90.0, "never before what is known"
    ahead, _ = sensors.reading(found, 9.0, now=130.0, at=999.0)
    assert ahead.heard_at == 130.0, "never ahead of now"
    gone, _ = sensors.no_reading(found, "no_answer", now=130.0, at=125.0)
    assert (gone.absent_since, gone.heard_at) == (125.0, 125.0)
