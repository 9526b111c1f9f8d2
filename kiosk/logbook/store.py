"""The logbook's file: append, read in order, acknowledge."""

from __future__ import annotations

import sqlite3
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from kiosk.core.entries import Dropped, Entry, Stamp, Stream, stream_of
from kiosk.logbook.schema import logbook, move_aside, open_or_replace, transaction

STREAMS: Final[tuple[Stream, ...]] = ("access", "telemetry")
FILE: Final = "logbook.db"
INSERT: Final = "INSERT INTO {} (boot, boot_time, wall, quality, body, checksum) VALUES (?,?,?,?,?,?)"
NOTHING_REFUSED: Final[Mapping[int, str]] = {}
TRIM_BY: Final = 1000
"""How many entries go at a time when the file is too large."""


class Row(Struct, frozen=True):
    """An entry as it is stored; `body` is its JSON, `boot_id` the boot that its boot time counts from."""

    seq: int
    boot_id: str
    boot: float
    wall: float
    quality: str
    body: str
    checksum: int

    @property
    def intact(self) -> bool:
        """Whether the row is as it was written."""
        return self.checksum == checksum(self.body, self.boot, self.wall, self.quality)

    def wire(self) -> dict[str, Any]:
        """The entry as the central server gets it."""
        clock = {"boot_id": self.boot_id, "boot": self.boot, "wall": self.wall, "quality": self.quality}
        return {"seq": self.seq, **clock, **msgspec.json.decode(self.body)}


class Refused(Struct, frozen=True):
    """An entry that the central server did not take, and why."""

    stream: str
    why: str
    row: Row


class Heads(Struct, frozen=True):
    """Where a stream stands: its newest number and the server's mark."""

    newest: int
    acked: int


def checksum(body: str, boot: float, wall: float, quality: str) -> int:
    """CRC-32 over everything of a row but its number: SQLite's own check misses a changed payload byte."""
    return zlib.crc32(struct.pack("<dd", boot, wall) + quality.encode(), zlib.crc32(body.encode()))


class Reader:
    """Reads the file while another process writes it. Raises sqlite3.Error when there is none yet."""

    def __init__(self, folder: Path, name: str = FILE) -> None:
        self._path = folder / name
        self._db = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None, timeout=5.0)
        try:
            self.epoch: str = _epoch(self._db)
            self._inode = self._path.stat().st_ino
        except (sqlite3.Error, OSError) as error:
            self._db.close()
            raise sqlite3.OperationalError(str(error)) from error

    def is_current(self) -> bool:
        """Whether the file is still the one at its place: not removed, nor moved aside and begun anew."""
        try:
            return self._path.stat().st_ino == self._inode
        except OSError:
            return False

    def heads(self) -> dict[Stream, Heads]:
        """Where both streams stand."""
        return _heads(self._db)

    def batch(self, stream: Stream, after: int, limit: int, max_bytes: int) -> list[Row]:
        """The entries after number `after` in order, `limit` at the most, and as many as fit `max_bytes` of JSON."""
        rows: list[Row] = []
        size = 0
        for row in _rows(self._db, stream, "seq > ? ORDER BY seq LIMIT ?", (after, limit)):
            size += len(row.body.encode()) + 160
            if rows and size > max_bytes:
                break
            rows.append(row)
        return rows

    def rows(self, stream: Stream, after: int = 0) -> Iterator[Row]:
        """Every entry after that number, in order, without holding them all."""
        return _rows(self._db, stream, "seq > ? ORDER BY seq", (after,))

    def count(self, stream: Stream) -> int:
        """How many entries of the stream there are."""
        return int(self._db.execute(f"SELECT count(*) FROM {stream}").fetchone()[0])

    def size(self) -> int:
        """The bytes in use."""
        return _used(self._db)

    def check(self) -> str:
        """What SQLite finds wrong with the file; empty when nothing."""
        found = str(self._db.execute("PRAGMA quick_check(1)").fetchone()[0])
        return "" if found == "ok" else found

    def refused(self) -> list[Refused]:
        """The entries that the central server did not take, in order; none in a file of a version that kept none."""
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'refused'").fetchone():
            return []
        query = (
            "SELECT stream, why, seq, boot_id, boot_time, wall, quality, body, checksum"
            " FROM refused JOIN boots USING (boot) ORDER BY stream, seq"
        )
        return [Refused(stream, why, Row(*found)) for stream, why, *found in self._db.execute(query)]

    def last(self, stream: Stream, count: int) -> list[Row]:
        """The newest entries, newest first."""
        return list(_rows(self._db, stream, "1 ORDER BY seq DESC LIMIT ?", (count,)))

    def close(self) -> None:
        """Close the file."""
        self._db.close()


class Logbook:
    """The one writer. Every method raises sqlite3.Error when the disk does not do its part."""

    def __init__(self, folder: Path, boot_id: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._boot_id = boot_id
        self.replaced = ""
        self._open()

    def _open(self) -> None:
        self._db, why = open_or_replace(self.folder / FILE, logbook)
        self.replaced = why or self.replaced
        self.epoch: str = _epoch(self._db)
        self._db.execute("INSERT OR IGNORE INTO boots (boot_id) VALUES (?)", (self._boot_id,))
        found = self._db.execute("SELECT boot FROM boots WHERE boot_id = ?", (self._boot_id,))
        self._boot: int = found.fetchone()[0]

    def replace(self, why: str) -> None:
        """The file turned out to be broken while it was open: move it aside and begin a new one, with a new epoch."""
        self._db.close()
        move_aside(self.folder / FILE)
        self._open()
        self.replaced = why

    def append(self, entries: Iterable[tuple[Stamp, Entry]]) -> None:
        """Commit these entries together; on return they are on the disk."""
        rows: dict[Stream, list[tuple[Any, ...]]] = {stream: [] for stream in STREAMS}
        for stamp, entry in entries:
            rows[stream_of(entry)].append(self._row(stamp, entry))
        with transaction(self._db):
            for stream, found in rows.items():
                self._db.executemany(INSERT.format(stream), found)

    def trim(self, most: int, stamp: Stamp) -> int:
        """When more than `most` bytes are in use, let a bounded number of entries go; how many went.

        In this order, the oldest first: acknowledged telemetry, acknowledged access, telemetry, access. What the central server
        does not have is never dropped silently: an entry says which numbers went, in the same transaction.
        """
        if _used(self._db) <= most:
            return 0
        heads = self.heads()
        for stream, acked in (("telemetry", True), ("access", True), ("telemetry", False), ("access", False)):
            last = heads[stream].acked if acked else heads[stream].newest  # type: ignore[index]
            query = f"SELECT seq FROM {stream} WHERE seq <= ? ORDER BY seq LIMIT ?"
            numbers = [seq for (seq,) in self._db.execute(query, (last, TRIM_BY))]
            if numbers:
                with transaction(self._db):
                    self._db.execute(f"DELETE FROM {stream} WHERE seq BETWEEN ? AND ?", (numbers[0], numbers[-1]))
                    if not acked:
                        dropped = Dropped(stream, numbers[0], numbers[-1])
                        self._db.execute(INSERT.format(stream_of(dropped)), self._row(stamp, dropped))
                return len(numbers)
        return 0

    def acknowledge(
        self, stream: Stream, seq: int, forget_before: float, refused: Mapping[int, str] = NOTHING_REFUSED
    ) -> None:
        """Set the server's mark, and delete what is acknowledged and older than wall time `forget_before`, at once.

        The mark goes back when the server's does: a backup was restored there, and what it lacks must not be pruned meanwhile.
        The entries in `refused` (number, why) are kept aside for as long.
        """
        with transaction(self._db):
            self._db.executemany(
                "INSERT OR IGNORE INTO refused SELECT ?, seq, ?, boot, boot_time, wall, quality, body, checksum"
                f" FROM {stream} WHERE seq = ?",
                [(stream, why, number) for number, why in refused.items()],
            )
            self._db.execute("UPDATE marks SET acked = ? WHERE stream = ?", (seq, stream))
            self._db.execute(f"DELETE FROM {stream} WHERE wall < ? AND seq <= ?", (forget_before, seq))
            self._db.execute("DELETE FROM refused WHERE stream = ? AND wall < ?", (stream, forget_before))

    def heads(self) -> dict[Stream, Heads]:
        """Where both streams stand."""
        return _heads(self._db)

    def last(self, stream: Stream, count: int) -> list[Row]:
        """The newest entries, newest first."""
        return list(_rows(self._db, stream, "1 ORDER BY seq DESC LIMIT ?", (count,)))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _row(self, stamp: Stamp, entry: Entry) -> tuple[Any, ...]:
        body = msgspec.json.encode(entry).decode()
        clock = (stamp.boot, stamp.wall, stamp.quality)
        return (self._boot, *clock, body, checksum(body, *clock))


def _used(db: sqlite3.Connection) -> int:
    """Bytes of pages that hold something; freed ones are used again before the file grows."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _epoch(db: sqlite3.Connection) -> str:
    return str(db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0])


def _heads(db: sqlite3.Connection) -> dict[Stream, Heads]:
    """The newest number comes from sqlite_sequence, so that it stands even when all rows were pruned."""
    newest = dict(db.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    acked = dict(db.execute("SELECT stream, acked FROM marks").fetchall())
    return {stream: Heads(newest.get(stream, 0), acked[stream]) for stream in STREAMS}


def _rows(db: sqlite3.Connection, stream: Stream, where: str, values: tuple[int, ...]) -> Iterator[Row]:
    query = f"SELECT seq, boot_id, boot_time, wall, quality, body, checksum FROM {stream} JOIN boots USING (boot) WHERE {where}"
    for found in db.execute(query, values):
        yield Row(*found)
