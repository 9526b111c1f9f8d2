"""What was told last of each of a station's stops: a table of the logbook, written with its entries.

Where it stands is remembered for as long as it stands there, and an entry that says so may be long gone by then: the server has
it, other entries have taken its place, or a new epoch has left it behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, get_args

from kiosk.core.entries import Stamp, StoppedAt
from kiosk.core.room.stops import MOST_REMEMBERED, What
from kiosk.decoding import UNDECODABLE
from kiosk.logbook.reader import FILE, LATEST, connect_still

OLD: Final = "DELETE FROM stops WHERE stop NOT IN (SELECT stop FROM stops ORDER BY at DESC LIMIT ?)"

ToldAt = tuple[float, StoppedAt]
"""When, in seconds since 1970, and what."""


def note(db: sqlite3.Connection, told: Iterable[tuple[Stamp, StoppedAt]]) -> None:
    """What these entries say, within the transaction that writes them."""
    for stamp, each in told:
        db.execute("INSERT OR REPLACE INTO stops VALUES (?, ?, ?)", (each.stop, each.what, stamp.wall))
        db.execute(OLD, (MOST_REMEMBERED,))


def stops_in(db: sqlite3.Connection) -> list[ToldAt]:
    """What was told of each, in the order of the times; no row that cannot have been written."""
    rows = db.execute("SELECT stop, what, at FROM stops ORDER BY at")
    return [(at, StoppedAt(stop, what)) for stop, what, at in rows if _can_be(stop, what, at)]


def _can_be(stop: Any, what: Any, at: Any) -> bool:
    return isinstance(stop, str) and what in get_args(What) and isinstance(at, float) and 0 <= at < LATEST


def read_stops(folder: Path) -> list[ToldAt]:
    """The same of a logbook that nobody can write now; nothing where it cannot be read, or is of an older version."""
    with suppress(sqlite3.Error, *UNDECODABLE), closing(connect_still(folder / FILE)) as db:
        return stops_in(db)
    return []
