"""Who was heard when, and what it said then: gathered here, and written once a minute for all."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from kiosk.central.asking import address_of
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed
from kiosk.central.store.sightings import Sighting

WRITE_EVERY: Final = 60.0
"""Seconds: a station says something every half minute, and nobody needs to know it better than that."""

LOOK_EVERY: Final = 1.0

LONGEST: Final = 64
"""Characters of what a station's program calls itself."""


class Attendance:
    """The event loop's. What could not be written yet is written with the next."""

    def __init__(self, store: CentralStore) -> None:
        self._store = store
        self._seen: dict[str, Sighting] = {}
        self._written_at = time.monotonic()
        self._phone_doors: dict[str, float] = {}
        self._new: set[str] = set()

    def heard(self, code: str, request: Request, now: float, documents: dict[str, int] | None = None) -> None:
        """A request that the station itself has signed; `documents`: those that it says it has."""
        before = self._seen.get(code)
        if documents is None and before:
            documents = before.documents
        address = address_of(request)
        self._seen[code] = Sighting(code, now, _plain(request.headers.get("User-Agent", "")), address, documents)

    def has_phone_door(self, code: str, now: float) -> None:
        """It names the capability, at `now` (monotonic): somebody may stand there, and wants to know it at once."""
        if now - self._phone_doors.get(code, -math.inf) >= WRITE_EVERY:
            self._phone_doors[code] = now
            self._new.add(code)

    async def turn(self) -> None:
        """Write when it is time."""
        if self._new:
            await self._write_phone_doors()
        if time.monotonic() - self._written_at >= WRITE_EVERY:
            self._written_at = time.monotonic()
            await self.write()
        await asyncio.sleep(LOOK_EVERY)

    async def _write_phone_doors(self) -> None:
        new, self._new = self._new, set()
        try:
            await run_in_threadpool(self._store.has_phone_door, new, time.time())
        except StoreFailed:
            self._new |= new

    async def write(self) -> None:
        """All that has gathered. While the database is away it goes on gathering: one sighting a station."""
        gathered, self._seen = self._seen, {}
        if not gathered:
            return
        try:
            await run_in_threadpool(self._store.saw, list(gathered.values()))
        except StoreFailed:
            self._seen = gathered | self._seen


def _plain(name: str) -> str:
    """What a database and a terminal can have."""
    return "".join(each for each in name if each.isascii() and each.isprintable())[:LONGEST]
