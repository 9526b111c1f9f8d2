"""`make bench-issuing`: live passes a second of one process, beside bare signing and bare HTTP, in one run.

The figures of a machine that does other things too say little by themselves; what they are to each other says more.
"""

from __future__ import annotations

import http.client
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import requests

from kiosk.central.passes import By, Passes, Wanted
from kiosk.central.store import CentralStore
from kiosk.central.store.clients import Client
from kiosk.demo.founding import founded
from kiosk.demo.place import free_port
from tests.issuing.shop import DAY, KEPT, SECRET
from tests.keys import claims, signed
from tests.programs.house import until

SECONDS: Final = 6.0
AT_ONCE: Final = 8
HOLDERS: Final = 500
CLIENTS: Final = [f"bench-{number}" for number in range(4)]
"""One may not send as much as a process can answer."""

WANTED: Final = 200
"""Live passes a second that a process is to give."""

Ask = Callable[[http.client.HTTPConnection, int], int]


def main() -> None:
    """A server of its own, in a folder of its own; both are gone afterwards."""
    with tempfile.TemporaryDirectory() as place:
        folder, port = Path(place) / "central-data", free_port()
        _fill(folder)
        words = ["central", "serve", "--only", "api", "--data", str(folder), "--port", f"{port}"]
        server = subprocess.Popen([sys.executable, "-m", "kiosk", *words])
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: _answers(url))
            _print(server.pid, url)
        finally:
            server.terminate()
            server.wait(30)


def _fill(folder: Path) -> None:
    with closing(CentralStore(folder)) as store:
        issuer, now = founded(folder, store), time.time()
        for name in CLIENTS:
            store.add_client(Client(name, "", KEPT, now, now))
        Passes(store, issuer).register(
            [Wanted(f"h-{n}", now + DAY) for n in range(HOLDERS)], [], "", By("client bench")
        )


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/v1/nothing", timeout=5).status_code == 404
    except requests.ConnectionError:
        return False


def _print(pid: int, url: str) -> None:
    bearers = [_bearer(url, name) for name in CLIENTS]

    def nothing(connection: http.client.HTTPConnection, _number: int) -> int:
        return _status(connection, "GET", "/v1/nothing", {})

    def live(connection: http.client.HTTPConnection, number: int) -> int:
        return _status(connection, "POST", f"/v1/holders/h-{number % HOLDERS}/live", bearers[number % len(bearers)])

    print(f"bare signing             {_bare():8.0f} passes/s, one after the other, no HTTP")
    for name, ask, status in (("bare HTTP (404)", nothing, 404), ("live passes over HTTP", live, 200)):
        rate, cpu = _load(pid, url, ask, status)
        print(f"{name:<24} {rate:8.0f} requests/s, {cpu:.2f} ms of the server's processor each")
    print(f"{'wanted':<24} {WANTED:8.0f} live passes/s of one process; a client may have 300")


def _bearer(url: str, name: str) -> dict[str, str]:
    answer = requests.post(f"{url}/v1/token", {"grant_type": "client_credentials"}, auth=(name, SECRET), timeout=30)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def _bare() -> float:
    began, count, card = time.perf_counter(), 0, claims()
    while time.perf_counter() - began < SECONDS / 3:
        signed(card)
        count += 1
    return count / (time.perf_counter() - began)


def _status(connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str]) -> int:
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _load(pid: int, url: str, ask: Ask, status: int) -> tuple[float, float]:
    """Requests a second with that answer, and milliseconds of processor for each."""
    ends, before = time.perf_counter() + SECONDS, _ticks(pid)

    def asked(first: int) -> int:
        connection, done = http.client.HTTPConnection(urlsplit(url).netloc), 0
        while time.perf_counter() < ends:
            found = ask(connection, first + done * (AT_ONCE + 1))
            if found != status:
                raise SystemExit(f"answered {found}")
            done += 1
        connection.close()
        return done

    with ThreadPoolExecutor(AT_ONCE) as pool:
        count = sum(pool.map(asked, range(AT_ONCE)))
    return count / SECONDS, 10.0 * (_ticks(pid) - before) / count


def _ticks(pid: int) -> int:
    """Hundredths of a second of the processor that it has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


if __name__ == "__main__":
    main()
