"""Test support: the rules of the desk in virtual time, without the station's threads.

What it does not model: that disk and logbook take a while. Both have what they were given when the call returns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kiosk.core import entries as fact
from kiosk.core.clock import Clock, Instant
from kiosk.core.desk.desk import Desk, due, step
from kiosk.core.desk.events import DeskEvent, Heard, KeepUrn, Kept
from kiosk.core.desk.urn import Urn
from kiosk.core.events import Committed, Record

OFFSET: Final = 8 * 3600
MONDAY: Final = 1_793_559_600.0
"""2026-11-02 03:00 at +08:00."""


def nothing(_given: object) -> None:
    """Where nobody asks for it later."""


class Inside:
    """`keep` is the disk, `record` the logbook. Boot time begins on MONDAY."""

    def __init__(
        self, urn: Urn, keep: Callable[[Urn], None] = nothing, record: Callable[[Record], None] = nothing
    ) -> None:
        self.desk = Desk(urn, OFFSET)
        self._keep, self._record = keep, record
        self._clock = Clock(MONDAY - 2, 0.0, hi=MONDAY - 1, hi_at=0.0, raised=True)

    def take(self, event: DeskEvent, boot: float) -> None:
        """Something happens."""
        self.desk, commands = step(self.desk, event, self._clock, Instant(boot, MONDAY + boot))
        for command in commands:
            match command:
                case KeepUrn(urn):
                    self._keep(urn)
                    self.take(Kept(urn), boot)
                case Record():
                    self._record(command)
                    self.take(Committed(command.ticket), boot)

    def enter(self, index: int, boot: float) -> None:
        """The holder of a pass is let in, and comes in."""
        self.take(Heard((fact.Granted("main", index, 0, 0, "t", 0), fact.Taken("main"))), boot)

    def due(self, boot: float) -> float:
        """When it wants to be asked again."""
        return due(self.desk, self._clock, Instant(boot, MONDAY + boot))
