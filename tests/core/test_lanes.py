"""Two lanes: what a server makes of `services` holds nothing else up, and nothing of it is lost."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from kiosk.core import lanes, outbox
from kiosk.core.entries import Stream
from kiosk.core.lanes import REST, Lanes, LanesEvent, Rests, UnknownStream
from kiosk.core.outbox import (
    EPOCH_EVERY,
    LONGEST_RETRY_AFTER,
    Acknowledged,
    Begin,
    Conflict,
    Failed,
    Gap,
    Grew,
    Mark,
    NotTaken,
    Online,
    Outbox,
    Send,
    TookTooLong,
    Woke,
)


def after(*events: LanesEvent, now: float = 0.0) -> Lanes:
    """Lanes to which that happened."""
    found = lanes.begin()
    for event in events:
        found, _ = lanes.step(found, event, now, 0.5)
    return found


def in_flight(both: Lanes) -> Stream | None:
    return both.owed.in_flight or both.services.in_flight


def sent(commands: tuple[object, ...]) -> list[Stream]:
    return [each.stream for each in commands if isinstance(each, Send)]


def test_services_go_at_once_and_one_batch_at_a_time() -> None:
    both, commands = lanes.step(lanes.begin(), Grew("services", 3, 0), 0.0, 0.5)
    assert commands == (Send("services", 0, 500),)
    both, commands = lanes.step(both, Grew("access", 2, 0), 0.0, 0.5)
    assert (commands, lanes.due(both)) == ((), math.inf)
    both, commands = lanes.step(both, Acknowledged(3), 0.0, 0.5)
    assert commands == (Mark("services", 3), Send("access", 0, 500))
    assert lanes.newest(both, "services") == 3


def test_after_each_answer_the_other_lane_comes_first() -> None:
    both = after(Grew("access", 3000, 0), Grew("telemetry", 1000, 0), Grew("services", 2000, 0))
    order, marks = list[Stream](), dict[Stream, int]()
    while stream := in_flight(both):
        order.append(stream)
        marks[stream] = marks.get(stream, 0) + 500
        both, _ = lanes.step(both, Acknowledged(marks[stream]), 0.0, 0.5)
    assert order == ["access", "services"] * 4 + ["access"] * 2 + ["telemetry"] * 2


def test_a_server_that_does_not_know_services_is_asked_again_after_a_day_and_no_fault_is_told() -> None:
    both = after(Grew("services", 3, 0))
    both, commands = lanes.step(both, UnknownStream(), 10.0, 0.5)
    assert commands == (Rests(10.0 + REST),)
    assert (lanes.due(both), both.services.streams["services"].acked) == (10.0 + REST, 0)
    both, commands = lanes.step(both, Grew("services", 9, 0), 11.0, 0.5)
    assert commands == ()
    both, commands = lanes.step(both, Grew("access", 1, 0), 12.0, 0.5)
    assert commands == (Send("access", 0, 500),)
    both, _ = lanes.step(both, Acknowledged(1), 13.0, 0.5)
    both, commands = lanes.step(lanes.renewed(both), Grew("services", 9, 0), 14.0, 0.5)
    assert commands == (), "also after the station was away"
    _, commands = lanes.step(both, Woke(), 10.0 + REST, 0.5)
    assert commands == (Send("services", 0, 500),)


def test_a_server_that_takes_not_even_a_number_of_it_knows_it_as_little_and_costs_no_entry() -> None:
    both, commands = lanes.step(after(Grew("services", 2, 0)), NotTaken("HTTP 400", 2), 0.0, 0.0)
    assert commands == (Send("services", 0, 1),)
    both, _ = lanes.step(both, NotTaken("HTTP 400", 1), 0.0, 0.0)
    both, commands = lanes.step(both, Woke(), 2.0, 0.0)
    assert commands == (Send("services", 0, 1, withhold=True),)
    taken, _ = lanes.step(both, Acknowledged(1), 2.0, 0.0)
    assert taken.services.streams["services"].acked == 1, "it was this entry alone"
    both, commands = lanes.step(both, NotTaken("HTTP 400", 1), 2.0, 0.0)
    assert commands == (Rests(2.0 + REST),)
    _, commands = lanes.step(both, Woke(), 2.0 + REST, 0.0)
    assert commands == (Send("services", 0, 1),), "the entry itself again"


def test_no_server_makes_what_it_owes_rest_for_a_day() -> None:
    both, commands = lanes.step(after(Grew("access", 3, 0)), UnknownStream(), 0.0, 0.0)
    assert (commands, lanes.due(both)) == ((Online(online=False),), 1.0)


def test_survivors_of_which_only_services_are_left_are_over_while_those_rest() -> None:
    both = after(Grew("access", 1, 0), Grew("services", 3, 0))
    assert not lanes.only_rests(both, 0.0)
    both, _ = lanes.step(both, Acknowledged(1), 0.0, 0.5)
    assert not lanes.only_rests(both, 0.0)
    both, _ = lanes.step(both, UnknownStream(), 0.0, 0.5)
    assert lanes.only_rests(both, 1.0)
    assert not lanes.only_rests(both, REST)
    both, _ = lanes.step(both, Grew("telemetry", 1, 0), 1.0, 0.5)
    assert not lanes.only_rests(both, 1.0)


@pytest.mark.parametrize(("asked", "waits"), [(120.0, 120.0), (1e9, LONGEST_RETRY_AFTER)])
@pytest.mark.parametrize("stream", ["access", "services"])
def test_the_time_for_which_a_server_asks_to_be_left_alone_holds_for_both(
    stream: Stream, asked: float, waits: float
) -> None:
    both, commands = lanes.step(after(Grew(stream, 1, 0)), Failed(retry_after=asked), 0.0, 0.5)
    assert not sent(commands)
    both, commands = lanes.step(both, Grew("services" if stream == "access" else "access", 1, 0), 0.0, 0.5)
    assert (commands, lanes.due(both)) == ((), waits)


def test_after_a_new_epoch_neither_lane_begins_another_within_the_hour() -> None:
    both = after(Grew("services", 9, 4), Grew("access", 9, 4))
    both, commands = lanes.step(both, Conflict(6), 0.0, 0.5)
    assert Begin("services", 6) in commands
    assert (in_flight(both), both.owed.no_epoch_before) == ("access", EPOCH_EVERY)
    _, commands = lanes.step(both, Conflict(6), 0.0, 0.5)
    assert not [each for each in commands if isinstance(each, Begin)]


def test_whether_the_server_is_reached_is_told_by_what_it_owes_alone() -> None:
    both, commands = lanes.step(after(Grew("services", 1, 0)), Failed(), 0.0, 0.5)
    assert commands == ()
    both, commands = lanes.step(both, Grew("access", 1, 0), 0.0, 0.5)
    _, commands = lanes.step(both, Acknowledged(1), 0.0, 0.5)
    assert commands == (Online(online=True), Mark("access", 1))


LIES = st.one_of(
    st.builds(Acknowledged, st.integers(-10, 2000)),
    st.builds(Gap, st.integers(-10, 2000)),
    st.builds(NotTaken, st.just("HTTP 400"), st.integers(1, 500)),
    st.builds(TookTooLong, st.integers(1, 500)),
    st.builds(Failed),
    st.builds(UnknownStream),
)


@given(st.lists(st.tuples(LIES, st.floats(0, 1e5)), max_size=60), st.integers(1, 1500))
def test_whatever_a_server_says_to_services_access_goes_on_as_if_it_had_said_nothing(
    answers: list[tuple[LanesEvent, float]], newest: int
) -> None:
    """The outbox of what is owed is, after each answer, what it would be alone."""
    both, alone, now = lanes.begin(), Outbox(lanes.begin().owed.streams), 0.0

    def happens(event: LanesEvent, alone: Outbox) -> tuple[Lanes, Outbox]:
        found, _ = lanes.step(both, event, now, 0.5)
        if not isinstance(event, UnknownStream):
            alone, _ = outbox.step(alone, event, now, 0.5)
        return found, alone

    for made, (answer, later) in enumerate(answers, 1):
        both, _ = lanes.step(both, Grew("services", newest, 0), now, 0.5)
        if both.services.in_flight:
            both, _ = lanes.step(both, answer, now, 0.5)
        while both.services.in_flight:
            both, _ = lanes.step(both, Failed(), now, 0.5)
        both, alone = happens(Grew("access", made, 0), alone)
        assert both.owed.in_flight == "access"
        both, alone = happens(Acknowledged(made), alone)
        if both.services.in_flight:
            both, _ = lanes.step(both, Failed(), now, 0.5)
        assert both.owed == alone
        now += later


@pytest.mark.parametrize("answer", [UnknownStream(), Failed(), NotTaken("HTTP 400"), Gap(1), Acknowledged(0)])
def test_a_day_of_it_costs_a_few_questions_and_access_none_of_its_time(answer: LanesEvent) -> None:
    both, asked, late = lanes.begin(), 0, 0.0
    both, _ = lanes.step(both, Grew("services", 400, 0), 0.0, 0.5)
    for minute in range(24 * 60):
        now = minute * 60.0
        both, commands = lanes.step(both, Grew("access", minute + 1, minute), now, 0.5)
        for _ in range(12):
            asked += sum(stream == "services" for stream in sent(commands))
            event = Acknowledged(minute + 1) if in_flight(both) == "access" else answer
            both, commands = lanes.step(both, event if in_flight(both) else Woke(), now, 0.5)
        late = max(late, now - both.owed.streams["access"].since)
    assert late <= 0
    assert asked <= (15 if isinstance(answer, UnknownStream | NotTaken) else 150)


class AnyServer(RuleBasedStateMachine):
    """Three streams grow; a server takes, fails, and knows `services` or does not, in any order."""

    STREAMS: tuple[Stream, ...] = ("access", "telemetry", "services")

    def __init__(self) -> None:
        super().__init__()
        self.both, self.now = lanes.begin(), 0.0
        self.newest: dict[Stream, int] = dict.fromkeys(self.STREAMS, 0)
        self.server: dict[Stream, int] = dict.fromkeys(self.STREAMS, 0)
        self.told: dict[Stream, int] = dict.fromkeys(self.STREAMS, 0)
        self.sent: list[Send] = []
        self.before: list[Stream] = []

    def take(self, event: LanesEvent) -> None:
        self.both, commands = lanes.step(self.both, event, self.now, 0.5)
        for command in commands:
            match command:
                case Send(stream):
                    assert not self.sent, "one batch at a time"
                    assert self.before[-1:] != ["services"] or stream != "services" or not self.owed_is_due()
                    self.before.append(stream)
                    self.sent.append(command)
                case Mark(stream, acked):
                    assert acked <= self.server[stream], "nothing is marked that the server does not hold"
                    self.told[stream] = acked
                case Online() | Begin() | Rests():
                    pass

    def owed_is_due(self) -> bool:
        return outbox.due(replace(self.both.owed, in_flight=None)) <= self.now

    @rule(stream=st.sampled_from(STREAMS), count=st.integers(1, 900))
    def grows(self, stream: Stream, count: int) -> None:
        self.newest[stream] += count
        self.take(Grew(stream, self.newest[stream], self.told[stream]))

    @precondition(lambda self: self.sent)
    @rule()
    def answers(self) -> None:
        send = self.sent.pop()
        last = min(send.after + send.limit, self.newest[send.stream])
        if send.after <= self.server[send.stream]:
            self.server[send.stream] = max(self.server[send.stream], last)
        self.take(Acknowledged(self.server[send.stream]))

    @precondition(lambda self: self.sent)
    @rule(event=st.sampled_from([Failed(), Failed(30.0), UnknownStream(), NotTaken("HTTP 400"), TookTooLong(9)]))
    def takes_nothing(self, event: LanesEvent) -> None:
        self.sent.pop()
        self.take(event)

    @rule(seconds=st.floats(0, 2 * REST))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.take(Woke())

    @rule()
    def the_station_starts_anew(self) -> None:
        self.sent.clear()
        self.both = lanes.renewed(self.both)
        for stream in self.STREAMS:
            self.take(Grew(stream, self.newest[stream], self.told[stream]))

    @invariant()
    def it_never_spins(self) -> None:
        assert lanes.due(self.both) > self.now or self.sent

    def teardown(self) -> None:
        """With a server that knows all, everything is there in the end, in a bounded number of turns."""
        for _ in range(200):
            if self.sent:
                self.answers()
            elif self.server == self.newest and lanes.due(self.both) == math.inf:
                return
            else:
                self.now = max(self.now, lanes.due(self.both))
                self.take(Woke())
        raise AssertionError(f"{self.server} of {self.newest}")


AnyServer.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestAnyServer = AnyServer.TestCase
