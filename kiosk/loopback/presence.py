"""Whether a page is there: it says so every few seconds, and whoever watches over the browser asks.

A browser whose page hangs, or that has crashed to an error of its own, still runs as far as systemd can see.
"""

from __future__ import annotations

from http.client import HTTPConnection
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from kiosk.local import boot_time

HOST: Final = "127.0.0.1"
GONE_AFTER: Final = 30.0
"""Seconds: a page says every 5 that it is there, or every 10 that it is drawn."""

ANSWERS_WITHIN: Final = 10.0


class Presence:
    """When a page was last heard. At the start of the program one is thought to have been: it has GONE_AFTER to come back."""

    def __init__(self) -> None:
        self._heard_at = boot_time()

    def heard(self) -> None:
        """A page works."""
        self._heard_at = boot_time()

    @property
    def ago(self) -> float:
        """Seconds since a page was heard."""
        return boot_time() - self._heard_at

    async def here(self, _request: Request) -> Response:
        """Asked by a page that works: its script runs, and its requests arrive."""
        self.heard()
        return Response(status_code=204)

    async def alive(self, _request: Request) -> Response:
        """200 while a page is there, 503 when it has been silent for too long."""
        ago = self.ago
        return PlainTextResponse(f"a page was heard {ago:.0f} s ago\n", 200 if ago <= GONE_AFTER else 503)


def page_is_there(port: int) -> bool:
    """Ask the program. Raises OSError when it does not answer, which is no fault of the browser's."""
    connection = HTTPConnection(HOST, port, timeout=ANSWERS_WITHIN)
    try:
        connection.request("GET", "/alive")
        return connection.getresponse().status == 200
    finally:
        connection.close()
