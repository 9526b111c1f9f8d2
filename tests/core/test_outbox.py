"""The outbox: everything gets there in order, whatever the server answers, without a busy loop."""

from __future__ import annotations

import math

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kiosk.core import outbox
from kiosk.core.entries import Stream
from kiosk.core.outbox import (
    LONGEST_RETRY_AFTER,
    Acknowledged,
    Failed,
    Gap,
    Grew,
    Mark,
    Online,
    Outbox,
    OutboxEvent,
    Send,
    TooLarge,
    Waiting,
    Woke,
)


def fresh(cap: float = 900.0) -> Outbox:
    return Outbox({"access": Waiting(), "telemetry": Waiting()}, cap=cap)


def test_access_goes_at_once_and_telemetry_in_its_time() -> None:
    box, commands = outbox.step(fresh(), Grew("telemetry", 3, 0), 100.0, 0.5)
    assert commands == ()
    assert outbox.due(box) == 130.0
    box, commands = outbox.step(box, Grew("access", 2, 0), 101.0, 0.5)
    assert commands == (Send("access", 0, 500),)
    box, commands = outbox.step(box, Acknowledged(2), 102.0, 0.5)
    assert commands == (Online(online=True), Mark("access", 2))
    box, commands = outbox.step(box, Woke(), 130.0, 0.5)
    assert commands == (Send("telemetry", 0, 500),)


def test_a_full_batch_of_telemetry_does_not_wait() -> None:
    _, commands = outbox.step(fresh(), Grew("telemetry", 500, 0), 0.0, 0.5)
    assert commands == (Send("telemetry", 0, 500),)


def test_failures_back_off_with_jitter_also_at_the_cap() -> None:
    box, waits, now = fresh(cap=60.0), [], 0.0
    box, _ = outbox.step(box, Grew("access", 1, 0), now, 0.0)
    for random in (0.0, 0.999, 0.0, 0.999, 0.0, 0.999, 0.0, 0.999):
        box, _ = outbox.step(box, Failed(), now, random)
        waits.append(round(outbox.due(box) - now, 1))
        now = outbox.due(box)
        box, _ = outbox.step(box, Woke(), now, 0.0)
    assert waits == [1.0, 4.0, 4.0, 16.0, 16.0, 60.0, 30.0, 60.0]


def test_retry_after_is_a_minimum_and_clamped() -> None:
    box, _ = outbox.step(fresh(), Grew("access", 1, 0), 0.0, 0.0)
    waited, _ = outbox.step(box, Failed(retry_after=120.0), 0.0, 0.0)
    assert outbox.due(waited) == 120.0
    clamped, _ = outbox.step(box, Failed(retry_after=10**9), 0.0, 0.0)
    assert outbox.due(clamped) == LONGEST_RETRY_AFTER


def test_too_large_halves_down_to_one() -> None:
    box, _ = outbox.step(fresh(), Grew("access", 500, 0), 0.0, 0.0)
    limits = []
    for _ in range(10):
        box, commands = outbox.step(box, TooLarge(), 0.0, 0.0)
        limits += [command.limit for command in commands if isinstance(command, Send)]
    assert limits == [250, 125, 62, 31, 15, 7, 3, 1, 1, 1]


def test_a_gap_goes_back_to_where_the_server_is() -> None:
    box, _ = outbox.step(fresh(), Grew("access", 9, 6), 0.0, 0.0)
    box, commands = outbox.step(box, Gap(4), 0.0, 0.0)
    assert Send("access", 3, 500) in commands


def test_an_acknowledgement_of_what_was_never_made_is_cut() -> None:
    box, _ = outbox.step(fresh(), Grew("access", 3, 0), 0.0, 0.0)
    box, commands = outbox.step(box, Acknowledged(10**12), 0.0, 0.0)
    assert Mark("access", 3) in commands
    assert outbox.due(box) == math.inf


class AnyServer(RuleBasedStateMachine):
    """The logbook grows, the server takes, loses answers, fails and complains, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.box = fresh()
        self.now = 0.0
        self.newest: dict[Stream, int] = {"access": 0, "telemetry": 0}
        self.server: dict[Stream, int] = {"access": 0, "telemetry": 0}
        self.told: dict[Stream, int] = {"access": 0, "telemetry": 0}
        self.sent: list[Send] = []

    def take(self, event: OutboxEvent, random: float = 0.5) -> None:
        self.box, commands = outbox.step(self.box, event, self.now, random)
        for command in commands:
            match command:
                case Send():
                    assert not self.sent, "one batch at a time"
                    self.sent.append(command)
                case Mark(stream, acked):
                    assert acked <= self.server[stream], "nothing is marked that the server does not hold"
                    assert acked > self.told[stream]
                    self.told[stream] = acked
                case Online():
                    pass

    def stores(self) -> Send:
        """The server takes the batch in flight, if it has no gap."""
        send = self.sent.pop()
        last = min(send.after + send.limit, self.newest[send.stream])
        if send.after <= self.server[send.stream]:
            self.server[send.stream] = max(self.server[send.stream], last)
        return send

    @rule(stream=st.sampled_from(["access", "telemetry"]), count=st.integers(1, 900))
    def grows(self, stream: Stream, count: int) -> None:
        self.newest[stream] += count
        self.take(Grew(stream, self.newest[stream], self.told[stream]))

    @precondition(lambda self: self.sent)
    @rule()
    def answers(self) -> None:
        send = self.stores()
        self.take(Acknowledged(self.server[send.stream]))

    @precondition(lambda self: self.sent)
    @rule(retry_after=st.sampled_from([0.0, 30.0]))
    def the_answer_is_swallowed(self, retry_after: float) -> None:
        self.stores()
        self.take(Failed(retry_after), 0.2)

    @precondition(lambda self: self.sent)
    @rule()
    def does_not_reach_the_server(self) -> None:
        self.sent.pop()
        self.take(Failed())

    @precondition(lambda self: self.sent)
    @rule()
    def is_too_large(self) -> None:
        self.sent.pop()
        self.take(TooLarge())

    @rule(back=st.integers(0, 300))
    def the_server_is_restored_from_a_backup(self, back: int) -> None:
        if self.sent:
            send = self.sent.pop()
            self.server[send.stream] = max(0, self.told[send.stream] - back)
            self.told[send.stream] = min(self.told[send.stream], self.server[send.stream])
            self.take(Gap(self.server[send.stream] + 1))

    @rule(seconds=st.floats(0, 100))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.take(Woke())

    @invariant()
    def it_never_spins(self) -> None:
        assert outbox.due(self.box) > self.now or self.box.in_flight is not None

    def teardown(self) -> None:
        """With a server that answers again, everything is there in the end, in a bounded number of turns."""
        for _ in range(200):
            if self.sent:
                self.answers()
            elif self.server == self.newest and outbox.due(self.box) == math.inf:
                return
            else:
                self.now = max(self.now, outbox.due(self.box))
                self.take(Woke())
        raise AssertionError(f"{self.server} of {self.newest}")


AnyServer.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAnyServer = AnyServer.TestCase
