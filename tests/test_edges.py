"""Edges that come faster than they are looked at: the turn ends, memory is bounded, and no other input waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.events import Command, Edge
from kiosk.station.edges import MOST_WAITING, Edges
from kiosk.station.rules import Rules
from tests.core.bench import Bench

CONTACT, EXIT = "main.contact", "main.exit"


class AtWork(Rules):
    """The rules, and how often they have stepped. `echo`: each step brings an edge about, as a wire does that never rests."""

    def __init__(self, echo: bool = False) -> None:
        super().__init__(Bench().state, "boot", lambda: None)
        self.steps, self._echo = 0, echo

    def perform(self, _commands: tuple[Command, ...], _changed: bool) -> None:
        self.steps += 1
        if self._echo and self.steps < 10_000:
            self.edge(Edge(CONTACT, self.steps % 2 == 0, 100.0))


def test_a_wire_that_oscillates_takes_neither_the_memory_nor_the_turn_and_the_exit_button_does_not_wait() -> None:
    rules = AtWork()
    for number in range(20_001):
        rules.edge(Edge(CONTACT, number % 2 == 0, 100.0 + number / 1e5))
    rules.edge(Edge(EXIT, True, 101.0))
    rules.turn(rules.perform)
    assert rules.steps <= MOST_WAITING + 4
    found = rules.state.inputs
    assert (found[EXIT].raw, found[CONTACT].raw, found[CONTACT].since) == (True, True, 100.2)


def test_what_comes_while_edges_are_looked_at_is_the_next_turns() -> None:
    rules = AtWork(echo=True)
    rules.edge(Edge(CONTACT, True, 100.0))
    rules.turn(rules.perform)
    assert rules.steps < 10
    assert rules.due() == 0.0


def test_edges_that_can_be_looked_at_keep_their_order_whatever_their_input() -> None:
    edges, found = Edges(), [Edge((CONTACT, EXIT)[number % 2], number % 3 == 0, float(number)) for number in range(9)]
    assert [edges.put(each) for each in found] == [True] * 9
    assert [list(edges.take()), bool(edges)] == [found, False]


BURSTS = st.tuples(st.sampled_from([CONTACT, EXIT]), st.integers(1, 2 * MOST_WAITING), st.integers(0, 2 * MOST_WAITING))


@given(st.lists(BURSTS))
def test_whatever_comes_while_edges_are_taken_an_input_ends_as_it_is_and_never_goes_back(
    bursts: list[tuple[str, int, int]],
) -> None:
    edges, came, seen = Edges(), Counter[str](), Counter[str]()
    taken = without_end(edges)
    for name, count, looks in (*bursts, (CONTACT, 1, 9 * MOST_WAITING)):
        for _ in range(count):
            came[name] += 1
            edges.put(Edge(name, True, float(came[name])))
        for edge in filter(None, islice(taken, looks)):
            assert edge.at > seen[edge.input]
            seen[edge.input] = int(edge.at)
    assert seen == came


def without_end(edges: Edges) -> Iterator[Edge | None]:
    """What is looked at, turn after turn; None after each."""
    while True:
        yield from edges.take()
        yield None
