"""Serves an app at a port of loopback until it is told to stop, and runs its loops meanwhile."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Route

from kiosk.local import notify
from kiosk.loopback.places import Connection
from kiosk.loopback.presence import HOST
from kiosk.loops import LoopFailed, Loops

NAMES = (HOST, "localhost")
"""What a browser may call this machine: no name that somebody lets resolve to it."""


class Served(Protocol):
    """A program with a page."""

    loops: Loops

    def app(self) -> Starlette:
        """What it answers."""


def app_of(routes: list[Route], loops: Callable[[], list[Coroutine[Any, Any, None]]]) -> Starlette:
    """An app of these routes; the loops run while it is served, and systemd is told when they do."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(each) for each in loops()]
        notify("READY=1")
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError, LoopFailed):
                await task

    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[*NAMES])
    return Starlette(routes=routes, middleware=[hosts], lifespan=lifespan)


def serve(port: int, make: Callable[[Callable[[], None]], Served]) -> None:
    """Serve the program that `make` makes, which is handed what ends it.

    Raises OSError where it cannot listen, LoopFailed when a loop fails again and again.
    """
    with socket.create_server((HOST, port)) as listening:

        def end() -> None:
            server.should_exit = True

        program = make(end)
        config = uvicorn.Config(
            program.app(),
            http=Connection,
            loop="asyncio",  # what a station has: uvloop comes with the centre alone
            ws="none",
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        with suppress(KeyboardInterrupt):  # uvicorn raises it again when it has ended in order
            server.run(sockets=[listening])
        program.loops.check()
