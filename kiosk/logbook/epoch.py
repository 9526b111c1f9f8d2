"""A logbook goes on under a new epoch: what the server lacks of it, in a new file, with new numbers from 1 on.

Two stations out of one card write under one epoch, and the server has other facts under numbers of ours. The new file is made
beside the old one and takes its place only when it is whole:

1. `logbook.new` is filled in one transaction, and flushed with its name;
2. `logbook.db` becomes `logbook.old`, with what lies beside it: from here on the new one counts;
3. `logbook.new` becomes `logbook.db`, and the old one goes.

A power cut before the second step leaves the old one, and one after it is finished at the next start (:func:`settle`). Entries
that the server has already are remembered under numbers below 1, which are never sent: what the next start reads back.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from kiosk.core.entries import Stream
from kiosk.logbook.reader import FILE, REMEMBERED, REPLACED, SERVICES_REMEMBERED
from kiosk.logbook.schema import SIDES, logbook, open_file, transaction

NEW: Final = "logbook.new"
OLD: Final = "logbook.old"

TAKEN_ALONG: Final[Mapping[Stream, int]] = {"access": REMEMBERED, "telemetry": 0, "services": SERVICES_REMEMBERED}
"""How many entries that the server has a start wants to read back: replay marks, and releases that were used."""

COLUMNS: Final = "boot, boot_time, wall, quality, body, checksum"


def build(folder: Path, first: Mapping[Stream, int], newest: Mapping[Stream, int]) -> None:
    """Fill the new file: of each stream what there is from `first` on; `newest` are the streams' newest numbers.

    Raises sqlite3.Error, Broken or OSError when the disk does not do its part; the old file is as it was.
    """
    discard(folder, NEW)
    with closing(open_file(folder / NEW, logbook)) as db:
        db.execute("ATTACH ? AS old", (str(folder / FILE),))
        with transaction(db):
            db.execute("INSERT OR IGNORE INTO main.boots SELECT * FROM old.boots")
            db.execute(
                "INSERT OR IGNORE INTO main.refused (stream, seq, why, boot, boot_time, wall, quality, body, checksum)"
                f" SELECT stream, -abs(seq), why, {COLUMNS} FROM old.refused"
            )
            for table in ("handed", "stock", "stops"):
                db.execute(f"INSERT OR IGNORE INTO main.{table} SELECT * FROM old.{table}")
            db.execute("INSERT OR IGNORE INTO main.meta SELECT * FROM old.meta WHERE key = ?", (REPLACED,))
            for stream, begins in first.items():
                _carry(db, stream, begins, newest[stream])
        db.execute("DETACH old")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _flush_names(folder)


def _carry(db: sqlite3.Connection, stream: Stream, begins: int, newest: int) -> None:
    """A row that is damaged goes along as it is; one that cannot be carried is a number that never comes."""
    before = begins - 1
    least = begins - TAKEN_ALONG[stream]
    db.execute(
        f"INSERT OR IGNORE INTO main.{stream} (seq, {COLUMNS})"
        f" SELECT seq - ?, {COLUMNS} FROM old.{stream} WHERE seq >= ? ORDER BY seq",
        (before, least),
    )
    db.execute("DELETE FROM main.sqlite_sequence WHERE name = ?", (stream,))
    db.execute("INSERT INTO main.sqlite_sequence (name, seq) VALUES (?, ?)", (stream, max(0, newest - before)))


def switch(folder: Path) -> None:
    """Let the new file take the old one's place; nobody writes either meanwhile. Raises OSError."""
    (folder / FILE).rename(folder / OLD)
    settle(folder)


def settle(folder: Path) -> None:
    """Finish a switch that was cut off, or undo what had not come to it. Raises OSError."""
    if (folder / NEW).exists() and not (folder / FILE).exists():
        for suffix in SIDES[:-1]:  # they are the old file's, of which the new one has all
            (folder / (FILE + suffix)).unlink(missing_ok=True)
        (folder / NEW).rename(folder / FILE)
        _flush_names(folder)
    if (folder / OLD).exists() and not (folder / FILE).exists():
        (folder / OLD).rename(folder / FILE)
    for name in (NEW, OLD):
        discard(folder, name)


def discard(folder: Path, name: str) -> None:
    """Remove a file with what lies beside it, if it is there. Raises OSError."""
    for suffix in SIDES:
        (folder / (name + suffix)).unlink(missing_ok=True)


def _flush_names(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
