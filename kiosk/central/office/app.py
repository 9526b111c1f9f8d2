"""The office as an application of its own, at /office beside what stations speak with, or alone."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from kiosk.central.issuer import Issuer
from kiosk.central.office.asked import ROOT
from kiosk.central.office.assets import KINDS, PACKAGE
from kiosk.central.office.gate import Gate
from kiosk.central.office.leaflet import leaflet_routes
from kiosk.central.office.pages import PAGES, Page
from kiosk.central.store import CentralStore
from kiosk.central.web.assets import asset_routes


def routes(store: CentralStore, issuer: Issuer) -> list[BaseRoute]:
    """The office, and the way to it from the root."""
    gate = Gate(store, issuer)
    pages = [_route(gate, each) for each in PAGES]
    office = Starlette(
        routes=[*asset_routes(PACKAGE, KINDS), *leaflet_routes(), *pages],
        exception_handlers={HTTPException: gate.lost, Exception: gate.lost},
    )
    return [Route("/", _here), Mount(ROOT, office)]


def _route(gate: Gate, wanted: Page) -> Route:
    async def answer(request: Request) -> Response:
        return await gate.answer(wanted, request)

    return Route(wanted.path, answer, methods=[wanted.method])


async def _here(_request: Request) -> Response:
    return RedirectResponse(f"{ROOT}/", 302)
