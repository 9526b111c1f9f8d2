"""How many passes of each kind each client got: counted in memory, and written once a minute.

They are no acts of the audit: a live pass gives a holder nothing that they had not, the audit is a chain to which everything is
added one after the other, and a line for each would say who was about to go to a station.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Final

from starlette.concurrency import run_in_threadpool

from kiosk.central.figures import local
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed

WRITE_EVERY: Final = 60.0
LOOK_EVERY: Final = 1.0


class Tally:
    """The event loop's. What could not be written yet is written with the next."""

    def __init__(self, store: CentralStore) -> None:
        self._store = store
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._written_at = time.monotonic()

    def signed(self, account: str, kind: str, now: float) -> None:
        """One more."""
        self._counts[local(now)[0], account, kind] += 1

    async def turn(self) -> None:
        """Write when it is time."""
        if time.monotonic() - self._written_at >= WRITE_EVERY:
            self._written_at = time.monotonic()
            await self.write()
        await asyncio.sleep(LOOK_EVERY)

    async def write(self) -> None:
        """All that has gathered."""
        gathered, self._counts = self._counts, Counter()
        try:
            for day in {day for day, _account, _kind in gathered}:
                counts = {(account, kind): n for (on, account, kind), n in gathered.items() if on == day}
                await run_in_threadpool(self._store.count_signed, day, counts)
        except StoreFailed:
            self._counts += gathered
