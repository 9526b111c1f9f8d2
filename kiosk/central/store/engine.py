"""What the store asks of a database, and the two that can be asked: SQLite, in a folder, and PostgreSQL.

The statements are those that both understand, with `?` for a value; where they differ, the engine has the words.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from typing import Any, Final, Protocol

Row = tuple[Any, ...]
Asked = tuple[str, Sequence[Any]]
"""A statement and its values."""

PAGE: Final = 1000
"""Rows that are read at a time, where there may be millions."""


class Trouble(Enum):
    """Why a database cannot be used."""

    BUSY = "busy"
    AWAY = "away"
    DAMAGED = "damaged"
    REFUSED = "refused"
    MISSET = "misset"
    OTHER = "other"


class StoreFailed(Exception):
    """The database cannot be used as it was meant; `REFUSED`: it is the value's fault, and no other's."""

    def __init__(self, trouble: Trouble, why: str) -> None:
        super().__init__(why)
        self.trouble = trouble

    @property
    def passes(self) -> bool:
        """Whether time alone may mend it."""
        return self.trouble in {Trouble.BUSY, Trouble.AWAY}


class Words(Protocol):
    """Where SQL has dialects."""

    @property
    def name(self) -> str:
        """What the database is called."""

    @property
    def tables(self) -> str:
        """Where the `name` of every table stands."""

    @property
    def locked(self) -> str:
        """After a SELECT: nobody else takes these rows until the transaction ends."""

    @property
    def months(self) -> bool:
        """Whether the entries of each month lie in a table of their own."""

    def among(self, column: str) -> str:
        """Whether a column is one of those in a list, which is the value."""

    def wanted(self, table: str, columns: Sequence[str]) -> str:
        """Rows of a table's columns, as JSON, which are the value; to be joined with."""

    def field(self, name: str) -> str:
        """A field of the JSON in `body`, as text."""

    def listed(self, column: str) -> str:
        """The different values of a group, with commas between them."""


def look_up(engine: Engine, table: str, keys: Collection[Row], columns: Sequence[str], more: str) -> list[Row]:
    """Those rows of a table that have one of these keys in those columns: the key, and another column.

    Each is found by the index of these columns, however many rows share a part of a key.
    """
    if not keys:
        return []
    found = ", ".join(f"{table}.{each}" for each in (*columns, more))
    same = " AND ".join(f"{table}.{each} = wanted.{each}" for each in columns)
    select = f"SELECT {found} FROM {engine.words.wanted(table, columns)} wanted JOIN {table} ON {same}"
    return engine.all(select, (json.dumps([dict(zip(columns, key, strict=True)) for key in keys]),))


class Engine(Protocol):
    """Every method may be called from any thread, and raises StoreFailed. Outside a transaction each is one of its own."""

    @property
    def words(self) -> Words:
        """Its dialect."""

    def transaction(self, *, alone: bool = True) -> AbstractContextManager[None]:
        """All or nothing; within another it is a part of that one. `alone`: no other such transaction runs meanwhile.

        What fails in one that is not alone may say so with a later statement, or at its end.
        """

    @property
    def known(self) -> dict[Any, Any]:
        """Within a transaction: what it and those before it put there, for as long as each was done and nobody else wrote."""

    def session_lock(self) -> bool:
        """Whether this is the one process that holds the lock: it takes it where nobody does, and keeps it until it ends."""

    def stirred(self, within: float) -> bool:
        """Whether something may have been published since it was asked last; it may wait for it for that many seconds."""

    def moment(self) -> AbstractContextManager[None]:
        """All that is read within it is of one moment; nothing is written."""

    def all(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows that it gives."""

    def all_of(self, *asked: Asked) -> list[list[Row]]:
        """The rows that each of them gives; none is waited for before the last is asked."""

    def one(self, statement: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row that it gives."""

    def pages(self, statement: str) -> Iterator[list[Row]]:
        """The rows that it gives, some at a time; within a transaction or a moment."""

    def columns(self, table: str) -> list[str]:
        """The names of a table's columns, in their order."""

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """How many rows it changed."""

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Row], more: str = "") -> None:
        """Insert these rows; `more`: what becomes of one that is there."""

    def run_each(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Do it with each of these."""

    def leave_hung(self) -> None:
        """Whoever waits for a server that another one has replaced is told so, and need not wait for ever."""

    def wipe(self) -> None:
        """What was deleted is not to be found in the database's files either, as far as that is in its own hands."""

    def renumber(self) -> None:
        """Rows came with their numbers: those that the database gives itself go on after the highest of each table."""

    def close(self) -> None:
        """Let go of the database."""
