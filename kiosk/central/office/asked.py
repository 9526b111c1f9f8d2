"""What a view is given, and the answers that it gives: a page, a way to another, or what is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final, NoReturn

from jinja2 import Environment
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from kiosk.central.issuer import Issuer
from kiosk.central.looking import Looking
from kiosk.central.office.assets import asset
from kiosk.central.office.audit_reading import readable, unread_by
from kiosk.central.office.cookies import device_cookie
from kiosk.central.office.menu import menu
from kiosk.central.roles import Roles
from kiosk.central.scope import Scope
from kiosk.central.store import CentralStore
from kiosk.central.store.accounts import Account
from kiosk.central.store.audit import PAGE, Act, Acted
from kiosk.central.web.forms import Form
from kiosk.central.web.templates import page_language, templates_of
from kiosk.foreign import visible
from kiosk.language import _, told
from kiosk.wording.words import listed, when, word

ROOT: Final = "/office"
POLICY: Final = "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
"""Of what a page may load, and where its forms lead (CSP Level 3)."""

BY_ITSELF: Final = "by-itself"
"""In the address of a page that loads itself anew: nobody did anything, and no session lasts longer for it."""


class Asked(Struct, frozen=True):
    """A request that may be answered: by whom (None: nobody has logged in), for what, when.

    `token`: that of their session, which a cookie holds from now on.
    """

    store: CentralStore
    issuer: Issuer
    looking: Looking
    account: Account | None
    token: str
    address: str
    now: float
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Form
    here: str
    cookies: Mapping[str, str]
    https: bool

    @property
    def who(self) -> Account:
        """The operator, on every page that asks for a role."""
        assert self.account is not None, "such a page is never asked for by nobody"  # noqa: S101  the gate's invariant
        return self.account

    @property
    def scope(self) -> Scope:
        """Which stations the operator sees: every question to the store takes it."""
        return self.who.sees

    @property
    def device(self) -> str:
        """By what their browser is known; empty where it is not."""
        return self.cookies.get(device_cookie(https=self.https), "")

    def may(self, roles: Roles) -> bool:
        """Whether somebody of these roles asks."""
        return self.account is not None and self.account.role in roles

    def acted(self, what: str, about: str, scope: str = "", reason: str = "") -> None:
        """Write into the audit what the operator does, within the transaction in which it is done."""
        self.store.acted(Act(self.who.name, what, about, scope, reason), self.now)

    def acts(self, about: str = "", before: int = 2**53, most: int = PAGE) -> list[Acted]:
        """What was done within the operator's stations, the newest first, as far as their role reads it."""
        found = self.store.acts(self.scope, about, before, most, unread_by(self.who.role))
        return [readable(each, self.who.role) for each in found]

    @property
    def csrf(self) -> str:
        """What each form has in it, and only a page of ours can know."""
        return csrf(self.token)


def csrf(token: str) -> str:
    """The word that goes with a cookie's token: from it nobody finds the token."""
    return hashlib.sha256(b"csrf " + token.encode()).hexdigest()


def page(name: str, asked: Asked, status: int = 200, **values: Any) -> Response:
    """A page from its template, in the language of whoever asks."""
    template = _templates().get_template(f"{name}.html")
    text = template.render(asked=asked, root=ROOT, lang=page_language(), name=name, **values)
    return Response(text, status, media_type="text/html")


def to(path: str) -> Response:
    """The way to another page of the office, after something was done."""
    return RedirectResponse(ROOT + path, 303)


def with_pictures_of(answer: Response, origin: str) -> Response:
    """A page that may load pictures of one other server, too, and those that a script makes."""
    answer.headers["Content-Security-Policy"] = f"{POLICY}; img-src 'self' data: {origin}"
    return answer


def missing(what: str) -> NoReturn:
    """There is no such thing, or not for who asks: both are told alike."""
    raise HTTPException(404, what)


def _listed(kinds: Iterable[str]) -> str:
    """Values of a closed set in a row."""
    return listed(map(word, kinds))


def _told(detail: str) -> str:
    """What a program said, in the operator's language."""
    return told(visible(detail))


@cache
def _templates() -> Environment:
    found = templates_of("kiosk.central.office")
    found.globals.update(_=_, word=word, when=when, listed=_listed, told=_told, asset=asset, menu=menu)

    return found
