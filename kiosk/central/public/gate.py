"""The way in to the public pages: bounds, the language, and what every answer carries. Nobody logs in here."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from kiosk.central.asking import address_of, cookies_of, here_of
from kiosk.central.public.asked import PAGE, Asked, page
from kiosk.central.public.language import COOKIE
from kiosk.central.public.made_once import MadeOnce
from kiosk.central.public.pages import Page
from kiosk.central.public.style import ALLOWED
from kiosk.central.publicly import Publicly
from kiosk.central.refusals import CannotSign
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed
from kiosk.central.voices.limits import Limits
from kiosk.central.web.forms import NOTHING, Form, Incoming
from kiosk.central.web.packing import pack, takes_gzip
from kiosk.central.web.spoken import reads_chinese, title_of
from kiosk.central.web.turns import LATER, Busy, Turns, no_room
from kiosk.language import _, speaking
from kiosk.wording.words import in_zone

log = logging.getLogger(__name__)

HEADERS: Final = {
    "Content-Security-Policy": f"default-src 'none'; style-src {ALLOWED}; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
"""Of every answer. No script: there is none."""


WAITING: Final = 256
"""Requests that may wait for one of its threads: whoever stands before a door comes once, and a page takes milliseconds."""


class Gate:
    """Before every public page."""

    def __init__(
        self,
        store: CentralStore,
        turns: Turns | None = None,
        incoming: Incoming | None = None,
        rest: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._rest = rest
        self._turns, self._incoming = turns or Turns(waiting=WAITING), incoming or Incoming()
        self._store, self._publicly, self._limits = store, Publicly(store), Limits()
        self._once = MadeOnce(self._publicly)

    async def answer(self, wanted: Page, request: Request) -> Response:
        """A page, or why not, in the language of whoever asks."""
        with speaking(reads_chinese(request, COOKIE)), in_zone(self._store.zone):
            try:
                return await (
                    self._taken(wanted, request) if wanted.method == "POST" else self._viewed(wanted, request)
                )
            except HTTPException as error:
                return self._refused(request, error)
            except StoreFailed as error:
                return self._failed(request, error)
            except Busy:
                return self._refused(request, no_room())  # at once, of no thread

    async def lost(self, request: Request, error: Exception) -> Response:
        """What Starlette itself refuses: an address that is no page's."""
        with speaking(reads_chinese(request, COOKIE)):
            return self._refused(request, error if isinstance(error, HTTPException) else HTTPException(500))

    async def _taken(self, wanted: Page, request: Request) -> Response:
        """Nothing that is sent is read before it is known that it may come in."""
        began = anyio.current_time()
        _from_here(request)
        await self._turns.run(self._admit, wanted, request)
        async with self._incoming.form(request, wanted.most) as form:
            answer = await self._viewed(wanted, request, form)
        if wanted.beat:
            await self._rest(left(anyio.current_time() - began, wanted.beat))
        return answer

    async def _viewed(self, wanted: Page, request: Request, form: Form = NOTHING) -> Response:
        return await self._turns.run(self._answer, wanted, request, form)

    def _admit(self, wanted: Page, request: Request) -> None:
        for each in wanted.before:
            each(self._asked(request, NOTHING))

    def _answer(self, wanted: Page, request: Request, form: Form) -> Response:
        try:
            return _finished(request, wanted.view(self._asked(request, form)))
        except HTTPException as error:
            return self._refused(request, error)
        except CannotSign as error:
            return self._refused(request, HTTPException(503, str(error)))
        except StoreFailed as error:
            return self._failed(request, error)

    def _failed(self, request: Request, error: StoreFailed) -> Response:
        log.error("the store: %s", error)
        return self._refused(request, HTTPException(503, _("This cannot be answered just now."), LATER))

    def _asked(self, request: Request, form: Form) -> Asked:
        path = {name: str(value) for name, value in request.path_params.items()}
        query, https = dict(request.query_params), request.url.scheme == "https"
        told = (path, query, form, here_of(request), cookies_of(request), dict(request.headers), https)
        return Asked(self._store, self._publicly, self._once, self._limits, address_of(request), time.time(), *told)

    def _refused(self, request: Request, error: HTTPException) -> Response:
        """What is wrong, as a page."""
        asked = self._asked(request, NOTHING)
        answer = page("refused", asked, error.status_code, title=title_of(error.status_code), detail=error.detail)
        answer.headers.update(error.headers or {})
        return _finished(request, answer)


def left(took: float, beat: float) -> float:
    """Seconds until the next beat."""
    return beat - took % beat


def _finished(request: Request, answer: Response) -> Response:
    """With what every answer carries; packed, but for a page that holds a receipt: beside a secret nothing is (BREACH)."""
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    if answer.headers.get("Cache-Control") == PAGE["Cache-Control"] and takes_gzip(request.headers):
        pack(answer)
    return answer


def _from_here(request: Request) -> None:
    """Refuses with 403 a form that another site's page sends: browsers say whose it is (RFC 6454, 7), others anything."""
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("Host"):
        raise HTTPException(403, _("This form is of another site. Load the page again, and repeat it."))
