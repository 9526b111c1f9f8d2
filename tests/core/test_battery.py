"""Power from a battery: what is switched off below a voltage, and when it comes back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.events import NoReading, Reading, Switch
from kiosk.core.room.alarms import Alarm, AlarmRules
from kiosk.core.room.battery import BATTERY, restored
from kiosk.core.room.room import Battery, Room
from kiosk.core.room.saving import SAVING
from kiosk.core.room.sensors import Sensor, SensorRules
from tests.core.bench import Bench, logged

BELOW, ABOVE, AFTER = 11.8, 12.6, 60.0
RELAYS = ("heater", "lamp")
LOW = AlarmRules("volts", BELOW, above=False, hysteresis=ABOVE - BELOW, after=AFTER, clear_after=AFTER)
OFF = [fact.Saving("off", BATTERY), *(fact.Switched(each, on=False, why=BATTERY, held=True) for each in RELAYS)]


def driven(battery: Battery | None = None) -> Bench:
    bench = Bench()
    sensor = Sensor("volts", SensorRules("V", dead_band=100.0, heartbeat=1e9, stale_after=30.0), bench.boot)
    room = Room(battery=battery or Battery(Alarm("battery", LOW), RELAYS))
    bench.state = replace(bench.state, room=room, sensors={"volts": sensor})
    return bench


def told(bench: Bench, volts: float, seconds: float) -> list[fact.Entry]:
    """Read every ten seconds; what was written down of saving."""
    bench.said.clear()
    for _ in range(int(seconds / 10)):
        bench.take(Reading("volts", volts))
        bench.wait(10)
    return [each for each in logged(bench.said) if isinstance(each, fact.Saving | fact.Switched)]


def off(bench: Bench) -> dict[str, tuple[str, ...]]:
    return bench.state.room.off


def test_a_low_voltage_that_lasts_takes_the_power_and_one_that_is_high_enough_for_as_long_gives_it_back() -> None:
    bench = driven()
    assert told(bench, 11.7, 50) == []
    assert told(bench, 12.0, 10) == [], "the starter of the engine"
    assert told(bench, 11.7, 70) == OFF
    assert [each for each in bench.said if isinstance(each, Switch)] == [Switch(each, on=False) for each in RELAYS]
    assert told(bench, 12.5, 600) == [], "above one and not above the other"
    assert told(bench, 12.7, 50) == []
    assert [type(each) for each in told(bench, 12.7, 20)] == [fact.Saving, fact.Switched, fact.Switched]
    assert off(bench) == {}


def test_it_turns_when_its_time_is_over_although_no_reading_comes_then() -> None:
    bench = driven()
    bench.take(Reading("volts", 11.0))
    bench.wait(25)
    bench.take(Reading("volts", 11.0))
    bench.wait(25)
    bench.take(Reading("volts", 11.0))
    bench.wait(9)
    assert off(bench) == {}
    bench.wait(2)
    assert set(off(bench)) == set(RELAYS)


def test_a_silent_sensor_changes_nothing_and_is_a_fault() -> None:
    bench = driven()
    told(bench, 11.0, 70)
    assert set(off(bench)) == set(RELAYS)
    bench.take(NoReading("volts", "no_answer"))
    bench.wait(4000)
    assert set(off(bench)) == set(RELAYS)
    assert bench.state.faults == {"sensor.volts": "no_answer"}
    assert told(bench, 13.0, 70), "it speaks again"
    assert off(bench) == {}
    bench.take(NoReading("volts", "no_answer"))
    bench.wait(4000)
    assert off(bench) == {}


def test_another_reason_for_which_a_relay_is_off_stays() -> None:
    bench = driven()
    bench.state = replace(bench.state, room=replace(bench.state.room, off={"lamp": ("fridge.leak",)}))
    told(bench, 11.0, 70)
    assert off(bench) == {"heater": (BATTERY,), "lamp": ("fridge.leak", BATTERY)}
    told(bench, 13.0, 70)
    assert off(bench) == {"lamp": ("fridge.leak",)}


def test_what_was_off_at_a_power_cut_is_off_after_it_until_the_voltage_says_otherwise() -> None:
    was = {"heater": (BATTERY,), "lamp": (BATTERY, "fridge.leak")}
    bench = driven()
    room = restored(bench.state.room, was)
    assert room.off == was
    bench.state = replace(bench.state, room=room)
    assert told(bench, 12.0, 600) == []
    assert told(bench, 12.8, 70)
    assert off(bench) == {"lamp": ("fridge.leak",)}


def test_what_the_settings_name_no_longer_has_its_power_again() -> None:
    was = {"heater": (BATTERY,), "lamp": (BATTERY, "fridge.leak"), "other": (SAVING,)}
    assert restored(Room(), was).off == {"lamp": ("fridge.leak",), "other": (SAVING,)}
    one = restored(Room(battery=Battery(Alarm("battery", LOW), ("heater",))), was)
    assert one.off == {"heater": (BATTERY,), "lamp": ("fridge.leak",), "other": (SAVING,)}
    assert one.battery
    assert one.battery.low.raised


@given(st.lists(st.tuples(st.sampled_from([None, 11.0, 11.8, 12.0, 12.6, 13.0]), st.sampled_from([5, 30, 61, 300]))))
def test_whatever_the_voltage_does_all_relays_are_off_together_and_every_change_is_told(
    course: list[tuple[float | None, int]],
) -> None:
    bench = driven()
    for volts, seconds in course:
        bench.take(NoReading("volts", "no_answer") if volts is None else Reading("volts", volts))
        before = set(off(bench))
        bench.wait(seconds)
        if volts is None:
            assert set(off(bench)) == before
        assert set(off(bench)) in (set(), set(RELAYS))
    phases = [each.phase for each in logged(bench.said) if isinstance(each, fact.Saving)]
    assert phases == ["off", "on"] * (len(phases) // 2) + ["off"] * (len(phases) % 2)
    assert bool(off(bench)) == bool(phases and phases[-1] == "off")
