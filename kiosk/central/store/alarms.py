"""What operators must know, as the server found it: each once, with when it was so first and last."""

from __future__ import annotations

import logging
from typing import Final

from msgspec import Struct

from kiosk.central.store.engine import Engine

log = logging.getLogger(__name__)

AGAIN_AFTER: Final = 600.0
"""Seconds within which the same alarm is not written again, whoever repeats what raised it."""

DOUBTED: Final = "clock_doubted"
"""Stations speak against the server's clock. Whoever clears this one vouches for the clock."""

VOUCHED: Final = "clock"
"""The kind of what is published when somebody has vouched for the clock, so that every process knows."""


class Alarm(Struct, frozen=True):
    """Something that an operator must know; `first` and `last` are seconds since 1970, `station` may be empty."""

    what: str
    station: str
    detail: str
    first: float
    last: float
    times: int


class Alarms:
    """That part of the store."""

    _engine: Engine

    def alarm(self, what: str, detail: str, now: float, station: str = "") -> None:
        """Keep what an operator must know, and log it when it is new."""
        found = self._engine.one("SELECT last FROM alarms WHERE (what, station) = (?, ?)", (what, station))
        if found and abs(now - found[0]) < AGAIN_AFTER:
            return
        self._engine.run(
            "INSERT INTO alarms VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (what, station)"
            " DO UPDATE SET detail = excluded.detail, last = excluded.last, times = alarms.times + 1",
            (what, station, detail, now, now),
        )
        if not found:
            log.error("%s %s: %s", what, station, detail)

    def over(self, what: str) -> None:
        """It is so no longer, which the server itself has seen."""
        if self._engine.one("SELECT 1 FROM alarms WHERE what = ?", (what,)):
            self._engine.run("DELETE FROM alarms WHERE what = ?", (what,))

    def alarms(self) -> list[Alarm]:
        """What operators must know, the newest first."""
        return [Alarm(*row) for row in self._engine.all("SELECT * FROM alarms ORDER BY last DESC, what, station")]

    def forget_alarm(self, what: str, station: str) -> None:
        """This one; it comes again if it is still so."""
        with self._engine.transaction():
            self._engine.run("DELETE FROM alarms WHERE (what, station) = (?, ?)", (what, station))
            if what == DOUBTED:
                self.vouch()

    def clear_alarms(self) -> int:
        """Forget them; what is still so comes again. Returns how many there were."""
        with self._engine.transaction():
            if self._engine.one("SELECT 1 FROM alarms WHERE what = ?", (DOUBTED,)):
                self.vouch()
            return self._engine.run("DELETE FROM alarms")

    def vouch(self) -> None:
        """Somebody says that the clock is right, whatever stations say. That the alarm is gone would not do: it may be lost."""
        self._engine.run("INSERT INTO publications (kind, scope) VALUES (?, '')", (VOUCHED,))

    def vouched(self, after: int) -> bool:
        """Whether somebody has said so after the publication of that number."""
        select = "SELECT 1 FROM publications WHERE kind = ? AND number > ?"
        return self._engine.one(select, (VOUCHED, after)) is not None
