"""The program: one connection to the station, from which it only hears, and a page for browsers on this machine.

The page gets each face as a server-sent event (HTML Living Standard, 9.2), and says that it is there. There is nothing else
that a browser could say, nothing that it could change, and no address but loopback's to ask at.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.routing import Route

from kiosk.decoding import NotUnderstood, read_json
from kiosk.local import boot_time
from kiosk.loopback.news import News
from kiosk.loopback.presence import Presence
from kiosk.loopback.serving import app_of, serve
from kiosk.loops import Loops
from kiosk.screen.addresses import addresses
from kiosk.screen.faces import Heard, Machine, face, heard
from kiosk.screen.page import Page
from kiosk.settings import ScreenTable, Settings
from kiosk.wire import Answer, GetView, Subscribe, encode
from kiosk.wire.base import MAX_LINE

log = logging.getLogger(__name__)

RETRY: Final = 1.0
LOOK_EVERY: Final = 0.5
"""Seconds after which a refusal that was read is seen to be over, and systemd is told that we live."""

LISTEN: Final = 10.0
"""Seconds after which a station that says nothing is asked for its view: what changes by time alone it does not tell."""

SILENCES: Final = 3
"""So many of them, and it hangs: its page would be as old."""


class Program:
    """What was heard of the station, and the face that it makes."""

    def __init__(self, settings: Settings, table: ScreenTable, end: Callable[[], None] = lambda: None) -> None:
        """`end` ends the server, when a loop fails again and again."""
        self._socket = settings.run / "control.sock"
        self._settings, self._table = settings, table
        self._scanners = tuple(name for name, each in settings.scanners.items() if each.door == table.door)
        self._page = Page(settings.station.name, table.call)
        self._machine = Machine(settings.station.utc_offset * 3600, pass_page=table.pass_page or "")
        self._known = Heard()
        self._news = News(self._page.made, self._now())
        self._presence = Presence()
        self.loops = Loops(wake=end)

    def app(self) -> Starlette:
        """The page, its parts, and the events."""
        routes = self._page.routes()
        routes.append(Route("/events", self._news.events, methods=["GET"]))
        routes.append(Route("/here", self._presence.here, methods=["POST"]))
        routes.append(Route("/alive", self._presence.alive, methods=["GET"]))
        return app_of(routes, self._turning)

    def _turning(self) -> list[Coroutine[Any, Any, None]]:
        return [self.loops.keep("station", self._follow), self.loops.keep("page", self._look)]

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
        self._machine = replace(self._machine, addresses=addresses())
        await self._show()
        self.loops.feed()
        await asyncio.sleep(LOOK_EVERY)

    async def _show(self) -> None:
        await self._news.tell(self._now())

    def _now(self) -> bytes:
        now = face(self._known, self._table.door, self._scanners, boot_time(), self._machine)
        return msgspec.json.encode(now)


def run(settings: Settings, table: ScreenTable) -> None:
    """Serve until it is told to stop. Raises OSError where it cannot listen, LoopFailed when a loop fails again and again."""
    serve(table.port, lambda end: Program(settings, table, end))
