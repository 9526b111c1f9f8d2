"""The pictures that services name, for the stations that the services are for, no faster than the server's line bears."""

from __future__ import annotations

import time

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kiosk.central.api.answers import refuse
from kiosk.central.api.authority import Authority
from kiosk.central.api.pieces import piece_asked, piece_of, quoted
from kiosk.central.api.releases import Bandwidth
from kiosk.central.store import CentralStore


class PictureRoutes:
    """The route."""

    def __init__(self, store: CentralStore, authority: Authority, bandwidth: Bandwidth) -> None:
        self._store, self._authority, self._bandwidth = store, authority, bandwidth

    def routes(self) -> list[Route]:
        """For the application."""
        return [Route("/v1/stations/{code}/pictures/{id}", self.picture, methods=["GET"])]

    async def picture(self, request: Request) -> Response:
        """A picture that a service of this station's names, or a piece of it."""
        code, name = str(request.path_params["code"]), str(request.path_params["id"])
        await self._authority.prove(code, request.headers.get("Authorization", ""))
        found = await run_in_threadpool(self._store.picture, name, code, time.time())
        if found is None:
            refuse(404, "no service of this station names such a picture")
        piece = piece_asked(request, name, len(found))
        body = found if piece is None else found[piece[0] : piece[1] + 1]
        self._bandwidth.reserve(len(body))
        if piece is None:
            return Response(body, 200, {"ETag": quoted(name)}, "application/octet-stream")
        return piece_of(body, name, piece[0], len(found))
