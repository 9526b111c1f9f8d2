"""The tables, as numbered files of SQL: each commits with its number, and what an older release wrote is carried along.

In a file statements are parted by an empty line. SQLite came first; PostgreSQL begins where SQLite stands today.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Final

from kiosk.central.store.engine import Engine

UNTIL_0_3: Final = 3
"""The migrations that sqlite-utils applied, and remembered in a table of its own, up to version 0.3."""


def migrate(engine: Engine) -> None:
    """Bring the database to today's tables; others that do the same wait for it. Raises StoreFailed."""
    steps = dict(_steps(engine.words.name))
    if _has(engine, "migrations") and steps.keys() <= _applied(engine):  # nothing to write, which may be impossible now
        return
    with engine.transaction():
        engine.run("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY)")
        done = _applied(engine) | _remembered(engine)
        for number, statements in steps.items():
            if number not in done:
                for statement in statements:
                    engine.run(statement)
            engine.run("INSERT INTO migrations VALUES (?) ON CONFLICT DO NOTHING", (number,))


def _has(engine: Engine, table: str) -> bool:
    return engine.one(f"SELECT 1 FROM {engine.words.tables} WHERE name = ?", (table,)) is not None


def _applied(engine: Engine) -> set[int]:
    return {number for (number,) in engine.all("SELECT number FROM migrations")}


def _steps(dialect: str) -> Iterator[tuple[int, list[str]]]:
    folder = files(__package__) / dialect
    for each in sorted(folder.iterdir(), key=lambda file: file.name):
        yield int(each.name.partition("_")[0]), each.read_text(encoding="utf-8").split("\n\n")


def _remembered(engine: Engine) -> set[int]:
    """What version 0.3 and those before it have applied to a SQLite file."""
    if not _has(engine, "_sqlite_migrations"):
        return set()
    names = {name for (name,) in engine.all("SELECT name FROM _sqlite_migrations")}
    return {number for number in range(1, UNTIL_0_3 + 1) if any(name.startswith(f"m{number:03}_") for name in names)}
