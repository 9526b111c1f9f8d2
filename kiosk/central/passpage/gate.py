"""Before every question of a phone's: it comes from the page itself, is small, and not asked too often."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from kiosk.central.api.answers import Refused, answered, busy, in_turn, problem
from kiosk.central.asking import address_of
from kiosk.central.issuer import Issuer
from kiosk.central.passes import NotSo
from kiosk.central.passpage.acts import Asked, Question, refuse
from kiosk.central.passpage.bodies import MOST, PROBLEM
from kiosk.central.passpage.challenges import Challenges
from kiosk.central.refusals import CannotSign
from kiosk.central.store import CentralStore
from kiosk.central.throttle import Rate, Throttle
from kiosk.central.web.network import network
from kiosk.central.web.turns import Busy, Turns
from kiosk.decoding import NotUnderstood, read_json

LOOK_EVERY: Final = 0.05
"""Seconds between two looks for an answer that comes later."""

WAITING: Final = 256
"""Phones that may wait for a thread: a question takes milliseconds."""

BODY_WITHIN: Final = 20.0
"""Seconds for a question of 4 KiB."""

ANYBODYS: Final = Rate(6000, 100)
"""Of an address, by whoever has no pass: thousands of telephones stand behind one address of a mobile network."""

PHONES: Final = Rate(18_000, 300)
"""Of an address, what its phones sign; each of them is judged by its own key, so this only bounds the work of verifying."""

ONE_PHONES: Final = Rate(60, 1)
"""Of a phone that has signed."""

SELF: Final = "'self'"
POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        *(f"{kind}-src {SELF}" for kind in ("script", "style", "img", "connect", "manifest", "worker")),
        *(f"{what} 'none'" for what in ("frame-ancestors", "base-uri", "form-action")),
    ]
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer: no other page may frame, open, read or load anything of this one."""


class Gate:
    """Every question goes through here; `origin`: the page's own."""

    def __init__(self, store: CentralStore, issuer: Issuer, origin: str) -> None:
        self._store, self._issuer, self._origin = store, issuer, origin.lower()
        self._challenges = Challenges(store)
        self._turns, self._abroad = Turns(waiting=WAITING), Turns()
        self._strangers, self._phones, self._keys = Throttle(ANYBODYS), Throttle(PHONES), Throttle(ONE_PHONES)

    async def answer(self, question: Question, request: Request) -> Response:
        """Its answer, or a problem (RFC 9457)."""
        address = address_of(request)
        self._judge(request)
        self._not_too_often(self._strangers if question.anybodys else self._phones, address)
        try:
            body = read_json(await _body(request), question.body, MOST)
        except NotUnderstood as error:
            raise Refused(400, str(error)) from error
        asked = Asked(self._store, self._issuer, body, address, time.time(), self._keys, self._challenges)
        try:
            said = await in_turn(self._abroad if question.abroad else self._turns, question.act, asked)
            if question.look:
                said = await self._later(partial(question.look, asked, said))
        except NotSo as error:
            refuse(409, "changed", str(error))
        except CannotSign as error:
            return await busy(request, error)
        return answered(said) if said is not None else Response(status_code=204)

    async def _later(self, look: Callable[[], Any]) -> Any:
        """What comes within seconds from elsewhere; nobody's thread waits for it, and where all are taken it looks later."""
        found = None
        while found is None:
            await asyncio.sleep(LOOK_EVERY)
            with suppress(Busy):
                found = await self._turns.run(look)
        return found

    def _not_too_often(self, throttle: Throttle, address: str) -> None:
        if wait := throttle.wait(network(address), time.monotonic()):
            raise Refused(
                429, "too many questions from this address", kind=PROBLEM + "often", retry_after=math.ceil(wait)
            )

    def _judge(self, request: Request) -> None:
        """Refuses what another page lets a browser send."""
        if request.headers.get("Origin", "").lower() != self._origin:
            raise Refused(403, "only the page itself may ask")
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise Refused(403, "only the page itself may ask")
        if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refused(415, "a question is application/json")


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST:
                    raise Refused(413, f"a question of more than {MOST} bytes")
    except ClientDisconnect:
        raise Refused(400, "the question was cut off") from None
    except TimeoutError:
        raise Refused(408, f"the question took more than {BODY_WITHIN:g} s") from None
    return bytes(body)


async def wrong(request: Request, error: Exception) -> Response:
    """What is wrong, with what every answer here carries."""
    answer = await problem(request, error)
    answer.headers["Cache-Control"] = "no-store"
    return answer
