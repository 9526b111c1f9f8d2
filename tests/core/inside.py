"""Test support: the rules of the desk in virtual time, before a disk and a logbook that answer when the test says so."""

from __future__ import annotations

import math

from kiosk.core import entries as fact
from kiosk.core.clock import Clock, Instant
from kiosk.core.desk.desk import Desk, step
from kiosk.core.desk.events import BUTTON, TICKET, DeskCommand, DeskEvent, Heard, KeepUrn, Kept
from kiosk.core.desk.urn import Leaves, Urn
from kiosk.core.door.inputs import SETTLE
from kiosk.core.events import Committed, Edge, Record, Tick
from tests.inside import MONDAY, OFFSET


class Inside:
    """A desk that is driven through time; `told`: what it had recorded."""

    def __init__(self, urn: Urn, wall: float = MONDAY - 3600, *, known: bool = True) -> None:
        self.boot, self._began = 100.0, wall
        self.clock = Clock(wall, self.boot, hi=wall + 1 if known else math.inf, hi_at=self.boot, raised=known)
        self.desk = Desk(urn, OFFSET)
        self.told: list[Record] = []
        self.kept: list[Urn] = []

    def take(self, event: DeskEvent, seconds: float = 0.0) -> tuple[DeskCommand, ...]:
        self.boot += seconds
        self.desk, commands = step(self.desk, event, self.clock, self.now)
        self.told += [each for each in commands if isinstance(each, Record)]
        self.kept += [each.urn for each in commands if isinstance(each, KeepUrn)]
        return commands

    @property
    def now(self) -> Instant:
        return Instant(self.boot, self._began + self.boot - 100.0)

    def press(self, answer: str) -> None:
        for active in (True, False):
            self.take(Edge(f"{BUTTON}{answer}", active, self.boot))
            self.take(Tick(), SETTLE)

    def enter(self, index: int, *, again: bool = False) -> None:
        self.take(Heard((fact.Granted("main", index, 0, 0, "t", 0, again),)))
        self.take(Heard((fact.Taken("main"),)))

    def written(self) -> tuple[Leaves, ...]:
        """Whatever is to be stored is stored, and whatever is recorded too; what the logbook has got by it."""
        before = len(self.told)
        self.take(Kept(self.desk.urn))
        for _ in self.told[before:]:
            self.take(Committed(TICKET))
        return tuple(entry for each in self.told[before:] for entry in each.entries if isinstance(entry, Leaves))
