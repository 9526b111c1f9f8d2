"""Test support: a station's rules in virtual time."""

from __future__ import annotations

from collections.abc import Iterable

from kiosk import BUILD_TIME
from kiosk.core import entries as fact
from kiosk.core.clock import Clock, Instant
from kiosk.core.door.access import Trust
from kiosk.core.door.door import Door, DoorRules
from kiosk.core.door.tables import LockState
from kiosk.core.entries import Entry
from kiosk.core.events import (
    Command,
    Committed,
    Edge,
    Event,
    Record,
    Scanned,
    Tick,
)
from kiosk.core.room.sensors import Sensor, SensorRules
from kiosk.core.state import State
from kiosk.core.step import due, step
from kiosk.trust.keyset import Keyset
from kiosk.trust.status import NO_STATUS
from tests.keys import (
    KEYSET,
    NOW,
    ROOT,
    public,
)

RULES = SensorRules("°C", lowest=-30, highest=60, dead_band=0.5, heartbeat=600, stale_after=60)


class Bench:
    """A state, a time, and everything that the rules have said."""

    def __init__(self, keyset: Keyset = KEYSET, **rules: object) -> None:
        doors = {"main": Door("main", DoorRules(**rules))}  # type: ignore[arg-type]
        clock = Clock(lo=BUILD_TIME, lo_at=0.0)
        self.state = State(
            public(ROOT), clock, Trust("37081101", keyset, NO_STATUS), doors, {"t": Sensor("t", RULES, 0.0)}
        )
        self.boot = 0.0
        self.said: list[Command] = []
        self.take(Edge("main.contact", active=False, at=0.001))
        self.wait(0.1)
        self.said.clear()

    def take(self, event: Event) -> list[Command]:
        self.state, commands = step(self.state, event, Instant(self.boot, NOW + self.boot))
        self.said += commands
        return list(commands)

    def wait(self, seconds: float) -> None:
        """Let time pass the way that the loop does: from one due time to the next."""
        until = self.boot + seconds
        while (at := due(self.state, self.boot)) <= until:
            self.boot = max(self.boot, at)
            self.take(Tick())
        self.boot = until
        self.take(Tick())

    def show(self, text: str, door: str = "main") -> list[Command]:
        """Show a code and let the disk answer at once."""
        commands = self.take(Scanned(door, text, self.boot))
        for command in list(commands):
            if isinstance(command, Record) and command.ticket:
                commands += self.take(Committed(command.ticket))
        return commands

    def outcome(self, text: str, door: str = "main") -> str:
        """`open`, or the reason of the refusal."""
        entries = logged(self.show(text, door))
        denied = [each.reason for each in entries if isinstance(each, fact.Denied)]
        assert len(denied) + sum(isinstance(each, fact.Granted) for each in entries) == 1
        return denied[0] if denied else "open"

    def is_locked(self) -> bool:
        return self.state.doors["main"].lock is LockState.LOCKED


def logged(commands: Iterable[Command]) -> list[Entry]:
    return [entry for command in commands if isinstance(command, Record) for entry in command.entries]
