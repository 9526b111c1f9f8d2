"""The entries of all stations, taken in each once; and what tells that two stations send under the same numbers.

A card that was copied makes two stations of one: same code, key and epoch. What each of them sends under a number that the
other has used is no repetition, and acknowledging it would lose it. It shows in two ways: a number that is held has another
content, or an entry comes from a boot that a later one has already followed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from kiosk.central.remembered import remember
from kiosk.central.store.batches import LONGEST_BOOT, Kept, Numbered, in_order, kept, without_nul, written
from kiosk.central.store.doors import OF_A_DOOR, Doors, doors_of, merged
from kiosk.central.store.engine import Row, StoreFailed, Trouble, look_up
from kiosk.central.store.releases import OF_UPDATES, Releases
from kiosk.central.store.sightings import OF_FAULTS, Sightings
from kiosk.contract.bodies import MAX_ENTRY, Batch, Rejected
from kiosk.decoding import UNDECODABLE

MOST_ASIDE: Final = 1000
"""Batches of a station that are kept aside."""

KEY: Final = ("station", "stream", "epoch")
ENTRY: Final = ("log", "seq", "kind", "boot_number", "boot", "wall", "received", "body")
NEWEST_BOOTS: Final = """
    SELECT logs.id, boot_id, boots.id FROM logs
    JOIN boots ON boots.id = (SELECT id FROM boots each WHERE each.log = logs.id ORDER BY first DESC LIMIT 1) WHERE {}
"""


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

    @property
    def key(self) -> Key:
        """Whose numbers they are."""
        return self.station, self.stream, self.batch.epoch


Key = tuple[str, str, str]
"""The station, stream and epoch of a log."""

Boot = tuple[int, str]
"""The number of a log, and what a boot of it is called."""

Taken = tuple[int, list[Rejected]]
"""The mark, and the entries that were refused."""

Became = Taken | GapFound | StoreFailed


class Log(Struct, frozen=True):
    """The numbers of one epoch of one stream of a station: how far they are held, and the newest boot that they come from."""

    id: int
    acked: int
    boot: str | None = None
    boot_number: int = 0


class Plan(Struct, frozen=True):
    """What a batch brings, before anything is written; `expected` is the first number of a conflict, or 0.

    `doors`: those that it names, and whether it says that they are slots.
    """

    sent: Sent
    log: Log
    expected: int
    reached: int
    rows: list[tuple[int, Kept]]
    rejected: list[tuple[int, str, str]]
    doors: dict[str, bool]

    @property
    def became(self) -> Became:
        """What its station is told."""
        if self.expected and self.sent.conflicts:
            return ConflictFound(self.expected)
        return self.reached, [Rejected(seq, why) for seq, why, _ in self.rejected]


class Logs(Sightings, Releases, Doors):
    """That part of the store."""

    _numbers: dict[Key, int]
    """Of the logs, for as long as they are found under them."""

    def take_all(self, sent: Sequence[Sent], now: float) -> list[Became]:
        """What became of each batch, all in one transaction. Raises StoreFailed when it is that of all.

        What is above the mark is inserted, and the mark moved: a batch that comes twice is stored once. A station that
        understands no conflicts is told of none: what differs is set aside, and an alarm raised.
        """
        try:
            return self._take_together(sent, now)
        except StoreFailed as failed:
            if failed.trouble is not Trouble.REFUSED:
                raise
            if len(sent) == 1:
                return [failed]
        return [became for each in sent for became in self.take_all([each], now)]  # only one of them is refused

    def take(self, station: str, stream: str, batch: Batch, now: float, *, conflicts: bool = False) -> Taken:
        """The mark, and the entries that were refused, of one batch alone. Raises GapFound and ConflictFound."""
        (became,) = self.take_all([Sent(station, stream, batch, conflicts)], now)
        if isinstance(became, Exception):
            raise became
        return became

    def queues(self, station: str = "") -> dict[str, int]:
        """How many entries waited at each station, or at that one, when it was last heard of them; of those that say so."""
        place, values = ("station = ?", (station, station)) if station else ("1 = 1", ())
        rows = self._engine.all(
            f"SELECT station, newest - acked FROM logs WHERE newest > 0 AND {place}"
            f" AND id IN (SELECT max(id) FROM logs WHERE {place} GROUP BY station, stream)",
            values,
        )
        found = Counter[str]()
        for code, beyond in rows:
            found[code] += max(0, beyond)
        return dict(found)

    def _take_together(self, sent: Sequence[Sent], now: float) -> list[Became]:
        became: dict[int, Became] = {}
        plans: list[Plan] = []
        with self._engine.transaction(alone=False):
            known = self._engine.known
            for turn in _turns(sent):
                logs = self._logs([sent[at].key for at in turn], known)
                judged = {at: self._judged(sent[at], logs[sent[at].key]) for at in turn}
                found = [each for each in judged.values() if isinstance(each, Plan)]
                self._write(found, now)
                _mark(found, known)
                became |= {at: each.became if isinstance(each, Plan) else each for at, each in judged.items()}
                plans += found
            self._remember_doors(_doors_told(plans))
            self._remember_faults(_told(plans, OF_FAULTS), now)
            self._remember_updates(_told(plans, {OF_UPDATES}), now)
        return [became[at] for at in range(len(sent))]

    def _logs(self, keys: list[Key], known: dict[Key, Log]) -> dict[Key, Log]:
        """These logs, which are this transaction's until it ends."""
        found = {key: known[key] for key in keys if key in known}
        return found | self._locked([key for key in keys if key not in found])

    def _locked(self, keys: list[Key]) -> dict[Key, Log]:
        """These logs, as the database has them.

        Those that are new are made before any is locked, and all are locked by their numbers: so of two processes that want the
        same, one waits for the other, and never both.
        """
        if not keys:
            return {}
        ids, words = [*self._know(keys).values()], self._engine.words
        locked = (
            f"SELECT station, stream, epoch, id, acked FROM logs WHERE {words.among('id')} ORDER BY id{words.locked}"
        )
        rows, boots = self._engine.all_of((locked, (ids,)), (NEWEST_BOOTS.format(words.among("logs.id")), (ids,)))
        found = {(station, stream, epoch): log for station, stream, epoch, *log in rows}
        if found.keys() != set(keys):  # the database is not the one that it was: a standby that lacks the newest, say
            self._numbers.clear()
            return self._locked(keys)
        newest = {log: boot for log, *boot in boots}
        return {key: Log(number, acked, *newest.get(number, ())) for key, (number, acked) in found.items()}

    def _know(self, keys: list[Key]) -> dict[Key, int]:
        """The numbers of these logs; those that are new are made."""
        found = {key: self._numbers[key] for key in keys if key in self._numbers}
        found |= self._look_up([key for key in keys if key not in found])
        new = [key for key in keys if key not in found]
        self._engine.put(
            "logs", ("station", "stream", "epoch", "acked"), [(*key, 0) for key in new], "ON CONFLICT DO NOTHING"
        )
        return found | self._look_up(new)

    def _look_up(self, keys: list[Key]) -> dict[Key, int]:
        """The numbers of those of them that there are."""
        found = {
            (station, stream, epoch): number
            for station, stream, epoch, number in look_up(self._engine, "logs", keys, KEY, "id")
        }
        for key, number in found.items():
            remember(self._numbers, key, number)
        return found

    def _judged(self, sent: Sent, log: Log) -> Plan | GapFound:
        if sent.batch.first > log.acked + 1:
            return GapFound(log.acked + 1)
        numbered = in_order(sent.batch)
        expected = self._contradicted(log, numbered) or self._foreign(log, numbered)
        if expected and sent.conflicts:
            numbered = [each for each in numbered if each[0] < expected]
        new = dict(_consecutive(log.acked, numbered))
        rows, rejected = [], []
        for seq, entry in new.items():
            if entry is None:
                continue
            try:
                rows.append((seq, kept(entry)))
            except UNDECODABLE as error:
                rejected.append((seq, f"{error}"[:200], written(entry, MAX_ENTRY)))
        doors = doors_of(new[seq] for seq, each in rows if each.kind in OF_A_DOOR)
        return Plan(sent, log, expected, max(new, default=log.acked), rows, rejected, doors)

    def _write(self, plans: Sequence[Plan], now: float) -> None:
        for each in plans:
            if each.expected:
                self._tell_conflict(each, now)
        boots = self._boots(plans)
        self._engine.put("entries", ENTRY, [row for each in plans for row in _rows(each, boots, now)])
        self._engine.put(
            "rejected",
            ("log", "seq", "why", "body"),
            [(each.log.id, *row) for each in plans for row in each.rejected],
        )
        self._engine.put(
            "logs",
            ("station", "stream", "epoch", "acked", "newest"),
            [(*each.sent.key, each.reached, each.sent.batch.newest) for each in plans if each.reached > each.log.acked],
            "ON CONFLICT (station, stream, epoch) DO UPDATE SET acked = excluded.acked, newest = excluded.newest",
        )

    def _boots(self, plans: Sequence[Plan]) -> dict[Boot, int]:
        """The numbers of all boots that the entries come from; those that are new are made."""
        known: dict[Boot, int] = {
            (each.log.id, each.log.boot): each.log.boot_number for each in plans if each.log.boot is not None
        }
        first: dict[Boot, int] = {}
        for plan in plans:
            for seq, each in plan.rows:
                first.setdefault((plan.log.id, each.boot_id), seq)
        known |= self._boots_of(set(first) - set(known))
        new = [(*boot, first[boot]) for boot in first if boot not in known]
        self._engine.put("boots", ("log", "boot_id", "first"), new)
        return known | self._boots_of({(log, boot) for log, boot, _ in new})

    def _boots_of(self, wanted: set[Boot]) -> dict[Boot, int]:
        """Those of them that there are; a station may have sent any number of others."""
        rows = look_up(self._engine, "boots", wanted, ("log", "boot_id"), "id")
        return {(log, boot): number for log, boot, number in rows}

    def _contradicted(self, log: Log, numbered: Numbered) -> int:
        """The first number that is held with another content; 0 for none. What is not held any longer contradicts nothing."""
        if not numbered or numbered[0][0] > log.acked:  # as nearly always
            return 0
        again = {seq: entry for seq, entry in numbered if seq <= log.acked and entry is not None}
        if not again:
            return 0
        found = [seq for seq, held in self._held(log, [*again]) if not _same(held, again[seq])]
        select = f"SELECT seq, body FROM rejected WHERE log = ? AND {self._engine.words.among('seq')}"
        refused = self._engine.all(select, (log.id, [*again]))
        found += [seq for seq, body in refused if body != written(again[seq], MAX_ENTRY)]
        return min(found, default=0)

    def _held(self, log: Log, numbers: list[int]) -> Iterator[tuple[int, Kept]]:
        """Of these numbers alone: between two that come again there may be millions."""
        rows = self._engine.all(
            "SELECT seq, kind, boot_id, boot, wall, body FROM entries JOIN boots ON boots.id = boot_number"
            f" WHERE entries.log = ? AND {self._engine.words.among('seq')}",
            (log.id, numbers),
        )
        for seq, *parts in rows:
            yield seq, Kept(*parts)

    def _foreign(self, log: Log, numbered: Numbered) -> int:
        """The first new number that comes from a boot which another has followed; 0 for none."""
        if all(entry is None or entry.get("boot_id") == log.boot for _seq, entry in numbered):
            return 0  # as nearly always; a station has a new boot with each restart
        new = [(seq, _boot_of(entry)) for seq, entry in numbered if entry is not None and seq > log.acked]
        if all(boot == log.boot for _, boot in new):
            return 0
        followed = {(log.id, boot) for _, boot in new if boot is not None} if log.boot is not None else set()
        seen, newest = {boot for _, boot in self._boots_of(followed)}, log.boot
        for seq, boot in new:
            if boot is None or boot == newest:
                continue
            if boot in seen:
                return seq
            seen.add(boot)
            newest = boot
        return 0

    def _tell_conflict(self, plan: Plan, now: float) -> None:
        (station, stream, epoch), batch = plan.sent.key, plan.sent.batch
        words = f"{stream} {epoch}: number {plan.expected} comes from two stations; was a card copied?"
        self.alarm("two_stations", words, now, station)
        if plan.sent.conflicts or plan.expected > plan.log.acked:
            return
        held = self._engine.one("SELECT count(*) FROM aside WHERE station = ?", (station,))
        if held and held[0] >= MOST_ASIDE:
            self.alarm("aside_is_full", f"{MOST_ASIDE} batches are set aside; no more are kept", now, station)
            return
        body = msgspec.json.encode([each for each in batch.entries if written(each)])
        digest = hashlib.sha256(epoch.encode() + stream.encode() + body).digest()
        row = (station, digest, stream, epoch, plan.expected, now, body.decode())
        self._engine.run("INSERT INTO aside VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)


def _rows(plan: Plan, boots: dict[Boot, int], now: float) -> Iterator[Row]:
    log = plan.log.id
    for seq, each in plan.rows:
        yield log, seq, each.kind, boots[log, each.boot_id], each.boot, each.wall, now, each.body


def _mark(plans: Sequence[Plan], known: dict[Key, Log]) -> None:
    """Know how far their logs are held now; of one with a boot that may be its newest nothing is known."""
    for each in plans:
        if all(entry.boot_id == each.log.boot for _seq, entry in each.rows):
            remember(known, each.sent.key, replace(each.log, acked=each.reached))
        else:
            known.pop(each.sent.key, None)


def _doors_told(plans: Sequence[Plan]) -> dict[str, dict[str, bool]]:
    """Those that each station names."""
    told: dict[str, dict[str, bool]] = {}
    for each in plans:
        if each.doors:
            told[each.sent.station] = merged((told.get(each.sent.station, {}), each.doors))
    return told


def _told(plans: Sequence[Plan], kinds: Container[str]) -> dict[str, list[Kept]]:
    """What each station tells by entries of these kinds, in their order."""
    told: dict[str, list[Kept]] = {}
    for plan in plans:
        for _seq, each in plan.rows:
            if each.kind in kinds:
                told.setdefault(plan.sent.station, []).append(each)
    return told


def _turns(sent: Sequence[Sent]) -> list[list[int]]:
    """The places of the batches in order, of each log one in a turn; so the first turn has every log."""
    turns: list[list[int]] = []
    seen = Counter[Key]()
    for at in sorted(range(len(sent)), key=lambda at: (sent[at].key, at)):
        if seen[sent[at].key] == len(turns):
            turns.append([])
        turns[seen[sent[at].key]].append(at)
        seen[sent[at].key] += 1
    return turns


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
