"""The logbook's file for those who only read it: sync, technicians, and the station at its start. Needs nothing but sqlite3."""

from __future__ import annotations

import re
import sqlite3
import struct
import zlib
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from kiosk.decoding import UNDECODABLE

if TYPE_CHECKING:  # a reader knows rows and no entries, and a technician does not wait for them
    from kiosk.core.entries import Stream

STREAMS: Final[tuple[Stream, ...]] = ("access", "telemetry", "services")
LATER: Final[Stream] = "services"
"""The stream that a file of an older version has not; it reads as one of which nothing was written."""

FILE: Final = "logbook.db"
EPOCH: Final = re.compile("[0-9a-f]{16}")
REMEMBERED: Final = 8000
"""Entries of the access stream that a start reads back, and that a new epoch takes along for it."""

SERVICES_REMEMBERED: Final = 4096
"""Those of services: more than there can be while a release of a medicine holds."""

REPLACED: Final = "replaced"
"""The key of why a file was begun in the place of a broken one."""


class Damaged(sqlite3.DatabaseError):
    """The file can be read, and what it says cannot be: it is treated as any other that SQLite finds broken."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


DAMAGED: Final = "it is not as it was written"
"""Why a row is set aside whose checksum does not fit."""

LOGBOOK_DAMAGED: Final = "logbook_damaged"
"""The fault of entries that are not as they were written."""


class Row(Struct, frozen=True):
    """An entry as it is stored; `body` is its JSON, `boot_id` the boot that its boot time counts from.

    Of one that is not `intact`, that is: not as it was written, the number alone is sure. It reads as an entry of the kind
    `damaged` with what its text looks like now, so that whoever shows entries goes on.
    """

    seq: int
    boot_id: str
    boot: float
    wall: float
    quality: str
    body: str
    intact: bool = True

    @classmethod
    def of(cls, seq: int, boot: Any, boot_id: Any, *columns: Any) -> Row:
        """From the columns of a table, judged by the checksum, which is their last. Whatever they are, it raises nothing."""
        at, wall, quality, body, told = columns
        try:
            intact = type(body) is str and told == checksum(body, at, wall, quality)
        except UNREADABLE:
            intact = False
        if intact:
            known = printable(boot_id) if isinstance(boot_id, str) else f"unknown {boot!r:.20}"
            return cls(seq, known, at, wall, quality, body)
        likely = float(wall) if isinstance(wall, int | float) and 0 < wall < LATEST else 0.0
        return cls(seq, "", 0.0, likely, "unset", _looks(body), intact=False)

    def wire(self) -> dict[str, Any]:
        """The entry as the central server gets it."""
        clock = {"boot_id": self.boot_id, "boot": self.boot, "wall": self.wall, "quality": self.quality}
        return {"seq": self.seq, **clock, **msgspec.json.decode(self.body)}


class Refused(Struct, frozen=True):
    """An entry that the central server did not take, and why."""

    stream: str
    why: str
    row: Row


LATEST: Final = 1e11
"""No time in seconds since 1970 is later than this: it is the year 5138."""

MOST_NUMBER: Final = 1 << 53
"""No number of an entry is higher; JSON has no more digits for it (RFC 8259, section 6)."""

LAST_ROW: Final = (1 << 63) - 1
"""SQLite's last number of a row."""

MOST_SHOWN: Final = 500
MOST_NAMED: Final = 10
UNREADABLE: Final = (*UNDECODABLE, struct.error)


class Heads(Struct, frozen=True):
    """Where a stream stands: its newest number and the server's mark."""

    newest: int
    acked: int


def checksum(body: str, boot: float, wall: float, quality: str) -> int:
    """CRC-32 over everything of a row but its number: SQLite's own check misses a changed payload byte."""
    return zlib.crc32(struct.pack("<dd", boot, wall) + as_bytes(quality), zlib.crc32(as_bytes(body)))


def damage(stream: str, numbers: Collection[int]) -> str:
    """What a technician is told of damaged entries; empty when there are none."""
    first = ", ".join(map(str, sorted(numbers)[:MOST_NAMED]))
    return f"{len(numbers)} of {stream} are not as they were written: {first}" if numbers else ""


def as_text(raw: bytes) -> str:
    """The text of a column, whatever its bytes: those that are no UTF-8 stay what they are (PEP 383), and nothing raises."""
    return raw.decode(errors="surrogateescape")


def as_bytes(text: str) -> bytes:
    """The bytes that a text was read from."""
    return text.encode(errors="surrogateescape")


def printable(text: str) -> str:
    """The text without what cannot be encoded again."""
    return as_bytes(text).decode(errors="replace")


def _looks(body: Any) -> str:
    """A damaged body as the JSON of an entry, for people."""
    return msgspec.json.encode({"kind": "damaged", "text": ascii(body)[:MOST_SHOWN]}).decode()


class Reader:
    """Reads the file while another process writes it. Raises sqlite3.Error when there is none yet."""

    def __init__(self, folder: Path, name: str = FILE) -> None:
        self._path = folder / name
        self._db = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None, timeout=5.0)
        self._db.text_factory = as_text
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
        """Where the streams stand."""
        return heads_of(self._db)

    def batch(self, stream: Stream, after: int, limit: int, max_bytes: int) -> list[Row]:
        """The entries after number `after` in order, `limit` at the most, and as many as fit `max_bytes` of JSON."""
        rows, size = list[Row](), 0
        for row in islice(ascending(self._db, stream, after), limit):
            size += len(row.body.encode()) + 160
            if rows and size > max_bytes:
                break
            rows.append(row)
        return rows

    def rows(self, stream: Stream, after: int = 0, at_once: int = 500) -> Iterator[Row]:
        """Every entry after that number, in order. While one is looked at, as in a pager, nothing keeps the WAL growing."""
        while found := self.batch(stream, after, at_once, 10**6):
            yield from found
            after = found[-1].seq

    def between(self, begins: float, ends: float) -> list[Row]:
        """The entries of all streams with a time in [begins, ends) by the station's best guess, by that time."""
        found = (
            each for stream in STREAMS for each in select(self._db, stream, "wall >= ? AND wall < ?", (begins, ends))
        )
        return sorted(found, key=lambda row: row.wall)

    def count(self, stream: Stream) -> int:
        """How many entries of the stream there are."""
        return int(self._db.execute(f"SELECT count(*) FROM {stream}").fetchone()[0]) if _has(self._db, stream) else 0

    def size(self) -> int:
        """The bytes in use."""
        return used(self._db)

    def check(self) -> str:
        """What SQLite finds wrong with the file; empty when nothing."""
        found = str(self._db.execute("PRAGMA quick_check(1)").fetchone()[0])
        return "" if found == "ok" else found

    def refused(self) -> list[Refused]:
        """The entries that the central server did not take, in order, as far as they can be read.

        None in a file of a version that kept none.
        """
        return list(self._refused())

    def _refused(self) -> Iterator[Refused]:
        if not _has(self._db, "refused"):
            return
        query = (
            "SELECT stream, why, seq, boot, boot_id, boot_time, wall, quality, body, checksum"
            " FROM refused LEFT JOIN boots USING (boot) ORDER BY stream, seq"
        )
        try:
            for one, why, *of in self._db.execute(query):
                yield Refused(printable(f"{one}"), printable(f"{why}"), Row.of(*of))
        except sqlite3.DatabaseError as error:
            if not _is_of_a_place(error):
                raise

    def backwards(self, stream: Stream, left_out: list[range] | None = None) -> Iterator[Row]:
        """Every entry, newest first, without holding them all; `left_out` takes the numbers that cannot be read."""
        return descending(self._db, stream, [] if left_out is None else left_out)

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
    connection.text_factory = as_text
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    return connection


def read_back(path: Path, stream: Stream) -> Iterator[Row]:
    """The entries of a logbook that nobody can write now, newest first, as far as they can be read."""
    with suppress(sqlite3.Error, *UNDECODABLE), closing(connect_still(path)) as db:
        yield from descending(db, stream, [])


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
    """The file's epoch: random, made with it. Raises Damaged when it is none, sqlite3.Error when it cannot be read."""
    found = db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
    if not found or not isinstance(found[0], str) or not EPOCH.fullmatch(found[0]):
        raise Damaged(f"its epoch is {found!r:.60}")
    return found[0]


def heads_of(db: sqlite3.Connection) -> dict[Stream, Heads]:
    """The newest number comes from sqlite_sequence, so that it stands even when all rows were pruned.

    Raises Damaged when these cannot be the numbers of this file.
    """
    newest = dict(db.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
    acked = dict(db.execute("SELECT stream, acked FROM marks").fetchall())
    heads = {
        stream: Heads(newest.get(stream, 0), acked.get(stream, 0 if stream == LATER else -1)) for stream in STREAMS
    }
    if not all(_can_be(each) for each in heads.values()):
        raise Damaged(f"its numbers are {heads!r:.200}")
    return heads


def _can_be(heads: Heads) -> bool:
    newest, acked = heads.newest, heads.acked
    return isinstance(newest, int) and isinstance(acked, int) and 0 <= acked <= newest < MOST_NUMBER


def select(db: sqlite3.Connection, stream: Stream, where: str, values: tuple[float, ...]) -> Iterator[Row]:
    """The rows of a stream for which a condition holds, one at a time."""
    if stream == LATER and not _has(db, stream):
        return
    query = (
        "SELECT seq, boot, boot_id, boot_time, wall, quality, body, checksum"
        f" FROM {stream} LEFT JOIN boots USING (boot) WHERE {where}"
    )
    for found in db.execute(query, values):
        yield Row.of(*found)


def _has(db: sqlite3.Connection, table: str) -> bool:
    """Whether the file is of a version that made that table."""
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is not None


def ascending(db: sqlite3.Connection, stream: Stream, after: int) -> Iterator[Row]:
    """Every row after that number, in order; a place of the file that cannot be read costs its own rows alone.

    A row that does not stand where its number belongs is passed over.
    """
    begin = after + 1
    while True:
        try:
            for row in select(db, stream, "seq >= ? ORDER BY seq", (begin,)):
                if row.seq == begin or (row.seq > begin and _stands(db, stream, row.seq)):
                    begin = row.seq + 1
                    yield row
        except sqlite3.DatabaseError as error:
            most = max(0, heads_of(db)[stream].newest - begin)
            if (further := _unreadable(db, stream, error, "seq >= ? ORDER BY seq LIMIT 1", begin, most)) == 0:
                return
            begin += further
        else:
            return


def descending(db: sqlite3.Connection, stream: Stream, left_out: list[range]) -> Iterator[Row]:
    """Every row, from the newest on; the numbers of a place that cannot be read go into `left_out`, and the rest comes."""
    begin = LAST_ROW
    while True:
        try:
            for row in select(db, stream, "seq <= ? ORDER BY seq DESC", (begin,)):
                if row.seq == begin or (row.seq < begin and _stands(db, stream, row.seq)):
                    begin = row.seq - 1
                    yield row
                else:
                    left_out.append(range(row.seq, row.seq + 1))
        except sqlite3.DatabaseError as error:
            begin = min(begin, heads_of(db)[stream].newest)
            most = min(0, 1 - begin)
            further = _unreadable(db, stream, error, "seq <= ? ORDER BY seq DESC LIMIT 1", begin, most)
            left_out.append(range(begin + further + 1 if further else 1, begin + 1))
            if further == 0:
                return
            begin += further
        else:
            return


def _stands(db: sqlite3.Connection, stream: Stream, seq: int) -> bool:
    """Whether a row is found where its number belongs: pages that changed places would lead forth, and back for ever."""
    try:
        return next(select(db, stream, "seq = ?", (seq,)), None) is not None
    except sqlite3.DatabaseError:
        return False


def _unreadable(db: sqlite3.Connection, stream: Stream, error: sqlite3.Error, beyond: str, at: int, most: int) -> int:
    """How far from the number `at` rows can be read again, `most` at the most (negative: backwards); 0 when none can be.

    Raises the error if it says nothing of a place in the file.
    """
    if not _is_of_a_place(error):
        raise error
    sign = -1 if most < 0 else 1

    def reads(distance: int) -> bool:
        try:
            next(select(db, stream, beyond, (at + sign * distance,)), None)
        except sqlite3.DatabaseError:
            return False
        return True

    low, high = 0, min(1, abs(most))
    while not reads(high):
        if high == abs(most):
            return 0
        low, high = high, min(2 * high, abs(most))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reads(middle) else (middle, high)
    return sign * high


def _is_of_a_place(error: sqlite3.Error) -> bool:
    """Whether it says that a place in the file cannot be read, and nothing of the file or its locks."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_IOERR}
