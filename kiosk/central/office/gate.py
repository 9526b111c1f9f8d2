"""The way in: who asks is found out, and whether they may, before a view is called; and what every answer carries."""

from __future__ import annotations

import hmac
import ipaddress
import logging
import secrets
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message

from kiosk.central.issuer import Issuer
from kiosk.central.looking import Looking
from kiosk.central.office.asked import Asked, Form, page, to
from kiosk.central.office.cookies import cookie, give
from kiosk.central.office.pages import Page
from kiosk.central.refusals import CannotSign
from kiosk.central.store import CentralStore
from kiosk.central.store.accounts import Account
from kiosk.central.store.engine import StoreFailed
from kiosk.language import _, speaking

log = logging.getLogger(__name__)

LANGUAGE: Final = "language"
MOST_FIELDS: Final = 200

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every page."""


class Gate:
    """Before every page of the office."""

    def __init__(self, store: CentralStore, issuer: Issuer) -> None:
        self._store, self._issuer, self._looking = store, issuer, Looking(store)

    async def answer(self, wanted: Page, request: Request) -> Response:
        """A page, or why not; nothing that is sent is read from whoever may not send it."""
        try:
            sends = wanted.method == "POST" and await run_in_threadpool(self._may_send, wanted, request)
            form = await _form(request, wanted.most) if sends else Form()
        except HTTPException as error:
            return await run_in_threadpool(self._refused, request, error)
        try:
            return await run_in_threadpool(self._answer, wanted, request, form)
        finally:
            for file in form.files.values():
                await file.close()

    async def lost(self, request: Request, error: Exception) -> Response:
        """What Starlette itself refuses: an address that is no page's."""
        wrong = error if isinstance(error, HTTPException) else HTTPException(500)
        return await run_in_threadpool(self._refused, request, wrong)

    def _may_send(self, wanted: Page, request: Request) -> bool:
        try:
            return not wanted.roles or self._asked(request, Form()).may(wanted.roles)
        except (HTTPException, StoreFailed):
            return False

    def _answer(self, wanted: Page, request: Request, form: Form) -> Response:
        with speaking(reads_chinese(request)):
            try:
                asked = self._asked(request, form)
                return finished(request, asked, _viewed(wanted, asked))
            except HTTPException as error:
                return self._refused(request, error)
            except CannotSign as error:
                return self._refused(request, HTTPException(409, str(error)))
            except StoreFailed as error:
                log.error("the store: %s", error)  # noqa: TRY400  what it says is all that is known
                return self._refused(request, HTTPException(503, _("The database cannot be used just now.")))

    def _asked(self, request: Request, form: Form) -> Asked:
        if not _safely(request):
            raise HTTPException(403, _("The office is open over HTTPS, and over plain HTTP at this machine alone."))
        token = request.cookies.get(cookie(https=request.url.scheme == "https"), "")
        account = self._store.logged_in(token, time.time()) if token else None
        return self._by(request, account, token or secrets.token_urlsafe(32), form)

    def _by(self, request: Request, account: Account | None, token: str, form: Form) -> Asked:
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        address = request.client.host if request.client else ""
        path = {name: str(value) for name, value in request.path_params.items()}
        query, https = dict(request.query_params), request.url.scheme == "https"
        ours = (self._store, self._issuer, self._looking)
        return Asked(*ours, account, token, address, time.time(), path, query, form, here, https)

    def _refused(self, request: Request, error: HTTPException) -> Response:
        """What is wrong, as a page; whoever is logged in stays so."""
        with speaking(reads_chinese(request)):
            asked = self._by(request, None, "", Form())
            answer = page("refused", asked, error.status_code, title=_title(error.status_code), detail=error.detail)
            answer.headers.update(HEADERS | dict(error.headers or {}))
            return answer


def _viewed(wanted: Page, asked: Asked) -> Response:
    """The view's answer, if the operator's role is one that it is for. Refuses with 403."""
    if wanted.roles and asked.account is None:
        return to(f"/login?next={quote(asked.here)}" if wanted.method == "GET" else "/login")
    if wanted.roles and not asked.may(wanted.roles):
        raise HTTPException(403, _("Your role does not let you do this. An administrator may change it."))
    if wanted.method == "POST" and not hmac.compare_digest(asked.form.raw("csrf").encode(), asked.csrf.encode()):
        raise HTTPException(403, _("This form is of another session. Go back, load the page again, and repeat it."))
    return wanted.view(asked)


def finished(request: Request, asked: Asked, answer: Response) -> Response:
    """With what every answer carries; who comes without a cookie is given one, so that the first form is theirs, too."""
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    if asked.account is None and asked.token not in request.cookies.values() and "set-cookie" not in answer.headers:
        give(answer, asked.token, https=asked.https)
    return answer


def reads_chinese(request: Request) -> bool:
    """By what was chosen; or by whether the browser names Chinese before English, or neither."""
    if chosen := request.cookies.get(LANGUAGE):
        return chosen == "zh"
    named = [each.strip()[:2].lower() for each in request.headers.get("Accept-Language", "").split(",")]
    return next((each for each in named if each in {"zh", "en"}), "zh") == "zh"


def _safely(request: Request) -> bool:
    if request.url.scheme == "https":
        return True
    try:
        return ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False


async def _form(request: Request, most: int) -> Form:
    """What was sent, within bounds. Refuses with 400 and 413."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise HTTPException(413, _("That is too large: {most} bytes at the most.", most=most))

        async def whole() -> Message:
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        sent = await Request(request.scope, whole).form(max_files=1, max_fields=MOST_FIELDS, max_part_size=most)
    except (MultiPartException, ClientDisconnect, UnicodeDecodeError) as error:
        raise HTTPException(400, _("The form did not come whole.")) from error
    pairs = sent.multi_items()
    fields = {name: value for name, value in pairs if isinstance(value, str)}
    return Form(fields, {name: value for name, value in pairs if isinstance(value, UploadFile)})


def _title(status: int) -> str:
    titles: Mapping[int, str] = {
        400: _("Not understood"),
        403: _("Not allowed"),
        404: _("There is no such page"),
        405: _("There is no such page"),
        409: _("Not now"),
        413: _("Too large"),
        429: _("Too often"),
        503: _("Not now"),
    }
    return titles.get(status, _("Something went wrong"))
