"""The services that are published: of each id the newest, as signed."""

from __future__ import annotations

from msgspec import Struct

from kiosk.central.store.engine import Engine
from kiosk.trust.service import ServiceDocument


class StoredService(Struct, frozen=True):
    """A service by its head's values. After `until` (seconds since 1970) no station holds anything of this id in force."""

    id: str
    version: int
    kind: str
    scope: str
    begins: int
    ends: int
    until: int
    body: bytes


class Services:
    """That part of the store."""

    _engine: Engine

    def services(self, kind: str = "") -> list[StoredService]:
        """All of them, or of a kind, also those that have ended, in the order of their numbers."""
        rows = self._engine.all(f"SELECT {COLUMNS} FROM services WHERE ? IN ('', kind) ORDER BY version", (kind,))
        return [StoredService(*row) for row in rows]

    def service(self, id: str) -> StoredService | None:  # noqa: A002
        """That one; None where there is none."""
        found = self._engine.one(f"SELECT {COLUMNS} FROM services WHERE id = ?", (id,))
        return StoredService(*found) if found else None

    def newest_service(self, most: int = 2**53) -> int:
        """The highest number of any service, of those up to `most`; 0 for none."""
        found = self._engine.one("SELECT coalesce(max(version), 0) FROM services WHERE version <= ?", (most,))
        return int(found[0]) if found else 0

    def put_service(self, head: ServiceDocument, body: bytes) -> None:
        """Publish it in place of the older one of its id."""
        before = self.service(head.id)
        until = max(head.ends, before.until if before else 0)
        values = (head.id, head.version, head.kind, head.station, head.begins, head.ends, until, body)
        self._engine.run(
            f"INSERT INTO services ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " version = excluded.version, begins = excluded.begins, ends = excluded.ends, until = excluded.until,"
            " body = excluded.body",
            values,
        )

    def forget_services(self, now: float) -> None:
        """Let those go that no station can hold any more; the newest stays, for its number."""
        newest = "SELECT max(version) FROM services"
        self._engine.run(f"DELETE FROM services WHERE until < ? AND version < ({newest})", (now,))


COLUMNS = ", ".join(StoredService.__struct_fields__)
