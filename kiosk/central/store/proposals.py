"""What one operator has proposed and a second one is to confirm, and what became of it."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from kiosk.central.scope import Scope
from kiosk.central.store.engine import Engine

OPEN_FOR: Final = 72 * 3600.0
"""Seconds."""

Outcome = Literal["confirmed", "declined"]


class Proposal(Struct, frozen=True):
    """`act`: what is to be done, as JSON; `scope`: the prefix of those whom it concerns. Times are seconds since 1970."""

    id: str
    scope: str
    made: float
    made_by: str
    reason: str
    act: str
    decided: float | None = None
    decided_by: str = ""
    outcome: str = ""

    def is_open(self, now: float) -> bool:
        """Whether somebody may still decide on it."""
        return self.decided is None and now < self.made + OPEN_FOR


class Proposals:
    """That part of the store."""

    _engine: Engine

    def propose(self, proposal: Proposal) -> None:
        """Remember it until somebody decides."""
        columns = Proposal.__struct_fields__[:6]
        self._engine.put("proposals", COLUMNS[:6], [tuple(getattr(proposal, name) for name in columns)])

    def proposals(self, scope: Scope, now: float) -> list[Proposal]:
        """Those that wait for somebody, the oldest first."""
        where, values = scope.within("district")
        rows = self._engine.all(
            f"SELECT {', '.join(COLUMNS)} FROM proposals WHERE {where} AND decided IS NULL AND made > ? ORDER BY made",
            (*values, now - OPEN_FOR),
        )
        return [Proposal(*row) for row in rows]

    def proposal(self, id: str, scope: Scope) -> Proposal | None:  # noqa: A002
        """That one."""
        where, values = scope.within("district")
        found = self._engine.one(f"SELECT {', '.join(COLUMNS)} FROM proposals WHERE id = ? AND {where}", (id, *values))
        return Proposal(*found) if found else None

    def decide(self, id: str, by: str, outcome: Outcome, now: float) -> bool:  # noqa: A002
        """Whether it was open, and nobody's own: then that is what became of it."""
        return (
            self._engine.run(
                "UPDATE proposals SET decided = ?, decided_by = ?, outcome = ?"
                " WHERE id = ? AND decided IS NULL AND made > ? AND made_by != ?",
                (now, by, outcome, id, now - OPEN_FOR, by),
            )
            == 1
        )


COLUMNS: Final = ("id", "district", *Proposal.__struct_fields__[2:])
