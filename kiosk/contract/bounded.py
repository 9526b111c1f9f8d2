"""Connections of which no answer is without an end, be it in its status line, its headers or its body.

The libraries bound each read alone: a peer that says `100 Continue` without an end, or gives a byte of a header now and then,
keeps them for ever. So each answer's bytes are counted below all of that.
"""

from __future__ import annotations

import http.client
import io
import socket
from time import monotonic
from typing import Any, Final

import urllib3
from requests.adapters import HTTPAdapter

SLOWEST: Final = 100.0
"""Bytes a second: an answer that comes more slowly than that, on the whole, comes to nothing."""

HEADERS: Final = 256 * 1024
"""Bytes of an answer's headers, and what its chunks add to it."""

SEND_BUFFER: Final = 8192
"""Bytes of a request that lie with the kernel at the most: more would hide a slow road."""


class _Bounded(io.RawIOBase):
    """What comes from a connection, as long as it comes fast enough: for the first byte there is the connection's time-out."""

    def __init__(self, raw: io.RawIOBase, grace: float, most: int) -> None:
        super().__init__()
        self._raw, self._grace, self._most = raw, grace, most
        self._began, self._got = monotonic(), 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """The next bytes. Raises OSError when they come too slowly, or without an end."""
        if monotonic() - self._began > self._grace + self._got / SLOWEST:
            raise TimeoutError("the answer drips in too slowly")
        if self._got > self._most + HEADERS:
            raise OSError(f"an answer of more than {self._most} bytes")
        got: int | None = self._raw.readinto(buffer)
        self._got += got or 0
        return got

    def close(self) -> None:
        """Hang up."""
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    most = 0

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp: Any = io.BufferedReader(_Bounded(self.fp.detach(), sock.gettimeout() or 0.0, self.most))


def _pools(most: int) -> dict[str, Any]:
    """By the scheme, those whose answers have so many bytes at the most."""
    answer = {"response_class": type("Response", (_Response,), {"most": most})}
    plain = type("Connection", (urllib3.connection.HTTPConnection,), answer)
    safe = type("SafeConnection", (urllib3.connection.HTTPSConnection,), answer)
    return {
        "http": type("Pool", (urllib3.HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SafePool", (urllib3.HTTPSConnectionPool,), {"ConnectionCls": safe}),
    }


class Adapter(HTTPAdapter):
    """For a session of requests."""

    def __init__(self, most: int) -> None:
        """`most`: bytes of an answer's body."""
        self._most = most
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As the library does it, with these connections."""
        options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)]
        super().init_poolmanager(*args, **kwargs, socket_options=options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._most)
