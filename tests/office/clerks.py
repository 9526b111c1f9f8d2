"""The office over real HTTP in this process, and the people who use it: each has a browser without JavaScript."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import time
from typing import Any

import requests
import uvicorn
from argon2 import PasswordHasher
from msgspec import Struct
from starlette.applications import Starlette

from kiosk.central.office.app import routes
from kiosk.central.roles import Role
from kiosk.central.store import CentralStore
from kiosk.demo.founding import founded
from kiosk.demo.place import free_port
from tests.programs.house import until

PASSWORD = "correct horse battery"
KEPT = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""Hashed for a test: a good hash takes a while, which is its business."""

CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')
WRONG = re.compile(r'<li><a href="#([^"]+)">')


class Office(Struct, frozen=True):
    """A running one, and its store."""

    url: str
    store: CentralStore

    def hire(self, name: str, role: Role = "administrator", scope: str = "") -> Clerk:
        """Somebody whose account is some days old, who has logged in."""
        self.store.add_account(name, role, scope, KEPT, time() - 2 * 86_400)
        clerk = self.stranger()
        answer = clerk.log_in(name)
        assert answer.status_code == 303, answer.text
        return clerk

    def stranger(self) -> Clerk:
        return Clerk(self.url)


class Clerk:
    """A browser; its addresses are those below the office's."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Accept-Language"] = "en"

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.session.get(f"{self.url}/office{path}", allow_redirects=False, timeout=30, **more)

    def post(self, path: str, **fields: str) -> requests.Response:
        """Send a form as it stands, without what a page of ours puts into it."""
        answer = self.session.post(f"{self.url}/office{path}", fields, allow_redirects=False, timeout=30)
        lead = {*WRONG.findall(answer.text)}
        assert {each for each in lead if f'id="{each}"' not in answer.text} == set(), "what is wrong leads to its field"
        return answer

    def send(self, path: str, page: str = "", **fields: str) -> requests.Response:
        """Fill in the form of a page, and send it."""
        return self.post(path, csrf=self.csrf(page or path), **fields)

    def csrf(self, page: str) -> str:
        found = CSRF.search(self.get(page).text)
        assert found, f"{page} has no form"
        return found[1]

    def log_in(self, name: str, password: str = PASSWORD, **more: str) -> requests.Response:
        return self.send("/login", name=name, password=password, **more)

    def reads(self, path: str) -> str:
        """A page's text, without its tags."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return words(answer)


def words(answer: requests.Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


@contextmanager
def open_office(folder: Path) -> Iterator[Office]:
    """The office of a central server's folder, until the block ends."""
    port = free_port()
    with closing(CentralStore(folder)) as store:
        app = Starlette(routes=routes(store, founded(folder, store)))
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            until(lambda: server.started)
            yield Office(f"http://127.0.0.1:{port}", store)
        finally:
            server.should_exit = True
            thread.join(30)
