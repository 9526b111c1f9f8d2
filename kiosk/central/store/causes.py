"""The causes, and what was done about them; what is wrong now is reckoned by who looks, and only kept here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from msgspec.structs import astuple, replace

from kiosk.central.duty import DutyNote, Incident
from kiosk.central.scope import Scope
from kiosk.central.store.audit import Act, Audit
from kiosk.central.store.engine import Row
from kiosk.central.wrong import Cause

INCIDENT: Final = "number, key, what, place, came, seen, told, reminded, gone"
NOTE: Final = ("cause", "at", "account", "act", "until", "whom", "why")


class Causes(Audit):
    """That part of the store."""

    def incidents(self) -> dict[str, Incident]:
        """Those that are not gone, by the key of their cause, with what was done about them."""
        rows = self._engine.all(f"SELECT {INCIDENT} FROM causes WHERE gone IS NULL")
        return {each.key: each for each in self._with_notes(rows, "gone IS NULL")}

    def _with_notes(self, rows: Iterable[Row], where: str, values: Sequence[object] = ()) -> list[Incident]:
        notes: dict[int, list[DutyNote]] = {}
        columns = f"duty.number, {', '.join(NOTE)}"
        joined = f"SELECT {columns} FROM duty JOIN causes ON causes.number = cause WHERE {where} ORDER BY duty.number"
        for row in self._engine.all(joined, values):
            note = DutyNote(*row)
            notes.setdefault(note.cause, []).append(note)
        return [replace(Incident(*row), notes=tuple(notes.get(row[0], ()))) for row in rows]

    def ended_causes(self, scope: Scope, most: int = 50) -> list[Incident]:
        """The last that are gone, the newest first, with what was done about them."""
        where, values = scope.within("place")
        rows = self._engine.all(
            f"SELECT {INCIDENT} FROM causes WHERE gone IS NOT NULL AND {where} ORDER BY gone DESC LIMIT ?",
            (*values, most),
        )
        return self._with_notes(rows, self._engine.words.among("causes.number"), ([row[0] for row in rows],))

    def note_causes(self, causes: Iterable[Cause], now: float) -> None:
        """These are there: new ones from now on, the others still."""
        self._engine.run_each(
            "INSERT INTO causes (key, what, place, came, seen) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (key) WHERE gone IS NULL DO UPDATE SET seen = excluded.seen WHERE excluded.seen > causes.seen",
            [(each.key, each.what, each.place, now, now) for each in causes],
        )

    def end_causes(self, incidents: Collection[Incident], now: float) -> None:
        """They are gone."""
        self._engine.run_each("UPDATE causes SET gone = ? WHERE number = ?", [(now, each.number) for each in incidents])

    def note_told(self, incidents: Collection[Incident], now: float) -> None:
        """Somebody was told of them, for the first time or again."""
        told = "UPDATE causes SET told = coalesce(told, ?), reminded = ? WHERE number = ?"
        self._engine.run_each(told, [(now, now, each.number) for each in incidents])

    def on_duty(self, cause: Cause, note: DutyNote, now: float) -> None:
        """Keep what somebody did about a cause that is there now, in the audit, too; its numbers are given here."""
        with self._engine.transaction():
            there = "SELECT number FROM causes WHERE key = ? AND gone IS NULL"
            if self._engine.one(there, (cause.key,)) is None:
                self.note_causes([cause], now)
            found = self._engine.one(there, (cause.key,))
            assert found is not None, "it was put there"  # noqa: S101  an invariant of the database
            self._note(found[0], cause, note, now)

    def note_ended(self, ended: Incident, note: DutyNote, now: float) -> None:
        """Keep what somebody says of one that is gone, in the audit, too: it stays gone."""
        with self._engine.transaction():
            self._note(ended.number, ended, note, now)

    def _note(self, number: int, about: Cause | Incident, note: DutyNote, now: float) -> None:
        self._engine.put("duty", NOTE, [(number, *astuple(note)[2:])])
        self.acted(Act(note.account, note.act, about.key, about.place, note.why or note.whom), now)

    def purge_notes(self, before: float) -> int:
        """What was done about those that have been gone since before then."""
        return self._engine.run("DELETE FROM duty WHERE cause IN (SELECT number FROM causes WHERE gone < ?)", (before,))

    def purge_untold(self, before: float) -> int:
        """Those that came and went before then, of which nobody was told and with which nobody did anything."""
        return self._engine.run(
            "DELETE FROM causes WHERE gone < ? AND told IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM duty WHERE cause = causes.number)",
            (before,),
        )

    def purge_causes(self, before: float) -> int:
        """Those that have been gone since before then, and what was done about them."""
        with self._engine.transaction():
            self.purge_notes(before)
            return self._engine.run("DELETE FROM causes WHERE gone < ?", (before,))
