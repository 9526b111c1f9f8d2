"""A recorded day, replayed: the same events give the same decisions, and another rule would be seen."""

from __future__ import annotations

import random

import msgspec
import pytest
from msgspec.structs import replace

from kiosk.core import entries as fact
from kiosk.core.clock import Instant
from kiosk.core.events import Command, Committed, Edge, Event, KeepService, Offered, Reading, Record, Scanned
from kiosk.core.replay import NotARecording, read_recording, replay
from kiosk.station.recorder import SEGMENT_EVENTS, Recorder
from kiosk.trust.service import PollBody, poll_name
from kiosk.trust.status import Status
from tests.core.bench import Bench, logged
from tests.core.test_services import service
from tests.keys import NOW, STRANGER, claims, signed, status_document
from tests.trust.test_service_bodies import EXAMPLES

DAY_EVENTS = 10_000


class Recorded(Bench):
    """A bench whose events are recorded as the station's program does."""

    recorder: Recorder | None = None

    def take(self, event: Event) -> list[Command]:
        before = self.state
        commands = super().take(event)
        if self.recorder:
            now = Instant(self.boot, NOW + self.boot)
            self.recorder.took(before, event, now, tuple(commands), self.state)
        return commands


def a_day(bench: Recorded, events: int) -> list[Command]:
    """Workers, rubbish, readings, doors and lists, in no particular order; everything that was said."""
    choose = random.Random(4)  # noqa: S311
    texts = [signed(claims(index)) for index in range(1, 60)] + [signed(claims(1), STRANGER), "rubbish"]
    bench.recorder = Recorder(bench.state, "boot")
    bench.said.clear()
    for number in range(events):
        what = choose.random()
        if what < 0.3:
            for command in bench.take(Scanned("main", choose.choice(texts), bench.boot)):
                if isinstance(command, Record) and command.ticket:
                    bench.take(Committed(command.ticket))
        elif what < 0.5:
            bench.take(Edge("main.contact", choose.random() < 0.5, bench.boot))
        elif what < 0.55:
            bench.take(Edge("main.exit", choose.random() < 0.5, bench.boot))
        elif what < 0.56:
            bench.take(Offered(status_document(number + 1, {choose.randrange(60): Status.REVOKED})))
        elif what < 0.565:
            bench.take(Offered(service(number + 1, choose.choice("abc"), urgent=True, texts={"zh": f"{number}"})))
        else:
            bench.take(Reading("t", choose.uniform(0, 10)))
        bench.wait(choose.choice([0.1, 1.0, 8.0, 30.0]))
    return list(bench.said)


def test_a_day_of_ten_thousand_events_replays_to_the_identical_decisions() -> None:
    bench = Recorded()
    said = a_day(bench, 9000)
    assert bench.recorder is not None
    recording = read_recording(bench.recorder.recording())
    assert len(recording.happened) >= DAY_EVENTS
    again = list(replay(recording))
    assert all(each.same for each in again)
    assert [command for each in again for command in each.commands] == said
    assert len([each for each in said if isinstance(each, KeepService)]) > 10
    decisions = [each for each in logged(said) if isinstance(each, fact.Granted | fact.Denied)]
    assert len(decisions) > 1000


def test_a_recording_brings_back_what_services_of_each_kind_say() -> None:
    bench = Bench()
    for number, body in enumerate(EXAMPLES, 1):
        said = msgspec.to_builtins(body, builtin_types=(bytes,))
        name = poll_name(body.poll) if isinstance(body, PollBody) else f"s{number}"
        bench.take(Offered(service(number, name, **said)))
    recording = read_recording(Recorder(bench.state, "boot").recording())
    assert [each.body for each in recording.state.services.held.values()] == [*reversed(EXAMPLES)]


def test_what_would_be_decided_otherwise_is_seen() -> None:
    bench = Recorded()
    a_day(bench, 300)
    assert bench.recorder is not None
    recording = read_recording(bench.recorder.recording())
    state = replace(recording.state, trust=replace(recording.state.trust, station="4400"))
    assert all(each.same for each in replay(replace(recording, state=state))), "these passes hold everywhere"
    door = recording.state.doors["main"]
    slower = replace(door, rules=replace(door.rules, pulse=6.0))
    differs = [each.same for each in replay(replace(recording, state=replace(state, doors={"main": slower})))]
    assert not all(differs)


def test_what_is_kept_is_bounded_and_begins_with_its_own_state() -> None:
    bench = Bench()
    recorder = Recorder(bench.state, "boot")
    for number in range(3 * SEGMENT_EVENTS):
        before, event = bench.state, Reading("t", float(number % 7))
        bench.boot += 0.01
        commands = bench.take(event)
        recorder.took(before, event, Instant(bench.boot, NOW + bench.boot), tuple(commands), bench.state)
    recording = read_recording(recorder.recording())
    assert SEGMENT_EVENTS <= len(recording.happened) <= 2 * SEGMENT_EVENTS
    assert all(each.same for each in replay(recording))


@pytest.mark.parametrize("data", [b"", b"rubbish", b"\x93\x01\x02\x03", b"\x81\xa1a\x01"])
def test_bytes_that_are_no_recording_are_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(NotARecording, match=r"."):
        read_recording(data)
