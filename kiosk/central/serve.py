"""`kiosk central serve`: the app under uvicorn, known to systemd; it closes what nobody uses."""

from __future__ import annotations

import gc
import math
import resource
import socket
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal, get_args

import uvicorn
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from kiosk.central import monitoring
from kiosk.central.api.app import Central
from kiosk.central.api.doubt import Refusals
from kiosk.central.api.held import Holding
from kiosk.central.issuer import Issuer
from kiosk.central.keys.making import existing_store
from kiosk.central.store import CentralStore
from kiosk.central.workers import shared
from kiosk.decoding import learn_types
from kiosk.local import notify

Part = Literal["api", "office", "public", "passes"]
Parts = frozenset[Part]
ALL: Final[Parts] = frozenset(get_args(Part))
"""What stations speak with, the operators' pages, those for everybody, and the page with a pass, if it has an address."""

NOT_STARTED: Final = 3
BACKLOG: Final = 4096
"""Connections that the kernel holds until they are taken: a province that comes back all at once."""

KEEP_ALIVE: Final = 75
"""Seconds for which a connection is kept without a request."""

HEAD_WITHIN: Final = 20.0
"""Seconds for a new connection's first request line and headers, TLS among them."""

REQUEST_WITHIN: Final = 180.0
"""Seconds from a request to the end of its answer: 60 for a slow body, 60 for a long poll."""

ANSWER_WITHIN: Final = 3600.0
"""Seconds for an answer that is on its way: a station takes 100 bytes a second for slow, and 300 kB for a list."""

ENDS_WITHIN: Final = 5
"""Seconds for the answers that are on their way when it ends."""

SWEEP_EVERY: Final = 5.0

COLLECT_AFTER: Final = 10_000
"""Objects that are made and not let go of, after which garbage is looked for among the newest; Python's own is 700."""


class Idle:
    """Which connections have been doing the same for too long: no request yet, the same request, or nothing after it."""

    def __init__(self) -> None:
        self._since: dict[Any, tuple[Any, bool, float]] = {}

    def overdue(self, connections: Iterable[Any], now: float) -> list[Any]:
        """Those to be closed at `now` (seconds, monotonic). `connections`: uvicorn's protocols, each with its `cycle`."""
        since = {}
        for each in connections:
            doing = (each.cycle, each.cycle is not None and each.cycle.response_complete)
            before = self._since.get(each)
            since[each] = before if before and before[:2] == doing else (*doing, now)
        self._since = since
        return [each for each, (_cycle, over, at) in since.items() if now - at > _patience(each, over=over)]


def _patience(connection: Any, *, over: bool) -> float:
    if connection.transport.get_write_buffer_size():
        return ANSWER_WITHIN
    if connection.cycle is None:
        return HEAD_WITHIN
    return KEEP_ALIVE + SWEEP_EVERY if over else REQUEST_WITHIN


class Server(uvicorn.Server):
    """Tells systemd when it listens, and closes connections that are idle or slow; uvicorn alone waits for ever."""

    def __init__(self, config: uvicorn.Config, last_words: Callable[[], None]) -> None:
        super().__init__(config)
        self._last_words = last_words

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        _spare_collections()
        self._idle = Idle()
        self._swept_at = -math.inf
        if self.started:
            notify("READY=1")

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second while it serves."""
        now = time.monotonic()
        if now - self._swept_at >= SWEEP_EVERY:
            self._swept_at = now
            for each in self._idle.overdue(self.server_state.connections, now):
                each.transport.abort()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Whoever waits for documents is answered; uvicorn alone would cancel each with an error."""
        self._last_words()
        await super().shutdown(sockets)

    def leave(self) -> None:
        """End after the requests in work; safe from any thread."""
        self.should_exit = True


def serve(
    folder: Path,
    host: str,
    port: int,
    cert: Path | None = None,
    key: Path | None = None,
    workers: int = 1,
    parts: Parts = ALL,
    begun: Callable[[CentralStore], None] = lambda _: None,
) -> None:
    """Serve until it is told to stop. Raises CannotSign, and LoopFailed when one of its loops failed too often.

    Where it cannot listen it raises OSError, before anything else is touched; once it can, `begun` is called.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=BACKLOG) as listening:
        _prepare(folder, begun)
        refusals = Refusals()
        if workers == 1 or shared(workers):
            _serve(folder, listening, cert, key, parts, refusals)


def _prepare(folder: Path, begun: Callable[[CentralStore], None]) -> None:
    """What a start publishes is published once, and what is wrong is said once."""
    with closing(existing_store(folder)) as store:
        Issuer(folder, store).ready()
        begun(store)


def _serve(
    folder: Path, listening: socket.socket, cert: Path | None, key: Path | None, parts: Parts, refusals: Refusals
) -> None:
    _open_files()
    central = Central(folder, lambda: server.leave(), refusals)  # noqa: PLW0108  it is made after the app
    config = uvicorn.Config(
        _by_host(central, parts, Holding(central.app(_routes(central, parts), contract="api" in parts))),
        backlog=BACKLOG,
        http=_parser(),
        loop="uvloop" if find_spec("uvloop") else "asyncio",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=ENDS_WITHIN,
        ssl_certfile=str(cert) if cert else None,
        ssl_keyfile=str(key) if key else None,
    )
    server = Server(config, central.end)
    learn_types()
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    central.loops.check()
    if not server.started:
        sys.exit(NOT_STARTED)


def _routes(central: Central, parts: Parts) -> list[BaseRoute]:
    """What this process serves, and what watches over it: who only serves stations needs none of the pages' libraries."""
    found = monitoring.routes(central.store)
    if "office" in parts:
        from kiosk.central.office import app as office  # noqa: PLC0415

        found += office.routes(central.store, central.issuer)
    if "public" in parts:
        from kiosk.central.public import app as public  # noqa: PLC0415

        found += public.alone(central.store) if parts == {"public"} else public.routes(central.store)
    return found


def _by_host(central: Central, parts: Parts, app: ASGIApp) -> ASGIApp:
    """Under the host of the page with a pass there is that page alone, and nothing where another process serves it."""
    origin = central.store.addresses.passes
    if not origin:
        return app
    from kiosk.central.passpage.app import ByHost, nothing, pass_page  # noqa: PLC0415

    there = pass_page(central.store, central.issuer, origin) if "passes" in parts else nothing()
    return ByHost(origin, there, app)


def _parser() -> Any:
    """The faster one where it is installed: half the processor time of a request."""
    if not find_spec("httptools"):
        return "h11"
    from kiosk.central.parser import Bounded  # noqa: PLC0415  it cannot be imported otherwise

    return Bounded


def _spare_collections() -> None:
    """What is loaded by now stays, and is not gone through again each time that garbage is looked for: a tenth of all work."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


def _open_files() -> None:
    """As many files as this account may have: each station holds a connection, and the usual limit is 1,024.

    Under systemd it may not ask, and has what the unit says.
    """
    _soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
