"""The entries of all stations, each once; and what tells that two stations send under the same numbers.

A card that was copied makes two stations of one: same code, key and epoch. What each of them sends under a number that the
other has used is no repetition, and acknowledging it would lose it. It shows in two ways: a number that is held has another
content, or an entry comes from a boot that a later one has already followed.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Any, Final, TypeGuard

import msgspec
from msgspec import Struct

from kiosk.central.file import CentralFile
from kiosk.contract.bodies import MAX_ENTRY, Batch, Rejected, Seq
from kiosk.decoding import UNDECODABLE, too_deep

MOST_ASIDE: Final = 1000
"""Batches of a station that are kept aside."""

MOST_DOORS: Final = 64
LONGEST_DOOR: Final = 64
OF_A_DOOR: Final = {"granted", "denied", "unlocked", "locked"}
"""Kinds of entries whose door is surely one of the station's."""

Key = tuple[str, str, str]
"""Station, stream, epoch."""

Numbered = list[tuple[int, dict[str, Any] | None]]


class SharedCode(Struct, frozen=True):
    """One code, several stations. Of a bound pass (kind 2) that is a copy for certain; a live one may have walked."""

    index: int
    pass_kind: int
    shown_at: int
    stations: tuple[str, ...]


class GapFound(Exception):
    """A batch begins after the number that is wanted."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"expected {expected}")
        self.expected = expected


class ConflictFound(GapFound):
    """The number `expected` is held with other content, or comes from a foreign boot; what came before it is taken."""


class Head(Struct, frozen=True):
    """What every entry on the wire must have; the rest is the fact itself, which the server keeps and does not judge."""

    seq: Seq
    kind: str
    boot_id: str
    boot: float
    wall: float


class Sent(Struct, frozen=True):
    """A batch, whose it is, and whether its station understands that there can be conflicts."""

    station: str
    stream: str
    batch: Batch
    conflicts: bool = False


Taken = tuple[int, list[Rejected]]
"""The mark, and the entries that were refused."""

Became = Taken | GapFound | sqlite3.Error


class Entries(CentralFile):
    """The entries' part of the store."""

    def take_all(self, sent: Sequence[Sent], now: float) -> list[Became]:
        """What became of each batch, all in one transaction. Raises sqlite3.Error when it is that of all."""
        with self.transaction():
            return [self._outcome(each, now) for each in sent]

    def _outcome(self, sent: Sent, now: float) -> Became:
        try:
            with self.part():
                return self.take(sent.station, sent.stream, sent.batch, now, conflicts=sent.conflicts)
        except (GapFound, sqlite3.IntegrityError, sqlite3.DataError) as error:
            return error

    def take(self, station: str, stream: str, batch: Batch, now: float, *, conflicts: bool = False) -> Taken:
        """Insert what is above the mark, move the mark, in one transaction: a batch that comes twice is stored once.

        Returns the mark and the entries that were refused. Raises GapFound; and ConflictFound to a station that understands
        `conflicts`. Of one that does not, what differs is set aside, and an alarm raised.
        """
        key = (station, stream, batch.epoch)
        with self.transaction():
            mark = self._mark(key)
            if batch.first > mark + 1:
                raise GapFound(mark + 1)
            numbered = _in_order(batch)
            expected = self._contradicted(key, mark, numbered) or self._foreign(key, mark, numbered)
            if expected:
                self._tell_conflict(key, expected, batch, now, aside=expected <= mark and not conflicts)
            before = expected if expected and conflicts else None
            reached, rejected = self._take(
                key, mark, [each for each in numbered if before is None or each[0] < before], now
            )
        if before is not None:
            raise ConflictFound(before)
        return reached, rejected

    def _take(self, key: Key, mark: int, numbered: Numbered, now: float) -> Taken:
        rejected: list[Rejected] = []
        reached = mark
        for seq, entry in numbered:
            if seq <= mark:
                continue
            if seq != reached + 1:
                break
            reached = seq
            if entry is not None:
                rejected += self._insert(key, seq, entry, now)
        self._db.execute("INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?)", (*key, reached))
        return reached, rejected

    def _contradicted(self, key: Key, mark: int, numbered: Numbered) -> int:
        """The first number that is held with another content; 0 for none. What is not held any longer contradicts nothing."""
        again = {seq: entry for seq, entry in numbered if seq <= mark and entry is not None}
        if not again:
            return 0
        bounds = (*key, min(again), max(again))
        held = "SELECT seq, body FROM {} WHERE (station, stream, epoch) = (?, ?, ?) AND seq BETWEEN ? AND ?"
        found = [
            seq
            for seq, body in self._db.execute(held.format("entries"), bounds)
            if seq in again and (too_deep(again[seq]) or msgspec.json.decode(body) != again[seq])
        ]
        found += [
            seq
            for seq, body in self._db.execute(held.format("rejected"), bounds)
            if seq in again and body != _kept(again[seq])
        ]
        return min(found, default=0)

    def _foreign(self, key: Key, mark: int, numbered: Numbered) -> int:
        """The first new number that comes from a boot which another has followed; 0 for none."""
        where = "SELECT boot_id FROM boots WHERE (station, stream, epoch) = (?, ?, ?) ORDER BY first"
        seen = [boot for (boot,) in self._db.execute(where, key)]
        for seq, entry in numbered:
            boot = entry.get("boot_id") if entry is not None and seq > mark else None
            if not isinstance(boot, str) or seen[-1:] == [boot]:
                continue
            if boot in seen:
                return seq
            seen.append(boot)
        return 0

    def _tell_conflict(self, key: Key, expected: int, batch: Batch, now: float, *, aside: bool) -> None:
        station, stream, epoch = key
        words = f"{stream} {epoch}: number {expected} comes from two stations; was a card copied?"
        self.alarm(
            "two_stations",
            words,
            now,
            station,
        )
        count = self._db.execute("SELECT count(*) FROM aside WHERE station = ?", (station,)).fetchone()[0]
        if not aside:
            return
        if count >= MOST_ASIDE:
            self.alarm("aside_is_full", f"{MOST_ASIDE} batches are set aside; no more are kept", now, station)
            return
        body = msgspec.json.encode([each for each in batch.entries if _kept(each)])
        digest = hashlib.sha256(epoch.encode() + stream.encode() + body).digest()
        row = (station, digest, stream, epoch, expected, now, body.decode())
        self._db.execute("INSERT OR IGNORE INTO aside VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def set_aside(self, station: str) -> list[list[dict[str, Any]]]:
        """The entries of each batch that contradicted what is held, in the order in which they came."""
        with self._lock:
            rows = self._db.execute("SELECT body FROM aside WHERE station = ? ORDER BY received", (station,)).fetchall()
        return [msgspec.json.decode(body) for (body,) in rows]

    def counts(self) -> dict[str, int]:
        """For each stream: the entries stored."""
        with self._lock:
            return dict(self._db.execute("SELECT stream, count(*) FROM entries GROUP BY stream").fetchall())

    def numbers(self, station: str) -> list[tuple[str, str, int]]:
        """Epoch, stream and number of every entry of a station."""
        with self._lock:
            found = self._db.execute("SELECT epoch, stream, seq FROM entries WHERE station = ?", (station,))
            return [(epoch, stream, seq) for epoch, stream, seq in found]

    def duplicates(self) -> int:
        """Facts that are stored more than once, whatever their numbers: same station, boot, instant and content."""
        with self._lock:
            found = self._db.execute(
                "SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) n FROM entries"
                " GROUP BY station, stream, boot_id, boot, json_remove(body, '$.seq'))"
            ).fetchone()
        return int(found[0])

    def shared_codes(self) -> list[SharedCode]:
        """Codes that opened at more than one station: the same moment of a phone's, or one live pass."""
        with self._lock:
            rows = self._db.execute(
                "SELECT json_extract(body, '$.index'), json_extract(body, '$.pass_kind'),"
                " coalesce(json_extract(body, '$.shown_at'), 0) shown, group_concat(DISTINCT station)"
                " FROM entries WHERE kind = 'granted' AND json_extract(body, '$.pass_kind') != 0"
                " GROUP BY json_extract(body, '$.token'), shown HAVING count(DISTINCT station) > 1"
            ).fetchall()
        return [
            SharedCode(index, kind, shown, tuple(sorted(stations.split(",")))) for index, kind, shown, stations in rows
        ]

    def entries(self, station: str, stream: str, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """Stored entries in order."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM entries WHERE station = ? AND stream = ? AND seq > ? ORDER BY epoch, seq LIMIT ?",
                (station, stream, after, limit),
            ).fetchall()
        return [msgspec.json.decode(body) for (body,) in rows]

    def _mark(self, key: tuple[str, str, str]) -> int:
        found = self._db.execute("SELECT acked FROM marks WHERE (station, stream, epoch) = (?, ?, ?)", key).fetchone()
        return int(found[0]) if found else 0

    def _insert(self, key: Key, seq: int, entry: dict[str, Any], now: float) -> list[Rejected]:
        body = _kept(entry, whole=True)
        try:
            head = _head(entry, body)
        except UNDECODABLE as error:
            why = f"{error}"[:200]
            self._db.execute("INSERT INTO rejected VALUES (?, ?, ?, ?, ?, ?)", (*key, seq, why, body[:MAX_ENTRY]))
            return [Rejected(seq, why)]
        row = (*key, seq, head.kind, head.boot_id, head.boot, head.wall, now, body)
        self._db.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        self._db.execute("INSERT OR IGNORE INTO boots VALUES (?, ?, ?, ?, ?)", (*key, head.boot_id, seq))
        self._remember_door(key[0], head.kind, entry.get("door"))
        return []

    def doors(self, station: str) -> list[str]:
        """The names of the station's doors, as far as its entries tell."""
        with self._lock:
            return [name for (name,) in self._db.execute("SELECT name FROM doors WHERE station = ?", (station,))]

    def _remember_door(self, station: str, kind: str, door: object) -> None:
        if kind not in OF_A_DOOR or not isinstance(door, str) or len(door) > LONGEST_DOOR:
            return
        known = self.doors(station)
        if door not in known and len(known) < MOST_DOORS:
            self._db.execute("INSERT OR IGNORE INTO doors VALUES (?, ?)", (station, door))


def _kept(entry: dict[str, Any], *, whole: bool = False) -> str:
    """An entry as it is stored, or as much of it as is kept of a refused one; nothing of one that cannot be written."""
    if too_deep(entry):
        return ""
    try:
        body = msgspec.json.encode(entry).decode()
    except UNDECODABLE:  # a whole number of more than 64 bits
        return ""
    return body if whole else body[:MAX_ENTRY]


def _head(entry: dict[str, Any], body: str) -> Head:
    if not body:
        raise ValueError("it is nested too deep, or has a number of more than 64 bits")
    if len(body) > MAX_ENTRY:
        raise ValueError(f"an entry of more than {MAX_ENTRY} bytes")
    return msgspec.convert(entry, Head)


def _in_order(batch: Batch) -> Numbered:
    """The batch's numbers in order, each with its entry or None for a tombstone.

    An entry without a number that can be one has the number of its place, under which it is refused.
    """
    numbered: dict[int, dict[str, Any] | None] = dict.fromkeys(batch.tombstones)
    expected, gone = batch.first, set(batch.tombstones)
    for entry in batch.entries:
        while expected in gone:
            expected += 1
        if _is_number(seq := entry.get("seq")):
            numbered[seq] = entry
            expected = seq + 1
        else:
            numbered.setdefault(expected, entry)
            expected += 1
    return sorted(numbered.items(), key=lambda item: item[0])


def _is_number(seq: Any) -> TypeGuard[int]:
    """Whether it is a number that an entry may have; `True` is none."""
    return type(seq) is int and 1 <= seq < 2**62
