"""The program: a page for a browser on this machine, and what is touched there, told to the station.

It is thought to be taken over, since it talks to a browser. It has no network but loopback, no file but the pictures of events
and no secret; what it may say to the station is a small closed union, and that a few times in a row. No touch is in its log.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kiosk.core.desk.pace import Pace, taken
from kiosk.decoding import NotUnderstood, read_json
from kiosk.desk import pictures
from kiosk.desk.asked import PATHS, Asked, Drawn, FromPage, message
from kiosk.desk.page import AWAY, Page, shown
from kiosk.desk.station import ToStation
from kiosk.local import boot_time
from kiosk.loopback.news import News
from kiosk.loopback.page import HEADERS
from kiosk.loopback.presence import GONE_AFTER, Presence
from kiosk.loopback.serving import NAMES, app_of, serve
from kiosk.loops import Loops
from kiosk.settings import DeskTable, Settings
from kiosk.wire import Answer, Refused
from kiosk.wire.inside import MAX_TOUCH, BallotView, DeskView, Displays, GetDesk, Kept

log = logging.getLogger(__name__)

ASK_EVERY: Final = 1.0
"""Seconds between two questions what is to be shown: a steward who shows a pass waits. The station so knows that we live."""

ASK_FOR_CARDS_EVERY: Final = 0.25
"""While somebody votes by cards: two that came between two questions would be one."""

TELL_EVERY: Final = 60.0
"""Seconds between two lines on what was refused: a flood must not fill the log."""

BODY_WITHIN: Final = 5.0

Sent = TypeVar("Sent", bound=FromPage)


class Program:
    """What the station last told, whether the display shows it, and how fast touches came.

    Touches have a connection of their own: what is shown does not wait for a card that is slow.
    """

    def __init__(self, settings: Settings, table: DeskTable, end: Callable[[], None] = lambda: None) -> None:
        """`end` ends the server, when a loop fails again and again."""
        self._station, self._touches = (ToStation(settings.run / "desk.sock") for _ in range(2))
        self._token = secrets.token_urlsafe(16)
        self._origins = {f"http://{name}:{table.port}" for name in NAMES}
        self._cards = table.cards
        self._offset = settings.station.utc_offset * 3600
        self._pictures = settings.pictures
        self._page = Page(settings.station.name, self._token, cards=table.cards, keyboard=table.keyboard)
        self._news = News(self._page.made, msgspec.json.encode(AWAY))
        self._presence, self._frames, self._told = Presence(), -1, True
        self._ballot: BallotView | None = None
        self._pace, self._refused, self._refused_at = Pace(), 0, 0.0
        self.loops = Loops(wake=end)

    def app(self) -> Starlette:
        """The page, its parts, what it is told, and what it may say."""
        routes = self._page.routes()
        routes.append(Route("/events", self._news.events, methods=["GET"]))
        routes.append(Route("/alive", self._presence.alive, methods=["GET"]))
        routes.append(pictures.route(self._pictures))
        routes.append(Route("/here", self._here, methods=["POST"]))
        routes += [Route(path, self._taking(kind), methods=["POST"]) for path, kind in PATHS.items()]
        return app_of(routes, self._turning)

    def _turning(self) -> list[Coroutine[Any, Any, None]]:
        return [self.loops.keep("station", self._look)]

    async def _look(self) -> None:
        """Ask what is to be shown, and tell the page; tell the station whether it is shown."""
        answer = await self._station.ask(GetDesk())
        view = answer if isinstance(answer, DeskView) else None
        self._ballot = view.ballot if view else None
        await self._news.tell(msgspec.json.encode(shown(view, self._offset)))
        await self._tell_of_display(there=view is not None)
        self._tell_of_refused()
        self.loops.feed()
        await asyncio.sleep(ASK_FOR_CARDS_EVERY if self._ballot and self._cards else ASK_EVERY)

    async def _tell_of_display(self, *, there: bool) -> None:
        """Once each way; a station that was away takes it for one that works."""
        works = self._presence.ago <= GONE_AFTER
        if there and works != self._told:
            await self._station.ask(Displays(works))
        self._told = works or not there

    def _tell_of_refused(self) -> None:
        """In one line a minute, and without its content."""
        if self._refused and boot_time() - self._refused_at >= TELL_EVERY:
            log.warning("requests refused: %d", self._refused)
            self._refused, self._refused_at = 0, boot_time()

    async def _here(self, request: Request) -> Response:
        """A page of ours that the display goes on drawing."""
        drawn = await self._read(request, Drawn)
        if drawn.goes_on(self._page.made, self._frames):
            self._presence.heard()
        self._frames = drawn.frames
        return Response(status_code=204, headers=HEADERS)

    def _taking(self, kind: type[Asked]) -> Callable[[Request], Awaitable[Response]]:
        async def take(request: Request) -> Response:
            """204 once it is on the disk."""
            asked = await self._read(request, kind)
            pace = taken(self._pace, boot_time())
            if pace is None:
                raise self._refusal(429)
            self._pace = pace
            wanted = message(asked, self._ballot)
            answer = await self._touches.ask(wanted) if wanted else Refused("another ballot")
            if isinstance(answer, Kept):
                return Response(status_code=204, headers=HEADERS)
            raise self._refusal(_status(answer))

        return take

    async def _read(self, request: Request, kind: type[Sent]) -> Sent:
        """What is in the request. Raises HTTPException for whatever the page would not send."""
        if request.headers.get("origin") not in self._origins:  # a browser tells the address of the page that asks
            raise self._refusal(403)
        if request.headers.get("content-type") != "application/json":
            raise self._refusal(415)
        try:
            sent: Sent = read_json(await self._body(request), kind, MAX_TOUCH)
        except NotUnderstood:
            raise self._refusal(400) from None
        if not secrets.compare_digest(sent.token.encode("utf-8", "replace"), self._token.encode()):
            raise self._refusal(403)
        return sent

    async def _body(self, request: Request) -> bytes:
        body = b""
        try:
            async with asyncio.timeout(BODY_WITHIN):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > MAX_TOUCH:
                        raise self._refusal(413)
        except TimeoutError:
            raise self._refusal(408) from None
        return body

    def _refusal(self, status: int) -> HTTPException:
        self._refused += 1
        return HTTPException(status)


def _status(answer: Answer | None) -> int:
    """429 for one too many, 503 where the station is away or its disk takes none, 409 for what it does not take now."""
    why = answer.why if isinstance(answer, Refused) else "not_saved"
    return {"too_many": 429, "not_saved": 503}.get(why, 409)


def run(settings: Settings, table: DeskTable) -> None:
    """Serve until it is told to stop. Raises OSError where it cannot listen, LoopFailed when a loop fails again and again."""
    serve(table.port, lambda end: Program(settings, table, end))
