"""Connections to PostgreSQL that somebody waits for: since when, which server is there, and how one is broken from outside."""

from __future__ import annotations

import math
import os
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from weakref import WeakKeyDictionary

from psycopg import Connection

from kiosk.central.store.engine import Row


class Waits:
    """Since when each connection is in use, so that one that hangs can be ended from outside."""

    def __init__(self) -> None:
        self._since: dict[Connection[Row], float] = {}
        self._answered: WeakKeyDictionary[Connection[Row], float] = WeakKeyDictionary()

    @contextmanager
    def on(self, connection: Connection[Row]) -> Iterator[None]:
        """Within the block somebody may be waiting for it."""
        self._since[connection] = time.monotonic()
        try:
            yield
        finally:
            self._since.pop(connection, None)
            self._answered[connection] = time.monotonic()

    def answered_within(self, seconds: float, connection: Connection[Row]) -> bool:
        """Whether its last use ended so lately."""
        return time.monotonic() - self._answered.get(connection, -math.inf) < seconds

    def longer_than(self, seconds: float) -> list[Connection[Row]]:
        """Those that are in use for longer."""
        now = time.monotonic()
        return [connection for connection, since in [*self._since.items()] if now - since > seconds]


def something_to_read(connection: Connection[Row]) -> bool:
    """Whether it has said something that nobody waits for, as a server does that ends it."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def server_of(connection: Connection[Row]) -> tuple[str, str, int]:
    """Which server is at its other end."""
    return connection.info.host, connection.info.hostaddr, connection.info.port


def end(connection: Connection[Row]) -> None:
    """Break it, from another thread than the one that waits for it, which then is told so."""
    with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as doubled:
        doubled.shutdown(socket.SHUT_RDWR)
