"""A page and its parts as they are served, filled in once."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "frame-ancestors 'none'; form-action 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
KINDS: Final = {".css": "text/css", ".js": "text/javascript"}


class Page:
    """What a browser gets. `parts`: text and kind, by path: the page, and each style and script that lies beside it.

    `made`, a digest of them, goes with whatever the page is told: one that was made of others loads itself anew.
    """

    def __init__(self, folder: Path, words: dict[str, str], more: Mapping[str, tuple[str, str]] | None = None) -> None:
        """`folder` has the page; `words` are filled into it; `more`: parts that are in no file."""
        beside = {
            f"/{path.name}": (path.read_text(encoding="utf-8"), KINDS[path.suffix])
            for path in sorted(folder.iterdir())
            if path.suffix in KINDS
        } | dict(more or {})
        template = (folder / "page.html").read_text(encoding="utf-8")
        texts = (text for text, _kind in beside.values())
        self.made = sha256("\0".join((template, *words.values(), *texts)).encode()).hexdigest()[:16]
        filled = {key: html.escape(text) for key, text in {**words, "made": self.made}.items()}
        self.parts = {"/": (Template(template).substitute(filled), "text/html"), **beside}

    def routes(self) -> list[Route]:
        """A route for each part."""
        return [Route(path, _static(*part), methods=["GET"]) for path, part in self.parts.items()]


def _static(text: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return Response(text, media_type=kind, headers=HEADERS)

    return answer
