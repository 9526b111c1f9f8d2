"""The public pages as routes beside the others, or as an application of its own."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from kiosk.central.public.assets import KINDS, PACKAGE
from kiosk.central.public.gate import Gate
from kiosk.central.public.pages import PAGES, Page
from kiosk.central.store import CentralStore
from kiosk.central.web.assets import asset_routes


def routes(store: CentralStore) -> list[BaseRoute]:
    """The public pages, for a process that serves others, too."""
    return _routes(Gate(store))


def alone(store: CentralStore) -> list[BaseRoute]:
    """The same where there is nothing else: every other address is told to be none, as a page."""
    gate = Gate(store)
    handlers = {HTTPException: gate.lost, Exception: gate.lost}
    return [Mount("/", Starlette(routes=[Route("/", _here), *_routes(gate)], exception_handlers=handlers))]


def _routes(gate: Gate) -> list[BaseRoute]:
    return [*asset_routes(PACKAGE, KINDS), *(_route(gate, each) for each in PAGES)]


def _route(gate: Gate, wanted: Page) -> Route:
    async def answer(request: Request) -> Response:
        return await gate.answer(wanted, request)

    return Route(wanted.path, answer, methods=[wanted.method])


async def _here(_request: Request) -> Response:
    return RedirectResponse("/map", 302)
