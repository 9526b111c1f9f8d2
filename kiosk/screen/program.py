"""The program: one connection to the station, from which it only hears, and a page for browsers on this machine.

The page gets each face as a server-sent event (HTML Living Standard, 9.2), and says that it is there. There is nothing else
that a browser could say, nothing that it could change, and no address but loopback's to ask at.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from kiosk.decoding import NotUnderstood, read_json
from kiosk.local import boot_time, notify
from kiosk.loops import LoopFailed, Loops
from kiosk.screen.addresses import addresses
from kiosk.screen.faces import Face, Heard, Machine, face, heard
from kiosk.screen.page import HEADERS, Page
from kiosk.screen.places import Connection
from kiosk.screen.presence import HOST, Presence
from kiosk.settings import ScreenTable, Settings
from kiosk.wire import MAX_LINE, Answer, GetView, Subscribe, encode

log = logging.getLogger(__name__)

RETRY: Final = 1.0
LOOK_EVERY: Final = 0.5
"""Seconds after which a refusal that was read is seen to be over, and systemd is told that we live."""

LISTEN: Final = 10.0
"""Seconds after which a station that says nothing is asked for its view: what changes by time alone it does not tell."""

SILENCES: Final = 3
"""So many of them, and it hangs: its page would be as old."""

STILL_HERE: Final = 10.0
"""Seconds after which a browser that was told nothing new is told so, and one that has gone is noticed."""


class Program:
    """The latest face, and whoever waits for the next."""

    def __init__(self, settings: Settings, table: ScreenTable, end: Callable[[], None] = lambda: None) -> None:
        """`end` ends the server, when a loop fails again and again."""
        self._socket = settings.run / "control.sock"
        self._settings, self._table = settings, table
        self._scanners = tuple(name for name, each in settings.scanners.items() if each.door == table.door)
        self._page = Page(settings.station.name, table.call)
        self._machine = Machine(settings.station.utc_offset * 3600)
        self._known = Heard()
        self._face = self._now()
        self._news = asyncio.Condition()
        self._presence = Presence()
        self.loops = Loops(wake=end)

    def app(self) -> Starlette:
        """The page, its parts, and the events."""
        routes = self._page.routes()
        routes.append(Route("/events", self._events, methods=["GET"]))
        routes.append(Route("/here", self._presence.here, methods=["POST"]))
        routes.append(Route("/alive", self._presence.alive, methods=["GET"]))
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
        return Starlette(routes=routes, middleware=[hosts], lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        loops = self.loops.keep("station", self._follow), self.loops.keep("page", self._look)
        tasks = [asyncio.create_task(each) for each in loops]
        notify("READY=1")
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError, LoopFailed):
                await task

    async def _follow(self) -> None:
        """Hear what the station tells until it goes, or in vain; then wait a moment."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._socket), limit=MAX_LINE)
        except OSError as error:
            log.debug("%s: %s", self._socket, error)
        else:
            log.info("connected to the station")
            try:
                await self._hear_all(reader, writer)
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
                await self._hear(None)
            log.warning("the station has gone")
        await asyncio.sleep(RETRY)

    async def _hear_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError):  # of a line that is too long
            writer.write(encode(Subscribe()))
            while line := await self._line(reader, writer):
                try:
                    message = read_json(line, Answer, MAX_LINE)
                except NotUnderstood as error:
                    log.warning("the station says what nobody here understands: %s", error)
                else:
                    await self._hear(message)

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """The next line; empty at the end, or when a station that was asked says nothing. The loop is seen to live."""
        for _ in range(SILENCES):
            self.loops.turned("station")
            with suppress(TimeoutError):
                return await asyncio.wait_for(reader.readline(), LISTEN)
            writer.write(encode(GetView()))
        return b""

    async def _hear(self, message: Answer | None) -> None:
        self._known = heard(self._known, message, self._table.door, boot_time())
        await self._show()

    async def _look(self) -> None:
        self._machine = Machine(self._machine.offset, addresses())
        await self._show()
        self.loops.feed()
        await asyncio.sleep(LOOK_EVERY)

    async def _show(self) -> None:
        now = self._now()
        if now != self._face:
            async with self._news:
                self._face = now
                self._news.notify_all()

    def _now(self) -> Face:
        return face(self._known, self._table.door, self._scanners, boot_time(), self._machine)

    async def _events(self, _request: Request) -> Response:
        return StreamingResponse(self._faces(), headers={**HEADERS, "Content-Type": "text/event-stream"})

    async def _faces(self) -> AsyncIterator[bytes]:
        """The face now, and each that follows; one that comes and goes while a browser does not read is left out."""
        told: Face | None = None
        while True:
            if told == self._face:
                yield b": still here\n\n"
            else:
                told = self._face
                yield b"id: %s\ndata: %s\n\n" % (self._page.made.encode(), msgspec.json.encode(told))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._next(told), STILL_HERE)

    async def _next(self, told: Face) -> None:
        async with self._news:
            await self._news.wait_for(lambda: told != self._face)


def run(settings: Settings, table: ScreenTable) -> None:
    """Serve until it is told to stop. Raises OSError where it cannot listen, LoopFailed when a loop fails again and again."""
    with socket.create_server((HOST, table.port)) as listening:
        _serve(settings, table, listening)


def _serve(settings: Settings, table: ScreenTable, listening: socket.socket) -> None:

    def end() -> None:
        server.should_exit = True

    program = Program(settings, table, end)
    config = uvicorn.Config(
        program.app(),
        http=Connection,
        ws="none",
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):  # uvicorn raises it again when it has ended in order
        server.run(sockets=[listening])
    program.loops.check()
