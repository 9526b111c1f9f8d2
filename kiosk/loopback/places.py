"""The places at the page's port: nobody on this machine can take them all, and whoever says nothing has none for long.

Over TCP the kernel does not tell the account at the other end, so places go by what a connection does: one that asks nothing
gives way first, then the newest that is answered, so that a display that has been there stays.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_BROWSERS: Final = 16
IDLE: Final = 5.0
"""Seconds for a request to come whole, the first or the next."""

STUCK: Final = 30.0
"""Seconds for a browser to take something of what was written to it."""

LOOK_EVERY: Final = 1.0


class Connection(H11Protocol):
    """A browser's connection, which ends by itself when it is idle or stuck, and when others need its place."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Take a place; somebody else's when there is none."""
        super().connection_made(transport)
        self._since = self._wrote_at = monotonic()
        self._unsent = 0
        here = [each for each in self.connections if isinstance(each, Connection) and each is not self]
        if len(here) >= MOST_BROWSERS:
            _gives_way(here).transport.abort()
        self.loop.call_later(LOOK_EVERY, self._look)

    def on_response_complete(self) -> None:
        """The next request has its own time."""
        self._since = monotonic()
        super().on_response_complete()

    @property
    def answered(self) -> bool:
        """Whether it has asked for something whose answer goes on."""
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def since(self) -> float:
        """When it connected, or its last answer ended (seconds, monotonic)."""
        return self._since

    def _look(self) -> None:
        if self not in self.connections:
            return
        now, unsent = monotonic(), self.transport.get_write_buffer_size()
        if not unsent or unsent < self._unsent:
            self._wrote_at = now
        self._unsent = unsent
        if now - self._wrote_at > STUCK or (not self.answered and now - self._since > IDLE):
            self.transport.abort()
        else:
            self.loop.call_later(LOOK_EVERY, self._look)


def _gives_way(here: list[Connection]) -> Connection:
    """The one that has asked nothing for longest, or else the newest."""
    idle = [each for each in here if not each.answered]
    return min(idle, key=lambda each: each.since) if idle else max(here, key=lambda each: each.since)
