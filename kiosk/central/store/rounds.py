"""Rounds by checklists and rounds of cleaning, as stewards made them; and what questions and checklists said.

A day of a station has one round by a checklist, the last. Whose pass opened it is kept as long as what points to a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from kiosk.central.figures import local
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store.bundles import Bundles
from kiosk.central.voices.case import Case
from kiosk.central.voices.ratings import Bundle
from kiosk.central.voices.rounds import Listed, Round, Texts, item_texts
from kiosk.core.desk.vocabulary import DID_NOT_OPEN
from kiosk.trust.service import Checklist, Question

ROUND: Final = ("station", "checklist", "at", "version", "results", "proven")
NEWEST: Final = "station, checklist, at, version, results, proven"
QUESTION: Final = (
    "station", "question", "first", "very_content", "content", "so_so", "not_content", "surplus", "entered",
)  # fmt: skip
ADDED: Final = ", ".join(f"{name} = question_ratings.{name} + excluded.{name}" for name in QUESTION[3:])
STEP: Final = 500


class SaidService(Struct, frozen=True):
    """A question or a checklist under its id: for which stations it is or was, from when to when, and its body as JSON."""

    id: str
    version: int
    kind: str
    scope: str
    begins: int
    ends: int
    body: str


class Rounds(Bundles):
    """That part of the store."""

    # What questions and checklists said.

    def remember_service(self, said: SaidService) -> None:
        """From now on what comes of it is read by this."""
        changed = ", ".join(f"{name} = excluded.{name}" for name in SaidService.__struct_fields__[1:])
        columns = SaidService.__struct_fields__
        values = [tuple(getattr(said, name) for name in columns)]
        self._engine.put("said_services", columns, values, f"ON CONFLICT (id) DO UPDATE SET {changed}")

    def said_services(self, kind: str) -> list[SaidService]:
        """Those of that kind, also those that have ended."""
        columns = ", ".join(SaidService.__struct_fields__)
        rows = self._engine.all(f"SELECT {columns} FROM said_services WHERE kind = ? ORDER BY id", (kind,))
        return [SaidService(*row) for row in rows]

    def checklists(self) -> dict[str, Listed]:
        """Those of which something may come, by id."""
        said = self.said_services("checklist")
        return {each.id: Listed(each.id, each.scope, each.begins, each.ends, _checklist(each.body)) for each in said}

    def questions(self) -> dict[str, Question]:
        """Those that were asked, by id."""
        return {each.id: msgspec.json.decode(each.body, type=Question) for each in self.said_services("question")}

    def item_texts(self, cases: Iterable[Case]) -> dict[str, Texts]:
        """The words of what rounds look at, if one of these cases is of a round."""
        of_rounds = any(each.source == "round" for each in cases)
        return item_texts(self.checklists().values()) if of_rounds else {}

    # Ratings of questions.

    def add_question_ratings(self, bundle: Bundle) -> None:
        """To those of its station, question and week."""
        row = (bundle.station, bundle.question, bundle.first, *bundle.counts, bundle.surplus, bundle.entered or 0)
        again = f"ON CONFLICT (station, question, first) DO UPDATE SET {ADDED}"
        self._engine.put("question_ratings", QUESTION, [row], again)

    def question_ratings(self, scope: Scope, first: str, last: str) -> list[Bundle]:
        """Those of stations within a scope, of the weeks that begin between two days."""
        within, values = scope.within("station")
        rows = self._engine.all(
            f"SELECT {', '.join(QUESTION)} FROM question_ratings WHERE {within} AND first BETWEEN ? AND ?"
            " ORDER BY question, station, first",
            (*values, first, last),
        )
        return [Bundle(row[0], "desk", row[2], row[3:7], row[7], row[8], row[1]) for row in rows]

    # Rounds.

    def keep_round(self, made: Round, steward: int, received: float) -> bool:
        """Keep it as its day's; whether it is the newest of its station and checklist."""
        row = _row(made)
        again = ("at", "version", "results", "proven", "steward", "received")
        changed = ", ".join(f"{name} = excluded.{name}" for name in again)
        self._engine.put(
            "rounds",
            (*ROUND, "day", "steward", "received"),
            [(*row, local(made.at)[0], steward, received)],
            f"ON CONFLICT (station, checklist, day) DO UPDATE SET {changed} WHERE excluded.at >= rounds.at",
        )
        newer = self._engine.run(
            f"INSERT INTO last_rounds ({NEWEST}, expires) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (station, checklist) DO UPDATE SET at = excluded.at, version = excluded.version,"
            " results = excluded.results, proven = excluded.proven, expires = excluded.expires"
            " WHERE excluded.at >= last_rounds.at",
            (*row, made.expires),
        )
        return newer == 1

    def last_rounds(self, scope: Scope = EVERYWHERE, prefix: str = "", month: str = "") -> list[Round]:
        """The newest of each station and checklist; with a `month` only those with a medicine that ended before it."""
        within, values = scope.within("station")
        within_prefix, more = Scope(prefix).within("station")
        ended = "AND expires != '' AND expires < ?" if month else ""
        return self._rounds(
            f"SELECT {NEWEST} FROM last_rounds WHERE {within} AND {within_prefix} {ended} ORDER BY station, checklist",
            (*values, *more, *([month] if month else [])),
        )

    def rounds_of(self, station: str, most: int) -> list[Round]:
        """Those of a station, the newest first."""
        order = "ORDER BY at DESC, checklist LIMIT ?"
        return self._rounds(f"SELECT {NEWEST} FROM rounds WHERE station = ? {order}", (station, most))

    def steward_of(self, station: str, checklist: str, day: str) -> int | None:
        """The index of the pass that opened that day's round; None where it is not known any longer."""
        key = "station = ? AND checklist = ? AND day = ?"
        found = self._engine.one(f"SELECT steward FROM rounds WHERE {key}", (station, checklist, day))
        return found[0] if found else None

    def _rounds(self, select: str, values: tuple[object, ...]) -> list[Round]:
        return [_round(row) for row in self._engine.all(select, values)]

    # Cleaning.

    def add_cleaning(self, station: str, at: float) -> None:
        """One more of its day."""
        row = (station, local(at)[0], 1, at)
        again = "ON CONFLICT (station, day) DO UPDATE SET times = cleanings.times + 1, at = excluded.at"
        self._engine.put("cleanings", ("station", "day", "times", "at"), [row], again)

    def cleanings(self, scope: Scope, prefix: str, since: str) -> dict[str, tuple[int, float]]:
        """By station: how often it was cleaned since that day, and when last."""
        within, values = scope.within("station")
        within_prefix, more = Scope(prefix).within("station")
        rows = self._engine.all(
            f"SELECT station, sum(times), max(at) FROM cleanings WHERE day >= ? AND {within} AND {within_prefix}"
            " GROUP BY station",
            (since, *values, *more),
        )
        return {station: (int(times), float(at)) for station, times, at in rows}

    # What stations were told of their cases.

    def changed_stations(self, since: float) -> set[str]:
        """Those of which a case that everybody may know of has changed since then."""
        rows = self._engine.all(
            "SELECT DISTINCT station FROM voices WHERE changed >= ? AND what != ?", (since, DID_NOT_OPEN)
        )
        return {station for (station,) in rows}

    def answered_stations(self) -> dict[str, tuple[str, int]]:
        """By station, what it was told last: the digest of it, and when that ends."""
        return {row[0]: (row[1], row[2]) for row in self._engine.all("SELECT station, digest, ends FROM answers")}

    def note_answers(self, station: str, digest: str, ends: int) -> None:
        """It is told this from now on."""
        again = "ON CONFLICT (station) DO UPDATE SET digest = excluded.digest, ends = excluded.ends"
        self._engine.put("answers", ("station", "digest", "ends"), [(station, digest, ends)], again)

    def drop_answers(self, station: str) -> None:
        """It is told nothing any longer."""
        self._engine.run("DELETE FROM answers WHERE station = ?", (station,))

    # What goes.

    def purge_rounds(self, persons: float, other: float) -> Iterator[int]:
        """Who made a round goes as what points to a person does; the round as other entries do; the last one stays."""
        some = f"SELECT station, checklist, day FROM rounds WHERE steward IS NOT NULL AND received < ? LIMIT {STEP}"
        gone = STEP
        while gone >= STEP:
            gone = self._engine.run(
                f"UPDATE rounds SET steward = NULL WHERE (station, checklist, day) IN ({some})", (persons,)
            )
            yield gone
        day = local(other)[0]
        for table in ("rounds", "cleanings"):
            yield self._engine.run(f"DELETE FROM {table} WHERE day < ?", (day,))
        yield self._engine.run("DELETE FROM said_services WHERE ends < ?", (other,))


def _row(made: Round) -> tuple[Any, ...]:
    results, proven = (msgspec.json.encode(each).decode() for each in (made.results, made.proven))
    return made.station, made.checklist, made.at, made.version, results, proven


def _checklist(body: str) -> Checklist:
    return msgspec.json.decode(body, type=Checklist)


def _round(row: tuple[Any, ...]) -> Round:
    station, checklist, at, version, results, proven = row
    return Round(
        station,
        checklist,
        at,
        version,
        msgspec.json.decode(results, type=dict[str, str]),
        msgspec.json.decode(proven, type=tuple[str, ...]),
    )
