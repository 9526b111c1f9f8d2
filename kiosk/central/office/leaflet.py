"""The library that moves the map (Leaflet, BSD), as Debian's libjs-leaflet installs it; without it the map is drawn alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kiosk.central.web.assets import FOR_EVER

FOLDER: Final = Path("/usr/share/javascript/leaflet")
FILES: Final = {"js": ("leaflet.min.js", "text/javascript"), "css": ("leaflet.css", "text/css")}


@cache
def library() -> Mapping[str, tuple[str, bytes]]:
    """Script and style: the address of each below the office's, and what it holds; neither where one is missing."""
    try:
        raw = {kind: (FOLDER / name).read_bytes() for kind, (name, _type) in FILES.items()}
    except OSError:
        return {}
    return {kind: (f"/leaflet.{hashlib.sha256(each).hexdigest()[:12]}.{kind}", each) for kind, each in raw.items()}


def leaflet_routes() -> list[Route]:
    """Both, to whoever asks."""

    def route(kind: str, path: str, raw: bytes) -> Route:
        def served(_request: Request) -> Response:
            return Response(raw, headers=FOR_EVER, media_type=FILES[kind][1])

        return Route(path, served)

    return [route(kind, path, raw) for kind, (path, raw) in library().items()]
