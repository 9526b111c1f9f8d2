"""The credentials: a number each, the union's pseudonym for whose it is, and whether it counts."""

from __future__ import annotations

from kiosk.central.store.engine import Engine
from kiosk.trust.status import Status


class People:
    """That part of the store."""

    _engine: Engine

    def add_credential(self, holder: str) -> int:
        """A new credential's index; `holder` is the union's pseudonym for the person."""
        with self._engine.transaction():
            found = self._engine.one(
                "INSERT INTO credentials (idx, holder) VALUES ((SELECT coalesce(max(idx), 0) + 1 FROM credentials), ?)"
                " RETURNING idx",
                (holder,),
            )
        assert found is not None, "it was put there"  # noqa: S101  an invariant of the database
        return int(found[0])

    def set_status(self, index: int, status: Status) -> bool:
        """Revoke, suspend or restore; False when there is no such credential."""
        return self._engine.run("UPDATE credentials SET status = ? WHERE idx = ?", (int(status), index)) == 1

    def credentials(self, holder: str) -> list[tuple[int, Status]]:
        """Those of one holder, the newest last."""
        rows = self._engine.all("SELECT idx, status FROM credentials WHERE holder = ? ORDER BY idx", (holder,))
        return [(index, Status(status)) for index, status in rows]

    def statuses(self) -> tuple[dict[int, Status], int]:
        """The credentials that are not valid, and how long the list is."""
        rows = self._engine.all("SELECT idx, status FROM credentials WHERE status != 0")
        newest = self._engine.one("SELECT coalesce(max(idx), 0) FROM credentials")
        return {index: Status(status) for index, status in rows}, (newest[0] if newest else 0) + 1
