"""Alarms, meters, position, and the saving of energy that never takes anything from anybody."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import Clock, Instant
from kiosk.core.door.hours import Schedule, weekly
from kiosk.core.events import DoorRequested, Edge, Lamp, Located, Maintained, NoReading, Reading, Show, Switch, Verb
from kiosk.core.room import alarms, position, usage
from kiosk.core.room.alarms import Alarm, AlarmRules
from kiosk.core.room.room import OccupancyRules, Phase, Room
from kiosk.core.room.saving import SAVING, closed, empty
from kiosk.core.room.sensors import Sensor, SensorRules
from kiosk.core.room.usage import Usage
from kiosk.core.step import ON_A_PIN, step, stopped
from tests.core.bench import Bench, logged
from tests.keys import NOW, claims, signed

WARM = AlarmRules("t", 8.0, hysteresis=1.0, after=600.0, clear_after=120.0)
RULES = SensorRules("°C", dead_band=0.5)


def room(bench: Bench, **parts: Any) -> Bench:
    """Furnish the room; its sensors are `t` and whatever is named."""
    bench.state = replace(bench.state, room=Room(**parts))
    return bench


class Watched:
    """An alarm, told values second by second."""

    def __init__(self, rules: AlarmRules) -> None:
        self.alarm = Alarm("fridge.too_warm", rules)
        self.told: list[tuple[float, bool]] = []

    def hold(self, value: float | None, begin: int, end: int, *, applies: bool = True) -> None:
        for now in range(begin, end):
            self.alarm, entries = alarms.judge(self.alarm, value, float(now), applies=applies)
            self.told += [(now, each.raised) for each in entries if isinstance(each, fact.ApplianceAlarm)]


def test_an_alarm_needs_its_time_and_its_end_needs_the_hysteresis_and_its_own_time() -> None:
    watched = Watched(WARM)
    watched.hold(9.0, 0, 599)
    watched.hold(8.0, 599, 600)
    watched.hold(8.1, 600, 1300)
    watched.hold(7.5, 1300, 2000)
    watched.hold(6.9, 2000, 2100)
    watched.hold(7.1, 2100, 2101)
    watched.hold(6.9, 2101, 3000)
    assert watched.told == [(1200, True), (2221, False)]


def test_an_alarm_below_a_value() -> None:
    watched = Watched(AlarmRules("t", 3.0, above=False, hysteresis=1.0))
    for value, raised in ((3.0, False), (2.9, True), (3.9, True), (4.0, False)):
        watched.hold(value, 0, 1)
        assert watched.alarm.raised is raised


def test_without_a_value_an_alarm_stays_as_it_is_and_begins_to_count_anew() -> None:
    watched = Watched(WARM)
    watched.hold(9.0, 0, 500)
    watched.hold(None, 500, 510)
    watched.hold(9.0, 510, 1200)
    assert watched.told == [(1110, True)]
    watched.hold(None, 1200, 9000)
    assert watched.alarm.raised


def test_an_alarm_that_does_not_apply_is_cleared() -> None:
    watched = Watched(WARM)
    watched.hold(9.0, 0, 700)
    watched.hold(9.0, 700, 900, applies=False)
    assert watched.told == [(600, True), (820, False)]


def test_an_alarm_is_raised_at_its_time_without_another_reading() -> None:
    bench = room(Bench(), alarms={"a": Alarm("a", replace(WARM, after=20.0))})
    bench.take(Reading("t", 9.0))
    bench.wait(20)
    assert fact.ApplianceAlarm("a", "t", 9.0, True) in logged(bench.said)


@pytest.mark.parametrize("wall", [0.0, NOW - 10**8, NOW + 10**9])
def test_a_clock_that_jumps_moves_no_alarm_and_no_sum(wall: float) -> None:
    bench = room(Bench(), alarms={"a": Alarm("a", WARM)}, usages={"ac": Usage("ac", "t", 1.0, 0.0, 0.0)})
    told: list[tuple[float, Any]] = []
    for second in range(0, 4000, 10):
        at = Instant(float(second), NOW + second if second < 300 else wall + second)
        bench.state, commands = step(bench.state, Reading("t", 9.0), at)
        told += [(at.boot, each) for each in logged(commands)]
    raised = [at for at, each in told if isinstance(each, fact.ApplianceAlarm)]
    assert raised == [600.0]
    metered = [each.metered for _, each in told if isinstance(each, fact.Used)]
    assert sum(metered) <= 3990.0
    assert sum(metered) + bench.state.room.usages["ac"].metered == pytest.approx(3990.0)


def test_boiling_dry_takes_the_power_until_a_technician_is_there_and_it_is_over() -> None:
    dry = AlarmRules("t", 50.0, hysteresis=10.0, latches="kettle")
    bench = room(Bench(), alarms={"dispenser.boil_dry": Alarm("dispenser.boil_dry", dry)})
    assert Switch("kettle", False) in bench.take(Reading("t", 55.0))
    bench.wait(5)
    assert not _switches(bench.take(Maintained("li", 60.0))), "it is still dry"
    bench.wait(5)
    bench.take(Reading("t", 20.0))
    assert bench.state.room.off == {"kettle": ("dispenser.boil_dry",)}, "it does not heat up again by itself"
    assert not _switches(bench.take(Maintained("li", 0.0)))
    assert _switches(bench.take(Maintained("li", 60.0))) == [Switch("kettle", True)]
    told = [each for each in logged(bench.said) if isinstance(each, fact.Switched)]
    assert told == [
        fact.Switched("kettle", False, "dispenser.boil_dry", True),
        fact.Switched("kettle", True, "dispenser.boil_dry", False),
    ]


def _switches(commands: list[Any]) -> list[Switch]:
    return [each for each in commands if isinstance(each, Switch)]


def test_a_meter_adds_up_run_time_energy_and_starts() -> None:
    meter = Usage("ac", "p", 50.0, 0.0, 0.0)
    for now in range(0, 3600, 10):
        meter = usage.metered(meter, 1000.0 if now % 1200 < 600 else 4.0, float(now))
    meter, (told,) = usage.told(meter, 3600.0)
    assert isinstance(told, fact.Used)
    assert (told.seconds, told.metered, told.ran, told.starts) == (3600.0, 3600.0, 1800.0, 3)
    assert told.watt_hours == pytest.approx(502.0)
    assert usage.told(meter, 3600.0)[1] == ()


def test_what_was_used_in_a_long_gap_nobody_knows_and_a_running_appliance_has_a_hysteresis() -> None:
    meter = usage.metered(Usage("ac", "p", 50.0, 0.0, 0.0), 60.0, 10.0)
    assert usage.metered(meter, 60.0, 10.0 + usage.MAX_GAP + 1).metered == 0.0
    still = usage.metered(meter, 41.0, 20.0)
    assert (still.running, still.starts) == (True, 1)
    assert not usage.metered(still, 39.0, 30.0).running
    gone = usage.metered(still, None, 30.0)
    assert (gone.ran, gone.running) == (20.0, False)
    assert usage.metered(gone, 60.0, 60.0).ran == 20.0


@pytest.mark.parametrize(("wall", "offset", "ahead"), [(0.0, 0, 3600.0), (3599.0, 0, 1.0), (0.0, 19800, 1800.0)])
def test_the_next_full_hour_is_local(wall: float, offset: int, ahead: float) -> None:
    assert usage.next_hour(wall, offset) == ahead


def test_sums_are_told_at_the_full_hour_and_at_the_programs_end() -> None:
    bench = room(Bench(), usages={"ac": Usage("ac", "t", 1.0, 0.0, 0.0)})
    for _ in range(500):
        bench.take(Reading("t", 30.0))
        bench.wait(10)
    told = [each for each in logged(bench.said) if isinstance(each, fact.Used)]
    assert 1 <= len(told) <= 2
    last = stopped(bench.state, Instant(bench.boot, NOW + bench.boot)).entries
    assert isinstance(last[-1], fact.Stopped)
    assert sum(each.metered for each in (*told, *last) if isinstance(each, fact.Used)) == pytest.approx(5000, abs=20)


def test_a_station_that_moves_is_told_where_it_is() -> None:
    place, told = position.located(position.Place(), 36.66872, 117.02613, 0.0, 10.0)
    assert told == (fact.Position(36.66872, 117.02613, False),)
    same, told = position.located(place, 36.66880, 117.02613, 1.0, 20.0)
    assert (same, told) == (place, ()), "nine metres, and a receiver's wander"
    moving, told = position.located(place, 36.66880, 117.02613, 8.0, 20.0)
    assert told == (fact.Position(36.6688, 117.02613, True),)
    assert position.located(moving, 36.66880, 117.02613, 1.0, 21.0)[1] == ()
    assert position.located(moving, 36.66880, 117.02613, 0.5, 21.0)[1] == (fact.Position(36.6688, 117.02613, False),)
    assert position.located(place, 36.67, 117.02613, 0.0, 21.0)[1]
    assert position.located(place, 36.66872, 117.02613, 0.0, 3610.0)[1]
    bench = Bench()
    bench.take(Located(36.66872, 117.02613, 0.0))
    assert bench.state.room.place.latitude == 36.66872


def test_metres_on_the_ground() -> None:
    assert position.distance(0.0, 0.0, 0.0, 1.0) == pytest.approx(111_195, rel=1e-3)
    assert position.distance(60.0, 0.0, 60.0, 1.0) == pytest.approx(55_597, rel=1e-3)
    assert position.distance(10.0, 20.0, 10.0, 20.0) == 0.0


def test_an_absence_becomes_a_fault_and_ends_with_the_next_value() -> None:
    bench = Bench()
    bench.take(Reading("t", 4.0))
    bench.take(NoReading("t", "no_answer"))
    bench.wait(299)
    assert bench.state.faults == {}
    bench.take(NoReading("t", "no_answer"))
    bench.wait(2)
    assert bench.state.faults == {"sensor.t": "no_answer"}
    bench.take(Reading("t", 4.0))
    assert bench.state.faults == {}


def station(**rules: Any) -> Bench:
    """A station that is open from 6 to 22 of its own day, at three in the morning, with a presence sensor and a heater."""
    at_six = f"daily {_clock(NOW + 3 * 3600)}-{_clock(NOW + 19 * 3600)}"
    bench = Bench(schedule=Schedule(weekly((at_six,), 0)))
    saving = OccupancyRules(("seen",), ("main",), ("heater",), 600.0, 60.0)
    seen = Sensor("seen", SensorRules("on/off", switches=True, stale_after=math.inf), 0.0)
    bench.state = replace(
        bench.state,
        clock=Clock(lo=NOW, lo_at=0.0, hi=NOW, hi_at=0.0),
        sensors={"seen": seen},
        room=Room(rules=replace(saving, **rules), signs=frozenset({"seen"})),
    )
    return bench


def _clock(at: float) -> str:
    minutes = round(at / 60) % 1440
    return f"{minutes // 60:02}:{minutes % 60:02}"


def phase(bench: Bench) -> Phase:
    return bench.state.room.phase


def seen(bench: Bench, present: bool) -> None:
    bench.take(Edge(f"{ON_A_PIN}seen", active=present, at=bench.boot))
    bench.wait(0.1)


def test_a_closed_and_empty_station_warns_and_then_saves_until_somebody_comes() -> None:
    bench = station()
    seen(bench, False)
    bench.wait(640)
    assert phase(bench) is Phase.WARNED
    assert Show("main", Lamp.WARNING) in bench.said
    bench.wait(120)
    assert phase(bench) is Phase.OFF
    assert _switches(bench.said) == [Switch("heater", False)]
    bench.said.clear()
    commands = bench.take(DoorRequested("main", Verb.OPEN, "li"))
    assert _switches(commands) == [Switch("heater", True)]
    assert fact.Saving("on") in logged(commands)


@pytest.mark.parametrize("sign", ["presence", "exit", "door"])
def test_any_sign_of_somebody_ends_the_warning(sign: str) -> None:
    bench = station()
    seen(bench, False)
    bench.wait(640)
    if sign == "presence":
        seen(bench, True)
    else:
        bench.take(Edge(f"main.{'exit' if sign == 'exit' else 'contact'}", active=True, at=bench.boot))
        bench.wait(0.1)
    assert phase(bench) is Phase.ON
    bench.wait(300)
    assert _switches(bench.said) == []


def test_the_opening_hours_give_the_power_back() -> None:
    bench = station()
    seen(bench, False)
    bench.wait(3 * 3600 - 120)
    assert phase(bench) is Phase.OFF
    bench.wait(300)
    assert phase(bench) is Phase.ON
    assert _switches(bench.said)[-1] == Switch("heater", True)


@pytest.mark.parametrize("why", ["no_sensor", "sensor_unknown", "always_open", "held_open", "no_clock"])
def test_without_a_proof_nothing_is_switched_off(why: str) -> None:
    bench = station(presence=() if why == "no_sensor" else ("seen",))
    if why != "sensor_unknown":
        seen(bench, False)
    if why == "always_open":
        door = bench.state.doors["main"]
        bench.state = replace(
            bench.state, doors={"main": replace(door, rules=replace(door.rules, schedule=Schedule()))}
        )
    if why == "held_open":
        bench.take(DoorRequested("main", Verb.HOLD, "li", 20_000.0))
    if why == "no_clock":
        bench.state = replace(bench.state, clock=Clock(lo=NOW, lo_at=0.0))
    bench.wait(2 * 3600)
    assert phase(bench) is Phase.ON
    assert _switches(bench.said) == []


class Saver(RuleBasedStateMachine):
    """Whatever happens in whatever order: who may be inside has power."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = station()
        self.bench.state = replace(
            self.bench.state,
            sensors={**self.bench.state.sensors, "t": Sensor("t", RULES, 0.0)},
            room=replace(
                self.bench.state.room,
                alarms={"dry": Alarm("dry", AlarmRules("t", 100.0, hysteresis=5.0, latches="heater"))},
            ),
        )

    @rule(present=st.booleans())
    def presence(self, present: bool) -> None:
        seen(self.bench, present)

    @rule(seconds=st.sampled_from([1.0, 59.0, 61.0, 600.0, 3600.0, 36_000.0]))
    def time(self, seconds: float) -> None:
        self.bench.wait(seconds)

    @rule(what=st.sampled_from(["exit", "contact"]), active=st.booleans())
    def edge(self, what: str, active: bool) -> None:
        self.bench.take(Edge(f"main.{what}", active=active, at=self.bench.boot))
        self.bench.wait(0.1)

    @rule()
    def worker(self) -> None:
        self.bench.show(signed(claims()))

    @rule(verb=st.sampled_from(list(Verb)))
    def technician(self, verb: Verb) -> None:
        self.bench.take(DoorRequested("main", verb, "li", 600.0))

    @rule(value=st.sampled_from([20.0, 99.0, 104.0]))
    def water(self, value: float) -> None:
        self.bench.take(Reading("t", value))

    @rule()
    def maintenance(self) -> None:
        self.bench.take(Maintained("li", 60.0))

    @invariant()
    def saves_only_where_closed_and_empty_are_proven(self) -> None:
        state, boot = self.bench.state, self.bench.boot
        reasons = state.room.off.get("heater", ())
        assert (SAVING in reasons) is (state.room.phase is Phase.OFF)
        if state.room.phase is not Phase.ON:
            assert empty(state, boot)
            assert boot - state.room.sign_at >= 600.0

    @invariant()
    def the_relay_is_as_the_reasons_say(self) -> None:
        switches = _switches(self.bench.said)
        on = switches[-1].on if switches else True
        assert on is not bool(self.bench.state.room.off.get("heater"))
        if self.bench.state.room.alarms["dry"].raised:
            assert not on


TestSaver = Saver.TestCase
TestSaver.settings = hypothesis_settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_closed_means_every_entrance() -> None:
    bench = station()
    assert closed(bench.state, bench.boot)
    bench.state = replace(bench.state, room=Room())
    assert not closed(bench.state, bench.boot), "without an entrance nobody knows"
