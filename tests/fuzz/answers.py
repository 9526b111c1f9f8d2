"""Hostile answers to sync's client over real HTTP: each is an answer of the contract or NoAnswer, and nothing else."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.contract.bodies import Batch, BatchAnswer, Documents, Enrolled, Problem
from kiosk.sync.answers import Answer, NoAnswer
from kiosk.sync.client import Client
from tests.fuzz.verifier import mutations
from tests.keys import NOW, keyset_document, status_document

BATCH: Final = Batch("0123456789abcdef", 1, "boot", 1.0, 1.0, [])
DATES: Final = (
    b"Thu, 26 Nov 2026 00:00:00 GMT",
    b"Thu, 26 Nov 9999999 00:00:00 GMT",
    b"\xb2",
    b"0",
    b"Mon, 00 Jan 0000 99:99:99 +9999",
)
WAITS: Final = (b"5", b"\xc2\xb2", b"-1", b"9" * 400, b"1e9", b"Thu, 26 Nov 0001 00:00:00 GMT", b"nan")
KINDS: Final = (
    b"application/json",
    b"application/problem+json; charset=utf-8",
    b"text/html; charset=gb2312",
    b"",
    b"application/json;" * 50,
)
STATUSES: Final = (
    b"200 OK", b"200", b"401 No", b"403 \xff", b"409 Gap", b"413 -", b"429 -", b"503 -", b"999 ?", b"302 Found",
)  # fmt: skip
GBK: Final = "<html>网关认证：请登录</html>".encode("gbk")


def run(count: int = 100_000, seed: int = 1) -> str:
    """Get that many answers; what came of them. Raises what the client raises."""
    taken = 0
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, _answers(seed)), daemon=True).start()
        key = Ed25519PrivateKey.generate()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        for number in range(count):
            if number % 1000 == 0:
                client = Client(url, "37081101", key, timeout=5.0)
            taken += _asked(client, post=number % 2 == 0)
    return f"{count:,} hostile answers: {taken:,} were the contract's, the others no answer; no exception"


def _asked(client: Client, *, post: bool) -> bool:
    path = "/v1/stations/37081101/" + ("streams/access/batches" if post else "documents")
    try:
        answer = client.post(path, BATCH) if post else client.get(path, {"wait": "0"})
        _read(answer)
    except NoAnswer as error:
        if not 0.0 <= error.retry_after < float("inf"):
            raise AssertionError(error.retry_after) from error
        return False
    return True


def _read(answer: Answer) -> None:
    """As sync does."""
    if answer.status != 200:
        answer.problem()
        return
    for kind in (BatchAnswer, Documents):
        with suppress(NoAnswer):
            answer.read(kind)


def _serve(server: socket.socket, answers: Iterator[bytes]) -> None:
    """One answer a connection, to whatever was asked."""
    with suppress(OSError):
        while True:
            sock, _ = server.accept()
            with sock, suppress(OSError):
                sock.settimeout(5.0)
                sock.recv(65536)
                sock.sendall(next(answers))
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):
                    pass


def _answers(seed: int) -> Iterator[bytes]:
    choose = random.Random(seed)
    bodies = [
        msgspec.json.encode(BatchAnswer(1, NOW, {"keyset": 1})),
        msgspec.json.encode(Documents([keyset_document(), status_document(1, {})], NOW)),
        msgspec.json.encode(Enrolled(bytes(32), [keyset_document()])),
        msgspec.json.encode(Problem("Gap", 409, expected=3)),
        GBK,
        b"[" * 3000,
        b'{"documents":' * 2000,
    ]
    hostile = mutations(bodies, 1 << 40, seed)
    for body in hostile:
        whole = _answer(choose, choose.choice(bodies) if choose.random() < 0.3 else body)
        if choose.random() < 0.2:
            place = choose.randrange(len(whole))
            whole = (
                whole[:place] + choose.randbytes(choose.choice((0, 1, 8))) + whole[place + choose.choice((0, 1, 20)) :]
            )
        yield whole


def _answer(choose: random.Random, body: bytes) -> bytes:
    """Each part as the contract wants it, three times out of four."""

    def some(good: bytes, *odd: bytes) -> bytes:
        return good if choose.random() < 0.75 else choose.choice(odd)

    headers = {
        b"Content-Type": some(*KINDS),
        b"Date": some(*DATES),
        b"Retry-After": some(*WAITS),
        b"Content-Length": some(str(len(body)).encode(), b"-1", b"99999", b"\xb2"),
        b"Location": some(b"", b"http://[", b"//\xff", b"file:///etc/passwd"),
        b"Content-Encoding": some(b"identity", b"gzip", b"deflate", b"br"),
        b"Transfer-Encoding": some(b"identity", b"chunked"),
        b"Connection": b"close",
    }
    kept = {name: value for name, value in headers.items() if choose.random() < 0.95}
    lines = b"".join(b"%b: %b\r\n" % pair for pair in kept.items())
    return b"HTTP/1.1 " + some(*STATUSES) + b"\r\n" + lines + b"\r\n" + body
