"""Batches wait here for each other: one transaction, and one fsync, takes all that came while the last was written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct
from starlette.concurrency import run_in_threadpool

from kiosk.central.api.answers import Refused
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed
from kiosk.central.store.logs import Became, Sent, Taken

MOST_AT_ONCE: Final = 64
"""Batches in work, from the last byte of their body to their answer."""

MOST_TOGETHER: Final = 2000
"""Entries that are written together, but for a batch that has more: all its stations wait until the last is on the disk."""

LATER: Final = 5
"""Seconds after which a station may come again that found no place."""


class _Waiting(Struct, eq=False):
    sent: Sent
    became: Became | None = None


class Intake:
    """The event loop's; what has gathered is written in a thread, by whoever comes first after the last was written."""

    def __init__(self, store: CentralStore) -> None:
        self._store = store
        self._in_work = 0
        self._gathered: list[_Waiting] = []
        self._writing = asyncio.Lock()

    def check(self) -> None:
        """Refuses with 503 when all places are taken; no body needs to be read for that."""
        if self._in_work >= MOST_AT_ONCE:
            raise Refused(503, f"{MOST_AT_ONCE} batches are in work", retry_after=LATER)

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for one batch that is there. Refuses with 503 when all are taken."""
        self.check()
        self._in_work += 1
        try:
            yield
        finally:
            self._in_work -= 1

    async def take(self, sent: Sent) -> Taken:
        """What became of a batch, once it is on the disk. Raises GapFound, ConflictFound and StoreFailed."""
        mine = _Waiting(sent)
        self._gathered.append(mine)
        async with self._writing:
            try:
                became = mine.became or await self._write(mine)
            finally:
                if mine in self._gathered:
                    self._gathered.remove(mine)
        if isinstance(became, Exception):
            raise became
        return became

    def _together(self, first: _Waiting) -> list[_Waiting]:
        found, entries = [first], len(first.sent.batch.entries)
        for each in (each for each in self._gathered if each is not first):
            entries += len(each.sent.batch.entries)
            if entries > MOST_TOGETHER:
                break
            found.append(each)
        return found

    async def _write(self, first: _Waiting) -> Became:
        gathered = self._together(first)
        try:
            found: list[Became] = await run_in_threadpool(
                self._store.take_all, [each.sent for each in gathered], time.time()
            )
        except StoreFailed as error:
            # it is that of all, also of who came meanwhile, or each would wait for the same in turn
            gathered = [first, *(each for each in self._gathered if each is not first)]
            found = [error] * len(gathered)
        for each, became in zip(gathered, found, strict=True):
            each.became = became
        self._gathered = [each for each in self._gathered if each.became is None]
        return found[0]
