"""The rules at work: the state, and the events that wait to be stepped.

Edges go before all else in every turn, so that a flood of codes cannot delay the exit button.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from kiosk.core.clock import Instant
from kiosk.core.events import Command, Edge, Event, Tick
from kiosk.core.state import State
from kiosk.core.step import due, step
from kiosk.local import boot_time
from kiosk.station.recorder import Recorder

Perform = Callable[[tuple[Command, ...], bool], None]
"""Carries commands out in their order, and is told whether the view has changed."""


class Rules:
    """Holds the state, and steps it by one event after the other."""

    def __init__(self, state: State, boot_id: str, wake: Callable[[], None]) -> None:
        """`wake` ends the wait of the thread that calls :meth:`turn`, and is safe from any thread."""
        self.state = state
        self.recorder = Recorder(state, boot_id)
        self._wake = wake
        self._events: deque[Event] = deque()
        self._edges: deque[Edge] = deque()

    @staticmethod
    def now() -> Instant:
        """This moment, by both clocks."""
        return Instant(boot_time(), time.time())

    def queue(self, event: Event) -> None:
        """Take the event in this turn or the next; safe from any thread."""
        self._events.append(event)
        self._wake()

    def edge(self, edge: Edge) -> None:
        """Take the edge before any event; safe from any thread."""
        self._edges.append(edge)
        self._wake()

    def due(self) -> float:
        """The boot time of the next turn, if nothing happens before."""
        return 0.0 if self._events or self._edges else due(self.state, boot_time())

    def turn(self, perform: Perform) -> None:
        """All edges, then the events that had come by now, with the edges again in between."""
        self.take(Tick(), perform)
        for _ in range(len(self._events)):
            self._take_edges(perform)
            self.take(self._events.popleft(), perform)
        self._take_edges(perform)

    def take(self, event: Event, perform: Perform) -> None:
        """Step by one event, and perform what follows."""
        now = self.now()
        state, commands = step(self.state, event, now)
        self.recorder.took(self.state, event, now, commands, state)
        changed = state is not self.state and _shown(state) != _shown(self.state)
        self.state = state
        perform(commands, changed)

    def _take_edges(self, perform: Perform) -> None:
        while self._edges:
            self.take(self._edges.popleft(), perform)


def _shown(state: State) -> tuple[object, ...]:
    """What of a state is in the view."""
    room = state.room
    return state.doors, state.sensors, state.faults, state.trust, room.alarms, room.off, room.phase, room.place
