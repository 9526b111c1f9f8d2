"""The services that a station holds, in a file of their own: as they were signed, by id; and the newest, for the number.

There is one copy, since the central server has all of them: what is damaged is asked for anew. A document needs no checksum
beside it; its signature says whether it is whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final

from kiosk.core.events import KeepService
from kiosk.decoding import UNDECODABLE
from kiosk.logbook.reader import as_text, connect_still
from kiosk.logbook.schema import Broken, let_go, open_or_replace, says_broken, services, transaction

FILE: Final = "services.db"
SERVICES: Final = "services"
"""The fault of that file."""

BUSY_FOR: Final = 5000
"""Milliseconds for which it waits for another reader or writer."""

Rows = dict[str, bytes]
"""Documents by id; the one that proves the number has none."""


class ServicesFile:
    """The one writer; `replaced`: why the file is a new one. Raises sqlite3.Error or OSError when the disk refuses."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self.replaced = ""
        self._open()

    def _open(self) -> None:
        self._db, self.replaced = open_or_replace(self._path, services, _prove)
        self._db.execute("PRAGMA secure_delete=ON")
        let_go(self._path)

    def rows(self) -> Rows:
        """All that is stored."""
        return rows_of(self._db)

    def keep(self, jobs: Iterable[KeepService]) -> None:
        """Store all of these, or nothing. Of what goes, a campaign's key say, nothing is left in the file or its WAL."""
        jobs = list(jobs)
        with transaction(self._db):
            for each in jobs:
                if each.body:
                    self._db.execute(
                        "INSERT OR REPLACE INTO services VALUES (?, ?, ?)", (each.id, each.version, each.body)
                    )
                else:
                    self._db.execute("DELETE FROM services WHERE id = ?", (each.id,))
        if not all(each.body for each in jobs):
            self._wipe()

    def keep_only(self, wanted: Iterable[str]) -> None:
        """Let everything go but for these ids."""
        names = list(wanted)
        marks = ", ".join("?" * len(names))
        with transaction(self._db):
            gone = self._db.execute(f"DELETE FROM services WHERE id IS NULL OR id NOT IN ({marks})", names).rowcount
        if gone:
            self._wipe()

    def _wipe(self) -> None:
        """Unless somebody reads just now: then with the next that goes. Of a card's old blocks nobody here can say."""
        self._db.execute("PRAGMA busy_timeout=0")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._db.execute(f"PRAGMA busy_timeout={BUSY_FOR}")

    def take_over(self, folder: Path) -> None:
        """What the file there holds, which nobody can write now, as far as it can be read."""
        self.keep(KeepService(name, 0, body) for name, body in read_services(folder).items())

    def mend(self, error: Exception) -> bool:
        """Whether that error said that the file is broken, and an empty one has taken its place."""
        if (
            isinstance(error, sqlite3.Error)
            and not isinstance(error, sqlite3.ProgrammingError)
            and not says_broken(error)
        ):
            return False
        self._db.close()
        self._open()
        self.replaced = self.replaced or str(error)
        return True

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def read_services(folder: Path) -> Rows:
    """What a folder that takes no write holds; nothing where it cannot be read."""
    try:
        with closing(connect_still(folder / FILE)) as db:
            db.text_factory = as_text
            return rows_of(db)
    except (sqlite3.Error, *UNDECODABLE):
        return {}


def _prove(db: sqlite3.Connection) -> None:
    result = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if result != "ok":
        raise Broken(result)
    rows_of(db)


def rows_of(db: sqlite3.Connection) -> Rows:
    """By id; what is no document is one that does not hold."""
    found = db.execute("SELECT id, body FROM services").fetchall()
    return {f"{name}": body if isinstance(body, bytes) else b"" for name, body in found}
