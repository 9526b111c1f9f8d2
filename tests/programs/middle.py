"""Test support: a man in the middle, between sync and the central server, who does to each exchange what a bad network would.

He reads a whole request (HTTP/1.1 with Content-Length: sync and our server send nothing else) and then acts on it. He does not
model the loss of single packets; tests/programs/test_namespaces.py loses real ones.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from itertools import cycle
from time import monotonic, time
from typing import Final

from kiosk.contract.bodies import CONFLICT
from tests.programs.listener import Listener

RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: a close that sends RST."""

DELAY: Final = 2.0
DRIP: Final = 0.1
FLAP: Final = 0.5


class Gone(Exception):
    """The connection ends here."""


class Exchange:
    """One request, and whoever waits for its answer."""

    def __init__(self, middle: Middle, near: socket.socket, request: bytes) -> None:
        self._middle = middle
        self.near = near
        self.request = request

    @property
    def wait_asked(self) -> float:
        """Seconds for which a question for documents may be held back."""
        found = re.search(rb"[?&]wait=([\d.]+)", self.request.partition(b"\r\n")[0])
        return float(found[1]) if found else 0.0

    @property
    def is_batch(self) -> bool:
        return b"/batches " in self.request.partition(b"\r\n")[0]

    def ask(self) -> bytes:
        """The server's answer to the request."""
        with socket.create_connection(self._middle.target(), timeout=30.0) as far:
            far.sendall(self.request)
            return _whole(far)

    def send_half(self) -> None:
        """Half of the request reaches the server, then the connection breaks."""
        with socket.create_connection(self._middle.target(), timeout=30.0) as far:
            far.sendall(self.request[: len(self.request) // 2])
            reset(far)

    def wait(self, seconds: float | None = None) -> None:
        """Some time, or until the fault is over."""
        self._middle.over.wait(seconds)


Fault = Callable[[Exchange], None]
"""What is done to an exchange. Raises Gone or OSError to end the connection."""


class Middle(Listener):
    """Listens on `port`; forwards to the servers by turns; `fault` is what he does at present, `hits` to how many so far."""

    def __init__(self, *servers: int) -> None:
        self._servers = cycle(servers)
        self._lock = threading.Lock()
        self._fault: Fault = honest
        self.hits = 0
        self.over = threading.Event()
        super().__init__()

    def target(self) -> tuple[str, int]:
        """The server whose turn it is: no stickiness."""
        with self._lock:
            return "127.0.0.1", next(self._servers)

    @contextmanager
    def doing(self, fault: Fault) -> Iterator[None]:
        """Within the block that happens to every exchange."""
        self.hits, self.over, self._fault = 0, threading.Event(), fault
        try:
            yield
        finally:
            self._fault = honest
            self.over.set()

    def close(self) -> None:
        self.over.set()
        super().close()

    def _serve(self, near: socket.socket) -> None:
        with near, suppress(OSError, Gone):
            while request := _whole(near):
                with self._lock:
                    self.hits += 1
                self._fault(Exchange(self, near, request))


def _whole(sock: socket.socket) -> bytes:
    """A message with its body. Raises Gone when it ends before that."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(sock)
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < int(lengths[0] if lengths else 0):
        body += _some(sock)
    return head + b"\r\n\r\n" + body


def _some(sock: socket.socket) -> bytes:
    if not (data := sock.recv(65536)):
        raise Gone
    return data


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    sock.close()


# What can happen.


def honest(exchange: Exchange) -> None:
    exchange.near.sendall(exchange.ask())


def delayed(exchange: Exchange) -> None:
    exchange.wait(DELAY)
    honest(exchange)


def blackholed(exchange: Exchange) -> None:
    exchange.wait()
    raise Gone


def reset_in_mid_body(exchange: Exchange) -> None:
    exchange.send_half()
    reset(exchange.near)
    raise Gone


def swallowed(exchange: Exchange) -> None:
    """The server has committed, and nobody hears of it."""
    exchange.ask()
    raise Gone


def flapping(exchange: Exchange) -> None:
    if int(monotonic() / FLAP) % 2:
        reset(exchange.near)
        raise Gone
    honest(exchange)


def dripping(exchange: Exchange) -> None:
    for byte in exchange.ask():
        exchange.near.sendall(bytes([byte]))
        exchange.wait(DRIP)


def sent_twice(exchange: Exchange) -> None:
    exchange.ask()
    honest(exchange)


def says(status: str, kind: str, body: str, *headers: str) -> Fault:
    """To everything the same, and the server hears nothing of it."""
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    answer = ("\r\n".join(head) + "\r\n\r\n" + body).encode()

    def fault(exchange: Exchange) -> None:
        exchange.near.sendall(answer)

    return fault


def redated(seconds: float) -> Fault:
    """A gateway with its own idea of the time puts it on every answer."""

    def fault(exchange: Exchange) -> None:
        head, _, body = exchange.ask().partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"date:")]
        date = f"Date: {formatdate(time() + seconds, usegmt=True)}".encode()
        exchange.near.sendall(b"\r\n".join([*lines, date]) + b"\r\n\r\n" + body)

    return fault


def gives_up_after(seconds: float) -> Fault:
    """A gateway that waits no longer than that for an answer."""
    page = says("504 Gateway Time-out", "text/html", "<html>504 Gateway Time-out</html>")

    def fault(exchange: Exchange) -> None:
        if exchange.wait_asked > seconds:
            exchange.wait(seconds)
            page(exchange)
        else:
            honest(exchange)

    return fault


def adds(document: str) -> Fault:
    """With each answer that has documents, or could have, comes this one (Base64), at once."""

    def fault(exchange: Exchange) -> None:
        if exchange.is_batch:
            honest(exchange)
            return
        exchange.request = re.sub(rb"([?&]wait=)[\d.]+", rb"\g<1>0", exchange.request)
        found = json.loads(exchange.ask().partition(b"\r\n\r\n")[2])
        says("200 OK", "application/json", json.dumps(found | {"documents": [*found["documents"], document]}))(exchange)

    return fault


def conflicts_from(number: int) -> Fault:
    """The server holds another station's entries of the access stream from that number on."""
    problem = {"type": CONFLICT, "title": "Conflict", "status": 409}
    ours: list[str] = []

    def fault(exchange: Exchange) -> None:
        body = exchange.request.partition(b"\r\n\r\n")[2]
        batch = json.loads(gzip.decompress(body)) if exchange.is_batch else {"entries": []}
        numbers = [entry["seq"] for entry in batch["entries"]]
        ours.extend([batch["epoch"]] if numbers and not ours else [])
        if numbers and batch["epoch"] in ours and max(numbers) >= number:
            answer = json.dumps(problem | {"expected": min(numbers)})
            says("409 Conflict", "application/problem+json", answer)(exchange)
        else:
            honest(exchange)

    return fault


def acknowledges(change: Callable[[int], int], *, stored: bool) -> Fault:
    """Batches are answered with another mark than the server's; `stored`: and yet the server has them."""

    def fault(exchange: Exchange) -> None:
        if not exchange.is_batch:
            honest(exchange)
            return
        mark = 0
        if stored:
            mark = json.loads(exchange.ask().partition(b"\r\n\r\n")[2]).get("acked", 0)
        body = json.dumps({"acked": change(mark), "server_time": 0, "versions": {}})
        says("200 OK", "application/json", body)(exchange)

    return fault
