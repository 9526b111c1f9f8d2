"""Threads of their own for pages and orders: stations are served from the same process, and never wait for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

import anyio
from anyio import to_thread
from starlette.exceptions import HTTPException

from kiosk.language import _

AT_ONCE: Final = 8
WAITING: Final = 24
"""Requests that may wait for one of these threads; whoever comes then is told to come again."""

AGAIN_IN: Final = 5
LATER: Final = {"Retry-After": f"{AGAIN_IN}"}
"""In an answer to whom there was no room, or nothing to say: the seconds after which to come again (RFC 9110, 10.2.3)."""

T = TypeVar("T")


class Busy(Exception):
    """So many are at work and wait already."""


class Turns:
    """Who is at work, and who waits."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._at_once, self._most = at_once, at_once + waiting
        self._limiter: anyio.CapacityLimiter | None = None
        self._count = 0

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Do it in a thread, perhaps after others. Raises Busy at once."""
        if self._count >= self._most:
            raise Busy
        self._limiter = self._limiter or anyio.CapacityLimiter(self._at_once)
        self._count += 1
        try:
            return await to_thread.run_sync(partial(work, *args), limiter=self._limiter)
        finally:
            self._count -= 1


def no_room() -> HTTPException:
    """What whoever met Busy is told."""
    return HTTPException(503, _("Too many pages are being made. Try again in a few seconds."), LATER)
