"""The way in: who asks is found out, and whether they may, before a view is called; and what every answer carries."""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from kiosk.central.asking import address_of, cookies_of, here_of, safely
from kiosk.central.issuer import Issuer
from kiosk.central.looking import Looking
from kiosk.central.office.asked import BY_ITSELF, POLICY, Asked, page, to
from kiosk.central.office.cookies import cookie, give
from kiosk.central.office.pages import Page
from kiosk.central.refusals import CannotSign
from kiosk.central.store import CentralStore
from kiosk.central.store.accounts import Account
from kiosk.central.store.engine import StoreFailed
from kiosk.central.web.forms import NOTHING, Form, Incoming
from kiosk.central.web.spoken import reads_chinese, title_of
from kiosk.central.web.turns import Busy, Turns, no_room
from kiosk.language import _, speaking
from kiosk.wording.words import in_zone

log = logging.getLogger(__name__)

LANGUAGE: Final = "language"
HEADER_BY_ITSELF: Final = "X-By-Itself"
"""What live.js sends."""


HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every page."""


class Gate:
    """Before every page of the office."""

    def __init__(self, store: CentralStore, issuer: Issuer, turns: Turns | None = None) -> None:
        self._store, self._issuer, self._looking = store, issuer, Looking(store)
        self._turns, self._abroad, self._incoming = turns or Turns(), Turns(), Incoming()

    async def answer(self, wanted: Page, request: Request) -> Response:
        """A page, or why not, in the language of whoever asks; nothing that is sent is read from whoever may not send it."""
        with speaking(reads_chinese(request, LANGUAGE)), in_zone(self._store.zone):
            try:
                if wanted.method != "POST" or not await self._turns.run(self._may_send, wanted, request):
                    turns = self._abroad if wanted.abroad else self._turns
                    return await turns.run(self._answer, wanted, request, NOTHING)
                async with self._incoming.form(request, wanted.most) as form:
                    return await self._turns.run(self._answer, wanted, request, form)
            except HTTPException as error:
                return self._refused(request, error)
            except Busy:
                return self._refused(request, no_room())  # at once, of no thread

    async def lost(self, request: Request, error: Exception) -> Response:
        """What Starlette itself refuses: an address that is no page's."""
        with speaking(reads_chinese(request, LANGUAGE)):
            return self._refused(request, error if isinstance(error, HTTPException) else HTTPException(500))

    def _may_send(self, wanted: Page, request: Request) -> bool:
        try:
            return not wanted.roles or self._asked(request, NOTHING).may(wanted.roles)
        except (HTTPException, StoreFailed):
            return False

    def _answer(self, wanted: Page, request: Request, form: Form) -> Response:
        try:
            asked = self._asked(request, form)
            return finished(asked, self._viewed(wanted, asked))
        except HTTPException as error:
            return self._refused(request, error)
        except CannotSign as error:
            return self._refused(request, HTTPException(409, str(error)))
        except StoreFailed as error:
            log.error("the store: %s", error)  # noqa: TRY400  what it says is all that is known
            return self._refused(request, HTTPException(503, _("The database cannot be used just now.")))

    def _asked(self, request: Request, form: Form) -> Asked:
        if not safely(request):
            raise HTTPException(403, _("The office is open over HTTPS, and over plain HTTP at this machine alone."))
        cookies = cookies_of(request)
        token = cookies.get(cookie(https=request.url.scheme == "https"), "")
        account = self._store.logged_in(token, time.time(), busy=not by_itself(request)) if token else None
        return self._by(request, account, token or secrets.token_urlsafe(32), form, cookies)

    def _by(
        self, request: Request, account: Account | None, token: str, form: Form, cookies: Mapping[str, str]
    ) -> Asked:
        path = {name: str(value) for name, value in request.path_params.items()}
        query, https = dict(request.query_params), request.url.scheme == "https"
        ours = (self._store, self._issuer, self._looking)
        here, address = here_of(request), address_of(request)
        return Asked(*ours, account, token, address, time.time(), path, query, form, here, cookies, https)

    def _viewed(self, wanted: Page, asked: Asked) -> Response:
        """The view's answer; what was sent may have changed what all pages show, and nobody sees it as it was."""
        try:
            return viewed(wanted, asked)
        finally:
            if wanted.method == "POST" and asked.account:
                self._looking.forget()

    def _refused(self, request: Request, error: HTTPException) -> Response:
        """What is wrong, as a page; whoever is logged in stays so."""
        asked = self._by(request, None, "", NOTHING, {})
        answer = page("refused", asked, error.status_code, title=title_of(error.status_code), detail=error.detail)
        answer.headers.update(HEADERS | dict(error.headers or {}))
        return answer


def viewed(wanted: Page, asked: Asked) -> Response:
    """The view's answer, if the operator's role is one that it is for. Refuses with 403."""
    if wanted.roles and asked.account is None:
        return to(f"/login?next={quote(asked.here)}" if wanted.method == "GET" else "/login?undone=1")
    if wanted.roles and not asked.may(wanted.roles):
        raise HTTPException(403, _("Your role does not let you do this. An administrator may change it."))
    if wanted.method == "POST" and not hmac.compare_digest(asked.form.raw("csrf").encode(), asked.csrf.encode()):
        raise HTTPException(403, _("This form is of another session. Go back, load the page again, and repeat it."))
    return wanted.view(asked)


def finished(asked: Asked, answer: Response) -> Response:
    """With what every answer carries; who comes without a cookie is given one, so that the first form is theirs, too."""
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    if asked.account is None and asked.token not in asked.cookies.values() and "set-cookie" not in answer.headers:
        give(answer, asked.token, https=asked.https)
    return answer


def by_itself(request: Request) -> bool:
    """Whether a page asks that is kept up to date, and nobody did anything."""
    return request.method == "GET" and (BY_ITSELF in request.query_params or HEADER_BY_ITSELF in request.headers)
