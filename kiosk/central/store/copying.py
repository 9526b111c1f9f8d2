"""The whole of one database into another, of either kind: every table, row by row."""

from __future__ import annotations

from typing import Final

from kiosk.central.store.engine import Engine

OF_THE_ENGINE: Final = {"migrations", "_sqlite_migrations", "sqlite_sequence", "sqlite_stat1", "sqlite_stat4"}
"""Tables that say something of the database itself, and are its own."""

LAST: Final = "publications"
"""Triggers write there, whatever is copied."""


def holds_anything(engine: Engine) -> bool:
    """Whether somebody has used it: a central server that was started, or a copy."""
    return any(engine.one(f"SELECT 1 FROM {table} LIMIT 1") for table in _tables(engine))


def copy(source: Engine, target: Engine) -> dict[str, int]:
    """Copy everything as it is at one moment, all or nothing; how many rows each table has. Raises StoreFailed.

    Both have today's tables, and the target is empty.
    """
    with source.moment(), target.transaction():
        copied = {table: _copied(source, target, table) for table in _tables(source)}
        target.renumber()
    return copied


def _tables(engine: Engine) -> list[str]:
    names = {name for (name,) in engine.all(f"SELECT name FROM {engine.words.tables}")} - OF_THE_ENGINE
    return sorted(names, key=lambda name: (name == LAST, name))


def _copied(source: Engine, target: Engine, table: str) -> int:
    columns = source.columns(table)
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    target.run(f"DELETE FROM {table}")
    for rows in source.pages(f"SELECT {', '.join(columns)} FROM {table}"):
        target.run_each(insert, rows)
    found = target.one(f"SELECT count(*) FROM {table}")
    return int(found[0]) if found else 0
