"""The figures of each place and day: entries are counted as they come, once each, and the figures stay when the entries go.

A log is read on from where it was counted to, so nothing is looked through twice, and what comes days late is counted then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from kiosk.central.figures import ALWAYS, DISTRICT, KINDS, Figures, figures_of, local, moment, places
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store.engine import Engine
from kiosk.central.store.sightings import SILENT_AFTER

STEP: Final = 2000
"""Numbers of logs that one transaction counts."""

LOGS_AT_ONCE: Final = 200
STATIONS_AT_ONCE: Final = 200
BEHIND_ALL: Final = "~"
"""Sorts behind every letter and digit of a code."""

MOST_BETWEEN: Final = 900.0
"""Seconds between two looks at who is silent; after a longer pause nobody has looked, and nothing is counted."""

COUNTED: Final = """
    SELECT entries.log, entries.seq, kind, wall, received, body FROM logs LEFT JOIN counted ON counted.log = logs.id
    JOIN entries ON entries.log = logs.id AND entries.seq > coalesce(counted.seq, 0)
    WHERE {} AND kind IN ({}) AND entries.seq <= coalesce(counted.seq, 0) + ?
"""
"""Of these logs what follows their marks, no more than a step of each."""

Place = tuple[int, str, str]
"""A level, the place of that level, and a day."""


class DayLine(Struct, frozen=True):
    """The figures of a place on a day (ISO 8601, where the stations are)."""

    place: str
    day: str
    figures: Figures


class Behind(Struct, frozen=True):
    """A log with numbers that are not counted: from behind `mark` on, up to `until` in this step."""

    log: int
    station: str
    mark: int
    until: int


class Days:
    """That part of the store."""

    _engine: Engine

    def days(self, scope: Scope, prefix: str, level: int, days: list[str]) -> list[DayLine]:
        """Of the places of a level within a prefix, on those days, by place and day."""
        within, values = scope.within("place")
        rows = self._engine.all(
            f"SELECT place, day, body FROM days WHERE level = ? AND {self._engine.words.among('day')}"
            f" AND place >= ? AND place < ? AND {within}",
            (level, days, prefix, prefix + BEHIND_ALL, *values),
        )
        found = (DayLine(place, day, _read(body)) for place, day, body in rows)
        return sorted(found, key=lambda line: (line.place, line.day))

    def names(self, scope: Scope, prefix: str) -> dict[str, str]:
        """Of the stations within a prefix those that have a name."""
        within, values = scope.within("code")
        rows = self._engine.all(
            f"SELECT code, name FROM register WHERE name != '' AND substr(code, 1, ?) = ? AND {within}",
            (len(prefix), prefix, *values),
        )
        return dict(rows)

    def totals(self) -> dict[str, Figures]:
        """Of each district, all days together."""
        return {line.place: line.figures for line in self.days(EVERYWHERE, "", DISTRICT, [ALWAYS])}

    def acknowledged_by_district(self) -> dict[str, int]:
        """The numbers of entries that stations were told are held."""
        rows = self._engine.all("SELECT substr(station, 1, 6) AS district, sum(acked) FROM logs GROUP BY district")
        return {district: int(count) for district, count in rows}

    def watched_until(self) -> float:
        """When it was last looked who is silent; 0 for never."""
        found = self._engine.one("SELECT until FROM watched WHERE name = 'silence'")
        return float(found[0]) if found else 0.0

    def uncounted(self) -> int:
        """Numbers of the logs that are still to be counted."""
        found = self._engine.one(
            "SELECT coalesce(sum(acked - coalesce(seq, 0)), 0) FROM logs LEFT JOIN counted ON log = id"
            " WHERE stream IN ('access', 'telemetry')"
        )
        return int(found[0]) if found else 0

    def count(self) -> Iterator[int]:
        """Count what has come; each step is a transaction, and gives how many numbers it went through."""
        while (behind := self._behind()) and self._settled(behind, self._figures(behind)):
            yield sum(each.until - each.mark for each in behind)

    def _settled(self, behind: list[Behind], added: dict[tuple[str, str], Figures]) -> bool:
        """Whether they are added, and the logs marked; not where another process was faster."""
        with self._engine.transaction():
            if self._marks(behind) != {each.log: each.mark for each in behind}:
                return False
            self._add(added)
            rows = [(each.log, each.until) for each in behind]
            self._engine.put("counted", ("log", "seq"), rows, "ON CONFLICT (log) DO UPDATE SET seq = excluded.seq")
        return True

    def watch(self, now: float) -> Iterator[int]:
        """Count who is silent, for the time since this was called last; each step is a transaction, and gives its stations.

        What a server that ends meanwhile has not done yet is left out: of those stations nobody has watched that time.
        """
        since = self._unwatched(now)
        rows = self._engine.all(
            "SELECT code, coalesce(at, enrolled) < ? FROM stations LEFT JOIN seen ON station = code ORDER BY code",
            (now - SILENT_AFTER,),
        )
        day, _hour = local(now)
        while since and rows:
            step, rows = rows[:STATIONS_AT_ONCE], rows[STATIONS_AT_ONCE:]
            with self._engine.transaction():
                self._add({(code, day): Figures(watched=since, silent=since if silent else 0) for code, silent in step})
            yield len(step)

    def _unwatched(self, now: float) -> int:
        """Seconds since it was asked last; none after a pause in which nobody can have been heard."""
        with self._engine.transaction():
            before = self.watched_until()
            self._engine.run(
                "INSERT INTO watched VALUES ('silence', ?) ON CONFLICT (name) DO UPDATE SET until = excluded.until",
                (now,),
            )
        since = now - before
        return round(since) if 0 < since <= MOST_BETWEEN else 0

    def _behind(self) -> list[Behind]:
        rows = self._engine.all(
            "SELECT id, station, acked, coalesce(seq, 0) FROM logs LEFT JOIN counted ON log = id"
            " WHERE acked > coalesce(seq, 0) AND stream IN ('access', 'telemetry') ORDER BY id LIMIT ?",
            (LOGS_AT_ONCE,),
        )
        found, room = [], STEP
        for log, station, acked, mark in rows:
            found.append(Behind(log, station, mark, min(acked, mark + room)))
            room -= found[-1].until - mark
            if not room:
                break
        return found

    def _figures(self, behind: Sequence[Behind]) -> dict[tuple[str, str], Figures]:
        """What these numbers add to the days of their stations."""
        found: dict[tuple[str, str], Figures] = {}
        logs = {each.log: each for each in behind}
        for log, seq, kind, wall, received, text in self._engine.all(
            COUNTED.format(self._engine.words.among("logs.id"), ", ".join("?" * len(KINDS))), ([*logs], *KINDS, STEP)
        ):
            if logs[log].mark < seq <= logs[log].until:
                body = msgspec.json.decode(text)
                day, hour = local(moment(wall, received, kind, body))
                key = logs[log].station, day
                found[key] = found.get(key, Figures()) + figures_of(kind, hour, body)
        return found

    def _marks(self, behind: Iterable[Behind]) -> dict[int, int]:
        logs = [each.log for each in behind]
        rows = self._engine.all(f"SELECT log, seq FROM counted WHERE {self._engine.words.among('log')}", (logs,))
        return dict.fromkeys(logs, 0) | dict(rows)

    def _add(self, added: dict[tuple[str, str], Figures]) -> None:
        """To the stations' days, and to those of the places in which they lie."""
        more: dict[Place, Figures] = {}
        for (station, day), figures in added.items():
            for key in places(station, day):
                more[key] = more[key] + figures if key in more else figures
        held = self._held_days(more)
        rows = [
            (*key, msgspec.json.encode(held.get(key, Figures()) + each).decode()) for key, each in sorted(more.items())
        ]
        self._engine.put(
            "days",
            ("level", "place", "day", "body"),
            rows,
            "ON CONFLICT (level, day, place) DO UPDATE SET body = excluded.body",
        )

    def _held_days(self, wanted: Iterable[Place]) -> dict[Place, Figures]:
        """Those of them that are there, by level and day."""
        found: dict[Place, Figures] = {}
        asked: dict[tuple[int, str], list[str]] = {}
        for level, place, day in wanted:
            asked.setdefault((level, day), []).append(place)
        for (level, day), names in asked.items():
            rows = self._engine.all(
                f"SELECT place, body FROM days WHERE level = ? AND day = ? AND {self._engine.words.among('place')}",
                (level, day, names),
            )
            found |= {(level, place, day): _read(body) for place, body in rows}
        return found


def _read(body: str) -> Figures:
    return msgspec.json.decode(body, type=Figures)
