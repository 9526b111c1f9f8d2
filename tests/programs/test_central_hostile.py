"""Whatever a peer sends to the central server is answered with a problem, and the server goes on."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from time import time
from typing import Any

import jwt
import pytest
import requests

from kiosk.central.store import CentralStore
from kiosk.contract.bodies import AUDIENCE, CAPABILITIES, CONFLICT, UNDERSTANDS_CONFLICT
from kiosk.demo.founding import found
from kiosk.demo.place import free_port
from tests.keys import private, public
from tests.programs.house import House, until

CODE = "37081101"
KEY = private(20)
PATH = f"/v1/stations/{CODE}/streams/access/batches"
DOCUMENTS = f"/v1/stations/{CODE}/documents"


class Client:
    """Sends to a running `kiosk central serve` whatever a test wants."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=30, **more)

    def post(self, path: str, **more: Any) -> requests.Response:
        return requests.post(self.url + path, timeout=30, **more)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("central")
    house, port = House(folder), free_port()
    found(folder)
    with house.program("central", "serve", "--data", str(folder), "--port", str(port)):
        client = Client(f"http://127.0.0.1:{port}")
        until(lambda: client.get("/v1").status_code == 404)
        store = CentralStore(folder)
        store.enrol(CODE, store.make_claim(CODE, time()), public(KEY), time())
        store.close()
        yield client
    assert "Traceback" not in (folder / "central.log").read_text()


def bearer(key: Any = KEY, **more: Any) -> dict[str, str]:
    claims = {"sub": CODE, "aud": AUDIENCE, "exp": int(time()) + 60, **more}
    return {"Authorization": f"Bearer {jwt.encode(claims, key, algorithm='EdDSA')}"}


def is_problem(response: Any, *statuses: int) -> None:
    assert response.status_code in statuses, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == response.status_code


def entry(seq: int, **more: Any) -> dict[str, Any]:
    return {"seq": seq, "boot_id": "b", "boot": 1.0, "wall": 1e9, "kind": "locked", "door": "main", **more}


def body(epoch: str, first: int, entries: list[Any]) -> dict[str, Any]:
    return {"epoch": epoch, "first": first, "boot_id": "b", "sent_boot": 1.0, "sent_wall": 1.0, "entries": entries}


NESTED = b"[" * 3000 + b"]" * 3000


@pytest.mark.parametrize("path", [PATH, "/v1/enrol"])
@pytest.mark.parametrize(
    "data",
    [
        NESTED,
        b'{"a":' * 3000 + b"1" + b"}" * 3000,
        b'{"epoch":"00112233445566aa","first":1,"boot_id":"b","sent_boot":1,"sent_wall":1,"entries":[{"seq":1,"x":'
        + NESTED
        + b"}]}",
        b'{"epoch":"\xff"}',
        b'{"station":"\\ud800"}',
        b'{"first":1e999}',
        b"[" + b"9" * 10_000 + b"]",
        b"\x00",
        b"NaN",
    ],
    ids=range(9),
)
def test_a_hostile_body_is_a_problem(client: Client, path: str, data: bytes) -> None:
    is_problem(client.post(path, data=data, headers=bearer()), 400)


def test_an_entry_that_is_nested_too_deep_is_refused_alone(client: Client) -> None:
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    sent = body("0000000000000001", 1, [entry(1), entry(2, more=deep), entry(3, wall=10**300), entry(4, boot=10**400)])
    for _ in range(2):
        answer = client.post(PATH, json=sent, headers=bearer() | {CAPABILITIES: UNDERSTANDS_CONFLICT}).json()
        assert answer["acked"] == 4
    answer = client.post(PATH, json=body("0000000000000001", 5, [entry(5)]), headers=bearer()).json()
    assert answer["acked"] == 5


def part(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer  ",
        "Basic eDp5",
        "Bearer a.b.c",
        "Bearer é",
        "Bearer " + "." * 500,
        f"Bearer {part(NESTED)}.{part(NESTED)}.{part(b'x' * 64)}",
        f"Bearer {part(b'{}')}.{part(b'{}')}.{part(b'')}",
        f"Bearer {part(b'null')}.{part(b'null')}.{part(b'x')}",
        f"Bearer {part(json.dumps({'alg': ['EdDSA'], 'typ': {}}).encode())}.{part(b'[]')}.{part(b'x')}",
        f"Bearer {part(json.dumps({'alg': 'EdDSA', 'crit': 7, 'b64': False}).encode())}.{part(b'1')}.{part(b'x')}",
    ],
    ids=range(12),
)
def test_a_hostile_token_is_a_problem(client: Client, value: str) -> None:
    is_problem(client.get(DOCUMENTS, headers={"Authorization": value.encode()}), 401)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": "x"},
        {"exp": None},
        {"exp": [1]},
        {"exp": 10**30, "nbf": 10**30},
        {"nbf": {}},
        {"iat": "x"},
        {"iat": 1e300},
        {"iat": -(10**400), "exp": 1},
        {"iat": -(10**400), "sub": "37081102"},
        {"exp": 1, "aud": "another"},
        {"exp": 1, "aud": 7},
        {"exp": 1, "sub": 7},
        {"exp": 1, "iat": None},
        {"sub": "37081102"},
        {"aud": {}},
        {"aud": [[AUDIENCE]]},
        {"aud": 7},
    ],
    ids=str,
)
def test_odd_claims_that_the_station_itself_signed_are_a_problem(client: Client, claims: dict[str, Any]) -> None:
    payload = json.dumps({"sub": CODE, "aud": AUDIENCE, "exp": int(time()) + 60, **claims}).encode()
    token = jwt.api_jws.encode(payload, KEY, algorithm="EdDSA")
    is_problem(client.get(DOCUMENTS, headers={"Authorization": f"Bearer {token}"}), 401, 403)


def test_nested_claims_that_the_station_itself_signed_are_a_problem(client: Client) -> None:
    token = jwt.api_jws.encode(NESTED, KEY, algorithm="EdDSA")
    is_problem(client.get(DOCUMENTS, headers={"Authorization": f"Bearer {token}"}), 401)


@pytest.mark.parametrize(
    "query",
    [
        "wait=nan",
        "wait=inf",
        "wait=-0.1",
        "status=%ff",
        "policy=%EF%BC%91",
        "command=" + "9" * 400,
        "keyset=",
    ],
)
def test_an_odd_query_is_a_problem(client: Client, query: str) -> None:
    is_problem(client.get(f"{DOCUMENTS}?{query}", headers=bearer()), 400)


@pytest.mark.parametrize("path", ["/%00", "/v1/stations/%ff%fe/documents", "/v1/stations/" + "x" * 5000 + "/documents"])
def test_an_odd_path_is_a_problem(client: Client, path: str) -> None:
    is_problem(client.get(path, headers=bearer()), 401, 404)


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "", "deflate"])
def test_an_odd_encoding_is_a_problem(client: Client, encoding: str) -> None:
    is_problem(client.post(PATH, data=b"{}", headers=bearer() | {"Content-Encoding": encoding}), 400, 415)


def test_names_of_encodings_have_no_case(client: Client) -> None:
    is_problem(client.post(PATH, data=b"{}", headers=bearer() | {"Content-Encoding": "GZIP"}), 400)


def test_a_conflict_has_its_own_type_for_those_who_understand_it(client: Client) -> None:
    epoch = "0000000000000002"
    assert client.post(PATH, json=body(epoch, 1, [entry(1), entry(2)]), headers=bearer()).json()["acked"] == 2
    other = body(epoch, 1, [entry(1), entry(2, door="back"), entry(3)])
    response = client.post(PATH, json=other, headers=bearer() | {CAPABILITIES: f"service, {UNDERSTANDS_CONFLICT} ,x"})
    is_problem(response, 409)
    assert (response.json()["type"], response.json()["expected"]) == (CONFLICT, 2)
    response = client.post(
        PATH, json=body(epoch, 9, [entry(9)]), headers=bearer() | {CAPABILITIES: UNDERSTANDS_CONFLICT}
    )
    assert (response.status_code, "type" in response.json()) == (409, False)
    assert client.post(PATH, json=other, headers=bearer()).json()["acked"] == 3


def test_a_station_whose_numbers_are_ahead_is_answered_and_told_of(client: Client) -> None:
    ahead = "&".join(f"{kind}={2**53 - 1}" for kind in ("keyset", "status", "policy", "command"))
    for _ in range(2):
        assert client.get(f"{DOCUMENTS}?{ahead}", headers=bearer()).json()["documents"] == []
