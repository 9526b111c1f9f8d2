"""What the station knows and must keep: signed documents and the clock's floor."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Final

from kiosk.logbook.reader import connect_still
from kiosk.logbook.schema import open_or_replace, state, transaction

FILE: Final = "state.db"
FLOOR: Final = "clock_floor"


class ColdState:
    """The one writer of `state.db`. Raises sqlite3.Error when the disk does not do its part."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db, self.replaced = open_or_replace(folder / FILE, state)

    def documents(self) -> dict[str, bytes]:
        """The newest document of each kind, as it was signed; the keyset first, since its keys prove the others."""
        return _documents(self._db)

    def keep(self, kind: str, version: int, body: bytes) -> None:
        """Store a document in place of the one before."""
        self._db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (kind, version, body))

    def floor(self) -> float:
        """No true time is before this; 0 when nothing is known."""
        return _floor(self._db)

    def keep_floor(self, floor: float, *, lowered: bool = False) -> None:
        """Raise the floor; a lower one changes nothing, unless what is stored was refuted (`lowered`)."""
        if lowered or floor > self.floor():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (FLOOR, repr(floor)))

    def take_over(self, folder: Path) -> None:
        """What the file there holds, which nobody can write now. Raises sqlite3.Error when it cannot be read."""
        with closing(connect_still(folder / FILE)) as old, self.transaction():
            documents = old.execute("SELECT kind, version, body FROM documents").fetchall()
            self._db.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", documents)
            self.keep_floor(_floor(old))

    def transaction(self) -> AbstractContextManager[None]:
        """What is kept within it is kept together: a document and the floor that it raises."""
        return transaction(self._db)

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def read_cold(folder: Path) -> tuple[dict[str, bytes], float]:
    """Documents and floor, read only. Raises sqlite3.Error when there is no file."""
    db = sqlite3.connect(f"file:{folder / FILE}?mode=ro", uri=True)
    try:
        return _documents(db), _floor(db)
    finally:
        db.close()


def _documents(db: sqlite3.Connection) -> dict[str, bytes]:
    return dict(db.execute("SELECT kind, body FROM documents ORDER BY kind != 'keyset'").fetchall())


def _floor(db: sqlite3.Connection) -> float:
    found = db.execute("SELECT value FROM meta WHERE key = ?", (FLOOR,)).fetchone()
    return float(found[0]) if found else 0.0
