"""SQLite: one file, one connection, which threads take in turn; others may have the file open, too."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from kiosk.central.store.engine import Row, StoreFailed, Trouble

FILE: Final = "central.db"
BUSY_FOR: Final = 10.0
"""Seconds to wait while another process writes."""


class SqliteWords:
    """What SQLite calls things."""

    name: Final = "sqlite"
    tables: Final = "sqlite_master"
    locked: Final = ""

    def field(self, name: str) -> str:
        """A field of the JSON in `body`."""
        return f"json_extract(body, '$.{name}')"

    def listed(self, column: str) -> str:
        """The different values of a group."""
        return f"group_concat(DISTINCT {column})"


class Sqlite:
    """See :class:`kiosk.central.store.engine.Engine`."""

    words: Final = SqliteWords()

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()  # a document is signed within its transaction
        with _said():
            self.db = sqlite3.connect(
                folder / FILE, isolation_level=None, timeout=BUSY_FOR, check_same_thread=False, cached_statements=256
            )
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=FULL")

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    @contextmanager
    def transaction(self, *, alone: bool = True) -> Iterator[None]:  # noqa: ARG002  every one is
        """Nobody else writes meanwhile, also no other process."""
        with self._within("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Others may write meanwhile; what they write is not seen."""
        with self._within("BEGIN"):
            yield

    @contextmanager
    def _within(self, begin: str) -> Iterator[None]:
        with self._lock:
            if self._began():
                yield
                return
            self.run(begin)
            try:
                yield
                self.run("COMMIT")
            finally:
                if self._began():
                    self.run("ROLLBACK")

    @contextmanager
    def part(self) -> Iterator[None]:
        """A savepoint."""
        self.run("SAVEPOINT part")
        try:
            yield
        except StoreFailed:
            if self._began():
                self.run("ROLLBACK TO part")
            raise
        finally:
            if self._began():
                self.run("RELEASE part")

    def _began(self) -> bool:
        return self.db.in_transaction

    def all(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows that it gives."""
        with self._lock, _said():
            return self.db.execute(statement, values).fetchall()

    def one(self, statement: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row that it gives."""
        return next(iter(self.all(statement, values)), None)

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """How many rows it changed."""
        with self._lock, _said():
            return self.db.execute(statement, values).rowcount

    def run_each(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Do it with each of these."""
        with self._lock, _said():
            self.db.executemany(statement, rows)


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreFailed(_trouble(error), str(error)) from error


def _trouble(error: sqlite3.Error) -> Trouble:
    if isinstance(error, (sqlite3.IntegrityError, sqlite3.DataError)):
        return Trouble.REFUSED
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return Trouble.BUSY
    return Trouble.DAMAGED if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} else Trouble.OTHER
