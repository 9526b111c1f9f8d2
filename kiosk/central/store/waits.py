"""Connections to PostgreSQL that somebody waits for: since when, at which server, whom to ask instead, and how one is ended."""

from __future__ import annotations

import math
import os
import select
import socket
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Final
from weakref import WeakKeyDictionary

from psycopg import Connection, Error
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from kiosk.central.store.engine import Row

Server = tuple[str, str, int]
"""What a connection string calls it, its address, and its port."""

Place = dict[str, str]
"""Of one server: `host`, `hostaddr` and `port`, as far as the connection string has them."""

PORT: Final = "5432"


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


def server_of(connection: Connection[Row]) -> Server:
    """Which server is at its other end."""
    return connection.info.host, connection.info.hostaddr, connection.info.port


def without(dsn: str, servers: Collection[Server]) -> str:
    """The connection string with the others of its servers; as it is where there are no others."""
    return _of(dsn, lambda places: [each for each in places if not any(_is(each, one) for one in servers)] or places)


def last(dsn: str, servers: Collection[Server]) -> str:
    """The connection string by which these of its servers are asked after all others."""
    return _of(dsn, lambda places: sorted(places, key=lambda each: any(_is(each, one) for one in servers)))


def _of(dsn: str, chosen: Callable[[list[Place]], list[Place]]) -> str:
    said = conninfo_to_dict(dsn)
    lists = {name: f"{said[name]}".split(",") for name in ("host", "hostaddr", "port") if name in said}
    count = max(map(len, lists.values()), default=0)
    if count < 2:
        return dsn
    each_has = {name: found * count if len(found) == 1 else found for name, found in lists.items()}
    places = chosen([dict(zip(each_has, values, strict=True)) for values in zip(*each_has.values(), strict=True)])
    return make_conninfo(dsn, **{name: ",".join(each[name] for each in places) for name in lists})


def _is(place: Place, server: Server) -> bool:
    """Two may have one name, which one certificate has for both, and each an address."""
    name, address, port = server
    where = place.get("host"), place.get("hostaddr")
    is_there = where == (name, address) if all(where) else name in where
    return is_there and (place.get("port") or PORT) == f"{port}"


def end(connection: Connection[Row]) -> None:
    """Break it, from another thread than the one that waits for it, which then is told so, or has closed it meanwhile."""
    with suppress(OSError, Error), socket.socket(fileno=os.dup(connection.fileno())) as doubled:
        doubled.shutdown(socket.SHUT_RDWR)
