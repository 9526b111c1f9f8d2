"""The central server's SQLite file: one connection, its transactions, and what operators must know."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct
from sqlite_utils import Database

from kiosk.central.schema import central

log = logging.getLogger(__name__)

FILE: Final = "central.db"
AGAIN_AFTER: Final = 600.0
"""Seconds within which the same alarm is not written again, whoever repeats what raised it."""


class Alarm(Struct, frozen=True):
    """Something that an operator must know; `first` and `last` are seconds since 1970, `station` may be empty."""

    what: str
    station: str
    detail: str
    first: float
    last: float
    times: int


class CentralFile:
    """Every method is a transaction of its own and may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()  # a document is signed within its transaction
        self._db = sqlite3.connect(folder / FILE, isolation_level=None, timeout=10.0, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        central.apply(Database(self._db, execute_plugins=False))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and nobody else writes meanwhile, also no other process; within another it is a part of that one."""
        with self._lock:
            if self._began():
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._began():
                    self._db.execute("ROLLBACK")

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of a transaction: what the database refuses of it leaves the rest as it was."""
        self._db.execute("SAVEPOINT part")
        try:
            yield
        except sqlite3.Error:
            if self._began():
                self._db.execute("ROLLBACK TO part")
            raise
        finally:
            if self._began():
                self._db.execute("RELEASE part")

    def _began(self) -> bool:
        return self._db.in_transaction

    def alarm(self, what: str, detail: str, now: float, station: str = "") -> None:
        """Keep what an operator must know, and log it when it is new."""
        with self.transaction():
            found = self._db.execute(
                "SELECT last FROM alarms WHERE (what, station) = (?, ?)", (what, station)
            ).fetchone()
            if found and abs(now - found[0]) < AGAIN_AFTER:
                return
            self._db.execute(
                "INSERT INTO alarms VALUES (?1, ?2, ?3, ?4, ?4, 1)"
                " ON CONFLICT DO UPDATE SET detail = ?3, last = ?4, times = times + 1",
                (what, station, detail, now),
            )
        if not found:
            log.error("%s %s: %s", what, station, detail)

    def alarms(self) -> list[Alarm]:
        """What operators must know, the newest first."""
        with self._lock:
            return [Alarm(*row) for row in self._db.execute("SELECT * FROM alarms ORDER BY last DESC, what, station")]

    def clear_alarms(self) -> int:
        """Forget them; what is still so comes again. Returns how many there were."""
        with self.transaction():
            return self._db.execute("DELETE FROM alarms").rowcount
