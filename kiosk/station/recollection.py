"""What the logbook still knows at a start: who has come in, what a command has come to, and what the program's end cut off.

A pass is burnt if the lock was released for it, or stayed released. So a grant counts

- when its own unlock was completed: `granted`, `unlocked`, `locked`;
- at once when the lock was released already, for an earlier grant, the exit button or a hold: nothing more is told of it;
- and not when the program ended before the lock had moved, or in mid-unlock: nobody may have come in.

A grant waits for its commit, for COMMIT_PATIENCE at the most. Meanwhile the lock that was released may lock, and then it is
released anew for the grant: `unlocked` by a pass that nobody asked for since. That unlock is the one which must be completed.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from msgspec import Struct

from kiosk.core.door.access import COMMIT_PATIENCE, MAX_MARKS, Mark, Memory, place
from kiosk.core.door.door import Door
from kiosk.core.door.tables import Claim
from kiosk.core.entries import (
    CommandEnded,
    CommandStarted,
    DocumentApplied,
    Entry,
    Granted,
    InterruptedUnlock,
    Locked,
    NotTaken,
    Started,
    Stopped,
    StoppedAt,
    Switched,
    Unlocked,
)
from kiosk.core.room.saving import SAVING
from kiosk.core.room.stops import MOST_REMEMBERED, Stops, remembered
from kiosk.decoding import NotUnderstood, read_json
from kiosk.logbook.reader import REMEMBERED, Row
from kiosk.logbook.stops import ToldAt
from kiosk.trust.passes import Kind

MAX_BODY: Final = 100_000
"""Bytes of an entry; the longest has a thousandth of it."""


STOPPED_AT: Final = f'"{StoppedAt.__struct_config__.tag}"'
KINDS: Final = frozenset(map(int, Kind))


class Recollection(Struct, frozen=True):
    """Replay marks, the newest command's number, what the end of the program cut off, and which rows were not as written."""

    memory: Memory
    off: dict[str, tuple[str, ...]]
    commanded: int
    interrupted: tuple[Entry, ...]
    damaged: tuple[int, ...] = ()


def recollect(newest_first: Iterable[Row], doors: dict[str, Door], boot_id: str, boot: float) -> Recollection:
    """Read the newest entries of the access stream back.

    A card's mark counts within this boot only: across a power gap nobody can prove how long ago it was. A command that was
    started and has not ended is interrupted, and not repeated. A number counts only if no keyset came after it: what was stored
    of the commands knows which keys they had, and some of these may have gone.
    """
    past = _Past()
    rows = list(islice(newest_first, REMEMBERED))
    damaged = tuple(row.seq for row in reversed(rows) if not row.intact)
    for row in reversed(rows):
        if row.intact and (entry := entry_in(row)):
            past.take(row, entry)
    marks: dict[str, Mark] = {}
    for asked in past.counted():
        at = asked.row.boot if asked.row.boot_id == boot_id else None
        where, mark = _mark(asked.granted, at, doors, boot)
        if at is not None or mark.kind is not Kind.CARD:
            marks.pop(where, None)
            marks[where] = mark
    newest = dict(list(marks.items())[-MAX_MARKS:])
    return Recollection(Memory(marks=newest), past.off(), past.commanded, past.interrupted(), damaged)


def older_first(aside: Memory, mine: Memory) -> Memory:
    """The marks of both: a logbook that was set aside still says who has come in. Of one pass the later mark counts."""
    marks = dict(aside.marks)
    for where, mark in mine.marks.items():
        before = marks.pop(where, mark)
        marks[where] = max(before, mark, key=lambda each: each.at)
    return Memory(marks=dict(list(marks.items())[-MAX_MARKS:]))


def told_of_stops(newest_first: Iterable[Row], told: Iterable[ToldAt]) -> Stops:
    """What was told last of each of a station's stops: what the services stream says, and `told` of those that it has, too."""
    rows = (row for row in islice(newest_first, REMEMBERED) if row.intact and STOPPED_AT in row.body)
    found = ((row.wall, entry) for row in rows if isinstance(entry := entry_in(row), StoppedAt))
    return remembered([*reversed([*islice(found, 3 * MOST_REMEMBERED)]), *told])


class _Asked:
    """A grant, and whether the lock was released for it."""

    def __init__(self, row: Row, granted: Granted, *, counts: bool) -> None:
        self.row, self.granted, self.counts = row, granted, counts


class _Past:
    """Takes the entries in their order."""

    def __init__(self) -> None:
        self._grants: list[_Asked] = []
        self.commanded = 0
        self._asked: dict[str, list[_Asked]] = {}
        self._late: dict[str, list[_Asked]] = {}
        self._released: dict[str, bool] = {}
        self._known = False
        self._unlocked: dict[str, None] = {}
        self._running: dict[str, None] = {}
        self._held: dict[tuple[str, str], bool] = {}

    def take(self, row: Row, entry: Entry) -> None:
        """The next entry."""
        match entry:
            case Started() | Stopped():
                self._begin(entry)
            case Granted():
                self._granted(row, entry)
            case Unlocked() | Locked() | NotTaken() | InterruptedUnlock():
                self._moved(row, entry)
            case Switched(relay, _, why, is_held):
                self._held.pop((relay, why), None)
                self._held[relay, why] = is_held
            case CommandStarted(command, sequence):
                self.commanded = max(self.commanded, sequence)
                self._running[command] = None
            case DocumentApplied("keyset"):
                self.commanded = 0
            case CommandEnded(command):
                self._running.pop(command, None)
            case _:
                pass

    def _begin(self, entry: Started | Stopped) -> None:
        """Before a start and after a stop no lock is released; at the first entry that is read, nobody knows."""
        self._known = True
        self._asked, self._late, self._released = {}, {}, {}
        if isinstance(entry, Stopped):
            self._unlocked = {}

    def _granted(self, row: Row, granted: Granted) -> None:
        released = self._released.get(granted.door, False)
        asked = _Asked(row, granted, counts=released)
        self._grants.append(asked)
        (self._late if released else self._asked).setdefault(granted.door, []).append(asked)

    def _moved(self, row: Row, entry: Unlocked | Locked | NotTaken | InterruptedUnlock) -> None:
        door = entry.door
        match entry:
            case Unlocked(_, by):
                self._unlock(row, door, by)
            case Locked():
                for asked in self._asked.pop(door, []) if self._released.get(door, not self._known) else ():
                    asked.counts = True
                self._unlocked.pop(door, None)
                self._released[door] = False
            case NotTaken() if not self._released.get(door, not self._known):
                self._asked.pop(door, None)  # a lockdown came between: the lock has not moved for it
            case InterruptedUnlock():
                self._unlocked.pop(door, None)

    def _unlock(self, row: Row, door: str, by: str) -> None:
        late = self._late.pop(door, [])
        if by == Claim.PASS and door not in self._asked:
            again = [each for each in late if 0.0 <= row.boot - each.row.boot <= 2 * COMMIT_PATIENCE]
            for each in again:
                each.counts = False
            self._asked[door] = again
        self._unlocked[door] = None
        self._released[door] = True

    def counted(self) -> list[_Asked]:
        """The grants that burn their pass, of the kinds that this version knows."""
        return [asked for asked in self._grants if asked.counts and asked.granted.pass_kind in KINDS]

    def interrupted(self) -> tuple[Entry, ...]:
        """What is to be told of what the program's end cut off."""
        doors = [InterruptedUnlock(door) for door in self._unlocked]
        return (*doors, *(CommandEnded(command, "interrupted") for command in self._running))

    def off(self) -> dict[str, tuple[str, ...]]:
        """Why each relay was off, by alarms alone: what saving had switched off is on until it is proven again."""
        off: dict[str, tuple[str, ...]] = {}
        for (relay, why), is_held in reversed(self._held.items()):
            if is_held and why != SAVING:
                off[relay] = (*off.get(relay, ()), why)
        return off


def _mark(granted: Granted, at: float | None, doors: dict[str, Door], boot: float) -> tuple[str, Mark]:
    """The mark of a grant and its place; one of another boot is too long ago for a second chance."""
    kind = Kind(granted.pass_kind)
    rest = doors[granted.door].rules.rest if granted.door in doors else 0.0
    mark = Mark(at if at is not None else boot - 3600.0, kind, granted.expires, rest, granted.shown_at)
    return place(granted.door, kind, granted.index, granted.token), mark


def entry_in(row: Row) -> Entry | None:
    """What a row says; None where this version cannot read it."""
    try:
        entry: Entry = read_json(row.body.encode(), Entry, MAX_BODY)
    except NotUnderstood:
        return None
    return entry
