"""A piece of what has an entity tag (RFC 9110, 14), as a station asks for what is too large for its road at once."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from kiosk.central.api.answers import Refused

MOST_PIECE: Final = 1 << 20
RANGE: Final = re.compile(r"bytes=(\d{1,15})-(\d{1,15})")


def piece_asked(request: Request, tag: str, size: int) -> tuple[int, int] | None:
    """The first and the last byte that are asked for, a mebibyte at the most; None for all. Refuses with 416."""
    wanted = RANGE.fullmatch(request.headers.get("Range", ""))
    if wanted is None or request.headers.get("If-Range", quoted(tag)) != quoted(tag):
        return None
    first = int(wanted[1])
    last = min(int(wanted[2]), size - 1, first + MOST_PIECE - 1)
    if last < first:
        raise Refused(416, f"it has {size} bytes", headers={"Content-Range": f"bytes */{size}"})
    return first, last


def piece_of(body: bytes, tag: str, first: int, size: int) -> Response:
    """Those bytes, which begin at `first` of so many."""
    headers = {"ETag": quoted(tag), "Content-Range": f"bytes {first}-{first + len(body) - 1}/{size}"}
    return Response(body, 206, headers, "application/octet-stream")


def quoted(tag: str) -> str:
    """An entity tag as it travels."""
    return f'"{tag}"'
