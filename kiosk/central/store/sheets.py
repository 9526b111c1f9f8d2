"""The sheets of the stations, and their pictures: each once, under the digest of what it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.sheets import EMPTY, Sheet
from kiosk.central.store.engine import Engine

SAID_AGAIN: Final = """
    ON CONFLICT (station) DO UPDATE SET body = excluded.body, photo = excluded.photo, changed = excluded.changed,
    changed_by = excluded.changed_by
"""


class Sheets:
    """That part of the store."""

    _engine: Engine

    def sheet(self, station: str) -> Sheet:
        """That of one station; an empty one where nobody has written any."""
        found = self._engine.one("SELECT body FROM sheets WHERE station = ?", (station,))
        return msgspec.json.decode(found[0], type=Sheet) if found else EMPTY

    def sheets(self, scope: Scope = EVERYWHERE) -> dict[str, Sheet]:
        """By station."""
        within, values = scope.within("station")
        rows = self._engine.all(f"SELECT station, body FROM sheets WHERE {within} ORDER BY station", values)
        return {station: msgspec.json.decode(body, type=Sheet) for station, body in rows}

    def put_sheets(self, sheets: Mapping[str, Sheet], by: str, now: float) -> None:
        """In place of those that these stations have; a picture that none has any longer goes."""
        rows = [
            (station, msgspec.json.encode(each).decode(), each.photo, now, by)
            for station, each in sorted(sheets.items())
        ]
        with self._engine.transaction():
            self._engine.put("sheets", ("station", "body", "photo", "changed", "changed_by"), rows, SAID_AGAIN)
            self._engine.run("DELETE FROM photos WHERE NOT EXISTS (SELECT 1 FROM sheets WHERE photo = hash)")

    def put_photo(self, body: bytes, now: float) -> str:
        """Keep a picture for the sheet that is put next, in the same transaction; its name."""
        name = hashlib.sha256(body).hexdigest()
        self._engine.run("INSERT INTO photos VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (name, body, now))
        return name

    def photo(self, name: str) -> bytes | None:
        """A picture as JPEG."""
        found = self._engine.one("SELECT body FROM photos WHERE hash = ?", (name,))
        return bytes(found[0]) if found else None
