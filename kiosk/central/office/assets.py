"""The office's few files: each behind a name that changes with it, so that a browser keeps it for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

YEAR: Final = 365 * 86_400
KINDS: Final = {"office.css": "text/css", "live.js": "text/javascript"}


@cache
def asset(name: str) -> tuple[str, bytes]:
    """Its address below the office's, and what it holds."""
    raw = files(__package__).joinpath(name).read_bytes()
    stem, _dot, kind = name.partition(".")
    return f"/{stem}.{hashlib.sha256(raw).hexdigest()[:12]}.{kind}", raw


def served(name: str, _request: Request) -> Response:
    """The file, to whoever asks."""
    headers = {"Cache-Control": f"public, max-age={YEAR}, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(asset(name)[1], headers=headers, media_type=KINDS[name])
