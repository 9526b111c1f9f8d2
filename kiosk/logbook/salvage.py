"""What a broken logbook still holds: its survivors go into a file of their own, under their old epoch, for sync to send.

The file is read page by page and not through its tree (:mod:`kiosk.logbook.pages`). A row is one of ours if its checksum says
so. The broken file itself is left as it is; a mark beside it says that it was gone through.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from kiosk.core.desk.handing import Marks
from kiosk.core.entries import Entry, Stream, stream_of
from kiosk.decoding import UNDECODABLE
from kiosk.logbook.handed import Handed, mark_of, taken_of
from kiosk.logbook.pages import Pages
from kiosk.logbook.reader import FILE, MOST_NUMBER, STREAMS, Reader, checksum, survivors
from kiosk.logbook.schema import DONE, free_name, let_go, logbook, number_of, open_file

MOST_PRUNED: Final = 10**7
"""A stream's newest number may be higher than that of its newest entry, if all were let go; by more it is none of ours."""


class Salvaged(Struct, frozen=True):
    """How many entries were found whole in a broken file, how many numbers were lost with it, and the marks of supplies in it.

    What there was of each item is not found again: nobody knows it then, until a steward counts.
    """

    kept: int
    lost: int
    marks: Marks = {}


def set_aside(folder: Path) -> list[Path]:
    """The broken logbooks, the oldest first, without what lies beside each of them; what is no file is none."""
    return sorted(
        (path for path in folder.glob(f"{FILE}.broken-*") if number_of(path) and path.is_file()), key=number_of
    )


def waiting(folder: Path) -> list[Path]:
    """Those that nobody has gone through yet."""
    return [path for path in set_aside(folder) if not is_done(path)]


def is_done(broken: Path) -> bool:
    """Whether it was gone through."""
    return broken.with_name(broken.name + DONE).exists()


def salvage(broken: Path) -> Salvaged:
    """Go through a broken logbook once. Raises OSError or sqlite3.Error when the disk does not do its part."""
    work = broken.with_name("salvage.tmp")
    for suffix in ("", "-wal", "-shm"):
        work.with_name(work.name + suffix).unlink(missing_ok=True)
    found = _Found(work)
    try:
        with closing(Pages(broken)) as pages:
            for number, columns in pages.records():
                found.take(number, columns)
        salvaged = found.finish()
    finally:
        found.close()
    if salvaged.kept:
        work.replace(_file(broken.parent, found.epoch))
    work.unlink(missing_ok=True)
    broken.with_name(broken.name + DONE).touch()
    let_go(broken.with_name(FILE), is_done)
    return salvaged


def marks_in(broken: Path) -> Marks:
    """The marks of supplies alone, for which nothing is written. Raises OSError where the file cannot be read."""
    with closing(Pages(broken)) as pages:
        return taken_of(mark for _number, columns in pages.records() if (mark := mark_of(columns)))


def put_back(folder: Path) -> list[str]:
    """Survivors that are damaged themselves are to be gone through once more: their names. Raises OSError."""
    damaged = [path for path in survivors(folder) if not _can_be_read(path)]
    for path in damaged:
        path.rename(free_name(folder / FILE))
    return [path.name for path in damaged]


def _can_be_read(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size == 0:
        return False
    try:
        with closing(Reader(path.parent, path.name)) as reader:
            return bool(reader.heads()) and not reader.check()
    except (sqlite3.Error, *UNDECODABLE):
        return False


def acknowledge(folder: Path, epoch: str, stream: Stream, seq: int) -> None:
    """The server holds the survivors up to `seq`; the file goes once it holds all of them."""
    path = _file(folder, epoch)
    if not path.exists():
        return
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("UPDATE marks SET acked = ? WHERE stream = ?", (seq, stream))
        newest = dict(db.execute("SELECT name, seq FROM sqlite_sequence"))
        acked = dict(db.execute("SELECT stream, acked FROM marks"))
    finally:
        db.close()
    if all(acked.get(each, 0) >= newest.get(each, 0) for each in STREAMS):
        path.unlink()


def _file(folder: Path, epoch: str) -> Path:
    name = epoch if epoch.isalnum() else "unknown"
    return folder / f"salvaged-{name}.db"


class _Found:
    """What the pages give goes into a logbook as it would be, had it not been broken; what is missing is missing."""

    def __init__(self, path: Path) -> None:
        self.epoch = ""
        self._numbers: dict[str, set[int]] = {stream: set() for stream in STREAMS}
        self._handed: list[Handed] = []
        self._db = open_file(path, logbook)
        self._db.execute("PRAGMA journal_mode=DELETE")  # nobody writes it while it is read
        self._db.execute("BEGIN IMMEDIATE")

    def take(self, number: int, columns: list[Any]) -> None:
        """An entry, or one of the few other rows that matter: the epoch, a boot, a mark or the newest number of a stream."""
        if not 0 < number < MOST_NUMBER:
            return
        match columns:
            case [_, int(), int() | float(), int() | float(), str(), str(), int()]:
                self._entry(number, columns)
            case ["epoch", str(epoch)] if len(epoch) == 16 and epoch.isalnum():
                self.epoch = epoch
            case [None, str(boot_id)]:
                self._db.execute("INSERT OR REPLACE INTO boots VALUES (?, ?)", (number, boot_id))
            case ["access" | "telemetry" | "services" as stream, int(found)]:
                self._numbers[stream].add(found)
            case _ if mark := mark_of(columns):
                self._handed.append(mark)

    def _entry(self, number: int, columns: list[Any]) -> None:
        _, boot, boot_time, wall, quality, body, found = columns
        if checksum(body, float(boot_time), float(wall), quality) != found:
            return
        try:
            stream = stream_of(msgspec.json.decode(body, type=Entry))
        except msgspec.MsgspecError:
            return
        row = (number, boot, float(boot_time), float(wall), quality, body, found)
        self._db.execute(f"INSERT OR IGNORE INTO {stream} VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def finish(self) -> Salvaged:
        """Set the epoch, the marks and the newest numbers as they were.

        Without its epoch a file gives nothing: the server could not tell what it has already.
        """
        marks = taken_of(self._handed)
        if not self.epoch:
            return Salvaged(0, 0, marks)
        self._db.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (self.epoch,))
        kept = lost = 0
        for stream in STREAMS:
            count, highest = self._db.execute(f"SELECT count(*), coalesce(max(seq), 0) FROM {stream}").fetchone()
            told = {found for found in self._numbers[stream] if 0 <= found <= highest + MOST_PRUNED}
            acked = min(told) if len(told) > 1 else 0  # a mark and a newest number look alike; the mark is the smaller
            newest = max([*told, highest])
            unsent = self._db.execute(f"SELECT count(*) FROM {stream} WHERE seq > ?", (acked,)).fetchone()[0]
            kept, lost = kept + count, lost + newest - acked - unsent
            self._db.execute("UPDATE marks SET acked = ? WHERE stream = ?", (acked, stream))
            self._db.execute("DELETE FROM sqlite_sequence WHERE name = ?", (stream,))
            self._db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (stream, newest))
            self._db.execute(
                f"INSERT INTO boots SELECT DISTINCT boot, 'unknown ' || boot FROM {stream}"
                " WHERE boot NOT IN (SELECT boot FROM boots)"
            )
        self._db.execute("COMMIT")
        return Salvaged(kept, lost, marks)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
