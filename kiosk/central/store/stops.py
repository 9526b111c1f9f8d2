"""What stations on wheels told of their stops: of each the last, since it follows from that where one is.

It says where a bus was, and nothing of who was in it.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store.engine import Engine
from kiosk.core.room.stops import MOST_REMEMBERED, What


class ToldOfStop(Struct, frozen=True):
    """That it arrived, left or missed it, and when by the station's clock (seconds since 1970)."""

    station: str
    stop: str
    what: What
    at: float


class Stops:
    """That part of the store."""

    _engine: Engine

    def keep_stop(self, told: ToldOfStop, received: float) -> None:
        """This is what was told last of it, unless something later is known; a station has as many as it remembers itself."""
        row = (told.station, told.stop, told.what, told.at, received)
        again = (
            "what = excluded.what, at = excluded.at, received = excluded.received WHERE excluded.at >= stops_told.at"
        )
        columns = ("station", "stop", "what", "at", "received")
        self._engine.put("stops_told", columns, [row], f"ON CONFLICT (station, stop) DO UPDATE SET {again}")
        newest = "SELECT stop FROM stops_told WHERE station = ? ORDER BY received DESC, at DESC, stop LIMIT ?"
        self._engine.run(
            f"DELETE FROM stops_told WHERE station = ? AND stop NOT IN ({newest})",
            (told.station, told.station, MOST_REMEMBERED),
        )

    def told_of_stops(self, scope: Scope = EVERYWHERE) -> dict[tuple[str, str], ToldOfStop]:
        """By station and stop."""
        within, values = scope.within("station")
        rows = self._engine.all(f"SELECT {COLUMNS} FROM stops_told WHERE {within}", values)
        return {(row[0], row[1]): ToldOfStop(*row) for row in rows}

    def purge_stops(self, before: float) -> int:
        """Those that came before then."""
        return self._engine.run("DELETE FROM stops_told WHERE received < ?", (before,))


COLUMNS: Final = ", ".join(ToldOfStop.__struct_fields__)
