"""The whole central server over real HTTP in this process, and the programs that order passes there."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

import requests
import uvicorn

from kiosk.central.api.app import Central
from kiosk.central.store import CentralStore
from kiosk.central.store.clients import Client, as_kept
from kiosk.demo.founding import founded
from kiosk.demo.place import free_port
from kiosk.trust.passes import Pass, peek
from tests.programs.house import until

SECRET = "a secret of 256 bits"
KEPT = as_kept(SECRET)

DAY = 86_400
NUMBERS = itertools.count(1)


def holder() -> str:
    """A pseudonym that nobody has yet."""
    return f"h-{next(NUMBERS):05}"


class Shop:
    """A running server, and its store."""

    def __init__(self, url: str, folder: Path, store: CentralStore) -> None:
        self.url, self.folder, self.store = url, folder, store

    def client(self, scope: str = "") -> App:
        """A program with a token."""
        name = f"app-{next(NUMBERS)}"
        self.store.add_client(Client(name, scope, KEPT, time(), time()))
        return App(self.url, name)


class App:
    """A program that orders passes."""

    def __init__(self, url: str, name: str, secret: str = SECRET) -> None:
        self.url, self.name = url, name
        self.session = requests.Session()
        answer = self.ask_token(auth=(name, secret))
        if answer.status_code == 200:
            self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def ask_token(self, grant: str = "client_credentials", **more: Any) -> requests.Response:
        return requests.post(f"{self.url}/v1/token", {"grant_type": grant}, timeout=30, **more)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(f"{self.url}/v1{path}", params=query, timeout=30)

    def send(self, path: str, key: str | None = None, **order: Any) -> requests.Response:
        """An order under a key that it alone has."""
        headers = {"Idempotency-Key": key if key is not None else str(uuid4())}
        return self.session.post(f"{self.url}/v1{path}", json=order, headers=headers, timeout=30)

    def have(self, path: str, status: int = 200, **order: Any) -> Any:
        """What is answered to an order that is carried out."""
        answer = self.send(path, **order)
        assert answer.status_code == status, answer.text
        return answer.json()

    def new(self, **more: Any) -> str:
        """A holder with a pass."""
        name = more.pop("holder", None) or holder()
        self.have("/holders", 201, holder=name, until=time() + 60 * DAY, **more)
        return str(name)

    def wrong(self, path: str, status: int = 422, **order: Any) -> set[str]:
        """The fields that are wrong in an order."""
        answer = self.send(path, **order)
        assert answer.status_code == status, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        return {each["field"] for each in answer.json()["errors"]}


def said(signed: dict[str, Any]) -> Pass:
    """The claims of a pass that was answered."""
    claims = peek(signed["code"])
    assert isinstance(claims, Pass), claims
    return claims


@contextmanager
def open_shop(folder: Path) -> Iterator[Shop]:
    """The server of a folder, until the block ends."""
    port = free_port()
    with closing(CentralStore(folder)) as store:
        founded(folder, store)
        config = uvicorn.Config(Central(folder).app(), port=port, log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            until(lambda: server.started)
            yield Shop(f"http://127.0.0.1:{port}", folder, store)
        finally:
            server.should_exit = True
            thread.join(30)
