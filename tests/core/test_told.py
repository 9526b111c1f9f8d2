"""What is told in full: a report's version, both of two silent sensors, a jam's end, why a recording is none."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kiosk import __version__
from kiosk.core import entries as fact
from kiosk.core.door.lamps import DENIED_FOR, TRIED_FOR, due
from kiosk.core.door.tables import LockState
from kiosk.core.events import (
    Asked,
    Committed,
    Edge,
    Lamp,
    LampTried,
    NoReading,
    Offered,
    PartsTried,
    Reading,
    Record,
    Show,
)
from kiosk.core.replay import Happened, NotARecording, Recording, digest, read_recording, replay
from kiosk.core.room.sensors import Sensor
from kiosk.core.step import due as due_at
from kiosk.trust.documents import CommandDocument
from kiosk.trust.passes import PassClass
from tests.core.bench import RULES, Bench, logged
from tests.keys import NOW, claims, document, signed, time_document


def test_a_report_names_the_version() -> None:
    bench = Bench()
    bench.take(Asked("n"))
    bench.take(Offered(time_document(NOW, "n")))
    bench.take(Offered(document(CommandDocument(1, "c1", "37081101", "report", NOW, NOW + 60))))
    tickets = [each.ticket for each in bench.said if isinstance(each, Record) and each.ticket]
    for ticket in tickets:
        bench.take(Committed(ticket))
    (told,) = [each for each in logged(bench.said) if isinstance(each, fact.Reported)]
    assert (told.command, told.version) == ("c1", __version__)


def test_each_of_two_silent_sensors_is_told_and_returns() -> None:
    bench = Bench()
    bench.state = replace(bench.state, sensors={name: Sensor(name, RULES, 0.0) for name in ("t", "u")})
    for name in ("t", "u"):
        bench.take(Reading(name, 4.0))
    bench.said.clear()
    bench.wait(61)
    absent = [each for each in logged(bench.said) if isinstance(each, fact.Absent)]
    assert absent == [fact.Absent("t", "silent", 60.0), fact.Absent("u", "silent", 60.0)]
    bench.take(Reading("t", 4.0))
    assert (bench.state.sensors["t"].absent, bench.state.sensors["u"].absent) == ("", "silent")
    bench.take(NoReading("t", "crc"))
    bench.said.clear()
    bench.wait(61)
    assert fact.Absent("t", "crc", 60.0) in logged(bench.said)
    assert due_at(bench.state, bench.boot) > bench.boot


def test_a_refusal_is_shown_for_its_time_and_ends_by_itself() -> None:
    bench = Bench()
    bench.show("rubbish")
    assert due(bench.state.doors["main"], bench.boot) == bench.boot + DENIED_FOR
    bench.said.clear()
    bench.wait(DENIED_FOR + 0.01)
    assert [each.lamp for each in bench.said if isinstance(each, Show)] == ["ready"]
    assert due(bench.state.doors["main"], bench.boot) > 1e9


def test_the_door_stays_free_for_the_pulse_after_the_exit_button_is_let_go() -> None:
    bench = Bench(pulse=5.0)
    for active in (True, False):
        bench.take(Edge("main.exit", active=active, at=bench.boot))
        bench.wait(0.2)
    assert not bench.is_locked()
    bench.wait(4.5)
    assert not bench.is_locked()
    bench.wait(0.6)
    assert bench.is_locked()


def test_a_jam_ends_once_and_a_grant_that_nobody_took_is_told_once() -> None:
    bench = Bench(has_bolt=True, pulse=5.0)
    bench.take(Edge("main.bolt", active=True, at=bench.boot))
    bench.wait(0.5)
    bench.show(signed(claims(5)))
    bench.take(Edge("main.bolt", active=False, at=bench.boot))
    bench.wait(30)
    assert bench.state.doors["main"].jammed
    bench.take(Edge("main.bolt", active=True, at=bench.boot))
    bench.wait(30)
    told = logged(bench.said)
    assert [each for each in told if isinstance(each, fact.LockFault)] == [
        fact.LockFault("main", jammed=True),
        fact.LockFault("main", jammed=False),
    ]
    assert [each for each in told if isinstance(each, fact.NotTaken)] == [fact.NotTaken("main")]
    door = bench.state.doors["main"]
    assert (door.jammed, door.awaited, door.lock) == (False, False, LockState.LOCKED)


def test_a_recording_that_is_none_says_why_and_a_replay_gives_what_happened() -> None:
    with pytest.raises(NotARecording, match=r".+"):
        read_recording(b"\xc1")
    bench = Bench()
    before, event = bench.state, Reading("t", 4.0)
    commands = tuple(bench.take(event))
    happened = Happened(bench.boot, NOW + bench.boot, event, digest(commands))
    (again,) = replay(Recording(__version__, "boot", before, (happened,)))
    assert (again.happened, again.commands, again.same) == (happened, commands, True)


def test_a_technicians_pass_that_opens_arms_maintenance_and_a_workers_does_not() -> None:
    bench = Bench()
    bench.show(signed(claims(7)))
    assert bench.state.maintenance_until == 0.0
    bench.wait(100)
    bench.show(signed(claims(8, pass_class=PassClass.TECHNICIAN)))
    assert bench.state.maintenance_until == bench.boot + 1800.0
    assert fact.Maintenance("pass 8", 1800.0) in logged(bench.said)


def test_a_lamp_that_is_tried_is_shown_for_its_moment_and_what_was_before_returns() -> None:
    bench = Bench()
    commands = bench.take(LampTried("main", Lamp.ALARM))
    assert commands == [Show("main", Lamp.ALARM)]
    bench.said.clear()
    bench.wait(TRIED_FOR + 0.01)
    assert bench.said == [Show("main", Lamp.READY)]


def test_a_refusal_that_is_tried_wants_no_turn_before_its_end() -> None:
    bench = Bench()
    bench.take(LampTried("main", Lamp.DENIED))
    assert due_at(bench.state, bench.boot) == bench.boot + TRIED_FOR


def test_what_a_technician_tried_is_an_entry() -> None:
    bench = Bench()
    assert logged(bench.take(PartsTried("li", {"lock": "passed"}))) == [fact.Commissioned("li", {"lock": "passed"})]
