"""PostgreSQL's entries by the month in which they were received (UTC): a table each, made ahead, and dropped as a whole."""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from kiosk.central.store.engine import Engine

AHEAD: Final = 3
"""Months that are there before their time, for a server whose jobs do not run."""

OTHER: Final = "entries_other"
"""What was received in no month that is there."""

PATIENCE: Final = "SET LOCAL lock_timeout = '1s'"
"""Whoever waits to change a table keeps all others waiting behind itself; it is tried again in an hour."""


class Month(Struct, frozen=True):
    """A table of entries that were received from `begins` on, before `ends` (seconds since 1970)."""

    table: str
    begins: float
    ends: float


def months_from(now: float, count: int) -> Iterator[Month]:
    """The month of that time, and those that follow."""
    then = datetime.fromtimestamp(now, UTC)
    first = then.year * 12 + then.month - 1
    for number in range(first, first + count):
        begins, ends = (float(timegm((each // 12, each % 12 + 1, 1, 0, 0, 0))) for each in (number, number + 1))
        yield Month(f"entries_{number // 12}_{number % 12 + 1:02}", begins, ends)


def held_months(engine: Engine) -> list[Month]:
    """Those that are there, the oldest first."""
    rows = engine.all(
        "SELECT child.relname, pg_get_expr(child.relpartbound, child.oid) FROM pg_inherits"
        " JOIN pg_class child ON child.oid = inhrelid WHERE inhparent = 'entries'::regclass"
    )
    found = [
        (table, re.fullmatch(r"FOR VALUES FROM \('?([^']+)'?\) TO \('?([^']+)'?\)", bounds)) for table, bounds in rows
    ]
    months = [Month(table, _time(match[1]), _time(match[2])) for table, match in found if match]
    return sorted(months, key=lambda month: month.ends)


def _time(bound: str) -> float:
    return float("-inf") if bound == "MINVALUE" else float(bound)


def make_months(engine: Engine, now: float) -> None:
    """Those of now and of the time to come; what was received in one before it was there moves into it."""
    held = held_months(engine)
    for month in months_from(now, AHEAD + 1):
        if not any(each.begins < month.ends and month.begins < each.ends for each in held):
            with engine.transaction(alone=False):
                _make(engine, month)


def _make(engine: Engine, month: Month) -> None:
    within = f"received >= {month.begins!r} AND received < {month.ends!r}"
    engine.run(PATIENCE)
    engine.run(f"CREATE TABLE {month.table} (LIKE entries, PRIMARY KEY (log, seq), CHECK ({within}))")
    engine.run(
        f"WITH moved AS (DELETE FROM {OTHER} WHERE {within} RETURNING *) INSERT INTO {month.table} SELECT * FROM moved"
    )
    bounds = f"FROM ({month.begins!r}) TO ({month.ends!r})"
    engine.run(f"ALTER TABLE entries ATTACH PARTITION {month.table} FOR VALUES {bounds}")


def drop_months(engine: Engine, before: float) -> Iterator[int]:
    """Let go of each month in which all was received before that time; how many entries it may have had."""
    for month in held_months(engine):
        if month.ends <= before:
            with engine.transaction(alone=False):
                engine.run(PATIENCE)
                count = engine.one(f"SELECT count(*) FROM {month.table}")
                engine.run(f"DROP TABLE {month.table}")
            yield count[0] if count else 0
