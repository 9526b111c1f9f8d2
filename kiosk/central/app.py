"""The contract over HTTP: enrolment, batches of entries, documents by long poll. Errors are problem+json (RFC 9457)."""

from __future__ import annotations

import asyncio
import logging
import math
import sqlite3
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import jwt
import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kiosk.central.entries import ConflictFound, GapFound
from kiosk.central.issuer import Issuer
from kiosk.central.refusals import CannotSign
from kiosk.central.store import CentralStore, WrongClaim
from kiosk.contract import bodies as contract
from kiosk.contract.bodies import Batch, BatchAnswer, Documents, Enrolled, Enrolment, Nonce, Problem, Version, Wait
from kiosk.decoding import UNDECODABLE, NotUnderstood, read_json
from kiosk.loops import Loops
from kiosk.trust.cose import public_key

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_EVERY: Final = 0.05
RENEW_EVERY: Final = 3600.0
RENEW_AGAIN: Final = 60.0
"""Seconds after which a renewal that failed is tried again."""

BUSY_FOR: Final = 10
"""Seconds after which a station that the store could not serve may ask again."""

NO_COMMANDS: Final = 2**53
KINDS: Final = ("keyset", "status", "policy", "command")
STREAMS: Final = {"access", "telemetry"}
TITLES: Final = {
    400: "Bad request",
    401: "Not authorised",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Gap",
    413: "Too large",
    415: "Unsupported media type",
    500: "Internal error",
    503: "Not now",
}


class Refused(HTTPException):
    """A problem to answer with."""

    def __init__(self, status: int, detail: str, expected: int | None = None, kind: str = "") -> None:
        super().__init__(status, detail)
        self.expected = expected
        self.kind = kind


class Central:
    """The routes over one store and one issuer. `ended` is called when a loop fails too often. Raises CannotSign."""

    def __init__(self, folder: Path, ended: Callable[[], None] = lambda: None) -> None:
        self.store = CentralStore(folder)
        self.issuer = Issuer(folder, self.store)
        self.issuer.ready()
        self.loops = Loops(_tell, ended)
        self._changed = asyncio.Condition()
        self._seen = -1
        self._renew_at = -math.inf

    def app(self) -> Starlette:
        """The ASGI application."""
        station = "/v1/stations/{code}"
        return Starlette(
            routes=[
                Route("/v1/enrol", self.enrol, methods=["POST"]),
                Route(station + "/streams/{stream}/batches", self.batch, methods=["POST"]),
                Route(station + "/documents", self.documents, methods=["GET"]),
            ],
            exception_handlers={HTTPException: _problem, sqlite3.OperationalError: _busy, Exception: _problem},
            lifespan=self._lifespan,
        )

    async def enrol(self, request: Request) -> Response:
        """Pin a station's key against a claim code; answer with the root key and the first documents."""
        wanted = _decode(await _body(request), Enrolment)
        if public_key(wanted.public_key) is None:
            _refuse(400, "public_key is no Ed25519 key")
        try:
            await run_in_threadpool(self.store.enrol, wanted.station, wanted.claim, wanted.public_key, time.time())
        except WrongClaim:
            _refuse(403, "this claim code is unknown, used, older than 72 h, or of another station")
        bodies = await run_in_threadpool(self.store.newer, wanted.station, {"command": NO_COMMANDS}, time.time())
        return _json(Enrolled(self.issuer.root_public, bodies))

    async def batch(self, request: Request) -> Response:
        """Take a batch of entries, each once."""
        code, stream = await self._authorised(request), request.path_params["stream"]
        if stream not in STREAMS:
            _refuse(404, f"no such stream; there are {', '.join(sorted(STREAMS))}")
        batch = _decode(await _body(request), Batch)
        conflicts = contract.UNDERSTANDS_CONFLICT in _capabilities(request)
        try:
            acked, rejected = await run_in_threadpool(
                self.store.take, code, stream, batch, time.time(), conflicts=conflicts
            )
        except ConflictFound as found:
            detail = (
                f"number {found.expected} is held with other content, or comes from a boot that another has followed"
            )
            raise Refused(409, detail, found.expected, contract.CONFLICT) from found
        except GapFound as gap:
            raise Refused(409, f"number {gap.expected} is wanted next", gap.expected) from gap
        versions = await run_in_threadpool(self.store.versions, code)
        return _json(BatchAnswer(acked, time.time(), versions, rejected))

    async def documents(self, request: Request) -> Response:
        """Documents newer than the versions in the query; with `wait`, held back until there are some."""
        code = await self._authorised(request)
        known = {kind: _query(request, kind, "0", Version) for kind in KINDS}
        deadline = time.monotonic() + _query(request, "wait", "0", Wait)
        nonce = _query(request, "nonce", "", Nonce)
        await run_in_threadpool(self._hear, code, known)
        bodies = await run_in_threadpool(self.store.newer, code, known, time.time())
        while not bodies and (left := deadline - time.monotonic()) > 0:
            async with self._changed:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), left)
            bodies = await run_in_threadpool(self.store.newer, code, known, time.time())
        if nonce:
            bodies += await run_in_threadpool(self._time, nonce)
        return _json(Documents(bodies, time.time()))

    def _hear(self, code: str, known: dict[str, int]) -> None:
        """Judge what the station says that it has; what cannot be signed or stored now is no reason to send it nothing."""
        try:
            self.issuer.hear(code, known)
        except (CannotSign, sqlite3.Error) as error:
            self._tell_unsigned(error)

    def _time(self, nonce: str) -> list[bytes]:
        """The signed time, if it can be signed: none is better than a wrong one."""
        try:
            return [self.issuer.time_document(nonce)]
        except (CannotSign, sqlite3.Error) as error:
            self._tell_unsigned(error)
            return []

    def _tell_unsigned(self, error: Exception) -> None:
        log.error("nothing is signed: %s", error)
        with suppress(sqlite3.Error):  # the disk is full, maybe: what can be read is served all the same
            self.store.alarm("cannot_sign", str(error), time.time())

    async def _authorised(self, request: Request) -> str:
        """The station's code when the token is its own. Refuses with 401."""
        code = str(request.path_params["code"])
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        raw = await run_in_threadpool(self.store.station_key, code)
        key = public_key(raw) if raw else None
        if scheme.lower() != "bearer" or key is None:
            _refuse(401, "an enrolled station's token is needed")
        try:
            claims = jwt.decode(token, key, algorithms=["EdDSA"], audience=contract.AUDIENCE, leeway=30)
        except (jwt.PyJWTError, *UNDECODABLE) as error:
            _refuse(401, f"{error}"[:200])
        if claims.get("sub") != code:
            _refuse(403, "the token is of another station")
        return code

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        loops = [
            asyncio.create_task(self.loops.keep("watch", self._watch)),
            asyncio.create_task(self.loops.keep("renewal", self._renewal)),
        ]
        yield
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        self.store.close()

    async def _watch(self) -> None:
        """See what anybody has published, also another process (`kiosk central revoke`); wake those who wait for it."""
        if (now := await run_in_threadpool(self.store.changes)) != self._seen:
            self._seen = now
            async with self._changed:
                self._changed.notify_all()
        self.loops.feed()
        await asyncio.sleep(LOOK_EVERY)

    async def _renewal(self) -> None:
        """What time alone asks for. If it fails it is tried again before long, and what is published is served meanwhile."""
        if time.monotonic() >= self._renew_at:
            self._renew_at = time.monotonic() + RENEW_AGAIN
            if await run_in_threadpool(self._renewed):
                self._renew_at = time.monotonic() + RENEW_EVERY
        await asyncio.sleep(LOOK_EVERY)

    def _renewed(self) -> bool:
        try:
            self.issuer.renew()
        except CannotSign as error:
            self.store.alarm("cannot_sign", str(error), time.time())
            return False
        return True


def _tell(why: str | None) -> None:
    if why:
        log.error("%s", why)
    else:
        log.warning("all loops turn again")


def _capabilities(request: Request) -> set[str]:
    """What the station says that it understands."""
    return {each.strip() for each in ",".join(request.headers.getlist(contract.CAPABILITIES)).split(",")}


async def _body(request: Request) -> bytes:
    """The body, unpacked, and never more than the contract allows of it."""
    packed = bytearray()
    async for chunk in request.stream():
        packed += chunk
        if len(packed) > contract.MAX_BATCH:
            _refuse(413, f"a body of more than {contract.MAX_BATCH} bytes")
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        return bytes(packed)
    if encoding != "gzip":
        _refuse(415, "Content-Encoding must be gzip or identity")
    return _gunzip(bytes(packed))


def _gunzip(packed: bytes) -> bytes:
    inflate = zlib.decompressobj(wbits=31)
    limit = 2 * contract.MAX_BATCH
    try:
        data = inflate.decompress(packed, limit)
    except zlib.error:
        _refuse(400, "the body is not gzip")
    if inflate.unconsumed_tail:
        _refuse(413, f"a body of more than {limit} bytes when unpacked")
    if not inflate.eof:
        _refuse(400, "the gzip body is cut off")
    return data


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        value: T = read_json(body, kind, 2 * contract.MAX_BATCH)
    except NotUnderstood as error:
        _refuse(400, str(error))
    return value


def _query(request: Request, name: str, default: str, kind: Any) -> Any:
    """A value of the query. Refuses with 400 what the contract does not allow."""
    try:
        value = msgspec.convert(request.query_params.get(name, default), kind, strict=False)
    except UNDECODABLE as error:
        _refuse(400, f"{name}: {error}"[:200])
    if isinstance(value, float) and not math.isfinite(value):
        _refuse(400, f"{name}: must be a number")
    return value


def _refuse(status: int, detail: str) -> NoReturn:
    raise Refused(status, detail)


async def _problem(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else ""
    expected = error.expected if isinstance(error, Refused) else None
    problem = Problem(TITLES.get(status, "Error"), status, detail, expected=expected)
    if isinstance(error, Refused) and error.kind:
        problem = msgspec.structs.replace(problem, title="Conflict", type=error.kind)
    headers = error.headers if isinstance(error, HTTPException) else None
    return Response(msgspec.json.encode(problem), status, headers, media_type="application/problem+json")


async def _busy(request: Request, error: Exception) -> Response:
    """The store takes no write or read just now: its disk is full, or somebody holds it."""
    log.error("the store: %s", error)
    wait = {"Retry-After": str(BUSY_FOR)}
    return await _problem(request, HTTPException(503, "the store cannot be used just now", wait))


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
