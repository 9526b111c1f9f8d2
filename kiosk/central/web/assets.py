"""Files of a ground: each behind a name that changes with it, so that a browser keeps it for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

YEAR: Final = 365 * 86_400
FOR_EVER: Final = {"Cache-Control": f"public, max-age={YEAR}, immutable", "X-Content-Type-Options": "nosniff"}


@cache
def asset(package: str, name: str) -> tuple[str, bytes]:
    """Its address within its ground, and what it holds."""
    raw = files(package).joinpath(name).read_bytes()
    stem, _dot, kind = name.partition(".")
    return f"/{stem}.{hashlib.sha256(raw).hexdigest()[:12]}.{kind}", raw


def asset_routes(package: str, kinds: Mapping[str, str]) -> list[Route]:
    """The files with their media types, to whoever asks."""

    def route(name: str, kind: str) -> Route:
        path, raw = asset(package, name)

        def served(_request: Request) -> Response:
            return Response(raw, headers=FOR_EVER, media_type=kind)

        return Route(path, served)

    return [route(name, kind) for name, kind in kinds.items()]
