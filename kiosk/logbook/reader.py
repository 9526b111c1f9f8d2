"""The logbook's file for those who only read it: sync, technicians, and the station at its start. Needs nothing but sqlite3."""

from __future__ import annotations

import sqlite3
import struct
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

if TYPE_CHECKING:  # a reader knows rows and no entries, and a technician does not wait for them
    from kiosk.core.entries import Stream

STREAMS: Final[tuple[Stream, ...]] = ("access", "telemetry")
FILE: Final = "logbook.db"


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
            self.epoch: str = epoch_of(self._db)
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
        return heads_of(self._db)

    def batch(self, stream: Stream, after: int, limit: int, max_bytes: int) -> list[Row]:
        """The entries after number `after` in order, `limit` at the most, and as many as fit `max_bytes` of JSON."""
        rows: list[Row] = []
        size = 0
        for row in select(self._db, stream, "seq > ? ORDER BY seq LIMIT ?", (after, limit)):
            size += len(row.body.encode()) + 160
            if rows and size > max_bytes:
                break
            rows.append(row)
        return rows

    def rows(self, stream: Stream, after: int = 0) -> Iterator[Row]:
        """Every entry after that number, in order, without holding them all."""
        return select(self._db, stream, "seq > ? ORDER BY seq", (after,))

    def between(self, begins: float, ends: float) -> list[Row]:
        """The entries of both streams with a time in [begins, ends) by the station's best guess, by that time."""
        found = (
            each for stream in STREAMS for each in select(self._db, stream, "wall >= ? AND wall < ?", (begins, ends))
        )
        return sorted(found, key=lambda row: row.wall)

    def count(self, stream: Stream) -> int:
        """How many entries of the stream there are."""
        return int(self._db.execute(f"SELECT count(*) FROM {stream}").fetchone()[0])

    def size(self) -> int:
        """The bytes in use."""
        return used(self._db)

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

    def backwards(self, stream: Stream) -> Iterator[Row]:
        """Every entry, newest first, without holding them all."""
        return newest_first(self._db, stream)

    def last(self, stream: Stream, count: int) -> list[Row]:
        """The newest entries, newest first."""
        return list(islice(self.backwards(stream), count))

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def connect_still(path: Path) -> sqlite3.Connection:
    """Open a file that nobody writes, to read it with its WAL; nothing is written, not even SQLite's index of that.

    In exclusive mode the index lies in memory, and `unix-none` takes no locks, which a read-only disk does not give. A WAL that
    is not there could not be made: then the file is whole by itself (`immutable`).
    """
    how = "vfs=unix-none" if path.with_name(path.name + "-wal").exists() else "immutable=1"
    connection = sqlite3.connect(f"file:{path}?mode=ro&{how}", uri=True, isolation_level=None)
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    return connection


def read_back(folder: Path, stream: Stream) -> Iterator[Row]:
    """The entries of a logbook that nobody can write now, newest first, as far as they can be read."""
    with suppress(sqlite3.Error), closing(connect_still(folder / FILE)) as db:
        yield from newest_first(db, stream)


def survivors(folder: Path) -> list[Path]:
    """The files of what was salvaged from broken logbooks, for sync to send."""
    return sorted(folder.glob("salvaged-*.db"))


def used(db: sqlite3.Connection) -> int:
    """Bytes of pages that hold something; freed ones are used again before the file grows."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def epoch_of(db: sqlite3.Connection) -> str:
    """The file's epoch: random, made with it."""
    return str(db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0])


def heads_of(db: sqlite3.Connection) -> dict[Stream, Heads]:
    """The newest number comes from sqlite_sequence, so that it stands even when all rows were pruned."""
    newest = dict(db.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    acked = dict(db.execute("SELECT stream, acked FROM marks").fetchall())
    return {stream: Heads(newest.get(stream, 0), acked[stream]) for stream in STREAMS}


def select(db: sqlite3.Connection, stream: Stream, where: str, values: tuple[float, ...]) -> Iterator[Row]:
    """The rows of a stream for which a condition holds, one at a time."""
    query = f"SELECT seq, boot_id, boot_time, wall, quality, body, checksum FROM {stream} JOIN boots USING (boot) WHERE {where}"
    for found in db.execute(query, values):
        yield Row(*found)


def newest_first(db: sqlite3.Connection, stream: Stream) -> Iterator[Row]:
    """Every row of a stream, from the newest on."""
    return select(db, stream, "1 ORDER BY seq DESC", ())
