"""The way in: whose order it is, whether it is theirs to give, and whether it was given before; then the view."""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kiosk.central.api.answers import Refused, Unfinished, in_turn, read_body, refuse
from kiosk.central.asking import safely
from kiosk.central.issuer import Issuer
from kiosk.central.issuing import tokens
from kiosk.central.issuing.asked import Answered, Asked, Endpoint
from kiosk.central.issuing.strict import read_strict
from kiosk.central.issuing.table import ENDPOINTS
from kiosk.central.issuing.tally import Tally
from kiosk.central.passes import NotSo
from kiosk.central.proposals import TAKING_AWAY
from kiosk.central.refusals import CannotSign
from kiosk.central.store import CentralStore
from kiosk.central.store.clients import Answer, Client
from kiosk.central.throttle import Rate, Throttle
from kiosk.central.web.turns import Turns
from kiosk.contract.bodies import QUOTA, FieldError
from kiosk.contract.issuing import IN_FLIGHT, KEY, KEY_HEADER, NOT_SO, OTHER_ORDER
from kiosk.language import _, speaking

LONGEST_TOKEN: Final = 200
ORDERS: Final = Rate(600, 300)
"""Of one client."""

ENDING: Final = (*TAKING_AWAY, "pass shortened", "phone displaced")
MOST_ENDS: Final = 100
WITHIN: Final = 3600
"""So many passes one client brings to an end in so many seconds; who has taken one over shuts no district out unseen."""

AGAIN_SOON: Final = 60

WAITING: Final = 256
"""Orders that may wait for a thread: one takes milliseconds, a bulk of 500 some tenths of a second."""


class Issuing:
    """The routes over one store and one issuer."""

    def __init__(self, store: CentralStore, issuer: Issuer) -> None:
        self._store, self._issuer = store, issuer
        self._unfinished, self._strangers = Unfinished(), Unfinished()
        self._orders = Throttle(ORDERS)
        self._in_work: set[tuple[str, bytes]] = set()
        self._turns = Turns(waiting=WAITING)
        self.tally = Tally(store)

    def routes(self) -> list[Route]:
        """For the application."""
        return [
            Route("/v1/token", self.token, methods=["POST"]),
            *(self._route(path) for path in dict.fromkeys(each.path for each in ENDPOINTS)),
        ]

    def _route(self, path: str) -> Route:
        """One for all methods of a path, so that a 405 names them all (RFC 9110, 15.5.6)."""
        methods: dict[str, Endpoint] = {each.method: each for each in ENDPOINTS if each.path == path}

        async def answer(request: Request) -> Response:
            return await self._answer(methods["GET" if request.method == "HEAD" else request.method], request)

        return Route(path, answer, methods=[*methods])

    async def token(self, request: Request) -> Response:
        """A token for a client that knows its secret."""
        _only_safely(request)
        body = await read_body(request, self._strangers)
        headers = {name.lower(): value for name, value in request.headers.items()}
        return await in_turn(self._turns, tokens.answer, self._store, headers, body, time.time())

    async def _answer(self, endpoint: Endpoint, request: Request) -> Response:
        _only_safely(request)
        client = await self._client(request)
        self._within_rate(client)
        body = await read_body(request, self._unfinished) if endpoint.method == "POST" else b""
        key = _key(request) if endpoint.once else b""
        with self._working(client.name, key):
            found = await in_turn(self._turns, self._done, endpoint, request, client, key, body)
        if found.signed:
            self.tally.signed(client.actor, found.signed, time.time())
        return Response(found.text, found.status, {"Cache-Control": "no-store"}, "application/json")

    async def _client(self, request: Request) -> Client:
        """Whose token it is. Refuses with 401 (RFC 6750, 3)."""
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        found = None
        if scheme.lower() == "bearer" and len(token) <= LONGEST_TOKEN:
            found = await in_turn(self._turns, self._store.client_with, token, time.time())
        if found is None:
            why = {"WWW-Authenticate": 'Bearer realm="yizhan", error="invalid_token"'}
            raise Refused(401, "a client's token is needed, which holds: POST /v1/token", headers=why)
        return found

    def _within_rate(self, client: Client) -> None:
        """Refuses with 429."""
        if wait := self._orders.wait(client.name, time.monotonic()):
            raise Refused(429, "orders more than any app has to", kind=QUOTA, retry_after=math.ceil(wait))

    @contextmanager
    def _working(self, client: str, key: bytes) -> Iterator[None]:
        """Refuses with 409 an order that this process is working at. Another process's is waited for, and its answer given."""
        if key and (client, key) in self._in_work:
            raise Refused(409, "this order is in work", kind=IN_FLIGHT, retry_after=1)
        self._in_work.add((client, key))
        try:
            yield
        finally:
            self._in_work.discard((client, key))

    def _done(self, endpoint: Endpoint, request: Request, client: Client, key: bytes, body: bytes) -> Answered:
        path = request.path_params
        asked = Asked(
            self._store, self._issuer, client, str(path.get("holder", "")), dict(request.query_params), time.time()
        )
        with speaking(request.headers.get("Accept-Language", "").strip().lower().startswith("zh")):
            try:
                order = read_strict(body, endpoint.body) if endpoint.body else None
                if not key:
                    return endpoint.view(asked, order)
                said = hashlib.sha256(f"{request.url.path}?{request.url.query}\n".encode() + body).digest()
                return self._once(endpoint, asked, order, key, said)
            except TooManyEnds as error:
                self._store.alarm("client_ends", f"{client.name}: {error.detail}", asked.now)
                raise
            except NotSo as error:
                raise Refused(409, str(error), kind=NOT_SO, errors=[FieldError(error.field, str(error))]) from error
            except CannotSign as error:
                raise Refused(503, str(error), retry_after=AGAIN_SOON) from error

    def _once(self, endpoint: Endpoint, asked: Asked, order: Any, key: bytes, said: bytes) -> Answered:
        """Do it, unless it was done; the act and what was answered are one transaction."""
        with self._store.transaction():
            before = self._store.answer(asked.client.name, key)
            if before and before.asked != said:
                raise Refused(422, _("another order had this Idempotency-Key"), kind=OTHER_ORDER)
            if before and endpoint.again:
                return endpoint.again(asked, order)
            if before:
                return Answered(msgspec.Raw(before.body.encode()), before.status)
            self._within_ends(asked, endpoint.ends(asked, order))
            found = endpoint.view(asked, order)
            kept = "" if endpoint.again else found.text
            self._store.keep_answer(asked.client.name, key, Answer(said, found.status, kept), asked.now)
        return found

    def _within_ends(self, asked: Asked, count: int) -> None:
        """Refuses with 429. The audit knows how many it were, whichever process took them."""
        before = self._store.acts_since(asked.client.actor, ENDING, asked.now - WITHIN) if count else 0
        if count and before + count > MOST_ENDS:
            raise TooManyEnds(
                429, f"brings more than {MOST_ENDS} passes to an end in an hour", kind=QUOTA, retry_after=WITHIN
            )


class TooManyEnds(Refused):
    """The client may be somebody else's by now."""


def _only_safely(request: Request) -> None:
    if not safely(request):
        refuse(403, "tokens and passes go over HTTPS, and over plain HTTP at this machine alone")


def _key(request: Request) -> bytes:
    """The digest of the order's name. Refuses with 400 an act without one."""
    found = re.fullmatch(KEY, request.headers.get(KEY_HEADER, "").strip())
    if found is None:
        refuse(
            400,
            f"{KEY_HEADER} is needed: 8 to 128 characters of ASCII that no other order of yours has, such as a UUID",
        )
    return hashlib.sha256(found[1].encode()).digest()
