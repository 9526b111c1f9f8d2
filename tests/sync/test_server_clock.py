"""Which time a token bears: no sequence of wrong times wedges it."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.sync.server_clock import ServerClock

TRUE = 1_795_400_000.0
WRONG = st.sampled_from(
    [-1e12, -4e8, -86_400.0, -600.0, -40.0, 0.0, 25.0, 600.0, 86_400.0, 4e8, 1e12, math.inf, math.nan]
)


class Server:
    """Takes tokens of the last minute, with half a minute's leeway, as ours does; `own`: how wrong the station's clock is."""

    def __init__(self, own: float) -> None:
        self.own, self.boot = own, 100.0
        self.clock = ServerClock()

    @property
    def wall(self) -> float:
        return TRUE + self.boot + self.own

    def takes(self, offset: float) -> bool:
        return -90 < self.wall + offset - (TRUE + self.boot) < 30

    def asked(self, date: float | None) -> bool:
        """Whether a request is taken; the answers bear that Date."""
        if self.takes(self.clock.offset):
            return True
        for offset in self.clock.others(date, self.wall, self.boot):
            if self.takes(offset):
                self.clock.offset = offset
                return True
        return False


@settings(max_examples=300)
@given(
    own=st.sampled_from([-1.7e9, -600.0, -20.0, 0.0, 20.0, 600.0, 3e7]),
    lies=st.lists(st.tuples(WRONG, WRONG, WRONG, st.floats(0, 1000)), max_size=12),
)
def test_as_soon_as_anybody_is_right_a_request_is_taken(
    own: float, lies: list[tuple[float, float, float, float]]
) -> None:
    server = Server(own)
    for date, told, station, passed in lies:
        server.boot += passed
        server.clock.heard("server", TRUE + told, server.boot)
        server.clock.heard("station", TRUE + station, server.boot)
        taken = server.asked(None if math.isnan(date) else TRUE + server.boot + date)
        assert taken or own, "the machine's own time is always tried"
    right = TRUE + server.boot
    assert server.asked(right), "the Date of the refusal"
    server.own += 5e6  # the machine's clock jumps
    server.clock.heard("station", right, server.boot)
    assert server.asked(right + 600), "what the station says"


def test_a_gateway_ten_minutes_ahead_keeps_nobody_out() -> None:
    server = Server(0.0)
    for _ in range(5):
        assert server.asked(TRUE + server.boot + 600)
    assert server.clock.offset == 0


def test_a_refusal_that_is_not_for_the_time_costs_one_question_more() -> None:
    clock = ServerClock()
    clock.heard("server", TRUE, 100.0)
    assert clock.others(TRUE + 3, TRUE + 1, 100.0) == [0.0]


def test_the_servers_time_is_counted_on_when_the_machines_clock_jumps() -> None:
    clock = ServerClock()
    clock.heard("server", TRUE, 100.0)
    assert clock.others(None, TRUE - 4e8, 160.0) == [4e8 + 60]
