"""The rules at work: the state, and the events that wait to be stepped.

Edges go before all else in every turn, so that a flood of codes cannot delay the exit button.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Final

from kiosk.core.clock import Instant
from kiosk.core.events import Command, Edge, Event, Tick
from kiosk.core.state import State
from kiosk.core.step import due, step
from kiosk.local import boot_time
from kiosk.loops import attempt
from kiosk.station.edges import Edges
from kiosk.station.recorder import Recorder

Perform = Callable[[tuple[Command, ...], bool], None]
"""Carries commands out in their order, and is told whether the view has changed."""


TURN: Final = 0.02
"""Seconds for events before sockets, and what is due, get their turn."""

Attempt = Callable[[Callable[[], None]], bool]


def _attempt(work: Callable[[], None]) -> bool:
    return attempt("the rules", work) is None


class Rules:
    """Holds the state, and steps it by one event after the other."""

    def __init__(self, state: State, boot_id: str, wake: Callable[[], None], attempt: Attempt = _attempt) -> None:
        """`wake` ends the wait of the thread that calls :meth:`turn`, and is safe from any thread.

        `attempt` does a piece of work, and tells what it raises: an event for which it fails is dropped.
        """
        self.state = state
        self.recorder = Recorder(state, boot_id)
        self._wake, self._attempt = wake, attempt
        self._events: deque[Event] = deque()
        self._edges = Edges()

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
        if self._edges.put(edge):
            self._wake()

    def due(self) -> float:
        """The boot time of the next turn, if nothing happens before."""
        return 0.0 if self._events or self._edges else due(self.state, boot_time())

    def turn(self, perform: Perform) -> None:
        """All edges, then the events that had come by now, for TURN seconds, with the edges again in between."""
        until = monotonic() + TURN
        self._attempt(lambda: self.take(Tick(), perform))
        for _ in range(len(self._events)):
            self.take_edges(perform)
            event = self._events.popleft()
            self._attempt(partial(self.take, event, perform))
            if monotonic() > until:
                break
        self.take_edges(perform)

    def take(self, event: Event, perform: Perform) -> None:
        """Step by one event, and perform what follows."""
        now, before = self.now(), self.state
        self.state, commands = step(before, event, now)
        perform(commands, self.state is not before and _shown(before) != _shown(self.state))
        self.recorder.took(before, event, now, commands, self.state)

    def take_edges(self, perform: Perform) -> None:
        """The edges that wait: between any two events or lines."""
        for edge in self._edges.take():
            self._attempt(partial(self.take, edge, perform))


def _shown(state: State) -> tuple[object, ...]:
    """What of a state is in the view."""
    room = state.room
    wheels = (room.wheels.motion.proven, room.wheels.stops.told) if room.wheels else ()
    in_room = room.alarms, room.off, room.phase, room.place, wheels
    return state.doors, state.sensors, state.faults, state.trust, state.policy, state.services, *in_room
