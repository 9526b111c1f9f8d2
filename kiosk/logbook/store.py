"""The logbook's file for its one writer: append, acknowledge, let go."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from kiosk.core.desk.handing import Marks
from kiosk.core.desk.stock import Stock
from kiosk.core.entries import Dropped, Entry, Stamp, StoppedAt, Stream, stream_of
from kiosk.logbook import epoch, handed, stops
from kiosk.logbook.handed import Handed
from kiosk.logbook.reader import (
    FILE,
    LAST_ROW,
    REPLACED,
    STREAMS,
    Heads,
    Row,
    checksum,
    epoch_of,
    heads_of,
    select,
    used,
)
from kiosk.logbook.schema import Broken, logbook, move_aside, open_or_replace, transaction

INSERT: Final = "INSERT INTO {} (boot, boot_time, wall, quality, body, checksum) VALUES (?,?,?,?,?,?)"
NOTHING_REFUSED: Final[Mapping[int, str]] = {}
TRIM_BY: Final = 1000
"""How many entries go at a time when the file is too large."""

GoesFirst = tuple[tuple[Stream, bool], ...]
"""Which entries go, in order: of a stream those that the server has, or has not."""

LETS_GO: Final[GoesFirst] = (
    ("telemetry", True),
    ("services", True),
    ("access", True),
    ("telemetry", False),
    ("services", False),
    ("access", False),
)
"""When the file is too large."""

OF_SERVICES: Final[GoesFirst] = (("services", True), ("services", False))
SERVICES_PART: Final = 8
"""Services may take this part of the file: an eighth. What they take beyond it is their own loss, and no other stream's."""

SERVICES_BY: Final = 100
"""How many go at a time then."""

GONE: Final = "it was gone"
"""Why a logbook is a new one where the file was not there any more."""

MOST_OF_SERVICES: Final = 6 * 1024
"""Bytes of an entry of services: with its head the server takes it. A larger bundle is several entries of one commit."""


class Logbook:
    """The one writer. Every method raises sqlite3.Error when the disk does not do its part."""

    def __init__(self, folder: Path, boot_id: str, *, begun: bool = False) -> None:
        """`begun`: there was one before, so that a new file takes the place of one that has gone."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._boot_id, self._begun = boot_id, begun
        self.replaced = ""
        self._open()

    def _open(self) -> None:
        epoch.settle(self.folder)
        gone = GONE if self._begun and not (self.folder / FILE).exists() else ""
        self._db, why = open_or_replace(self.folder / FILE, logbook, self._begin)
        self._begun = True
        self._note_replaced(why or gone or self.replaced)

    def _note_replaced(self, why: str) -> None:
        """Also in the file: the next start is to know it, too."""
        self.replaced = why
        if why:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (REPLACED, why))

    def _begin(self, db: sqlite3.Connection) -> None:
        """What must be found in the file. Raises sqlite3.Error, or another that says that it is damaged."""
        for table in (
            "meta",
            "marks",
            "boots",
            "handed",
            "stops",
        ):  # whose indexes SQLite's quick check does not look at
            result = db.execute(f"PRAGMA integrity_check({table})").fetchone()[0]
            if result != "ok":
                raise Broken(result)
        self.epoch: str = epoch_of(db)
        heads_of(db)
        db.execute("INSERT OR IGNORE INTO boots (boot_id) VALUES (?)", (self._boot_id,))
        found = db.execute("SELECT boot FROM boots WHERE boot_id = ?", (self._boot_id,)).fetchall()
        self._boot: int = found[0][0]

    def replace(self, why: str) -> None:
        """The file turned out to be broken while it was open: move it aside and begin a new one, with a new epoch."""
        self._db.close()
        move_aside(self.folder / FILE)
        self._open()
        self._note_replaced(why)

    def begin_epoch(self, stream: Stream, seq: int) -> None:
        """Go on under a new epoch with what the server lacks: beyond its marks, and of `stream` from `seq` on at the latest."""
        heads = self.heads()
        first = {name: each.acked + 1 for name, each in heads.items()}
        first[stream] = max(1, min(seq, first[stream]))
        epoch.build(self.folder, first, {name: each.newest for name, each in heads.items()})
        self._db.close()
        try:
            epoch.switch(self.folder)
        finally:
            self._open()

    def reopen(self) -> None:
        """Let go of the file and open it anew, whatever state this connection is in."""
        self._db.close()
        self._open()

    def append(self, entries: Iterable[tuple[Stamp, Entry]]) -> None:
        """Commit these entries together; on return they are on the disk."""
        rows: dict[Stream, list[tuple[Any, ...]]] = {stream: [] for stream in STREAMS}
        supplies = list[tuple[Stamp, handed.OfSupplies]]()
        told = list[tuple[Stamp, StoppedAt]]()
        for stamp, entry in entries:
            rows[stream_of(entry)].append(self._row(stamp, entry))
            supplies += [(stamp, entry)] if isinstance(entry, handed.OfSupplies) else []
            told += [(stamp, entry)] if isinstance(entry, StoppedAt) else []
        with transaction(self._db):
            for stream, found in rows.items():
                self._db.executemany(INSERT.format(stream), found)
            for stamp, entry in supplies:
                handed.note(self._db, self._boot, stamp.boot, entry)
            stops.note(self._db, told)

    def can_hold(self, stamp: Stamp, entry: Entry) -> bool:
        """Whether there can be a row of it: text that is text, times that are numbers, services of a bounded size."""
        try:
            self._row(stamp, entry)
        except (ValueError, TypeError, OverflowError):
            return False
        return math.isfinite(stamp.boot) and math.isfinite(stamp.wall)

    def trim(self, most: int, stamp: Stamp) -> int:
        """When more than `most` bytes are in use, or services have more than their part, let a bounded number of entries go.

        Returns how many went. What the central server has goes first, and telemetry before services before access, the oldest
        first. What it does not have is never dropped silently: an entry says which numbers went, in the same transaction.
        """
        if used(self._db) > most:
            return self._let_go(LETS_GO, TRIM_BY, stamp)
        if self._bytes_of_services() > most // SERVICES_PART:
            return self._let_go(OF_SERVICES, SERVICES_BY, stamp)
        return 0

    def _bytes_of_services(self) -> int:
        found = self._db.execute("SELECT coalesce(sum(length(CAST(body AS BLOB))), 0) FROM services").fetchone()
        return int(found[0])

    def _let_go(self, order: GoesFirst, by: int, stamp: Stamp) -> int:
        heads = self.heads()
        for stream, acked in order:
            last = heads[stream].acked if acked else heads[stream].newest
            query = f"SELECT seq FROM {stream} WHERE seq <= ? ORDER BY seq LIMIT ?"
            numbers = [seq for (seq,) in self._db.execute(query, (last, by))]
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
        """Set the server's mark, and delete what is acknowledged and was provably made before `forget_before`, at once.

        An entry's own time is a proof only if the time was known when it was made. Of another nobody knows more than that it
        was made before the next one whose time was known: it goes with that one.

        The mark goes back when the server's does: a backup was restored there, and what it lacks must not be pruned meanwhile.
        The entries in `refused` (number, why) are kept aside for as long.
        """
        with transaction(self._db):
            self._db.executemany(
                "INSERT OR IGNORE INTO refused SELECT ?, seq, ?, boot, boot_time, wall, quality, body, checksum"
                f" FROM {stream} WHERE seq = ?",
                [(stream, why, number) for number, why in refused.items()],
            )
            if stream == "services":
                handed.strip(self._db, self.heads()[stream].acked, seq)
            self._db.execute("UPDATE marks SET acked = ? WHERE stream = ?", (seq, stream))
            known = f"SELECT max(seq) FROM {stream} WHERE wall < ? AND seq <= ? AND quality IN ('synced', 'holdover')"
            (last,) = self._db.execute(known, (forget_before, seq)).fetchone()
            if last is not None:
                self._db.execute(f"DELETE FROM {stream} WHERE seq <= ?", (last,))
                self._db.execute("DELETE FROM refused WHERE stream = ? AND seq <= ?", (stream, last))

    def handed(self) -> list[Handed]:
        """Who has had one of a campaign here, or was to."""
        return list(handed.handed_in(self._db))

    def stock(self) -> Stock:
        """What there is of each item, by slot."""
        return handed.stock_in(self._db)

    def stops(self) -> list[stops.ToldAt]:
        """What was told last of each stop, in the order of the times."""
        return stops.stops_in(self._db)

    def keep_marks(self, marks: Marks, stock: Stock) -> None:
        """What is known of them, in a file that has lost it."""
        with transaction(self._db):
            handed.put_marks(self._db, marks, stock)

    def forget(self, campaign: str, period: str | None) -> None:
        """Let a campaign's marks go: of that period, or all, and with those what acknowledged entries say of holders."""
        with transaction(self._db):
            handed.forget(self._db, campaign, period)
            handed.strip(self._db, -LAST_ROW, self.heads()["services"].acked)

    def goes_back(self, seconds: float) -> bool:
        """Whether what was written in the last so many seconds is in this file: it took no broken one's place in them.

        Two entries of one boot that lie so far apart prove it; no clock is needed.
        """
        if self._db.execute("SELECT 1 FROM meta WHERE key = ?", (REPLACED,)).fetchone() is None:
            return True
        rows = " UNION ALL ".join(f"SELECT boot, boot_time FROM {stream}" for stream in STREAMS)
        spans = self._db.execute(f"SELECT max(boot_time) - min(boot_time) FROM ({rows}) GROUP BY boot")
        return any(span >= seconds for (span,) in spans)

    def began_anew(self) -> float:
        """Since when it is in another one's place, in seconds since 1970, by its first entries: 0 if it is in none's.

        Infinite as long as no entry of it has a time that is known.
        """
        if self._db.execute("SELECT 1 FROM meta WHERE key = ?", (REPLACED,)).fetchone() is None:
            return 0.0
        known = "quality IN ('synced', 'holdover') ORDER BY seq"
        first = (
            next((row.wall for row in select(self._db, each, known, ()) if row.intact), math.inf) for each in STREAMS
        )
        return min(first)

    def heads(self) -> dict[Stream, Heads]:
        """Where the streams stand."""
        return heads_of(self._db)

    def backwards(self, stream: Stream) -> Iterator[Row]:
        """Every entry, newest first, without holding them all; raises sqlite3.Error at a place that cannot be read."""
        return select(self._db, stream, "1 ORDER BY seq DESC", ())

    def last(self, stream: Stream, count: int) -> list[Row]:
        """The newest entries, newest first."""
        return list(islice(self.backwards(stream), count))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _row(self, stamp: Stamp, entry: Entry) -> tuple[Any, ...]:
        encoded = msgspec.json.encode(entry)
        if len(encoded) > MOST_OF_SERVICES and stream_of(entry) == "services":
            raise ValueError(f"an entry of services of {len(encoded)} bytes")
        body = encoded.decode()
        clock = (stamp.boot, stamp.wall, stamp.quality)
        return (self._boot, *clock, body, checksum(body, *clock))
