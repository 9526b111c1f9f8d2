"""What a view of the public pages is given, and the answers that it gives."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, NoReturn

from jinja2 import Environment
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from kiosk.central.codes import grouped
from kiosk.central.public.made_once import MadeOnce
from kiosk.central.public.style import STYLE
from kiosk.central.publicly import Publicly, Stations
from kiosk.central.store import CentralStore
from kiosk.central.voice_words import face_word
from kiosk.central.voices.limits import Limits
from kiosk.central.web.forms import Form
from kiosk.central.web.templates import page_language, templates_of
from kiosk.language import _
from kiosk.wording.words import listed, word

PACKAGE: Final = "kiosk.central.public"
PAGE: Final = {"Cache-Control": "private, no-cache", "Vary": "Accept-Language, Cookie, Accept-Encoding"}
"""Of every page: the language is by who asks, and what it says is of now."""


class Asked(Struct, frozen=True):
    """A request of somebody whom nobody knows; `address` is where it comes from, and is written down nowhere."""

    store: CentralStore
    publicly: Publicly
    once: MadeOnce
    limits: Limits
    address: str
    now: float
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Form
    here: str
    cookies: Mapping[str, str]
    headers: Mapping[str, str]
    https: bool

    @property
    def stations(self) -> Stations:
        """All of them, as the public may know them."""
        return self.publicly.seen(self.now).stations


def page(name: str, asked: Asked, status: int = 200, **values: Any) -> Response:
    """A page from its template, in the language of whoever asks."""
    return html(rendered(name, asked, **values), status)


def rendered(name: str, asked: Asked, **values: Any) -> str:
    """Its text."""
    template = _templates().get_template(f"{name}.html")
    return template.render(asked=asked, lang=page_language(), name=name, **values)


def html(text: str, status: int = 200) -> Response:
    """The answer with that text."""
    return Response(text, status, PAGE, media_type="text/html")


def to(path: str) -> Response:
    """The way to another page."""
    return RedirectResponse(path, 303)


def absent(what: str) -> NoReturn:
    """There is no such thing."""
    raise HTTPException(404, what)


@cache
def _templates() -> Environment:
    found = templates_of(PACKAGE)
    found.globals.update(_=_, word=word, face_word=face_word, style=STYLE, grouped=grouped, listed=listed)
    return found
