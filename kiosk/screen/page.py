"""The page and its parts as they are served, filled in once."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kiosk.screen.words import AWAY

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
HERE: Final = Path(__file__).parent
PARTS: Final = {"/page.css": "text/css", "/page.js": "text/javascript"}


class Page:
    """What a browser gets. `parts`: text and kind, by path.

    `made`, a digest of them, is the id of every event: a page that was made of others loads itself anew.
    """

    def __init__(self, name: str, call: str) -> None:
        texts = {path: (HERE / path[1:]).read_text(encoding="utf-8") for path in PARTS}
        template = (HERE / "page.html").read_text(encoding="utf-8")
        self.made = sha256("\0".join((template, name, call, *texts.values())).encode()).hexdigest()[:16]
        words = {"name": name, "call": call, "zh": AWAY[0], "en": AWAY[1], "made": self.made}
        page = Template(template).substitute({key: html.escape(text) for key, text in words.items()})
        self.parts = {"/": (page, "text/html")} | {path: (texts[path], kind) for path, kind in PARTS.items()}

    def routes(self) -> list[Route]:
        """A route for each part."""
        return [Route(path, _static(*part), methods=["GET"]) for path, part in self.parts.items()]


def _static(text: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return Response(text, media_type=kind, headers=HEADERS)

    return answer
