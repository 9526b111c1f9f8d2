"""What waits in memory for the disk: entries by stream, bounded, and how many of each had to go."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Final

from kiosk.core.entries import Dropped, Entry, Stamp, Stream, stream_of
from kiosk.core.events import Record
from kiosk.logbook.jobs import Job
from kiosk.logbook.reader import STREAMS

MAX_WAITING: Final = 20_000
"""Entries of all streams together: half an hour of a flood, a few megabytes."""

MOST_SERVICES: Final = 500
"""Of the services' alone, which may be twenty times as large as others: three megabytes."""

TELEMETRY_GROUP: Final = 50
TELEMETRY_WITHIN: Final = 5.0

GIVES_WAY: Final[tuple[Stream, ...]] = ("telemetry", "services", "access")
"""The streams in the order in which their entries go."""

Stamped = tuple[Stamp, Entry]


class Waiting:
    """The oldest goes first, telemetry before services before access, and is counted until an entry about it is on the disk.

    Services have a bound of their own, too.
    """

    def __init__(self, most: int = MAX_WAITING) -> None:
        self._most = most
        self._entries: dict[Stream, deque[Stamped]] = {stream: deque() for stream in STREAMS}
        self._lost: dict[Stream, int] = dict.fromkeys(STREAMS, 0)
        self._telemetry_since = 0.0

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    def has(self, stream: Stream) -> bool:
        """Whether any of that stream waits."""
        return bool(self._entries[stream])

    def take(self, stamp: Stamp, entry: Entry) -> None:
        """One more; beyond the bound one goes."""
        if not self._entries["telemetry"]:
            self._telemetry_since = monotonic()
        self._entries[stream_of(entry)].append((stamp, entry))
        if len(self._entries["services"]) > MOST_SERVICES:
            self._lose("services")
        if len(self) > self._most:
            self._lose(next(stream for stream in GIVES_WAY if self._entries[stream]))

    def _lose(self, stream: Stream) -> None:
        self._entries[stream].popleft()
        self._lost[stream] += 1

    def count_lost(self, lost: Mapping[Stream, int]) -> None:
        """These never came here."""
        for stream, count in lost.items():
            self._lost[stream] += count

    def hurry(self) -> None:
        """Telemetry does not wait for its group any longer."""
        self._telemetry_since = -TELEMETRY_WITHIN

    def due_at(self) -> float | None:
        """When (monotonic seconds) something is to be written; None when nothing waits."""
        telemetry = self._entries["telemetry"]
        if self._entries["access"] or self._entries["services"] or len(telemetry) >= TELEMETRY_GROUP:
            return 0.0
        return self._telemetry_since + TELEMETRY_WITHIN if telemetry else None

    def due(self, *, everything: bool = False) -> list[Stamped]:
        """What is to be written now, in its order, after what tells how many went before it."""
        telemetry = self._entries["telemetry"]
        late = (
            everything or len(telemetry) >= TELEMETRY_GROUP or monotonic() >= self._telemetry_since + TELEMETRY_WITHIN
        )
        entries = [*self._entries["access"], *self._entries["services"], *(telemetry if late else ())]
        lost = [(stream, count) for stream, count in self._lost.items() if count and entries]
        return [*((entries[0][0], Dropped(stream, count=count)) for stream, count in lost), *entries]

    def written(self, entries: list[Stamped]) -> None:
        """These, which :meth:`due` gave, are on the disk; nothing was taken meanwhile."""
        for _, entry in entries:
            if isinstance(entry, Dropped) and entry.count:
                self._lost[entry.stream] -= entry.count
            else:
                self._entries[stream_of(entry)].popleft()

    def give_up(self, entries: list[Stamped]) -> None:
        """These can never be written: they count as lost."""
        given = set(map(id, entries))
        for stream, waiting in self._entries.items():
            kept = [each for each in waiting if id(each) not in given]
            self._lost[stream] += len(waiting) - len(kept)
            self._entries[stream] = deque(kept)


class Queue:
    """Jobs that the writer has not taken yet, bounded for as long as a disk that hangs keeps it. Safe from any thread."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._lost: Counter[Stream] = Counter()
        self._counting = threading.Lock()

    def __len__(self) -> int:
        return len(self._jobs)

    def put(self, job: Job) -> bool:
        """Whether it waits; else its entries count as lost: telemetry as soon as half the room is taken."""
        if isinstance(job, Record) and len(self._jobs) >= _room(job):
            with self._counting:
                self._lost.update(map(stream_of, job.entries))
            return False
        self._jobs.append(job)
        return True

    def take(self) -> Iterator[Job]:
        """All of them, in their order."""
        while self._jobs:
            yield self._jobs.popleft()

    def lost(self) -> Mapping[Stream, int]:
        """How many entries were lost since this was asked last."""
        with self._counting:
            lost, self._lost = self._lost, Counter()
        return lost


def _room(record: Record) -> int:
    telemetry = all(stream_of(each) == "telemetry" for each in record.entries)
    return MAX_WAITING // 2 if telemetry else MAX_WAITING
