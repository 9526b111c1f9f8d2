"""The page with a pass over real HTTP in this process, and a phone that asks as the page does."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import time
from typing import Any

import msgspec
import requests
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct
from starlette.applications import Starlette

from kiosk.central.issuer import Issuer
from kiosk.central.office.app import routes
from kiosk.central.pass_codes import make_code
from kiosk.central.passes import By, Passes, Wanted
from kiosk.central.passpage.acts import Asked
from kiosk.central.passpage.app import ByHost, pass_page
from kiosk.central.passpage.bodies import proof_of
from kiosk.central.passpage.challenges import Challenges
from kiosk.central.passpage.gate import ONE_PHONES
from kiosk.central.store import CentralStore
from kiosk.central.store.people import Credential
from kiosk.central.store.place import SETTINGS
from kiosk.central.throttle import Throttle
from kiosk.demo.founding import founded
from kiosk.demo.place import free_port
from kiosk.trust.keyset import Key, Keyset
from tests.keys import public
from tests.programs.house import until

CLERK = By("li")
DAY = 86_400


class Counter(Struct, frozen=True):
    """A union's server with the page under `localhost`, its office under 127.0.0.1; and who hands out codes."""

    origin: str
    office: str
    store: CentralStore
    issuer: Issuer

    @property
    def passes(self) -> Passes:
        return Passes(self.store, self.issuer)

    def holder(self, name: str, days: float = 60) -> Credential:
        """Somebody new who has a card."""
        return self.passes.issue(Wanted(name, time() + days * DAY), CLERK).credential

    def code(self, held: Credential, now: float | None = None) -> str:
        return make_code(self.store, held, CLERK, time() if now is None else now)

    @property
    def keyset(self) -> Keyset:
        """What a station trusts."""
        return Keyset(1, 0, tuple(Key(*msgspec.structs.astuple(key)[:5]) for key in self.store.signing_keys()))

    def asked(self, body: Any, store: CentralStore | None = None) -> Asked:
        """A question as it comes to the acts."""
        known = (Throttle(ONE_PHONES), Challenges(self.store))
        return Asked(store or self.store, self.issuer, body, "127.0.0.1", time(), *known)

    def phone(self, **more: str) -> Phone:
        return Phone(self.origin, more)


class Phone:
    """Its key, and what it asks; `more`: headers that are not as the page's."""

    def __init__(self, origin: str, more: dict[str, str]) -> None:
        self.origin, self.key = origin, Ed25519PrivateKey.generate()
        self.session = requests.Session()
        self.session.headers.update({"Origin": origin, "Sec-Fetch-Site": "same-origin", **more})

    def ask(self, what: str, body: Any = None, **more: Any) -> requests.Response:
        """A question, as it stands."""
        return self.session.post(f"{self.origin}/pass/v1/{what}", json=body or {}, timeout=30, **more)

    def challenge(self) -> str:
        return str(self.ask("challenge").json()["challenge"])

    def proof(self, what: str, challenge: str = "", key: Ed25519PrivateKey | None = None) -> dict[str, str]:
        """That this phone asks."""
        challenge, key = challenge or self.challenge(), key or self.key
        signature = key.sign(proof_of(what, challenge))
        known = {"public_key": public(key), "signature": signature}
        return {"challenge": challenge, **{name: base64.b64encode(raw).decode() for name, raw in known.items()}}

    def enrol(self, code: str) -> requests.Response:
        return self.ask("enrol", {**self.proof("enrol"), "code": code})

    def renew(self) -> requests.Response:
        return self.ask("renew", self.proof("renew"))

    def leave(self) -> requests.Response:
        return self.ask("leave", self.proof("leave"))


def kind(answer: requests.Response) -> str:
    """Of a problem, by which the page tells what to do; nothing of an answer that is none."""
    assert answer.headers["Content-Type"] == "application/problem+json" or answer.ok, answer.text
    return "" if answer.ok else str(answer.json()["type"]).rpartition(":")[2]


@contextmanager
def open_counter(folder: Path, login: str = "") -> Iterator[Counter]:
    """A server of that folder, until the block ends; `login`: what its settings say of logging in elsewhere."""
    port = free_port()
    origin = f"http://localhost:{port}"
    folder.mkdir(exist_ok=True)
    if login:
        (folder / SETTINGS).write_text(f'[addresses]\npasses = "{origin}"\n{login}')
    with closing(CentralStore(folder)) as store:
        issuer = founded(folder, store)
        app = ByHost(origin, pass_page(store, issuer, origin), Starlette(routes=routes(store, issuer)))
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            until(lambda: server.started)
            yield Counter(origin, f"http://127.0.0.1:{port}", store, issuer)
        finally:
            server.should_exit = True
            thread.join(30)
