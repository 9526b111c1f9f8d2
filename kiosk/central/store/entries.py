"""What is held of the entries, for whoever asks: the office's verbs, the alarms of copied codes, the tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from kiosk.central.store.batches import Kept
from kiosk.central.store.engine import Engine


class SharedCode(Struct, frozen=True):
    """One code, several stations. Of a bound pass (kind 2) that is a copy for certain; a live one may have walked."""

    index: int
    pass_kind: int
    shown_at: int
    stations: tuple[str, ...]


class Wanted(Struct, frozen=True):
    """Which entries: of these kinds (none: any), and not before that time by the station's clock."""

    kinds: tuple[str, ...] = ()
    since: float = 0.0

    def condition(self) -> tuple[str, list[Any]]:
        """For a statement, and its values."""
        kinds = f" AND kind IN ({', '.join('?' * len(self.kinds))})" if self.kinds else ""
        return f"{kinds} AND wall >= ?", [*self.kinds, self.since]


class Held(Struct, frozen=True):
    """An entry as it was sent, the number of its log, and when it came."""

    log: int
    received: float
    entry: dict[str, Any]


class Entries:
    """That part of the store."""

    _engine: Engine

    def set_aside(self, station: str) -> list[list[dict[str, Any]]]:
        """The entries of each batch that contradicted what is held, in the order in which they came."""
        rows = self._engine.all("SELECT body FROM aside WHERE station = ? ORDER BY received", (station,))
        return [msgspec.json.decode(body) for (body,) in rows]

    def counts(self) -> dict[str, int]:
        """For each stream: the entries stored."""
        count = "SELECT stream, count(*) FROM entries JOIN logs ON logs.id = log GROUP BY stream"
        return dict(self._engine.all(count))

    def numbers(self, station: str) -> list[tuple[str, str, int]]:
        """Epoch, stream and number of every entry of a station."""
        select = (
            "SELECT epoch, stream, seq FROM entries JOIN logs ON logs.id = log WHERE station = ?"
            " ORDER BY epoch, stream, seq"
        )
        return [(epoch, stream, seq) for epoch, stream, seq in self._engine.all(select, (station,))]

    def duplicates(self) -> int:
        """Facts that are stored more than once, whatever their numbers: same station, boot, instant and content."""
        found = self._engine.one(
            "SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) n FROM entries"
            " JOIN logs ON logs.id = entries.log JOIN boots ON boots.id = boot_number"
            " GROUP BY station, stream, boot_id, boot, wall, kind, body) facts"
        )
        return int(found[0]) if found else 0

    def shared_codes(self) -> list[SharedCode]:
        """Codes that opened at more than one station: the same moment of a phone's, or one live pass."""
        words = self._engine.words
        index, kind, token, shown = (words.field(each) for each in ("index", "pass_kind", "token", "shown_at"))
        rows = self._engine.all(
            f"SELECT min({index}), min({kind}), {shown}, {words.listed('station')} FROM entries JOIN logs ON logs.id = log"
            f" WHERE kind = 'granted' AND CAST({kind} AS TEXT) != '0'"
            f" GROUP BY {token}, {shown} HAVING count(DISTINCT station) > 1"
        )
        return [
            SharedCode(int(index), int(kind), int(shown or 0), tuple(sorted(stations.split(","))))
            for index, kind, shown, stations in rows
            if all(f"{each}".isdecimal() for each in (index, kind, shown or 0))  # a station may have sent anything
        ]

    def entries(self, station: str, stream: str, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """Stored entries in order."""
        rows = self._engine.all(
            "SELECT seq, kind, boot_id, boot, wall, body FROM entries"
            " JOIN logs ON logs.id = entries.log JOIN boots ON boots.id = boot_number"
            " WHERE station = ? AND stream = ? AND seq > ? ORDER BY epoch, seq LIMIT ?",
            (station, stream, after, limit),
        )
        return [Kept(*parts).whole(seq) for seq, *parts in rows]

    def newest(self, station: str, stream: str, wanted: Wanted, count: int) -> list[Held]:
        """The newest of those entries, in the order in which they came; log by log, or a database would sort them all."""
        words, values = wanted.condition()
        found: list[Held] = []
        for log in reversed([*self.ends(station).get(stream, {})]):
            held = (station, stream, *values, log, count - len(found))
            found += self._held_entries(f"{words} AND entries.log = ? ORDER BY seq DESC LIMIT ?", held)
        return found[::-1]

    def told_of_commands(self, station: str, since: float) -> list[Held]:
        """What a station told of its commands, of what came since then by this machine's clock."""
        return self._held_entries(
            " AND kind IN ('command_started', 'command_ended') AND received >= ? ORDER BY entries.log, seq",
            (station, "access", since),
        )

    def came(self, station: str, stream: str, wanted: Wanted, marks: dict[int, int]) -> list[Held]:
        """Those entries that came after these numbers, by log; of another log all."""
        words, values = wanted.condition()
        ends = self._engine.all(
            "SELECT id, acked FROM logs WHERE (station, stream) = (?, ?) ORDER BY id", (station, stream)
        )
        found = []
        for log, acked in ends:
            if acked > marks.get(log, 0):
                new = (station, stream, *values, log, marks.get(log, 0) + 1, acked)
                found += self._held_entries(f"{words} AND entries.log = ? AND seq BETWEEN ? AND ? ORDER BY seq", new)
                marks[log] = acked
        return found

    def ends(self, station: str) -> dict[str, dict[int, int]]:
        """For each stream of a station: the number up to which each of its logs is held, the newest log last."""
        found: dict[str, dict[int, int]] = {}
        for stream, log, acked in self._engine.all(
            "SELECT stream, id, acked FROM logs WHERE station = ? ORDER BY id", (station,)
        ):
            found.setdefault(stream, {})[log] = acked
        return found

    def _held_entries(self, where: str, values: Sequence[Any]) -> list[Held]:
        rows = self._engine.all(
            "SELECT entries.log, received, seq, kind, boot_id, boot, wall, body FROM entries"
            f" JOIN logs ON logs.id = entries.log JOIN boots ON boots.id = boot_number WHERE (station, stream) = (?, ?){where}",
            values,
        )
        return [Held(log, received, Kept(*parts).whole(seq)) for log, received, seq, *parts in rows]

    def acknowledged(self) -> int:
        """The numbers that all stations were told are held, those of entries that are pruned among them."""
        found = self._engine.one("SELECT coalesce(sum(acked), 0) FROM logs")
        return int(found[0]) if found else 0
