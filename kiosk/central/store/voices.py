"""What people said of stations, what became of it, and how content they are: cases, texts, photographs, receipts, ratings.

A station's display and a phone's page fill the same tables. Nobody who said something is known: a receipt leads from whoever
holds it to a case, and nothing leads back. What somebody wrote or photographed is public when a steward has said so, and goes
after the days of what points to a person.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import astuple

from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store.engine import Engine, Row
from kiosk.central.voices.case import OPEN, Case, State
from kiosk.central.voices.owners import OwnerRule
from kiosk.central.voices.ratings import Bundle
from kiosk.core.desk.vocabulary import DID_NOT_OPEN

MOST_PHOTOS: Final = 10_000
"""Photographs that are kept, some 3 GB: who floods fills no disk that the stations' entries need."""

MOST_REMARKS: Final = 20
"""Texts and photographs of one case: what more people write of the same adds nothing."""

FORGOTTEN_AFTER: Final = 2 * 86_400.0
"""Seconds after which a day's key is thrown away."""

STEP: Final = 200
Part = Literal["text", "photo"]


class Remark(Struct, frozen=True):
    """What somebody wrote of a case, and whether there is a photograph; each public or not."""

    number: int
    case: int
    at: float
    text: str
    has_photo: bool
    text_public: bool
    photo_public: bool


class CaseAct(Struct, frozen=True):
    """What became of a case at `at`: the event's name, by which account (empty: by nobody of the office), with which words."""

    at: float
    account: str
    event: str
    words: str


class CaseFilter(Struct, frozen=True):
    """Which cases: of this owner, these stations, this place; open, urgent, late on that day. Nothing else is asked."""

    owner: str = ""
    prefix: str = ""
    place: str = ""
    open: bool = False
    urgent: bool = False
    late_on: str = ""

    def condition(self) -> tuple[str, list[object]]:
        """What a WHERE asks, and its values."""
        within, values = Scope(self.prefix).within("station")
        asked: list[tuple[object, str, tuple[object, ...]]] = [
            (self.owner, "owner = ?", (self.owner,)),
            (self.place, "place = ?", (self.place,)),
            (self.open, STILL_OPEN, ()),
            (self.urgent, "urgent = 1", ()),
            (self.late_on, LATE, (self.late_on, self.late_on)),
        ]
        found = [(words, given) for wanted, words, given in asked if wanted]
        return " AND ".join([within, *(words for words, _given in found)]), [
            *values,
            *(value for _words, given in found for value in given),
        ]


class Voices:
    """That part of the store."""

    _engine: Engine

    # The cases.

    def add_case(self, case: Case) -> int:
        """Keep a new one; its number."""
        with self._engine.transaction():
            self._engine.put("voices", COLUMNS[1:], [_row(case)[1:]])
            found = self._engine.one("SELECT max(number) FROM voices")
        assert found is not None, "it was put there"  # noqa: S101  an invariant of the database
        return int(found[0])

    def keep_case(self, case: Case) -> None:
        """It is as it is now; within the transaction in which it was read."""
        changed = ", ".join(f"{name} = ?" for name in COLUMNS[1:])
        self._engine.run(f"UPDATE voices SET {changed} WHERE number = ?", (*_row(case)[1:], case.number))

    def case(self, number: int, scope: Scope = EVERYWHERE) -> Case | None:
        """That one."""
        return next(iter(self._cases("number = ?", (number,), scope)), None)

    def cases(self, wanted: CaseFilter, scope: Scope, before: int = 2**53, most: int = 50) -> list[Case]:
        """Those below a number, the newest first."""
        where, values = wanted.condition()
        return self._cases(f"{where} AND number < ?", (*values, before), scope, f"ORDER BY number DESC LIMIT {most:d}")

    def open_at(self, station: str, today: str, most: int) -> list[Case]:
        """Those of a station of which everybody may know, what is late on that day first, each by its due day."""
        order = f"ORDER BY CASE WHEN {LATE} THEN 0 ELSE 1 END, due, number LIMIT {most:d}"
        return self._cases(OPEN_THERE, (station, DID_NOT_OPEN), EVERYWHERE, order, (today, today))

    def count_open_at(self, station: str) -> int:
        """How many of them there are."""
        found = self._engine.one(f"SELECT count(*) FROM voices WHERE {OPEN_THERE}", (station, DID_NOT_OPEN))
        return int(found[0]) if found else 0

    def ended_at(self, station: str, since: float, most: int) -> list[Case]:
        """Those that have ended since then, what was said last first."""
        where = f"station = ? AND NOT ({STILL_OPEN}) AND what != ? AND changed > ?"
        order = f"ORDER BY said DESC, number DESC LIMIT {most:d}"
        return self._cases(where, (station, DID_NOT_OPEN, since), EVERYWHERE, order)

    def pressing_cases(self, today: str) -> list[Case]:
        """Those of them that are urgent, or late on that day."""
        return self._cases(f"{STILL_OPEN} AND (urgent = 1 OR {LATE})", (today, today), EVERYWHERE, "ORDER BY number")

    def same_case(self, station: str, place: str, what: str, since: float) -> Case | None:
        """The open one in which the same was said there, since then for the first time."""
        where = f"station = ? AND place = ? AND what = ? AND said > ? AND {STILL_OPEN}"
        return next(iter(self._cases(where, (station, place, what, since), EVERYWHERE, "ORDER BY number DESC")), None)

    def last_said(self, station: str, what: str) -> float:
        """When that was said there for the first time of the newest such case; below 0 for never."""
        found = self._engine.one("SELECT max(said) FROM voices WHERE station = ? AND what = ?", (station, what))
        return -1.0 if found is None or found[0] is None else float(found[0])

    def last_urgent(self, station: str, what: str) -> float:
        """When that was said there last of a case that is or was urgent; 0 for never."""
        found = self._engine.one(
            "SELECT coalesce(max(last), 0) FROM voices WHERE station = ? AND what = ? AND urgent = 1", (station, what)
        )
        return float(found[0]) if found else 0.0

    def _cases(
        self, where: str, values: tuple[object, ...], scope: Scope, order: str = "", ordered: tuple[object, ...] = ()
    ) -> list[Case]:
        within, bounds = scope.within("station")
        rows = self._engine.all(
            f"SELECT {', '.join(COLUMNS)} FROM voices WHERE {where} AND {within} {order}", (*values, *bounds, *ordered)
        )
        return [_case(row) for row in rows]

    # What became of them.

    def became(self, case: int, acted: CaseAct) -> None:
        """Note what became of a case, in the transaction in which it did."""
        self._engine.put("voice_acts", ("voice", *CaseAct.__struct_fields__), [(case, *astuple(acted))])

    def acts_on(self, case: int) -> list[CaseAct]:
        """What became of it, in order."""
        rows = self._engine.all(
            "SELECT at, account, event, words FROM voice_acts WHERE voice = ? ORDER BY number", (case,)
        )
        return [CaseAct(*row) for row in rows]

    # What was written and photographed.

    def add_remark(self, case: int, at: float, text: str, photo: bytes | None) -> None:
        """Keep what somebody wrote and photographed, if there is room."""
        with self._engine.transaction():
            held = self._engine.one("SELECT count(*) FROM remarks WHERE voice = ?", (case,))
            if held and held[0] < MOST_REMARKS:
                self._engine.run(
                    "INSERT INTO remarks (voice, at, text, photo, text_public, photo_public) VALUES (?, ?, ?, ?, 0, 0)",
                    (case, at, text, photo),
                )
                if photo:
                    self._drop_photos()

    def _drop_photos(self) -> None:
        """Of more than there is room for the oldest go that nobody has published; what was written stays."""
        held = self._engine.one("SELECT count(*) FROM remarks WHERE photo IS NOT NULL")
        if held and held[0] > MOST_PHOTOS:
            self._engine.run(
                "UPDATE remarks SET photo = NULL WHERE number IN (SELECT number FROM remarks WHERE photo IS NOT NULL"
                f" AND photo_public = 0 ORDER BY number LIMIT {held[0] - MOST_PHOTOS:d})"
            )

    def remarks(self, case: int) -> list[Remark]:
        """Those of a case, in order."""
        return self._remarks("voice = ?", (case,))

    def public_remarks(self, cases: Iterable[int]) -> list[Remark]:
        """Those of these cases of which something is public."""
        among = self._engine.words.among("voice")
        return self._remarks(f"{among} AND (text_public = 1 OR photo_public = 1)", ([*cases],))

    def remark(self, number: int, scope: Scope = EVERYWHERE) -> Remark | None:
        """That one."""
        within, values = scope.within("(SELECT station FROM voices WHERE voices.number = voice)")
        return next(iter(self._remarks(f"number = ? AND {within}", (number, *values))), None)

    def remark_photo(self, remark: int) -> bytes | None:
        """The photograph that came with it."""
        found = self._engine.one("SELECT photo FROM remarks WHERE number = ?", (remark,))
        return bytes(found[0]) if found and found[0] is not None else None

    def publish_remark(self, remark: int, part: Part, *, public: bool) -> None:
        """From now on everybody sees the text or the photograph, or nobody."""
        self._engine.run(f"UPDATE remarks SET {part}_public = ? WHERE number = ?", (int(public), remark))

    def _remarks(self, where: str, values: tuple[object, ...]) -> list[Remark]:
        rows = self._engine.all(
            "SELECT number, voice, at, text, photo IS NOT NULL, text_public, photo_public FROM remarks"
            f" WHERE {where} ORDER BY number",
            values,
        )
        return [Remark(*row[:4], *map(bool, row[4:])) for row in rows]

    # What the server knew of the station when it was said.

    def add_evidence(self, case: int, at: float, body: str) -> None:
        """Keep it, as JSON."""
        self._engine.put("evidence", ("voice", "at", "body"), [(case, at, body)], "ON CONFLICT DO NOTHING")

    def evidence(self, case: int) -> list[str]:
        """All of a case, in order."""
        return [body for (body,) in self._engine.all("SELECT body FROM evidence WHERE voice = ? ORDER BY at", (case,))]

    # Receipts.

    def add_receipt(self, digest: bytes, case: int, now: float) -> None:
        """Whoever holds the receipt may ask for that case."""
        self._engine.run("INSERT INTO receipts (digest, voice, made) VALUES (?, ?, ?)", (digest, case, now))

    def case_of(self, digest: bytes) -> Case | None:
        """The one that a receipt is for."""
        found = self._engine.one("SELECT voice FROM receipts WHERE digest = ?", (digest,))
        return self.case(found[0]) if found else None

    # Whose they are.

    def owner_rules(self, scope: Scope = EVERYWHERE) -> list[OwnerRule]:
        """Those for stations of that scope, or that take in all of it."""
        rows = self._engine.all("SELECT prefix, place, owner FROM owner_rules ORDER BY prefix, place")
        found = [OwnerRule(*row) for row in rows]
        return [each for each in found if scope.covers(each.prefix) or scope.prefix.startswith(each.prefix)]

    def set_owner_rule(self, rule: OwnerRule) -> None:
        """From now on what is said there is theirs."""
        again = "ON CONFLICT (prefix, place) DO UPDATE SET owner = excluded.owner"
        self._engine.put("owner_rules", ("prefix", "place", "owner"), [astuple(rule)], again)

    def drop_owner_rule(self, prefix: str, place: str) -> bool:
        """Whether there was one."""
        return self._engine.run("DELETE FROM owner_rules WHERE prefix = ? AND place = ?", (prefix, place)) == 1

    # Ratings.

    def add_ratings(self, bundle: Bundle) -> None:
        """To those of its station, source and week."""
        self._engine.put(
            "ratings",
            RATED,
            [(bundle.station, bundle.source, bundle.first, *bundle.counts, bundle.surplus, bundle.entered)],
            f"ON CONFLICT (station, source, first) DO UPDATE SET {ADDED}",
        )

    def ratings(self, scope: Scope, first: str, last: str) -> list[Bundle]:
        """Those of the weeks that begin in these days."""
        return self._ratings(*scope.within("station"), first, last)

    def ratings_of(self, station: str, first: str, last: str) -> list[Bundle]:
        """Those of one station."""
        return self._ratings("station = ?", (station,), first, last)

    def _ratings(self, where: str, values: tuple[object, ...], first: str, last: str) -> list[Bundle]:
        rows = self._engine.all(
            f"SELECT {', '.join(RATED)} FROM ratings WHERE {where} AND first BETWEEN ? AND ? ORDER BY station, source, first",
            (*values, first, last),
        )
        return [Bundle(row[0], row[1], row[2], row[3:7], row[7], row[8]) for row in rows]

    # Keys of a day.

    def secret_of(self, name: str, now: float) -> bytes:
        """What signs forms and cookies of a day, or what receipts are hashed with; made when it is asked for first."""
        select = "SELECT value FROM secrets WHERE name = ?"
        if held := self._engine.one(select, (name,)):
            return bytes(held[0])
        row = (name, now, secrets.token_bytes(32))
        self._engine.run("INSERT INTO secrets (name, made, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row)
        found = self._engine.one(select, (name,))
        assert found is not None, "it was put there"  # noqa: S101  an invariant of the database
        return bytes(found[0])

    # What goes.

    def purge_voices(self, persons: float, other: float, now: float) -> Iterator[int]:
        """What came before `persons` of people's words, photographs and evidence goes; of cases that have ended, their owners.

        Those that ended before `other` go whole. Each step is a transaction, and gives how many rows it took away.
        """
        for table, key in (("remarks", "number"), ("evidence", "(voice, at)")):
            columns = key.strip("()")
            delete = f"DELETE FROM {table} WHERE {key} IN (SELECT {columns} FROM {table} WHERE at < ? LIMIT {STEP})"
            yield from self._steps(lambda delete=delete: self._engine.run(delete, (persons,)))  # type: ignore[misc]
        yield from self._steps(lambda: self._forget_owners(persons))
        yield from self._steps(lambda: self._drop_cases(other))
        delete = "DELETE FROM secrets WHERE made < ? AND name != ?"
        yield self._engine.run(delete, (now - FORGOTTEN_AFTER, RECEIPTS))

    def _steps(self, step: Callable[[], int]) -> Iterator[int]:
        gone = STEP
        while gone >= STEP:
            gone = step()
            yield gone

    def _ended(self, before: float, more: str = "") -> list[tuple[int]]:
        rows = self._engine.all(
            f"SELECT number FROM voices WHERE NOT ({STILL_OPEN}) AND changed < ? {more} ORDER BY number LIMIT {STEP}",
            (before,),
        )
        return [(number,) for (number,) in rows]

    def _forget_owners(self, before: float) -> int:
        """Whose some cases were that ended before then, and who holds their receipts."""
        with self._engine.transaction(alone=False):
            cases = self._ended(before, "AND owner != ''")
            nobody = "account = '', words = CASE WHEN event = 'own' THEN '' ELSE words END"
            self._engine.run_each("DELETE FROM receipts WHERE voice = ?", cases)
            self._engine.run_each(f"UPDATE voice_acts SET {nobody} WHERE voice = ?", cases)
            self._engine.run_each("UPDATE voices SET owner = '', answered_by = '' WHERE number = ?", cases)
        return len(cases)

    def _drop_cases(self, before: float) -> int:
        """Some that ended before then, and all that belongs to them."""
        with self._engine.transaction(alone=False):
            cases = self._ended(before)
            for table in ("remarks", "evidence", "receipts", "voice_acts"):
                self._engine.run_each(f"DELETE FROM {table} WHERE voice = ?", cases)
            self._engine.run_each("DELETE FROM voices WHERE number = ?", cases)
        return len(cases)


RECEIPTS: Final = "receipts"
"""The key that receipts are hashed with, which stays."""

COLUMNS: Final = Case.__struct_fields__
RATED: Final = (
    "station", "source", "first", "very_content", "content", "so_so", "not_content", "surplus", "entered",
)  # fmt: skip
ADDED: Final = ", ".join(f"{name} = ratings.{name} + excluded.{name}" for name in RATED[3:])
STILL_OPEN: Final = (
    "state IN (" + ", ".join(f"'{each.value}'" for each in sorted(OPEN, key=lambda each: each.value)) + ")"
)
OPEN_THERE: Final = f"station = ? AND {STILL_OPEN} AND what != ?"

LATE: Final = f"({STILL_OPEN} AND (due < ? OR (state = '{State.RECEIVED.value}' AND own_by < ?)))"


def _row(case: Case) -> tuple[object, ...]:
    values = {name: getattr(case, name) for name in COLUMNS}
    return tuple((values | {"state": case.state.value, "urgent": int(case.urgent)}).values())


def _case(row: Row) -> Case:
    values = dict(zip(COLUMNS, row, strict=True))
    return Case(**(values | {"state": State(values["state"]), "urgent": bool(values["urgent"])}))
