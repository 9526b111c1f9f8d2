"""Server-sent events: a page is told that what it shows has changed. Without JavaScript somebody loads it again."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from kiosk.central.office.asked import Asked
from kiosk.central.roles import Roles
from kiosk.central.store.engine import StoreFailed
from kiosk.central.web.turns import Busy, Turns
from kiosk.language import _

LOOK_EVERY: Final = 2.0
"""Seconds between two looks at the database."""

LASTS: Final = 150.0
"""Seconds of one stream: the server ends a request after 180, and the browser comes again by itself."""

MOST: Final = 50
"""Streams of a process; whoever comes later sees what was there when they loaded the page."""

MOST_OF_ACCOUNT: Final = 6
LOOKS: Final = Turns(2, MOST)
"""Their looks take two threads at the most."""


class Streams:
    """Who has one, until it ends; a place that was taken for one that never began is free after a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: dict[str, tuple[str, float]] = {}

    def take(self, account: str, now: float) -> str | None:
        """A place; None where there is none, in all or for that account."""
        with self._lock:
            self._places = {place: each for place, each in self._places.items() if now < each[1]}
            own = sum(who == account for who, _until in self._places.values())
            if len(self._places) >= MOST or own >= MOST_OF_ACCOUNT:
                return None
            place = secrets.token_hex(8)
            self._places[place] = (account, now + LASTS + 2 * LOOK_EVERY)
            return place

    def leave(self, place: str) -> None:
        """It has ended."""
        with self._lock:
            self._places.pop(place, None)


STREAMS: Final = Streams()


def stream(asked: Asked, roles: Roles, mark: Callable[[], object]) -> Response:
    """Tell of each change of what `mark` gives, while the session lasts, which looking on does not prolong. Refuses by 503."""
    place = STREAMS.take(asked.who.name, time.monotonic())
    if place is None:
        words = _("Too many pages are kept up to date. Load this one again to see what is new.")
        raise HTTPException(503, words, {"Retry-After": "60"})
    return StreamingResponse(
        _changes(asked, roles, mark, place), headers={"X-Accel-Buffering": "no"}, media_type="text/event-stream"
    )


async def _changes(asked: Asked, roles: Roles, mark: Callable[[], object], place: str) -> AsyncIterator[bytes]:
    try:
        ends, before = time.monotonic() + LASTS, await LOOKS.run(mark)
        yield b"retry: 5000\n\n"
        while time.monotonic() < ends and await LOOKS.run(_still, asked, roles):
            now = await LOOKS.run(mark)
            yield b"data: changed\n\n" if now != before else b": nothing\n\n"
            before = now
            await asyncio.sleep(LOOK_EVERY)
    except (StoreFailed, Busy):  # the browser comes again
        return
    finally:
        STREAMS.leave(place)


def _still(asked: Asked, roles: Roles) -> bool:
    account = asked.store.logged_in(asked.token, time.time(), busy=False)
    return account is not None and account.role in roles and account.scope == asked.who.scope
