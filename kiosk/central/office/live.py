"""Server-sent events: a page is told that what it shows has changed. Without JavaScript somebody loads it again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from kiosk.central.office.asked import Asked
from kiosk.central.roles import Roles
from kiosk.central.store.engine import StoreFailed
from kiosk.language import _

LOOK_EVERY: Final = 2.0
"""Seconds between two looks at the database."""

LASTS: Final = 150.0
"""Seconds of one stream: the server ends a request after 180, and the browser comes again by itself."""

MOST: Final = 50
"""Streams of a process; whoever comes later sees what was there when they loaded the page."""


class Streams:
    """How many there are."""

    count = 0


def stream(asked: Asked, roles: Roles, mark: Callable[[], object]) -> Response:
    """Tell of each change of what `mark` gives, while the session lasts, which looking on does not prolong. Refuses by 503."""
    if Streams.count >= MOST:
        raise HTTPException(503, _("Too many pages are kept up to date. Load this one again to see what is new."))
    return StreamingResponse(
        _changes(asked, roles, mark), headers={"X-Accel-Buffering": "no"}, media_type="text/event-stream"
    )


async def _changes(asked: Asked, roles: Roles, mark: Callable[[], object]) -> AsyncIterator[bytes]:
    Streams.count += 1
    try:
        ends, before = time.monotonic() + LASTS, await run_in_threadpool(mark)
        yield b"retry: 5000\n\n"
        while time.monotonic() < ends and await run_in_threadpool(_still, asked, roles):
            now = await run_in_threadpool(mark)
            yield b"data: changed\n\n" if now != before else b": nothing\n\n"
            before = now
            await asyncio.sleep(LOOK_EVERY)
    except StoreFailed:  # the browser comes again
        return
    finally:
        Streams.count -= 1


def _still(asked: Asked, roles: Roles) -> bool:
    account = asked.store.logged_in(asked.token, time.time(), busy=False)
    return account is not None and account.role in roles and account.scope == asked.who.scope
