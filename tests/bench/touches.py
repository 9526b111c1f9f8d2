"""A page inside that somebody has taken over: a thousand touches a second at `kiosk desk`, from a process of its own.

python -m tests.bench.touches PORT, until it is ended; each second it prints how many were answered, and how many of them kept.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import requests

A_SECOND = 1000
CONNECTIONS = 10


class Page:
    """One browser's connections, all of which touch as fast as they are answered and the second allows."""

    def __init__(self, port: int) -> None:
        self._port, self._origin = port, f"http://127.0.0.1:{port}"
        token = re.findall(r'data-token="([^"]+)"', requests.get(self._origin, timeout=5).text)[0]
        self._body = json.dumps({"token": token, "answer": 0}).encode()
        self.answered, self.kept = 0, 0

    def touch(self) -> None:
        """A share of them, on a connection of its own."""
        headers = {"Origin": self._origin, "Content-Type": "application/json"}
        connection, following = HTTPConnection("127.0.0.1", self._port, timeout=10), time.monotonic()
        while True:
            following = max(following + CONNECTIONS / A_SECOND, time.monotonic() - 1)
            time.sleep(max(0.0, following - time.monotonic()))
            connection.request("POST", "/touched", self._body, headers)
            answer = connection.getresponse()
            answer.read()
            self.answered += 1
            self.kept += answer.status == 204


@contextmanager
def flooding(port: int) -> Iterator[list[str]]:
    """That page floods the desk; what it printed is there once it has ended."""
    command = [sys.executable, "-m", "tests.bench.touches", str(port)]
    process, told = subprocess.Popen(command, stdout=subprocess.PIPE, text=True), list[str]()
    assert process.stdout is not None
    told.append(process.stdout.readline())
    try:
        yield told
    finally:
        process.terminate()
        told += process.stdout.read().splitlines()
        process.wait()


def rate(told: list[str]) -> str:
    """What it came to, in words."""
    seconds = len(told) - 1
    answered, kept = (
        (int(last) - int(first)) / seconds for first, last in zip(told[0].split(), told[-1].split(), strict=True)
    )
    return f"{answered:,.0f} a second, {kept:.1f} kept"


def main(port: int) -> None:
    page = Page(port)
    for _ in range(CONNECTIONS):
        threading.Thread(target=page.touch, daemon=True).start()
    while True:
        time.sleep(1)
        print(page.answered, page.kept, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
