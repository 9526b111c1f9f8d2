"""SQLite: one file, a connection that writes and one that reads, which threads take in turn; others may have it open, too."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Final

from kiosk.central.store.engine import PAGE, Asked, Row, StoreFailed, Trouble

FILE: Final = "central.db"
LOCK_FILE: Final = "jobs.lock"
BUSY_FOR: Final = 10.0
"""Seconds to wait while another process writes."""

FEW_ROWS: Final = 16
"""Rows that a statement inserts; one of more costs twice as much for each row."""

MANY: Final = 256
MOST_ROWS: Final = 128
"""Rows that a statement inserts of more than MANY, so that there are few turns to wait for."""


class SqliteWords:
    """What SQLite calls things."""

    name: Final = "sqlite"
    tables: Final = "(SELECT name FROM sqlite_master WHERE type = 'table') found"
    locked: Final = ""
    months: Final = False

    def among(self, column: str) -> str:
        """Whether a column is one of those in a list."""
        return f"{column} IN (SELECT value FROM json_each(?))"

    def wanted(self, table: str, columns: Sequence[str]) -> str:  # noqa: ARG002  JSON has the types that these have
        """Rows of a table's columns."""
        fields = ", ".join(f"json_extract(value, '$.{each}') AS {each}" for each in columns)
        return f"(SELECT {fields} FROM json_each(?))"

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
        self._folder, self._session, self._stirred = folder, -1, (-1, -1)
        self._lock = threading.RLock()  # a document is signed within its transaction
        self._reading, self._own = threading.Lock(), threading.local()
        self._known: dict[Any, Any] = {}
        self._known_at = -1
        with _said():
            self.db, self._reader = _opened(folder / FILE), _opened(folder / FILE)
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=FULL")
            self.db.execute("PRAGMA secure_delete=ON")
            self._reader.execute("PRAGMA query_only=ON")

    def close(self) -> None:
        """Close the file."""
        with self._reading:
            self._reader.close()
        with self._lock:
            self.db.close()
            if self._session >= 0:
                os.close(self._session)
                self._session = -1

    def session_lock(self) -> bool:
        """A lock on a file of its own, which the kernel takes back from a process that was killed."""
        with self._lock:
            if self._session < 0:
                self._session = _locked(self._folder / LOCK_FILE)
            return self._session >= 0

    @contextmanager
    def transaction(self, *, alone: bool = True) -> Iterator[None]:  # noqa: ARG002  every one is
        """Nobody else writes meanwhile, also no other process."""
        with self._within("BEGIN IMMEDIATE"):
            yield

    @property
    def known(self) -> dict[Any, Any]:
        """SQLite counts what other connections have written."""
        at = self.all("PRAGMA data_version")[0][0]
        if at != self._known_at:
            self._known.clear()
            self._known_at = at
        return self._known

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
            self._own.transaction, done = True, False
            try:
                yield
                self.run("COMMIT")
                done = True
            finally:
                self._own.transaction = False
                if not done:
                    self._known.clear()
                if self._began():
                    self.run("ROLLBACK")

    def _began(self) -> bool:
        return self.db.in_transaction

    def all(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows that it gives. Outside a transaction nobody waits for them until another's is on the disk."""
        own = getattr(self._own, "transaction", False)
        with self._lock if own else self._reading, _said():
            return (self.db if own else self._reader).execute(statement, _storable(values)).fetchall()

    def all_of(self, *asked: Asked) -> list[list[Row]]:
        """The rows that each of them gives."""
        return [self.all(*each) for each in asked]

    def one(self, statement: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row that it gives."""
        return next(iter(self.all(statement, values)), None)

    def pages(self, statement: str) -> Iterator[list[Row]]:
        """The rows that it gives."""
        with self._lock, _said():
            cursor = self.db.execute(statement)
            yield from iter(lambda: cursor.fetchmany(PAGE), [])

    def columns(self, table: str) -> list[str]:
        """The names of its columns."""
        return [name for (name,) in self.all("SELECT name FROM pragma_table_info(?) ORDER BY cid", (table,))]

    def renumber(self) -> None:
        """It does so by itself."""

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """How many rows it changed."""
        with self._lock, _said():
            return self.db.execute(statement, values).rowcount

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Row], more: str = "") -> None:
        """Insert these rows, many by each statement: after each this thread waits for its turn among those that compute."""
        row = f"({', '.join('?' * len(columns))})"
        for some in _pieces(rows):
            places = ", ".join([row] * len(some))
            self.run(f"INSERT INTO {table} ({', '.join(columns)}) VALUES {places} {more}", [*chain.from_iterable(some)])

    def run_each(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Do it with each of these."""
        with self._lock, _said():
            self.db.executemany(statement, rows)

    def stirred(self, within: float) -> bool:  # noqa: ARG002  nothing tells it, so whoever asks comes again
        """Whether anybody has written: SQLite counts others' transactions, and our own rows."""
        with self._lock:
            before = self._stirred
            self._stirred = (self.all("PRAGMA data_version")[0][0], self.db.total_changes)
            return before != self._stirred

    def leave_hung(self) -> None:
        """A file moves nowhere."""

    def wipe(self) -> None:
        """The file has zeros in its place already; the log of what was written is carried over and cut, if nobody reads it."""
        with self._lock, _said():
            self.db.execute("PRAGMA busy_timeout=0")
            try:
                self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                self.db.execute(f"PRAGMA busy_timeout={BUSY_FOR * 1000:.0f}")


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=BUSY_FOR, check_same_thread=False, cached_statements=256)


def _locked(path: Path) -> int:
    """The open file with the lock; -1 where another has it."""
    try:
        # only to be read: another account may have made it, and who reads it can lock it
        file = os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreFailed(Trouble.OTHER, f"{path}: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return -1
    return file


def _pieces(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Of one, two, four rows and so on: so there are few statements, which SQLite compiles once."""
    most = MOST_ROWS if len(rows) > MANY else FEW_ROWS
    while rows:
        size = min(most, 1 << len(rows).bit_length() - 1)
        yield rows[:size]
        rows = rows[size:]


def _storable(values: Sequence[Any]) -> Sequence[Any]:
    """A list becomes JSON."""
    return [json.dumps(value) if isinstance(value, list) else value for value in values]


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreFailed(_trouble(error), str(error)) from error
    except OverflowError as error:  # a number of more than 64 bits
        raise StoreFailed(Trouble.REFUSED, str(error)) from error


def _trouble(error: sqlite3.Error) -> Trouble:
    if isinstance(error, (sqlite3.IntegrityError, sqlite3.DataError)):
        return Trouble.REFUSED
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return Trouble.BUSY
    return Trouble.DAMAGED if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} else Trouble.OTHER
