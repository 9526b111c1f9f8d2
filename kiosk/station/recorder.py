"""Keeps the recent events in order, in memory alone, so that a technician can replay what a station did.

Two segments, each with the state before its first event: when the newer is full, the older is dropped. So there is always a
state from which all kept events can be replayed, and keeping it costs nothing, since states are values.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw, Struct

from kiosk import __version__
from kiosk.core.clock import Instant
from kiosk.core.events import Command, Event
from kiosk.core.replay import Happened, digest
from kiosk.core.state import State

SEGMENT_EVENTS: Final = 20_000
SEGMENT_BYTES: Final = 1_500_000


class _Segment(Struct):
    state: State
    happened: list[Raw]
    size: int = 0

    @property
    def full(self) -> bool:
        return len(self.happened) >= SEGMENT_EVENTS or self.size >= SEGMENT_BYTES


class _Recording(Struct):
    """As :class:`kiosk.core.replay.Recording`, with events that are encoded already."""

    version: str
    boot_id: str
    state: State
    happened: list[Raw]


class Recorder:
    """Takes note of every step that changed or commanded something."""

    def __init__(self, state: State, boot_id: str) -> None:
        self._boot_id = boot_id
        self._older: _Segment | None = None
        self._newer = _Segment(state, [])
        self._encoder = msgspec.msgpack.Encoder()

    def took(self, before: State, event: Event, now: Instant, commands: tuple[Command, ...], after: State) -> None:
        """A step was taken from `before` to `after`."""
        if after is before and not commands:
            return
        if self._newer.full:
            self._older, self._newer = self._newer, _Segment(before, [])
        line = self._encoder.encode(Happened(now.boot, now.wall, event, digest(commands)))
        self._newer.happened.append(Raw(line))
        self._newer.size += len(line)

    def recording(self) -> bytes:
        """Everything that is kept, for :func:`kiosk.core.replay.read_recording`."""
        first = self._older or self._newer
        happened = [*self._older.happened, *self._newer.happened] if self._older else self._newer.happened
        return self._encoder.encode(_Recording(__version__, self._boot_id, first.state, happened))
