"""What a station is offered of releases, and their bundles, a piece at a time and no faster than the server's line bears."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from kiosk.central.api.answers import Refused, answered, capabilities, query, refuse
from kiosk.central.api.authority import Authority
from kiosk.central.api.pieces import piece_asked, piece_of, quoted
from kiosk.central.shelf import path_of
from kiosk.central.store import CentralStore
from kiosk.contract.bodies import UNDERSTANDS_RELEASE, OfferedRelease, Platform, ReleaseNumber
from kiosk.trust.release import order

RATE: Final = 8 << 20
"""Bytes of bundles in a second, for all stations together."""

LATER: Final = 5
"""Seconds after which a station may come again for its piece, at the least."""


class Bandwidth:
    """Who has asked for much lets others wait until that would have gone out."""

    def __init__(self) -> None:
        self._free_at = -math.inf

    def take(self, size: int, now: float) -> float:
        """0 when so many bytes may go at `now`; otherwise the seconds until some may."""
        if now < self._free_at:
            return self._free_at - now
        self._free_at = now + size / RATE
        return 0.0

    def reserve(self, size: int) -> None:
        """So many bytes go now. Refuses with 503 while others' do."""
        if wait := self.take(size, time.monotonic()):
            raise Refused(503, "others are being sent to just now", retry_after=math.ceil(wait) + LATER)


class ReleaseRoutes:
    """The routes."""

    def __init__(self, folder: Path, store: CentralStore, authority: Authority, bandwidth: Bandwidth) -> None:
        self._folder, self._store, self._authority = folder, store, authority
        self._bandwidth = bandwidth

    def routes(self) -> list[Route]:
        """For the application."""
        station = "/v1/stations/{code}"
        return [
            Route(station + "/release", self.offer, methods=["GET"]),
            Route(station + "/releases/{id}/bundle", self.bundle, methods=["GET"]),
        ]

    async def offer(self, request: Request) -> Response:
        """The newest release that this station may have, if it is newer than its own."""
        code = await self._authorised(request)
        platform, version = (
            query(request, "platform", "", Platform),
            query(request, "version", "", ReleaseNumber),
        )
        if UNDERSTANDS_RELEASE not in capabilities(request):
            return Response(status_code=204)
        found = await run_in_threadpool(self._offered, code, platform, version)
        return answered(found) if found else Response(status_code=204)

    def _offered(self, code: str, platform: str, version: str) -> OfferedRelease | None:
        release, bundles = self._store.offer(code) or (None, [])
        bundle = next((each for each in bundles if each.platform == platform), None)
        if release is None or bundle is None or order(release.version) <= order(version):
            return None
        if not path_of(self._folder, bundle.id).is_file():
            return None
        return OfferedRelease(release.version, release.signed, bundle.id, bundle.size)

    async def bundle(self, request: Request) -> Response:
        """The bundle that this station is offered, or a piece of it (RFC 9110, 14)."""
        code = await self._authorised(request)
        _release, bundles = await run_in_threadpool(self._store.offer, code) or (None, [])
        found = next((each for each in bundles if each.id == request.path_params["id"]), None)
        if found is None or not path_of(self._folder, found.id).is_file():
            refuse(404, "no such bundle is offered to this station")
        place = path_of(self._folder, found.id)
        piece = piece_asked(request, found.id, found.size)
        if piece is None:
            self._bandwidth.reserve(found.size)
            return FileResponse(place, headers={"ETag": quoted(found.id)})
        first, last = piece
        self._bandwidth.reserve(last - first + 1)
        return piece_of(await run_in_threadpool(_read, place, first, last - first + 1), found.id, first, found.size)

    async def _authorised(self, request: Request) -> str:
        code = str(request.path_params["code"])
        await self._authority.prove(code, request.headers.get("Authorization", ""))
        return code


def _read(path: Path, first: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(first)
        return file.read(size)
