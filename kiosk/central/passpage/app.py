"""The page as an application of its own: under its host it is all there is, and under any other it is not there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiosk.central.addresses import host
from kiosk.central.api.answers import busy
from kiosk.central.issuer import Issuer
from kiosk.central.passpage.acts import QUESTIONS, Question
from kiosk.central.passpage.assets import BACK, HERE, YEAR, Asset, assets
from kiosk.central.passpage.gate import HEADERS, Gate, wrong
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed

QUESTION: Final = f"{HERE}/v1/"
DOOR: Final = "/o/{code}"
"""Where the code at a display leads: to the same page, which asks for that door."""


def pass_page(store: CentralStore, issuer: Issuer, origin: str) -> ASGIApp:
    """All that is served under `origin`."""
    gate, files = Gate(store, issuer, origin), assets(login=store.pass_login is not None)
    page = partial(_file, files[HERE])
    routes = [
        Route("/", _here),
        *(Route(path, partial(_file, asset)) for path, asset in files.items()),
        *(Route(path, page) for path in (DOOR, BACK)),
        *(_question(gate, each) for each in _questions(store)),
    ]
    refusals = {HTTPException: wrong, StoreFailed: busy, Exception: wrong}
    return Marked(Starlette(routes=routes, exception_handlers=refusals))


def nothing() -> ASGIApp:
    """What is there where another process serves the page."""
    return Marked(Starlette(exception_handlers={HTTPException: wrong}))


def _questions(store: CentralStore) -> Sequence[Question]:
    if store.pass_login is None:
        return QUESTIONS
    from kiosk.central.passpage import elsewhere  # noqa: PLC0415  nobody else needs its libraries

    return *QUESTIONS, *elsewhere.QUESTIONS


def _question(gate: Gate, question: Question) -> Route:
    async def answer(request: Request) -> Response:
        found = await gate.answer(question, request)
        found.headers["Cache-Control"] = "no-store"
        return found

    return Route(QUESTION + question.name, answer, methods=["POST"])


async def _here(_request: Request) -> Response:
    return RedirectResponse(HERE, 302)


def _file(asset: Asset, request: Request) -> Response:
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    headers = {
        "Cache-Control": f"public, max-age={YEAR}, immutable" if asset.stays else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(asset.packed if packed else asset.whole, headers=headers, media_type=asset.kind)


class Marked:
    """Every answer has the headers, whoever makes it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, marked)


class ByHost:
    """What is asked under the host of `origin` goes to `there`, all else elsewhere."""

    def __init__(self, origin: str, there: ASGIApp, elsewhere: ASGIApp) -> None:
        self._host, self._there, self._elsewhere = host(origin), there, elsewhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or live as long as the server does, which is the other's business."""
        under = scope["type"] == "http" and Headers(scope=scope).get("host", "").lower() == self._host
        await (self._there if under else self._elsewhere)(scope, receive, send)
