"""Flow meters on the Pi's own pins, as readings."""

from __future__ import annotations

from hardware.board import Board
from kiosk.core.events import Event, Reading
from kiosk.settings import Settings


class Pulsed:
    """The flow meters on pins, each read as often as its settings say."""

    def __init__(self, settings: Settings, board: Board) -> None:
        self._meters = board.pulses
        self._next = dict.fromkeys(board.pulses, 0.0)
        self._every = {name: settings.sensors[name].every for name in board.pulses}

    def read(self, now: float) -> list[Event]:
        """The readings that are due."""
        found: list[Event] = []
        for name, meter in self._meters.items():
            if now >= self._next[name]:
                self._next[name] = now + self._every[name]
                found.append(Reading(name, meter.total))
        return found
