"""`/healthz` and `/metrics`, for whoever watches over the server from this machine: a balancer, Prometheus, a line of cron."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kiosk.central.asking import at_this_machine
from kiosk.central.metrics import CONTENT_TYPE, exposition, metrics
from kiosk.central.store import CentralStore
from kiosk.central.store.days import MOST_BETWEEN
from kiosk.central.store.engine import StoreFailed

UNSENT_FOR: Final = 3600.0
"""Seconds for which a message about what is wrong may wait for its receiver."""


def routes(store: CentralStore) -> list[BaseRoute]:
    """Both; to others than this machine there is nothing."""

    def route(path: str, answer: Callable[[CentralStore, float], Response]) -> Route:
        async def answered(request: Request) -> Response:
            if not at_this_machine(request):
                raise HTTPException(404)
            return await run_in_threadpool(answer, store, time.time())

        return Route(path, answered)

    return [route("/healthz", healthz), route("/metrics", scraped)]


def healthz(store: CentralStore, now: float) -> Response:
    """200 while all is well, else 503; each part says ok, or what is wrong with it."""
    found = health(store, now)
    status = 200 if set(found.values()) == {"ok"} else 503
    return Response(msgspec.json.encode(found), status, media_type="application/json")


def health(store: CentralStore, now: float) -> dict[str, str]:
    """Of the database, of what time asks for, and of those who are told what is wrong."""
    try:
        late = now - store.watched_until()
        unsent = store.unsent(now - UNSENT_FOR)
    except StoreFailed as error:
        return {"database": error.trouble.value, "jobs": "unknown", "alarms": "unknown"}
    jobs = "ok" if late < MOST_BETWEEN else "no process has run them for a quarter of an hour"
    waiting = ", ".join(sorted(unsent))
    return {"database": "ok", "jobs": jobs, "alarms": f"not sent for an hour: {waiting}" if waiting else "ok"}


def scraped(store: CentralStore, now: float) -> Response:
    """What Prometheus takes; 503 while the database cannot be read."""
    try:
        return Response(exposition(metrics(store, now)), media_type=CONTENT_TYPE)
    except StoreFailed as error:
        return Response(f"# {error.trouble.value}\n", 503, media_type="text/plain")
