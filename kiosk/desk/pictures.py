"""The pictures of events: what the station keeps for this program to read, if it is what its name says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kiosk.loopback.page import HEADERS

MOST: Final = 200_000
"""Bytes: no document names a larger one. A number of its own, since what reads documents brings all that checks signatures."""


def picture(folder: Path, name: str) -> bytes | None:
    """The picture of this SHA-256, in small hex; None where there is none, or another thing by its name."""
    if len(name) != 2 * sha256().digest_size or not name.isalnum():
        return None
    try:
        with (folder / name).open("rb") as file:
            found = file.read(MOST + 1)
    except OSError:
        return None
    return found if sha256(found).hexdigest() == name else None


def route(folder: Path) -> Route:
    """A picture by its hash; 404 where there is none, and the page shows the words alone."""
    return Route("/picture/{name}", _answering(folder), methods=["GET"])


def _answering(folder: Path) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        found = picture(folder, request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        return Response(found, media_type="image/jpeg", headers=HEADERS)

    return answer
