"""HTTP by httptools, a parser in C, within bounds that neither it nor uvicorn sets: of what is read and not yet understood."""

from __future__ import annotations

from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD: Final = 64 * 1024
"""Bytes of a head, or of whatever stands between two pieces of a body; one read of the socket may go beyond it."""

MOST_AHEAD: Final = 8
"""Requests that a peer may send before the first of them is answered; a station waits for each answer."""


class Bounded(HttpToolsProtocol):
    """One connection. A head that does not end, and requests without end, close it."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._not_understood = 0

    def data_received(self, data: bytes) -> None:
        """The socket has been read."""
        self._not_understood += len(data)
        super().data_received(data)
        if self._not_understood > MOST_HEAD:
            self.transport.abort()

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._not_understood = 0
        if len(self.pipeline) >= MOST_AHEAD:
            raise ValueError("too many requests ahead of their answers")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body is there."""
        self._not_understood = 0
        super().on_body(body)
