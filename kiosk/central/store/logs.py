"""The entries of all stations, each once; and what tells that two stations send under the same numbers.

A card that was copied makes two stations of one: same code, key and epoch. What each of them sends under a number that the
other has used is no repetition, and acknowledging it would lose it. It shows in two ways: a number that is held has another
content, or an entry comes from a boot that a later one has already followed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from kiosk.central.store.alarms import Alarms
from kiosk.central.store.batches import LONGEST_BOOT, Kept, Numbered, in_order, kept, without_nul, written
from kiosk.central.store.engine import StoreFailed, Trouble
from kiosk.contract.bodies import MAX_ENTRY, Batch, Rejected
from kiosk.decoding import UNDECODABLE

MOST_ASIDE: Final = 1000
"""Batches of a station that are kept aside."""

MOST_DOORS: Final = 64
LONGEST_DOOR: Final = 64
OF_A_DOOR: Final = {"granted", "denied", "unlocked", "locked"}
"""Kinds of entries whose door is surely one of the station's."""


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


class Sent(Struct, frozen=True):
    """A batch, whose it is, and whether its station understands that there can be conflicts."""

    station: str
    stream: str
    batch: Batch
    conflicts: bool = False


Taken = tuple[int, list[Rejected]]
"""The mark, and the entries that were refused."""

Became = Taken | GapFound | StoreFailed


class Log(Struct, frozen=True):
    """The numbers of one epoch of one stream of a station, and how far they are held."""

    id: int
    acked: int


class Logs(Alarms):
    """That part of the store."""

    def take_all(self, sent: Sequence[Sent], now: float) -> list[Became]:
        """What became of each batch, all in one transaction. Raises StoreFailed when it is that of all."""
        with self._engine.transaction(alone=False):
            order = sorted(
                range(len(sent)), key=lambda at: (sent[at].station, sent[at].stream, sent[at].batch.epoch, at)
            )
            became = {at: self._outcome(sent[at], now) for at in order}  # two processes lock in one order
        return [became[at] for at in range(len(sent))]

    def _outcome(self, sent: Sent, now: float) -> Became:
        try:
            with self._engine.part():
                return self.take(sent.station, sent.stream, sent.batch, now, conflicts=sent.conflicts)
        except GapFound as found:
            return found
        except StoreFailed as failed:
            if failed.trouble is not Trouble.REFUSED:
                raise
            return failed

    def take(self, station: str, stream: str, batch: Batch, now: float, *, conflicts: bool = False) -> Taken:
        """Insert what is above the mark, move the mark, in one transaction: a batch that comes twice is stored once.

        Returns the mark and the entries that were refused. Raises GapFound; and ConflictFound to a station that understands
        `conflicts`. Of one that does not, what differs is set aside, and an alarm raised.
        """
        with self._engine.transaction(alone=False):
            log = self._log(station, stream, batch.epoch)
            if batch.first > log.acked + 1:
                raise GapFound(log.acked + 1)
            numbered = in_order(batch)
            expected = self._contradicted(log, numbered) or self._foreign(log, numbered)
            if expected:
                aside = expected <= log.acked and not conflicts
                self._tell_conflict((station, stream, batch.epoch), expected, batch, now, aside=aside)
            before = expected if expected and conflicts else None
            new = [each for each in numbered if before is None or each[0] < before]
            reached, rejected = self._take(station, log, new, now)
        if before is not None:
            raise ConflictFound(before)
        return reached, rejected

    def _log(self, station: str, stream: str, epoch: str) -> Log:
        """The log, which is this transaction's until it ends; made when there is none."""
        locked = self._engine.words.locked
        select = f"SELECT id, acked FROM logs WHERE (station, stream, epoch) = (?, ?, ?){locked}"
        key = (station, stream, epoch)
        found = self._engine.one(select, key)
        if found is None:
            self._engine.run(
                "INSERT INTO logs (station, stream, epoch, acked) VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING", key
            )
            found = self._engine.one(select, key)
        assert found is not None, "it was put there"  # noqa: S101  an invariant of the database
        return Log(*found)

    def _take(self, station: str, log: Log, numbered: Numbered, now: float) -> Taken:
        new = dict(_consecutive(log.acked, numbered))
        reached = max(new, default=log.acked)
        rejected, rows = [], []
        for seq, entry in new.items():
            if entry is None:
                continue
            try:
                rows.append((seq, kept(entry)))
            except UNDECODABLE as error:
                rejected.append((seq, f"{error}"[:200], written(entry, MAX_ENTRY)))
        self._insert(log, rows, now)
        self._engine.run_each("INSERT INTO rejected VALUES (?, ?, ?, ?)", [(log.id, *each) for each in rejected])
        self._engine.run("UPDATE logs SET acked = ? WHERE id = ?", (reached, log.id))
        self._remember_doors(station, [new[seq].get("door") for seq, each in rows if each.kind in OF_A_DOOR])  # type: ignore[union-attr]
        return reached, [Rejected(seq, why) for seq, why, _ in rejected]

    def _insert(self, log: Log, rows: Sequence[tuple[int, Kept]], now: float) -> None:
        boots: dict[str, int] = {}
        for seq, each in rows:
            if each.boot_id not in boots:
                boots[each.boot_id] = self._boot(log, each.boot_id, seq)
        self._engine.run_each(
            "INSERT INTO entries (log, seq, kind, boot_number, boot, wall, received, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(log.id, seq, each.kind, boots[each.boot_id], each.boot, each.wall, now, each.body) for seq, each in rows],
        )

    def _boot(self, log: Log, boot_id: str, first: int) -> int:
        select, key = "SELECT id FROM boots WHERE (log, boot_id) = (?, ?)", (log.id, boot_id)
        found = self._engine.one(select, key) or self._engine.one(
            "INSERT INTO boots (log, boot_id, first) VALUES (?, ?, ?) RETURNING id", (*key, first)
        )
        assert found is not None, "it was put there"  # noqa: S101  an invariant of the database
        return int(found[0])

    def _contradicted(self, log: Log, numbered: Numbered) -> int:
        """The first number that is held with another content; 0 for none. What is not held any longer contradicts nothing."""
        again = {seq: entry for seq, entry in numbered if seq <= log.acked and entry is not None}
        if not again:
            return 0
        between = (log.id, min(again), max(again))
        found = [seq for seq, held in self._held(between) if seq in again and not _same(held, again[seq])]
        refused = self._engine.all("SELECT seq, body FROM rejected WHERE log = ? AND seq BETWEEN ? AND ?", between)
        found += [seq for seq, body in refused if seq in again and body != written(again[seq], MAX_ENTRY)]
        return min(found, default=0)

    def _held(self, between: tuple[int, int, int]) -> Iterator[tuple[int, Kept]]:
        rows = self._engine.all(
            "SELECT seq, kind, boot_id, boot, wall, body FROM entries JOIN boots ON boots.id = boot_number"
            " WHERE entries.log = ? AND seq BETWEEN ? AND ? ORDER BY seq",
            between,
        )
        for seq, *parts in rows:
            yield seq, Kept(*parts)

    def _foreign(self, log: Log, numbered: Numbered) -> int:
        """The first new number that comes from a boot which another has followed; 0 for none."""
        new = [(seq, _boot_of(entry)) for seq, entry in numbered if entry is not None and seq > log.acked]
        newest = self._engine.one("SELECT boot_id FROM boots WHERE log = ? ORDER BY first DESC LIMIT 1", (log.id,))
        last = newest[0] if newest else None
        if all(boot == last for _, boot in new):  # as nearly always; a station has a new boot with each restart
            return 0
        seen = [
            boot for (boot,) in self._engine.all("SELECT boot_id FROM boots WHERE log = ? ORDER BY first", (log.id,))
        ]
        for seq, boot in new:
            if boot is None or seen[-1:] == [boot]:
                continue
            if boot in seen:
                return seq
            seen.append(boot)
        return 0

    def _tell_conflict(
        self, key: tuple[str, str, str], expected: int, batch: Batch, now: float, *, aside: bool
    ) -> None:
        station, stream, epoch = key
        words = f"{stream} {epoch}: number {expected} comes from two stations; was a card copied?"
        self.alarm("two_stations", words, now, station)
        if not aside:
            return
        held = self._engine.one("SELECT count(*) FROM aside WHERE station = ?", (station,))
        if held and held[0] >= MOST_ASIDE:
            self.alarm("aside_is_full", f"{MOST_ASIDE} batches are set aside; no more are kept", now, station)
            return
        body = msgspec.json.encode([each for each in batch.entries if written(each)])
        digest = hashlib.sha256(epoch.encode() + stream.encode() + body).digest()
        row = (station, digest, stream, epoch, expected, now, body.decode())
        self._engine.run("INSERT INTO aside VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)

    def set_aside(self, station: str) -> list[list[dict[str, Any]]]:
        """The entries of each batch that contradicted what is held, in the order in which they came."""
        rows = self._engine.all("SELECT body FROM aside WHERE station = ? ORDER BY received", (station,))
        return [msgspec.json.decode(body) for (body,) in rows]

    def counts(self) -> dict[str, int]:
        """For each stream: the entries stored."""
        count = "SELECT stream, count(*) FROM entries JOIN logs ON logs.id = log GROUP BY stream"
        return dict(self._engine.all(count))

    def numbers(self, station: str) -> list[tuple[str, str, int]]:
        """Epoch, stream and number of every entry of a station."""
        select = (
            "SELECT epoch, stream, seq FROM entries JOIN logs ON logs.id = log WHERE station = ?"
            " ORDER BY epoch, stream, seq"
        )
        return [(epoch, stream, seq) for epoch, stream, seq in self._engine.all(select, (station,))]

    def duplicates(self) -> int:
        """Facts that are stored more than once, whatever their numbers: same station, boot, instant and content."""
        found = self._engine.one(
            "SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) n FROM entries"
            " JOIN logs ON logs.id = entries.log JOIN boots ON boots.id = boot_number"
            " GROUP BY station, stream, boot_id, boot, wall, kind, body) facts"
        )
        return int(found[0]) if found else 0

    def shared_codes(self) -> list[SharedCode]:
        """Codes that opened at more than one station: the same moment of a phone's, or one live pass."""
        words = self._engine.words
        index, kind, token, shown = (words.field(each) for each in ("index", "pass_kind", "token", "shown_at"))
        rows = self._engine.all(
            f"SELECT min({index}), min({kind}), {shown}, {words.listed('station')} FROM entries JOIN logs ON logs.id = log"
            f" WHERE kind = 'granted' AND CAST({kind} AS TEXT) != '0'"
            f" GROUP BY {token}, {shown} HAVING count(DISTINCT station) > 1"
        )
        return [
            SharedCode(int(index), int(kind), int(shown or 0), tuple(sorted(stations.split(","))))
            for index, kind, shown, stations in rows
            if all(f"{each}".isdecimal() for each in (index, kind, shown or 0))  # a station may have sent anything
        ]

    def entries(self, station: str, stream: str, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """Stored entries in order."""
        rows = self._engine.all(
            "SELECT seq, kind, boot_id, boot, wall, body FROM entries"
            " JOIN logs ON logs.id = entries.log JOIN boots ON boots.id = boot_number"
            " WHERE station = ? AND stream = ? AND seq > ? ORDER BY epoch, seq LIMIT ?",
            (station, stream, after, limit),
        )
        return [Kept(*parts).whole(seq) for seq, *parts in rows]

    def doors(self, station: str) -> list[str]:
        """The names of the station's doors, as far as its entries tell."""
        return [name for (name,) in self._engine.all("SELECT name FROM doors WHERE station = ?", (station,))]

    def _remember_doors(self, station: str, named: list[Any]) -> None:
        doors = {name for name in named if isinstance(name, str) and len(name) <= LONGEST_DOOR}
        if not doors:
            return
        known = self.doors(station)
        new = sorted(doors - set(known))[: max(0, MOST_DOORS - len(known))]
        self._engine.run_each(
            "INSERT INTO doors VALUES (?, ?) ON CONFLICT DO NOTHING", [(station, name) for name in new]
        )


def _consecutive(mark: int, numbered: Numbered) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """What follows the mark, up to the first number that is missing."""
    reached = mark
    for seq, entry in numbered:
        if seq == reached + 1:
            reached = seq
            yield seq, entry


def _boot_of(entry: dict[str, Any]) -> str | None:
    """The boot that an entry comes from; None for one that is refused for it."""
    boot = entry.get("boot_id")
    return without_nul(boot) if isinstance(boot, str) and len(boot) <= LONGEST_BOOT else None


def _same(held: Kept, sent: dict[str, Any]) -> bool:
    try:
        return held.same(kept(sent))
    except UNDECODABLE:
        return False
