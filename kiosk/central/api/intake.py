"""Batches wait here for each other: one transaction, and one fsync, takes all that came while the last was written."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from msgspec import Struct

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
    became: asyncio.Future[Taken]

    def tell(self, became: Became | BaseException) -> None:
        """Whoever waits, if anybody still does."""
        if self.became.done():
            return
        if isinstance(became, BaseException):
            self.became.set_exception(became)
        else:
            self.became.set_result(became)


class Intake:
    """The event loop's. What has gathered is written in a thread, and the next follows before anybody's answer is sent."""

    def __init__(self, store: CentralStore) -> None:
        self._store = store
        self._in_work = 0
        self._gathered: deque[_Waiting] = deque()
        self._writing = False

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
        loop = asyncio.get_running_loop()
        mine = _Waiting(sent, loop.create_future())
        self._gathered.append(mine)
        if not self._writing:
            self._writing = True
            loop.call_soon(self._write_next)  # with all that came in the same turn of the loop
        return await mine.became

    def _write_next(self) -> None:
        together = self._together()
        self._writing = bool(together)
        if together:
            batches = [each.sent for each in together]
            loop = asyncio.get_running_loop()
            written = loop.run_in_executor(None, self._store.take_all, batches, time.time())
            written.add_done_callback(partial(self._tell, together))

    def _together(self) -> list[_Waiting]:
        found, entries = list[_Waiting](), 0
        while self._gathered:
            entries += len(self._gathered[0].sent.batch.entries)
            if found and entries > MOST_TOGETHER:
                break
            found.append(self._gathered.popleft())
        return found

    def _tell(self, together: list[_Waiting], written: asyncio.Future[list[Became]]) -> None:
        failed = written.exception()
        if isinstance(failed, StoreFailed):
            # it is that of all, also of who came meanwhile, or each would wait for the same in turn
            together += self._gathered
            self._gathered.clear()
        self._write_next()
        became = [failed] * len(together) if failed else written.result()
        for each, found in zip(together, became, strict=True):
            each.tell(found)
