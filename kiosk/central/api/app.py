"""The contract over HTTP: enrolment, batches of entries, documents by long poll."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import Raw, Struct
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kiosk.central import jobs
from kiosk.central.alarms.sender import Sender
from kiosk.central.api import quota
from kiosk.central.api.answers import (
    Refused,
    Unfinished,
    answered,
    busy,
    capabilities,
    decoded,
    in_turn,
    problem,
    query,
    read_body,
    refuse,
)
from kiosk.central.api.attendance import Attendance
from kiosk.central.api.authority import Authority
from kiosk.central.api.board import Board, encoded
from kiosk.central.api.doubt import Doubt, Refusals
from kiosk.central.api.held import Held
from kiosk.central.api.intake import Intake
from kiosk.central.api.pictures import PictureRoutes
from kiosk.central.api.releases import Bandwidth, ReleaseRoutes
from kiosk.central.issuer import Issuer
from kiosk.central.issuing.gate import Issuing
from kiosk.central.jobs import Jobs
from kiosk.central.keys.making import existing_store
from kiosk.central.published import Publication, Published
from kiosk.central.refusals import CannotSign
from kiosk.central.remembered import remember
from kiosk.central.store.documents import FORGOTTEN
from kiosk.central.store.engine import StoreFailed
from kiosk.central.store.logs import ConflictFound, GapFound, Key, Sent
from kiosk.central.store.registers import WrongClaim
from kiosk.central.throttle import Throttle
from kiosk.central.web.turns import Turns
from kiosk.contract import bodies as contract
from kiosk.contract.bodies import Batch, BatchAnswer, Enrolled, Enrolment, Nonce, Version, Wait
from kiosk.loops import Loops
from kiosk.trust.cose import public_key

log = logging.getLogger(__name__)

LEAVE_EVERY: Final = 2.0
"""Seconds between two looks for a database server that hangs."""

CLOCK_EVERY: Final = 2.0
"""Seconds between two looks at what stations say of the clock."""

NEWCOMERS: Final = 2
"""Claims that are tried at once, by anybody: each waits for the other before the database."""

LOOKS: Final = 4
"""Loops that have threads of their own, each one: they turn also where stations wait for all others."""

LOOK_EVERY: Final = 0.05
WAIT: Final = 0.5
"""Seconds for which a look may wait for news."""

LOOK_ANYWAY: Final = 30.0
"""Seconds after which it is looked for news of which nobody was told."""


KINDS: Final = ("keyset", "status", "policy", "command")
SERVICE: Final = "service"
"""Named by a station that understands services; to another none is sent."""


class Found(Struct, frozen=True):
    """:class:`kiosk.contract.bodies.Documents`, of which each is JSON already."""

    documents: list[Raw]
    server_time: float


class Central:
    """The routes over one store and one issuer. `ended` is called when a loop fails too often. Raises CannotSign.

    `refusals`: shared with the other processes behind its port, if there are any.
    """

    def __init__(
        self, folder: Path, ended: Callable[[], None] = lambda: None, refusals: Refusals | None = None
    ) -> None:
        self.store = existing_store(folder)
        self.issuer = Issuer(folder, self.store)
        self.issuer.ready()
        self.loops = Loops(_tell, ended)
        self._doubt = Doubt(self.store, refusals or Refusals())
        self._authority = Authority(self.store, self._doubt)
        bandwidth = Bandwidth()
        self._releases = ReleaseRoutes(folder, self.store, self._authority, bandwidth)
        self._pictures = PictureRoutes(self.store, self._authority, bandwidth)
        self._issuing = Issuing(self.store, self.issuer)
        self._quotas, self._logs = Throttle(quota.QUOTA), dict[Key, bool]()
        self._intake = Intake(self.store)
        self._attendance = Attendance(self.store)
        self._unfinished, self._strangers = Unfinished(), Unfinished()
        self._newcomers, self._looks = Turns(NEWCOMERS), Turns(LOOKS, 0)
        self._last = self.store.last_publication()
        self._board = Board(self.store.published(time.time()))
        self._said = self.store.saying()
        self._jobs = Jobs(self.store, self.issuer, self._tell_unsigned)
        self._senders = [Sender(self.store, each, folder) for each in self.store.alarm_rules.receivers]
        self._look_at = -math.inf
        self._away = False

    def app(self, more: Sequence[BaseRoute] = (), *, contract: bool = True) -> Starlette:
        """The ASGI application: what stations speak with, if this process serves them, and more beside it."""
        return Starlette(
            routes=[*(self._contract() if contract else ()), *more],
            exception_handlers={HTTPException: problem, StoreFailed: busy, Exception: problem},
            lifespan=self._lifespan,
        )

    def _contract(self) -> list[BaseRoute]:
        station = "/v1/stations/{code}"
        return [
            Route("/v1/enrol", self.enrol, methods=["POST"]),
            Route(station + "/streams/{stream}/batches", self.batch, methods=["POST"]),
            Route(station + "/documents", self.documents, methods=["GET"]),
            *self._releases.routes(),
            *self._pictures.routes(),
            *self._issuing.routes(),
        ]

    def end(self) -> None:
        """Answer those who wait: no more is published here."""
        self._board.end()

    async def enrol(self, request: Request) -> Response:
        """Pin a station's key against a claim code; answer with the root key and the first documents."""
        wanted = decoded(await read_body(request, self._strangers), Enrolment)
        if public_key(wanted.public_key) is None:
            refuse(400, "public_key is no Ed25519 key")
        try:
            await in_turn(
                self._newcomers, self.store.enrol, wanted.station, wanted.claim, wanted.public_key, time.time()
            )
        except WrongClaim as wrong:
            refuse(403, str(wrong))
        self._authority.forget(wanted.station)
        published = await run_in_threadpool(self.store.published)
        return answered(Enrolled(self.issuer.root_public, published.newer(wanted.station, {}, time.time())))

    async def batch(self, request: Request) -> Response:
        """Take a batch of entries, each once."""
        code, stream = await self._authorised(request), request.path_params["stream"]
        if stream not in contract.STREAMS:
            refuse(404, f"no such stream; there are {', '.join(contract.STREAMS)}")
        self._attendance.heard(code, request, time.time())
        self._intake.check()
        body = await read_body(request, self._unfinished)
        with self._intake.place():
            conflicts = contract.UNDERSTANDS_CONFLICT in capabilities(request)
            sent = Sent(code, stream, decoded(body, Batch), conflicts)
            weight = len(body) + (0 if sent.key in self._logs else quota.LOG)
            await self._within_quota(code, weight)
            remember(self._logs, sent.key, True)
            try:
                acked, rejected = await self._intake.take(sent)
            except ConflictFound as found:
                detail = f"number {found.expected} is held with other content, or comes from a boot that another has followed"
                raise Refused(409, detail, found.expected, contract.CONFLICT) from found
            except GapFound as gap:
                raise Refused(409, f"number {gap.expected} is wanted next", gap.expected) from gap
            except StoreFailed:
                self._quotas.give_back(code, weight)
                raise
        return answered(BatchAnswer(acked, time.time(), self._board.versions(code), rejected))

    async def documents(self, request: Request) -> Response:
        """Documents newer than the versions in the query; with `wait`, held back until there are some."""
        code = await self._authorised(request)
        known = {kind: query(request, kind, "0", Version) for kind in KINDS}
        if SERVICE in request.query_params:
            known[SERVICE] = query(request, SERVICE, "0", Version)
        wait, nonce = query(request, "wait", "0", Wait), query(request, "nonce", "", Nonce)
        self._attendance.heard(code, request, time.time(), known)
        if admits := contract.UNDERSTANDS_ADMIT in capabilities(request):
            self._attendance.has_phone_door(code, time.monotonic())
        await self._heard(code, known)
        found = self._board.newer(code, known, time.time(), admits=admits)
        if wait and not found:
            return Held(self._later(code, known, nonce, time.monotonic() + wait, admits=admits))
        return await self._found(found, nonce)

    async def _later(self, code: str, known: dict[str, int], nonce: str, deadline: float, *, admits: bool) -> Response:
        found: list[Raw] = []
        while not found and (left := deadline - time.monotonic()) > 0:
            more = await self._board.news(code, left)
            found = self._board.newer(code, known, time.time(), admits=admits)
            if not more:
                break
        return await self._found(found, nonce)

    async def _found(self, found: list[Raw], nonce: str) -> Response:
        if nonce and self._doubt.ahead(time.time(), time.monotonic()) is None:
            found += [encoded(body) for body in await run_in_threadpool(self._time, nonce)]
        return answered(Found(found, time.time()))

    async def _authorised(self, request: Request) -> str:
        """The station's code when the token is its own. Refuses with 401 and 403."""
        code = str(request.path_params["code"])
        await self._authority.prove(code, request.headers.get("Authorization", ""))
        return code

    async def _within_quota(self, code: str, size: int) -> None:
        """Refuses with 429 what is more than any station has to tell, and tells the operators."""
        wait = self._quotas.wait(code, time.monotonic(), size)
        if wait:
            words = "sends more than any station has to tell; it is asked to wait"
            await run_in_threadpool(self.store.alarm, "quota", words, time.time(), code)
            raise Refused(429, words, kind=contract.QUOTA, retry_after=math.ceil(wait))

    async def _heard(self, code: str, known: dict[str, int]) -> None:
        """Look closer at a station that says, or has said, that it has what is not published here."""
        ours = self._board.versions(code)
        ahead = any(version > ours.get(kind, 0) for kind, version in known.items())
        if ahead or code in self._said:
            await run_in_threadpool(self._hear, code, known)
            (self._said.add if ahead else self._said.discard)(code)

    def _hear(self, code: str, known: dict[str, int]) -> None:
        """Judge what the station says that it has; what cannot be signed or stored now is no reason to send it nothing."""
        try:
            self.issuer.hear(code, known)
        except (CannotSign, StoreFailed) as error:
            self._tell_unsigned(error)

    def _time(self, nonce: str) -> list[bytes]:
        """The signed time, if it can be signed: none is better than a wrong one."""
        try:
            return [self.issuer.time_document(nonce)]
        except (CannotSign, StoreFailed) as error:
            self._tell_unsigned(error)
            return []

    def _tell_unsigned(self, error: Exception) -> None:
        log.error("nothing is signed: %s", error)
        if isinstance(error, CannotSign):
            with suppress(StoreFailed):  # the disk is full, maybe: what can be read is served all the same
                self.store.alarm("cannot_sign", str(error), time.time())

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        loops = [
            asyncio.create_task(self.loops.keep("watch", self._watch)),
            asyncio.create_task(self.loops.keep("work", self._work)),
            asyncio.create_task(self.loops.keep("attendance", self._attendance.turn)),
            asyncio.create_task(self.loops.keep("tally", self._issuing.tally.turn)),
            asyncio.create_task(self.loops.keep("hung", self._hung)),
            asyncio.create_task(self.loops.keep("clock", self._look_at_clock)),
        ]
        for sender in self._senders:
            self.loops.start(sender.name, partial(sender.turn, self.loops.stop), math.inf)
        yield
        self.loops.stop.set()
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await self._attendance.write()
        await self._issuing.tally.write()
        self.store.close()

    async def _hung(self) -> None:
        """Let nobody wait for a database server that hangs, once another has taken its place."""
        with suppress(StoreFailed):  # none has, or none is there
            await self._looks.run(self.store.leave_hung)
        await asyncio.sleep(LEAVE_EVERY)

    async def _look_at_clock(self) -> None:
        """Tell operators when stations speak against this machine's clock."""
        now = time.time()
        with suppress(StoreFailed):  # the next look tells it
            await self._looks.run(self._doubt.tell, self._doubt.ahead(now, time.monotonic()), now)
        await asyncio.sleep(CLOCK_EVERY)

    async def _watch(self) -> None:
        """See what anybody has published, also another process (`kiosk central revoke`); wake those whom it concerns."""
        news, published = await self._looks.run(self._seen)
        if published:
            self._last = news[-1].number
            for each in news:
                if each.kind == "station":
                    self._authority.forget(each.scope)
                    self._board.leave(each.scope)
                elif each.kind == FORGOTTEN:
                    self._authority.forget_all()
            self._board.put_up(published, [each for each in news if each.kind != "station"])
        self.loops.feed()
        await asyncio.sleep(LOOK_EVERY)

    def _seen(self) -> tuple[list[Publication], Published | None]:
        """What is new, and all that is published then. While the database is away nothing is, and who waits goes on waiting."""
        try:
            if not self.store.stirred(WAIT) and time.monotonic() < self._look_at:
                return [], None
            self._look_at = -math.inf  # unless this look fails
            news = self.store.news(self._last)
            published = self.store.published(time.time()) if news else None
            self._look_at = time.monotonic() + LOOK_ANYWAY
        except StoreFailed as error:
            if not error.passes:
                raise
            if not self._away:
                log.warning("the store: %s", error)
            self._away = True
            return [], None
        if self._away:
            log.warning("the store is back")
        self._away = False
        return news, published

    async def _work(self) -> None:
        """What time alone asks for, if no other process does it. What is published is served meanwhile."""
        await self._looks.run(self._jobs.turn, time.monotonic())
        await asyncio.sleep(jobs.LOOK_EVERY)


def _tell(why: str | None) -> None:
    if why:
        log.error("%s", why)
    else:
        log.warning("all loops turn again")
