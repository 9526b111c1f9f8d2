"""Where stations stand, as the files of the register said; also what was no place, for whoever mends it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from kiosk.central.coordinates import Point, given, point
from kiosk.central.scope import Scope
from kiosk.central.store.engine import Engine


class Placed(Struct, frozen=True):
    """A station's point; None where what was `given` means none."""

    station: str
    point: Point | None
    given: str


class Places:
    """That part of the store."""

    _engine: Engine

    def places(self, scope: Scope) -> dict[str, Placed]:
        """Of the stations for which something was given."""
        within, values = scope.within("station")
        rows = self._engine.all(f"SELECT station, latitude, longitude, given FROM coordinates WHERE {within}", values)
        return {
            station: Placed(station, None if latitude is None else Point(latitude, longitude), words)
            for station, latitude, longitude, words in rows
        }

    def _place(self, stations: Iterable[tuple[str, str, str]]) -> None:
        """Remember the latitude and longitude of each, where either is given."""
        found = [(code, point(*texts), given(*texts)) for code, *texts in stations]
        self._engine.run_each(
            "INSERT INTO coordinates VALUES (?, ?, ?, ?) ON CONFLICT (station) DO UPDATE"
            " SET latitude = excluded.latitude, longitude = excluded.longitude, given = excluded.given",
            [(code, at and at.latitude, at and at.longitude, words) for code, at, words in found if words],
        )
