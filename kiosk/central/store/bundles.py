"""What desks send, as the streams `services` bring it: gone through once, in steps, and each bundle of an urn taken once.

A power cut at the wrong moment makes a station send a bundle twice, under the same urn and generation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from msgspec import Struct

from kiosk.central.store.voices import Voices

LOGS_AT_ONCE: Final = 50
STEP: Final = 200
"""Numbers of a log that one transaction looks through."""

RATINGS: Final = ""
"""What a bundle of ratings of the station is about; release 0.7.0 has a table of its own for them."""


class Unread(Struct, frozen=True):
    """A log of services with numbers that nobody has looked at: from behind `mark` on, up to `until` in this step."""

    log: int
    station: str
    mark: int
    until: int


class Came(Struct, frozen=True):
    """An entry of a desk: when it was by the station's clock, which may say anything, and when it was received."""

    station: str
    kind: str
    wall: float
    received: float
    body: str
    seq: int = 0


class Bundles(Voices):
    """That part of the store."""

    def unread(self) -> list[Unread]:
        """Some logs that have come further than anybody has looked."""
        behind = self._engine.all(
            "SELECT id, station, coalesce(seq, 0), acked FROM logs LEFT JOIN counted ON log = id"
            " WHERE stream = 'services' AND acked > coalesce(seq, 0) ORDER BY id LIMIT ?",
            (LOGS_AT_ONCE,),
        )
        return [Unread(log, station, mark, min(acked, mark + STEP)) for log, station, mark, acked in behind]

    @contextmanager
    def reading(self, unread: Unread, kinds: Sequence[str]) -> Iterator[list[Came]]:
        """Its entries of these kinds, in a transaction after which they are read; none if another process was faster."""
        with self._engine.transaction():
            found = self._engine.one("SELECT seq FROM counted WHERE log = ?", (unread.log,))
            if (found[0] if found else 0) != unread.mark:
                yield []
                return
            yield self._came(unread, kinds)
            row = (unread.log, unread.until)
            self._engine.put("counted", ("log", "seq"), [row], "ON CONFLICT (log) DO UPDATE SET seq = excluded.seq")

    def _came(self, unread: Unread, kinds: Sequence[str]) -> list[Came]:
        rows = self._engine.all(
            "SELECT kind, wall, received, body, seq FROM entries WHERE log = ? AND seq > ? AND seq <= ?"
            f" AND {self._engine.words.among('kind')} ORDER BY seq",
            (unread.log, unread.mark, unread.until, [*kinds]),
        )
        return [Came(unread.station, *row) for row in rows]

    def first_time(self, station: str, urn: str, generation: int, about: str, received: float) -> bool:
        """Whether that bundle of that urn comes for the first time."""
        if about == RATINGS:
            insert = "INSERT INTO urns (station, urn, generation, received) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
            return self._engine.run(insert, (station, urn, generation, received)) == 1
        insert = (
            "INSERT INTO taken_bundles (station, urn, generation, about, received) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING"
        )
        return self._engine.run(insert, (station, urn, generation, about, received)) == 1

    def forget_bundles(self, before: float) -> int:
        """Those that came before then."""
        urns = self._engine.run("DELETE FROM urns WHERE received < ?", (before,))
        return urns + self._engine.run("DELETE FROM taken_bundles WHERE received < ?", (before,))
