"""Requests read within bounds, and answers; errors are problem+json (RFC 9457)."""

from __future__ import annotations

import asyncio
import logging
import math
import zlib
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from kiosk.central.web.turns import AGAIN_IN, Busy, Turns
from kiosk.contract import bodies as contract
from kiosk.contract import issuing
from kiosk.contract.bodies import FieldError, Problem
from kiosk.decoding import UNDECODABLE, NotUnderstood, read_json

log = logging.getLogger(__name__)

T = TypeVar("T")

BUSY_FOR: Final = 10
"""Seconds after which a station that the store could not serve may ask again."""

BODY_WITHIN: Final = 60.0
"""Seconds for a request's body: a station gives up after 40, or its token would be over."""

MOST_UNFINISHED: Final = 64 * contract.MAX_BATCH
"""Bytes of all bodies together that have not come whole."""

TITLES: Final = {
    400: "Bad request",
    401: "Not authorised",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Gap",
    413: "Too large",
    415: "Unsupported media type",
    416: "No such piece",
    422: "Not as it should be",
    429: "Too much",
    500: "Internal error",
    503: "Not now",
}


CONFLICTS: Final = {
    contract.CONFLICT: "Conflict",
    issuing.NOT_SO: "Not so",
    issuing.IN_FLIGHT: "In work",
}
"""Titles of what is no gap, by their types."""


class Refused(HTTPException):
    """A problem to answer with; `kind` is its type, `retry_after` in seconds, `errors` of the fields of an order."""

    def __init__(
        self,
        status: int,
        detail: str,
        expected: int | None = None,
        kind: str = "",
        retry_after: int = 0,
        headers: dict[str, str] | None = None,
        errors: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(status, detail, {"Retry-After": str(retry_after)} if retry_after else headers)
        self.expected = expected
        self.kind = kind
        self.errors = list(errors)


def refuse(status: int, detail: str) -> NoReturn:
    """Raises Refused."""
    raise Refused(status, detail)


class Unfinished:
    """Those who have sent a part of their bodies. They wait here, and hold no place that another could use."""

    def __init__(self) -> None:
        self._bytes = 0

    async def whole(self, request: Request) -> bytes:
        """The body as it was sent, once all of it is there. Refuses what is longer than the contract allows."""
        packed = bytearray()
        try:
            async for chunk in request.stream():
                packed += chunk
                self._bytes += len(chunk)
                if len(packed) > contract.MAX_BATCH:
                    refuse(413, f"a body of more than {contract.MAX_BATCH} bytes")
                if self._bytes > MOST_UNFINISHED:
                    raise Refused(503, f"{MOST_UNFINISHED} bytes of others have come", retry_after=BUSY_FOR)
        finally:
            self._bytes -= len(packed)
        return bytes(packed)


async def read_body(request: Request, unfinished: Unfinished) -> bytes:
    """The body, unpacked, and never more than the contract allows of it, nor slower."""
    try:
        async with asyncio.timeout(BODY_WITHIN):
            packed = await unfinished.whole(request)
    except ClientDisconnect:  # nobody hears it, and it is no fault of the server's
        refuse(400, "the body was cut off")
    except TimeoutError:
        refuse(408, f"the body took more than {BODY_WITHIN:g} s")
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        return packed
    if encoding != "gzip":
        refuse(415, "Content-Encoding must be gzip or identity")
    return _gunzip(packed)


def _gunzip(packed: bytes) -> bytes:
    inflate = zlib.decompressobj(wbits=31)
    limit = 2 * contract.MAX_BATCH
    try:
        data = inflate.decompress(packed, limit)
    except zlib.error:
        refuse(400, "the body is not gzip")
    if inflate.unconsumed_tail:
        refuse(413, f"a body of more than {limit} bytes when unpacked")
    if not inflate.eof:
        refuse(400, "the gzip body is cut off")
    return data


def decoded(body: bytes, kind: type[T]) -> T:
    """The body as `kind`. Refuses with 400 what it is not."""
    try:
        value: T = read_json(body, kind, 2 * contract.MAX_BATCH)
    except NotUnderstood as error:
        refuse(400, str(error))
    return value


def query(request: Request, name: str, default: str, kind: Any) -> Any:
    """A value of the query. Refuses with 400 what the contract does not allow."""
    try:
        value = msgspec.convert(request.query_params.get(name, default), kind, strict=False)
    except UNDECODABLE as error:
        refuse(400, f"{name}: {error}"[:200])
    if isinstance(value, float) and not math.isfinite(value):
        refuse(400, f"{name}: must be a number")
    return value


def capabilities(request: Request) -> set[str]:
    """What the station says that it understands."""
    return {each.strip() for each in ",".join(request.headers.getlist(contract.CAPABILITIES)).split(",")}


def answered(body: Any) -> Response:
    """A body as JSON."""
    return Response(msgspec.json.encode(body), media_type="application/json")


async def in_turn(turns: Turns, work: Callable[..., T], *args: object) -> T:
    """Do it in one of these threads. Refuses with 503 where so many wait for one already."""
    try:
        return await turns.run(work, *args)
    except Busy:
        raise Refused(503, "so many of this are in work, and wait already", retry_after=AGAIN_IN) from None


async def problem(_request: Request, error: Exception) -> Response:
    """What went wrong, as the contract tells it."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else ""
    told = Problem(TITLES.get(status, "Error"), status, detail)
    if isinstance(error, Refused):
        title = CONFLICTS.get(error.kind, told.title)
        told = Problem(title, status, detail, error.kind or told.type, error.expected, error.errors)
    headers = error.headers if isinstance(error, HTTPException) else None
    return Response(msgspec.json.encode(told), status, headers, media_type="application/problem+json")


async def busy(request: Request, error: Exception) -> Response:
    """The store takes no write or read just now: its disk is full, or somebody holds it."""
    log.error("the store: %s", error)
    return await problem(request, Refused(503, "the store cannot be used just now", retry_after=BUSY_FOR))
