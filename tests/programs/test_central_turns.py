"""Who waits for the database waits among their own kind: orders, phones, operators and visitors keep no station waiting."""

from __future__ import annotations

import base64
import json
import select
import socket
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from time import time
from typing import Final
from uuid import uuid4

import msgspec
import pytest
import requests

from kiosk.central.passpage.bodies import proof_of
from kiosk.central.passpage.challenges import Challenges
from kiosk.central.store.clients import Client
from kiosk.central.store.place import SETTINGS
from tests.keys import public
from tests.programs.test_central_bounds import BATCHES, DOCUMENTS, KEY, Running, batch, bearer, running

CROWD: Final = 120
"""Of one kind, all at once: more than there are threads for all kinds together."""

PASSES: Final = "localhost:9"
TOKEN: Final = "a" * 43


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """All parts in one process; each kind has been answered once, so that none has to be loaded any more."""
    (tmp_path / SETTINGS).write_text(f'[addresses]\npasses = "http://{PASSES}"\n')
    with running(tmp_path, monkeypatch) as server:
        server.store.add_client(Client("app", "", "", time(), time()))
        server.store.give_token(TOKEN, "app", time() + 600)
        for each in PROBES.values():
            each(server)
        yield server


def asked(path: str, host: str, body: Mapping[str, object], **more: str) -> bytes:
    """A question, byte for byte."""
    raw = json.dumps(body).encode()
    headers = {"Host": host, "Content-Type": "application/json", "Content-Length": f"{len(raw)}", **more}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + raw


def order(_server: Running) -> bytes:
    more = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": str(uuid4())}
    return asked("/v1/holders", "x", {"holder": uuid4().hex, "until": time() + 86_400}, **more)


def phone(server: Running) -> bytes:
    """With a key that it has made, and a code that it has guessed."""
    challenge = Challenges(server.store).make(time())
    known = {"public_key": public(KEY), "signature": KEY.sign(proof_of("enrol", challenge))}
    body = {"challenge": challenge, "code": "AAAAA-AAAAA", **{name: in_base64(raw) for name, raw in known.items()}}
    return asked("/pass/v1/enrol", PASSES, body, Origin=f"http://{PASSES}")


def in_base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def entries(_server: Running) -> bytes:
    return asked(BATCHES, "x", msgspec.to_builtins(batch(1)), **bearer())


def newcomer(_server: Running) -> bytes:
    body = {"station": "37089999", "claim": "AAAA-AAAA-AAAA", "public_key": in_base64(public(KEY))}
    return asked("/v1/enrol", "x", body)


def of_a_station(server: Running) -> None:
    """The signed time is made in a thread."""
    answer = requests.get(f"{server.url}{DOCUMENTS}?nonce={'0' * 32}", headers=bearer(), timeout=5)
    assert answer.status_code == 200, answer.text


def of_an_app(server: Running) -> None:
    token = {"Authorization": f"Bearer {TOKEN}"}
    assert requests.get(f"{server.url}/v1/holders", headers=token, timeout=5).status_code == 200


def of_an_operator(server: Running) -> None:
    assert requests.get(f"{server.url}/office/login", timeout=5).status_code == 200


PROBES: Final[dict[str, Callable[[Running], None]]] = {
    "stations": of_a_station, "orders": of_an_app, "office": of_an_operator,
}  # fmt: skip


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Somebody else writes into the file, and nobody can meanwhile."""
    with closing(sqlite3.connect(folder / "central.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.parametrize(
    ("kind", "question"), [("orders", order), ("phones", phone), ("entries", entries), ("newcomers", newcomer)]
)
def test_a_crowd_that_waits_keeps_nobody_else_waiting(
    server: Running, tmp_path: Path, kind: str, question: Callable[[Running], bytes]
) -> None:
    with ExitStack() as stack:
        crowd = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(CROWD)]
        questions = [question(server) for _ in crowd]
        with held(tmp_path):
            for each, said in zip(crowd, questions, strict=True):
                each.sendall(said)
            for _ in range(3):
                for probe in (probe for name, probe in PROBES.items() if name != kind):
                    probe(server)
            waiting = CROWD - len(select.select(crowd, [], [], 0)[0])
            assert waiting > 0, "nobody waited, so nothing was shown"
        told = {each.recv(12).decode() for each in crowd}
        assert told <= {"HTTP/1.1 200", "HTTP/1.1 201", "HTTP/1.1 403", "HTTP/1.1 429", "HTTP/1.1 503"}


@pytest.fixture
def silent() -> Iterator[str]:
    """Another server that takes every connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=CROWD) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


LOGINS: Final = """
[addresses]
passes = "http://{passes}"

[oidc]
issuer = "{issuer}"
client_id = "office"
secret_file = "secret"
office = "http://127.0.0.1/office"

[pass_login]
issuer = "{issuer}"
client_id = "passes"
secret_file = "secret"
"""


def of_a_phone(server: Running) -> None:
    headers = {"Host": PASSES, "Origin": f"http://{PASSES}"}
    answer = requests.post(f"{server.url}/pass/v1/challenge", json={}, headers=headers, timeout=5)
    assert answer.status_code == 200, answer.text


def test_whoever_waits_for_a_login_elsewhere_that_hangs_keeps_no_page_waiting(
    silent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strangers ask for it, too. There is no answer for five seconds, four times over for a crowd of this size."""
    (tmp_path / SETTINGS).write_text(LOGINS.format(passes=PASSES, issuer=silent))
    (tmp_path / "secret").write_text("secret")
    with running(tmp_path, monkeypatch) as server, ExitStack() as stack:
        crowd = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(60)]
        going = asked("/pass/v1/login", PASSES, {"token": "A" * 32}, Origin=f"http://{PASSES}")
        for number, each in enumerate(crowd):
            each.sendall(going if number % 2 else b"GET /office/oidc HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(3):
            of_an_operator(server)
            of_a_phone(server)
        assert len(select.select(crowd, [], [], 0)[0]) < len(crowd), "nobody waited, so nothing was shown"
