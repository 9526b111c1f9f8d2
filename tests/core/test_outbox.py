"""The outbox: everything gets there in order, whatever the server answers, without a busy loop."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from kiosk.core import outbox
from kiosk.core.entries import Stream
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
    OutboxEvent,
    Refusal,
    Send,
    TookTooLong,
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


def test_it_is_told_once_when_the_server_goes_and_once_when_it_returns() -> None:
    told: list[object] = []
    box = fresh()
    rounds: list[tuple[int, list[OutboxEvent]]] = [
        (1, [Failed(), Failed(), Acknowledged(1)]),
        (2, [Acknowledged(2)]),
        (3, [Failed()]),
    ]
    for newest, answers in rounds:
        box, _ = outbox.step(box, Grew("access", newest, 0), 0.0, 0.0)
        for answer in answers:
            box, commands = outbox.step(box, answer, 0.0, 0.0)
            told += [command for command in commands if isinstance(command, Online)]
            box, _ = outbox.step(replace(box, not_before=0.0), Woke(), 0.0, 0.0)
    assert told == [Online(online=False), Online(online=True), Online(online=False)]


def test_after_an_answer_the_waits_begin_anew_and_the_batches_grow_to_twice() -> None:
    box, _ = outbox.step(replace(fresh(), limit=10, failures=5), Grew("access", 100, 0), 0.0, 0.0)
    box, commands = outbox.step(box, Acknowledged(10), 0.0, 0.0)
    assert commands[-1] == Send("access", 10, 20)
    box, _ = outbox.step(box, Failed(), 0.0, 0.0)
    assert outbox.due(box) == 1.0


def test_nothing_waits_when_the_server_has_all_and_a_late_batch_is_counted_from_the_mark() -> None:
    box, commands = outbox.step(fresh(), Grew("telemetry", 400, 400), 5.0, 0.0)
    assert (commands, outbox.due(box)) == ((), math.inf)
    box, commands = outbox.step(box, Grew("telemetry", 600, 400), 5.0, 0.0)
    assert (commands, outbox.due(box)) == ((), 35.0)


def test_retry_after_is_a_minimum_and_clamped() -> None:
    box, _ = outbox.step(fresh(), Grew("access", 1, 0), 0.0, 0.0)
    waited, _ = outbox.step(box, Failed(retry_after=120.0), 0.0, 0.0)
    assert outbox.due(waited) == 120.0
    clamped, _ = outbox.step(box, Failed(retry_after=10**9), 0.0, 0.0)
    assert outbox.due(clamped) == LONGEST_RETRY_AFTER


def test_a_batch_that_is_not_taken_is_halved_down_to_one() -> None:
    box, _ = outbox.step(fresh(), Grew("access", 500, 0), 0.0, 0.0)
    limits = []
    for _ in range(10):
        box, commands = outbox.step(box, NotTaken("too large"), 0.0, 0.0)
        limits += [command.limit for command in commands if isinstance(command, Send)]
    assert limits == [250, 125, 62, 31, 15, 7, 3, 1]


def alone(newest: int = 5) -> Outbox:
    """With a batch of one entry in flight."""
    box = replace(fresh(), limit=1)
    return outbox.step(box, Grew("access", newest, 0), 0.0, 0.0)[0]


def test_the_one_entry_that_the_server_does_not_take_is_set_aside_after_a_while() -> None:
    box, commands = outbox.step(alone(), NotTaken("HTTP 400"), 0.0, 0.0)
    assert (commands, outbox.due(box)) == ((), 1.0)
    box, commands = outbox.step(box, Woke(), 1.0, 0.0)
    assert commands == (Send("access", 0, 1, withhold=True),)
    box, commands = outbox.step(box, Acknowledged(1), 1.0, 0.0)
    assert commands == (Online(online=True), Mark("access", 1, (Refusal(1, "HTTP 400"),)), Send("access", 1, 2))


def test_a_server_that_takes_not_even_a_number_alone_is_waited_for() -> None:
    box, now, sent = alone(), 0.0, []
    for _ in range(4):
        box, _ = outbox.step(box, NotTaken("HTTP 400"), now, 0.0)
        waited, now = outbox.due(box) - now, outbox.due(box)
        box, commands = outbox.step(box, Woke(), now, 0.0)
        sent += [(waited, command.withhold) for command in commands if isinstance(command, Send)]
    assert sent == [(1.0, True), (2.0, False), (4.0, True), (8.0, False)]


def test_a_server_that_takes_no_entry_at_all_sets_them_aside_ever_more_slowly() -> None:
    box, now, waits = alone(), 0.0, []
    for number in range(1, 4):
        while not (box.withheld and box.in_flight):
            box, _ = outbox.step(box, NotTaken("HTTP 400") if box.in_flight else Woke(), now, 0.0)
            waits.append(outbox.due(box) - now) if not box.in_flight else None
            now = now if box.in_flight else outbox.due(box)
        box, _ = outbox.step(box, Acknowledged(number), now, 0.0)
    assert waits == [1.0, 2.0, 4.0]


def test_an_entry_that_is_withheld_in_one_stream_withholds_none_of_the_other() -> None:
    box = replace(fresh(), limit=1)
    box, commands = outbox.step(box, Grew("telemetry", 5, 0), 0.0, 0.0)
    assert commands == (Send("telemetry", 0, 1),)
    box, _ = outbox.step(box, NotTaken("HTTP 400"), 0.0, 0.0)
    box, _ = outbox.step(box, Grew("access", 1, 0), 0.5, 0.0)
    box, commands = outbox.step(box, Woke(), 1.0, 0.0)
    assert commands == (Send("access", 0, 1),)
    box, commands = outbox.step(box, Acknowledged(1), 1.0, 0.0)
    assert commands[-1] == Send("telemetry", 0, 2, withhold=True)
    _, commands = outbox.step(box, Acknowledged(1), 1.0, 0.0)
    assert Mark("telemetry", 1, (Refusal(1, "HTTP 400"),)) in commands


def test_what_the_server_refused_in_a_batch_is_told_with_the_mark() -> None:
    box, _ = outbox.step(fresh(), Grew("access", 3, 0), 0.0, 0.0)
    _, commands = outbox.step(box, Acknowledged(3, (Refusal(2, "no kind"),)), 0.0, 0.0)
    assert Mark("access", 3, (Refusal(2, "no kind"),)) in commands


def test_a_server_that_was_restored_is_believed_and_not_the_logbook() -> None:
    box, _ = outbox.step(fresh(), Grew("access", 900, 900), 0.0, 0.0)
    box, _ = outbox.step(box, Grew("access", 901, 900), 0.0, 0.0)
    box, commands = outbox.step(box, Gap(401), 0.0, 0.0)
    assert commands[1:] == (Mark("access", 400), Send("access", 400, 500))
    box, commands = outbox.step(box, Grew("access", 902, 900), 0.0, 0.0)
    box, commands = outbox.step(box, Acknowledged(900), 0.0, 0.0)
    assert commands == (Mark("access", 900), Send("access", 900, 500))


@pytest.mark.parametrize("answer", [Acknowledged(0), Gap(1), Acknowledged(-5)])
def test_an_answer_that_brings_nothing_forward_is_waited_after(answer: OutboxEvent) -> None:
    box, _ = outbox.step(fresh(), Grew("access", 3, 0), 0.0, 0.0)
    for wait in (1.0, 2.0, 4.0):
        box, _ = outbox.step(box, answer, 0.0, 0.0)
        assert outbox.due(box) == wait
        box, commands = outbox.step(replace(box, not_before=0.0), Woke(), 0.0, 0.0)
        assert commands == (Send("access", 0, 500),)


@pytest.mark.parametrize(
    "answer",
    [
        Failed(),
        Failed(retry_after=30.0),
        Acknowledged(0),
        Gap(1),
        NotTaken("HTTP 400"),
        TookTooLong(),
        Conflict(1),
        Conflict(0),
        Conflict(10**15),
    ],
)
def test_an_hour_of_it_costs_a_few_questions_and_a_day_not_many_more(answer: OutboxEvent) -> None:
    """500 to everything, 503, marks that stand still, gaps that are none, 400 to everything: in virtual time."""
    box, now, asked = fresh(), 0.0, list[float]()
    box, commands = outbox.step(box, Grew("access", 400, 0), now, 0.5)
    while now < 86_400:
        asked += [now for command in commands if isinstance(command, Send)]
        box, commands = outbox.step(box, answer if box.in_flight else Woke(), now, 0.5)
        now = now if box.in_flight else outbox.due(box)
    assert 5 < sum(at < 3600 for at in asked) < 25
    assert len(asked) < 150


LIES = st.one_of(
    st.builds(Acknowledged, st.integers(-10, 2000)),
    st.builds(Gap, st.integers(-10, 2000)),
    st.builds(Conflict, st.integers(-10, 2000)),
    st.builds(NotTaken, st.just("HTTP 400"), st.integers(1, 500)),
    st.builds(TookTooLong, st.integers(1, 500)),
    st.builds(Failed),
)


@given(st.lists(LIES, min_size=1, max_size=60), st.integers(1, 1500))
def test_whatever_a_server_says_it_is_not_asked_without_end(answers: list[OutboxEvent], newest: int) -> None:
    """No time passes: so each answer that is followed by another question has brought something forward, or is a halving."""
    box, commands = outbox.step(fresh(), Grew("access", newest, 0), 0.0, 0.0)
    questions, forward, most = 0, 0, 0
    for answer in answers:
        before = box.streams["access"].acked
        if not box.in_flight:
            break
        box, commands = outbox.step(box, answer, 0.0, 0.0)
        forward += isinstance(answer, Acknowledged) and box.streams["access"].acked > before
        questions += any(isinstance(command, Send) for command in commands)
        most = max(most, box.streams["access"].acked)
    assert most <= newest
    assert questions <= 2 * forward + 10 * (1 + forward), (
        "nine halvings of 500, a gap, a question, for each step forward"
    )


def test_a_gap_goes_back_to_where_the_server_is() -> None:
    box, _ = outbox.step(fresh(), Grew("access", 9, 6), 0.0, 0.0)
    box, commands = outbox.step(box, Gap(4), 0.0, 0.0)
    assert Send("access", 3, 500) in commands


def test_a_second_gap_in_a_row_is_waited_after_and_one_after_an_answer_is_not() -> None:
    box, _ = outbox.step(fresh(), Grew("access", 90, 60), 0.0, 0.0)
    box, commands = outbox.step(box, Gap(40), 0.0, 0.0)
    assert commands[-1] == Send("access", 39, 500)
    waiting, commands = outbox.step(box, Gap(20), 0.0, 0.0)
    assert (commands, outbox.due(waiting)) == ((Mark("access", 19),), 1.0)
    box, _ = outbox.step(box, Acknowledged(50), 0.0, 0.0)
    _, commands = outbox.step(box, Gap(45), 0.0, 0.0)
    assert commands[-1] == Send("access", 44, 500)


def test_a_gap_forgets_what_was_withheld() -> None:
    box, _ = outbox.step(alone(), NotTaken("HTTP 400"), 0.0, 0.0)
    box, commands = outbox.step(box, Woke(), 1.0, 0.0)
    assert commands == (Send("access", 0, 1, withhold=True),)
    box, commands = outbox.step(box, Gap(2), 1.0, 0.0)
    assert commands[-1] == Send("access", 1, 1)
    box, commands = outbox.step(box, Gap(1), 1.0, 0.0)
    _, commands = outbox.step(box, Woke(), outbox.due(box), 0.0)
    assert commands == (Send("access", 0, 1),), "it is tried again"


def test_two_are_halved_to_one() -> None:
    box, _ = outbox.step(replace(fresh(), limit=2), Grew("access", 9, 0), 0.0, 0.0)
    _, commands = outbox.step(box, NotTaken("HTTP 400"), 0.0, 0.0)
    assert commands == (Send("access", 0, 1),)


def test_an_acknowledgement_of_what_was_never_made_is_cut() -> None:
    box, _ = outbox.step(fresh(), Grew("access", 3, 0), 0.0, 0.0)
    box, commands = outbox.step(box, Acknowledged(10**12), 0.0, 0.0)
    assert Mark("access", 3) in commands
    assert outbox.due(box) == math.inf


def test_a_batch_that_takes_too_long_is_halved_and_a_single_entry_asks_what_the_server_has() -> None:
    box, _ = outbox.step(fresh(), Grew("access", 400, 0), 0.0, 0.0)
    box, commands = outbox.step(box, TookTooLong(400), 20.0, 0.0)
    assert commands == (Send("access", 0, 1),), "nobody says that the server is away"
    _, commands = outbox.step(box, Acknowledged(1), 21.0, 0.0)
    assert commands[-1] == Send("access", 1, 200), "it had nothing of it"
    _, commands = outbox.step(box, Acknowledged(400), 21.0, 0.0)
    assert commands[-1] == Mark("access", 400), "it had all of it, and nothing is sent again"


def test_where_not_even_a_single_entry_is_answered_there_is_nobody() -> None:
    box, _ = outbox.step(fresh(), Grew("access", 400, 0), 0.0, 0.0)
    box, _ = outbox.step(box, TookTooLong(400), 20.0, 0.0)
    box, commands = outbox.step(box, TookTooLong(1), 40.0, 0.0)
    assert commands == (Online(online=False),)
    assert outbox.due(box) == 41.0


def test_what_was_sent_is_halved_and_not_a_limit_that_it_was_far_below() -> None:
    """A batch may be small because there are few entries, or because they are large."""
    for event in (NotTaken("too large", 40), TookTooLong(40)):
        box, _ = outbox.step(fresh(), Grew("access", 600, 0), 0.0, 0.0)
        box, _ = outbox.step(box, event, 0.0, 0.0)
        assert box.limit == 20


def test_what_the_road_bore_is_exceeded_by_little_at_a_time() -> None:
    """A road that bears fifty entries in the time-out: one batch in ten is lost to finding out whether it bears more."""
    box, now, lost, arrived, mark = fresh(), 0.0, 0, 0, 0
    box, commands = outbox.step(box, Grew("access", 10**6, 0), now, 0.0)
    while arrived + lost < 400:
        sends = [command for command in commands if isinstance(command, Send)]
        if not sends:
            now = outbox.due(box)
            box, commands = outbox.step(box, Woke(), now, 0.0)
        elif sends[0].limit > 50:
            lost += 1
            box, commands = outbox.step(box, TookTooLong(sends[0].limit), now, 0.0)
        else:
            arrived, mark = arrived + 1, mark + sends[0].limit
            box, commands = outbox.step(box, Acknowledged(mark), now, 0.0)
    assert lost < 40
    assert mark > 400 * 25


def test_after_a_failure_a_single_entry_goes_first() -> None:
    """Whether the server has the batch nobody knows, and a fleet that comes back asks for little."""
    box, _ = outbox.step(fresh(), Grew("access", 300, 0), 0.0, 0.0)
    box, _ = outbox.step(box, Failed(), 0.0, 0.0)
    box, commands = outbox.step(box, Woke(), 1.0, 0.0)
    assert commands == (Send("access", 0, 1),)
    _, commands = outbox.step(box, Acknowledged(300), 1.0, 0.0)
    assert commands == (Online(online=True), Mark("access", 300))


def test_a_mark_beyond_what_was_sent_is_of_somebody_elses_entries() -> None:
    """A card was copied, and the copy went on under the same numbers: what was not sent is not held."""
    box, _ = outbox.step(replace(fresh(), limit=1), Grew("access", 14, 2), 0.0, 0.0)
    _, commands = outbox.step(box, Acknowledged(10), 0.0, 0.0)
    assert commands == (Online(online=True), Mark("access", 3), Send("access", 3, 2))


def test_a_conflict_begins_a_new_epoch_where_it_begins() -> None:
    box, _ = outbox.step(fresh(), Grew("access", 50, 40), 0.0, 0.0)
    box, commands = outbox.step(box, Conflict(44), 0.0, 0.0)
    assert commands == (Online(online=True), Mark("access", 43), Begin("access", 44))
    box, commands = outbox.step(box, Woke(), outbox.due(box), 0.0)
    assert commands == (Send("access", 43, 500),), "a station that does nothing about it is not asked in a hurry"


@pytest.mark.parametrize("expected", [-(10**18), 0, 40, 51, 10**18])
def test_a_conflict_that_can_be_none_is_no_answer(expected: int) -> None:
    box, _ = outbox.step(fresh(), Grew("access", 50, 40), 0.0, 0.0)
    box, commands = outbox.step(box, Conflict(expected), 0.0, 0.0)
    assert commands == (Online(online=False),)
    assert outbox.due(box) == 1.0


def test_no_server_makes_a_station_begin_epoch_after_epoch() -> None:
    begun, now, box = list[float](), 0.0, fresh()
    while now < 86_400:
        box, commands = outbox.step(outbox.renewed(box), Grew("access", 50, 0), now, 0.0)
        while not (sends := [command for command in commands if isinstance(command, Send)]):
            now = outbox.due(box)
            box, commands = outbox.step(box, Woke(), now, 0.0)
        box, commands = outbox.step(box, Conflict(sends[0].after + 1), now, 0.0)
        begun += [now for command in commands if isinstance(command, Begin)]
    assert 2 < len(begun) <= 25
    assert all(later - earlier >= EPOCH_EVERY for earlier, later in itertools.pairwise(begun))


def test_the_next_connection_to_the_station_knows_the_road_and_no_numbers() -> None:
    box, _ = outbox.step(fresh(), Grew("access", 50, 0), 0.0, 0.0)
    box, _ = outbox.step(box, TookTooLong(50), 0.0, 0.0)
    box, _ = outbox.step(box, Failed(retry_after=100.0), 0.0, 0.0)
    again = outbox.renewed(box)
    assert (again.limit, again.failures, again.not_before, again.online) == (25, 1, 100.0, None)
    assert (again.streams["access"], again.in_flight) == (Waiting(), None)


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
                    assert acked != self.told[stream]
                    self.told[stream] = acked
                case Online() | Begin():
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
    @rule(stored=st.booleans())
    def takes_too_long(self, *, stored: bool) -> None:
        sent = self.sent[-1].limit
        self.stores() if stored else self.sent.pop()
        self.take(TookTooLong(sent))

    @precondition(lambda self: self.sent)
    @rule(expected=st.integers(-5, 3000))
    def complains_of_a_conflict(self, expected: int) -> None:
        """Also without reason: the mark is not believed beyond what the server said that it holds."""
        send = self.sent.pop()
        self.server[send.stream] = max(self.server[send.stream], min(expected - 1, self.newest[send.stream]))
        self.take(Conflict(expected))

    @precondition(lambda self: self.sent)
    @rule()
    def is_not_taken(self) -> None:
        self.sent.pop()
        self.take(NotTaken("HTTP 413"))

    @rule(back=st.integers(0, 300))
    def the_server_is_restored_from_a_backup(self, back: int) -> None:
        if self.sent:
            send = self.sent.pop()
            self.server[send.stream] = max(0, self.told[send.stream] - back)
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
