"""The public pages as routes beside the others, or as an application of its own."""

from __future__ import annotations

from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route

from kiosk.central.public.gate import Gate
from kiosk.central.public.pages import PAGES, Page
from kiosk.central.store import CentralStore

FIRST: Final = frozenset(each.path.split("/")[1] for each in PAGES)
"""What the address of a public page begins with."""


class Ours(Mount):
    """All that lies under them, and nothing beside: what is no page there is told so by a page."""

    def matches(self, scope: Any) -> tuple[Match, Any]:
        """Whether it is one of these."""
        first = scope["path"].lstrip("/").partition("/")[0]
        return super().matches(scope) if first in FIRST else (Match.NONE, {})


def routes(store: CentralStore) -> list[BaseRoute]:
    """The public pages, for a process that serves others, too."""
    return [Ours("/", _pages(store))]


def alone(store: CentralStore) -> list[BaseRoute]:
    """The same where there is nothing else: every other address is told to be none, as a page."""
    return [Route("/", _here), Mount("/", _pages(store))]


def _pages(store: CentralStore) -> Starlette:
    gate = Gate(store)
    handlers = {HTTPException: gate.lost, Exception: gate.lost}
    return Starlette(routes=[_route(gate, each) for each in PAGES], exception_handlers=handlers)


def _route(gate: Gate, wanted: Page) -> Route:
    async def answer(request: Request) -> Response:
        return await gate.answer(wanted, request)

    return Route(wanted.path, answer, methods=[wanted.method])


async def _here(_request: Request) -> Response:
    return RedirectResponse("/map", 302)
