"""What a page shows, told to each browser that listens as a server-sent event (HTML Living Standard, 9.2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from operator import ne
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from kiosk.loopback.page import HEADERS

STILL_HERE: Final = 10.0
"""Seconds after which a browser that was told nothing new is told so, and one that has gone is noticed."""


class News:
    """The latest, and whoever waits for the next; one that comes and goes while a browser does not read is left out."""

    def __init__(self, made: str, first: bytes) -> None:
        """`made`: what the page is made of, which goes with all that it is told."""
        self._made, self._now = made.encode(), first
        self._changed = asyncio.Condition()

    async def tell(self, now: bytes) -> None:
        """Tell it to all, if it is new."""
        if now != self._now:
            async with self._changed:
                self._now = now
                self._changed.notify_all()

    async def events(self, _request: Request) -> Response:
        """Whatever there is to be shown, for as long as the browser listens."""
        return StreamingResponse(self._events(), headers={**HEADERS, "Content-Type": "text/event-stream"})

    async def _events(self) -> AsyncIterator[bytes]:
        told: bytes | None = None
        while True:
            if told == self._now:
                yield b": still here\n\n"
            else:
                told = self._now
                yield b"id: %s\ndata: %s\n\n" % (self._made, told)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.until(partial(ne, told)), STILL_HERE)

    async def until(self, holds: Callable[[bytes], bool]) -> bytes:
        """The first that is so."""
        async with self._changed:
            await self._changed.wait_for(lambda: holds(self._now))
            return self._now
