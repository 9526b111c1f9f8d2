"""Test support: whoever sits at the other end of sync's connection, and answers each request with whatever bytes a test wants.

He reads a request's head and its body (Content-Length), and hands the head to the test. TLS is not modelled.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.sync.client import Client
from tests.programs.listener import Listener

CODE = "37081101"
Says = Callable[[socket.socket, bytes], None]
"""What is done about a request, of which the head is given."""


class Road(Listener):
    """Listens on `port`, and does `says` to each request; `heads` are those so far."""

    def __init__(self, says: Says) -> None:
        self.says = says
        self.heads: list[bytes] = []
        super().__init__()

    def client(self, timeout: float = 5.0) -> Client:
        return Client(f"http://127.0.0.1:{self.port}", CODE, Ed25519PrivateKey.generate(), timeout=timeout)

    def _serve(self, near: socket.socket) -> None:
        with near, suppress(OSError):
            data = b""
            while b"\r\n\r\n" not in data:
                if not (more := near.recv(65536)):
                    return
                data += more
            head, _, body = data.partition(b"\r\n\r\n")
            lengths = [
                line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
            ]
            while len(body) < int(lengths[0] if lengths else 0):
                body += near.recv(65536) or b"\0" * int(lengths[0])
            self.heads.append(head)
            self.says(near, head)


def bytes_of(answer: bytes) -> Says:
    """Answers that, and ends the connection."""
    return lambda near, _head: near.sendall(answer)


def http(status: int, body: bytes, *headers: bytes) -> bytes:
    """A whole answer in HTTP/1.1; a header with no value takes away the one that would be there."""
    named = {line.partition(b":")[0].lower() for line in headers}
    default = [b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
    lines = [line for line in default if line.partition(b":")[0].lower() not in named]
    lines += [line for line in headers if line.partition(b":")[2]]
    return b"\r\n".join([b"HTTP/1.1 %d Word" % status, *lines]) + b"\r\n\r\n" + body
