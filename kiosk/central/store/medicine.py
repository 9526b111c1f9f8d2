"""How often a station's doctor was asked, and what became of hospitals' releases of a medicine, by day: numbers, and nobody."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from kiosk.central.figures import local
from kiosk.central.scope import Scope
from kiosk.central.store.engine import Engine

CONSULTED: Final = "consulted"
COLUMNS: Final = ("station", "day", "what", "times", "seconds")


class Times(Struct, frozen=True):
    """How often something came to be, and for how many seconds in all."""

    what: str
    times: int
    seconds: float = 0.0


class Medicine:
    """That part of the store."""

    _engine: Engine

    def add_medicine(self, station: str, at: float, what: str, seconds: float = 0.0) -> None:
        """One more of that day."""
        again = (
            "ON CONFLICT (station, day, what) DO UPDATE SET times = medicine_days.times + 1,"
            " seconds = medicine_days.seconds + excluded.seconds"
        )
        self._engine.put("medicine_days", COLUMNS, [(station, local(at)[0], what, 1, seconds)], again)

    def medicine(self, scope: Scope, prefix: str, first: str, last: str) -> list[Times]:
        """All of the stations that are meant between two days, the most frequent first."""
        within, values = scope.within("station")
        within_prefix, more = Scope(prefix).within("station")
        rows = self._engine.all(
            f"SELECT what, sum(times), sum(seconds) FROM medicine_days WHERE day BETWEEN ? AND ? AND {within}"
            f" AND {within_prefix} GROUP BY what ORDER BY sum(times) DESC, what",
            (first, last, *values, *more),
        )
        return [Times(what, int(times), float(seconds)) for what, times, seconds in rows]

    def purge_medicine(self, before: float) -> int:
        """What is older goes; how many rows."""
        return self._engine.run("DELETE FROM medicine_days WHERE day < ?", (local(before)[0],))
