"""The contract against our own server by outsiders: schemathesis, and `kiosk central check`, which finds bad servers out."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from time import time

import jwt
import pytest
import requests

from kiosk.central.issuer import Issuer
from kiosk.central.service_kinds import as_said
from kiosk.central.store import CentralStore
from kiosk.contract.bodies import AUDIENCE
from kiosk.contract.openapi import document
from kiosk.demo.founding import found
from kiosk.trust.service import Event, Picture, ServiceDocument
from tests.keys import private, public
from tests.programs import middle
from tests.programs.middle import Exchange, Fault, Middle
from tests.programs.town import Town

CODE = "99990001"
KEY = private(21)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The server over the one database, and over the other."""
    town = Town(tmp_path_factory.mktemp("contract"))
    if request.param == "postgresql":
        request.getfixturevalue("postgresql").give(town.central)
        found(town.central)
    with_services(town)
    with town.server():
        yield town


def with_services(town: Town) -> None:
    """More of them than one answer holds; the first names a picture."""
    with closing(CentralStore(town.central)) as store:
        issuer = Issuer(town.central, store)
        event = ServiceDocument(1, "e", "event", 0, 0, 2**39, CODE[:4])
        picture = bytes(range(256)) * 700
        named = Picture(hashlib.sha256(picture).hexdigest(), len(picture))
        issuer.publish_service(event, as_said(Event({"zh": "讲座"}, 2**39, named)), picture)
        for number in range(20):
            head = ServiceDocument(1, f"n{number}", "notice", 0, 0, 2**39, CODE[:4])
            issuer.publish_service(head, {"texts": {"zh": "停水"}})


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town(tmp_path_factory.mktemp("contract"))
    with_services(town)
    with town.server():
        yield town


def claim(town: Town) -> str:
    return town.house.kiosk("central", "claim", CODE, "--reason", "again", "--data", str(town.central)).stdout.strip()


def check(town: Town, port: int, *words: str) -> subprocess.CompletedProcess[str]:
    asked = ("central", "check", f"http://127.0.0.1:{port}", "--station", CODE, "--claim", claim(town))
    return town.house.kiosk(*asked, *words, timeout=110)


def test_our_server_keeps_every_promise(either: Town) -> None:
    done = check(either, either.port)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("✔") == 23
    assert "0 broken, 23 kept" in done.stdout


def changed(change: Callable[[dict[str, object]], object]) -> Fault:
    """The server's JSON answers to batches with something else in them."""

    def fault(exchange: Exchange) -> None:
        whole = exchange.ask()
        head, _, body = whole.partition(b"\r\n\r\n")
        answer = json.loads(body) if exchange.is_batch else {}
        if "acked" not in answer:
            exchange.near.sendall(whole)
            return
        change(answer)
        body = json.dumps(answer).encode()
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
        exchange.near.sendall(b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body]))

    return fault


def at_most_once(exchange: Exchange) -> None:
    """What comes a second time is refused: the simplest wrong way to take entries once."""
    seen: set[bytes] = at_most_once.__dict__.setdefault("seen", set())
    body = exchange.request.partition(b"\r\n\r\n")[2]
    if exchange.is_batch and body in seen:
        middle.says("409 Conflict", "application/problem+json", '{"title": "Again", "status": 409}')(exchange)
        return
    seen.add(body)
    middle.honest(exchange)


def without_types(exchange: Exchange) -> None:
    answer = exchange.ask()
    exchange.near.sendall(answer.replace(b"problem+json", b"json") if exchange.is_batch else answer)


def open_to_all(exchange: Exchange) -> None:
    answer = exchange.ask()
    if answer.startswith(b"HTTP/1.1 401"):
        middle.says("200 OK", "application/json", '{"acked": 0, "server_time": 0, "versions": {}}')(exchange)
        return
    exchange.near.sendall(answer)


def services_to_all(exchange: Exchange) -> None:
    exchange.request = re.sub(rb"/documents\?? ", b"/documents?service=0 ", exchange.request, count=1)
    exchange.near.sendall(exchange.ask())


def another_picture(exchange: Exchange) -> None:
    answer = exchange.ask()
    picture = b"/pictures/" in exchange.request.partition(b"\r\n")[0] and answer.startswith(b"HTTP/1.1 200")
    exchange.near.sendall(answer[:-1] + b"x" if picture else answer)


def nothing_unknown(exchange: Exchange) -> None:
    refusal = middle.says("400 Bad Request", "application/problem+json", '{"title": "Unknown", "status": 400}')
    (refusal if b"of_a_later_version" in exchange.request else middle.honest)(exchange)


BAD = {
    "services to all": (services_to_all, {"service_documents"}),
    "an unknown parameter is refused": (nothing_unknown, {"service_documents"}),
    "a picture with one byte changed": (another_picture, {"pictures"}),
    "holes": (changed(lambda answer: answer.update(acked=9)), {"hole", "overlap", "once"}),
    "no rejected": (changed(lambda answer: answer.update(rejected=[])), {"bad_entry"}),
    "no second time": (at_most_once, {"once"}),
    "problems without their type": (
        without_types,
        {"tokens", "gap", "limits", "compression", "problems", "unknown_stream"},
    ),
    "anybody gets in": (open_to_all, {"tokens"}),
}


@pytest.mark.parametrize("name", BAD)
def test_a_server_that_breaks_a_promise_is_found_out(name: str, town: Town) -> None:
    fault, broken = BAD[name]
    with closing(Middle(town.port)) as man, man.doing(fault):
        done = check(town, man.port, "--json")
    assert done.returncode == 1, done.stdout + done.stderr
    found = {case["id"] for case in json.loads(done.stdout)["cases"] if case["wrong"]}
    assert broken <= found


def test_what_does_not_answer_is_told(town: Town) -> None:
    done = check(town, 1)
    assert (done.returncode, "refused: the machine is there" in done.stderr, "Traceback" in done.stderr) == (
        3,
        True,
        False,
    )
    assert "enrolment" in check(town, town.port, "--claim", "A" * 16).stdout


@pytest.mark.parametrize("query", ["wait=61", "wait=-1", "keyset=-1", "status=1.5", "policy=x", "nonce=" + "x" * 65])
def test_a_query_that_the_contract_does_not_allow_is_a_problem(query: str, town: Town) -> None:
    url = f"http://127.0.0.1:{town.port}/v1/stations/{CODE}/documents?{query}"
    response = requests.get(url, headers=token(town), timeout=30)
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["detail"].startswith(query.partition("=")[0])


def keys(town: Town) -> dict[str, str]:
    """The fingerprint of each station."""
    told = town.house.kiosk("central", "stations", "--json", "--data", str(town.central)).stdout
    return {each["station"]: each["fingerprint"] for each in json.loads(told)}


def token(town: Town) -> dict[str, str]:
    store, now = CentralStore(town.central), int(time())
    store.enrol(CODE, claim(town), public(KEY), now)
    store.close()
    claims = {"sub": CODE, "aud": AUDIENCE, "iat": now, "exp": now + 600}
    return {"Authorization": f"Bearer {jwt.encode(claims, KEY, algorithm='EdDSA')}"}


@pytest.mark.slow
def test_schemathesis_finds_nothing(town: Town, tmp_path: Path) -> None:
    """Its document names the one station that is enrolled, and leaves `wait` out, for which it would wait.

    It takes 1.0 for an integer, as JSON Schema does, and msgspec does not: hence the excluded check.
    """
    schema = deepcopy(document())
    for operation in (each for path in schema["paths"].values() for each in path.values()):
        operation["parameters"] = [each for each in operation.get("parameters", []) if each["name"] != "wait"]
        for parameter in operation["parameters"]:
            if parameter["name"] == "code":
                parameter["schema"] = {"enum": [CODE]}
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(schema))
    bearer = f"Authorization: {token(town)['Authorization']}"
    url = f"http://127.0.0.1:{town.port}"
    chosen = ["--phases", "coverage,fuzzing", "--exclude-checks", "positive_data_acceptance"]
    bounded = ["--max-examples", "60", "--seed", "1", "--generation-database", "none", "--no-color"]
    command = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        str(file),
        "--url",
        url,
        "-H",
        bearer,
        *chosen,
        *bounded,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout


def test_without_a_claim_our_server_is_asked_as_a_stranger(town: Town) -> None:
    """`kiosk central check URL`, as the README has it."""
    stations = keys(town)
    done = town.house.kiosk("central", "check", f"http://127.0.0.1:{town.port}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken, 5 kept" in done.stdout
    assert "--station CODE --claim CLAIM" in done.stdout
    assert keys(town) == stations


def test_a_stranger_finds_a_server_out_that_lets_anybody_in(town: Town) -> None:
    welcome = middle.says("200 OK", "application/json", '{"documents": []}')
    with closing(Middle(town.port)) as man, man.doing(welcome):
        done = town.house.kiosk("central", "check", f"http://127.0.0.1:{man.port}", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["ok"], found["whole"]) == (1, False, False)
    assert {each["id"] for each in found["cases"] if each["wrong"]} == {each["id"] for each in found["cases"]}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("central.example.org",), 2, "did you mean https://central.example.org?"),
        (("http://127.0.0.1:1",), 3, "refused: the machine is there"),
        (("http://127.0.0.1:1", "--station", CODE), 2, "--station and --claim go together"),
    ],
)
def test_what_cannot_be_asked_is_said_plainly(town: Town, words: tuple[str, ...], code: int, said: str) -> None:
    done = town.house.kiosk("central", "check", *words)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert said in done.stderr
