"""The central server over real HTTP: each entry once, whatever is sent, and problems told as problem+json."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic, time
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kiosk.central.api.app import Central
from kiosk.central.issuer import Issuer
from kiosk.central.store import CentralStore
from kiosk.central.store.logs import GapFound
from kiosk.central.store.registers import CLAIM_HOLDS, WrongClaim
from kiosk.contract import openapi_issuing
from kiosk.contract.bodies import AUDIENCE, Batch, BatchAnswer, Documents, Enrolled, Enrolment
from kiosk.contract.openapi import document
from kiosk.demo.founding import found
from kiosk.demo.place import free_port
from kiosk.sync.answers import NoAnswer, seconds_of
from kiosk.sync.client import Client
from kiosk.trust.documents import TimeDocument, read_document
from kiosk.trust.keyset import NO_KEYS, Keyset
from kiosk.trust.status import Status
from tests.keys import STRANGER, private, public
from tests.programs.house import House, until

CODE = "37081101"
KEY = private(20)
EPOCH = "00112233445566aa"
PATH = f"/v1/stations/{CODE}/streams/access/batches"


class Server:
    """A running `kiosk central serve`."""

    def __init__(self, folder: Path, house: House, port: int) -> None:
        self.folder, self.house, self.port = folder, house, port
        self.url = f"http://127.0.0.1:{port}"

    def client(self, key: Any = KEY) -> Client:
        return Client(self.url, CODE, key, timeout=30)

    def enrol(self) -> Enrolled:
        claim = self.house.kiosk(
            "central", "claim", CODE, "--reason", "again", "--data", str(self.folder)
        ).stdout.strip()
        return self.client().post("/v1/enrol", Enrolment(CODE, claim, public(KEY))).read(Enrolled)


@pytest.fixture(scope="module")
def server(shared_central_folder: Path) -> Iterator[Server]:
    folder = shared_central_folder
    house, port = House(folder), free_port()
    found(folder)
    with house.program("central", "serve", "--data", str(folder), "--port", str(port)):
        server = Server(folder, house, port)
        until(lambda: requests.get(f"{server.url}/v1", timeout=5).status_code == 404)
        server.enrol()
        yield server


def entry(seq: int, **more: Any) -> dict[str, Any]:
    clock = {"boot_id": "b", "boot": float(seq), "wall": 1e9, "quality": "synced"}
    return {"seq": seq, **clock, "kind": "locked", "door": "main", **more}


def batch(first: int, *seqs: int, epoch: str = EPOCH, **more: Any) -> Batch:
    return Batch(epoch, first, "b", 1.0, time(), [entry(seq) for seq in seqs], **more)


def test_a_batch_is_stored_once_however_often_it_comes(server: Server) -> None:
    client, epoch = server.client(), "0000000000000001"
    for _ in range(3):
        assert client.post(PATH, batch(1, 1, 2, 3, epoch=epoch)).read(BatchAnswer).acked == 3
    assert client.post(PATH, batch(2, 2, 3, 4, epoch=epoch)).read(BatchAnswer).acked == 4
    store = CentralStore(server.folder)
    assert [seq for found, _, seq in store.numbers(CODE) if found == epoch] == [1, 2, 3, 4]
    store.close()


def test_a_gap_is_told_with_the_number_that_is_wanted(server: Server) -> None:
    answer = server.client().post(PATH, batch(5, 5, epoch="0000000000000002"))
    assert (answer.status, answer.problem().expected) == (409, 1)


def test_tombstones_close_a_gap(server: Server) -> None:
    answer = server.client().post(PATH, batch(1, 3, 4, epoch="0000000000000003", tombstones=[1, 2]))
    assert answer.read(BatchAnswer).acked == 4


def test_a_bad_entry_is_set_aside_and_the_rest_goes_on(server: Server) -> None:
    wrong = Batch("0000000000000004", 1, "b", 1.0, time(), [entry(1), {"seq": 2, "x": 1}, entry(3, kind=7), entry(4)])
    answer = server.client().post(PATH, wrong).read(BatchAnswer)
    assert answer.acked == 4
    assert [each.seq for each in answer.rejected] == [2, 3]


def problem(response: requests.Response) -> tuple[int, str]:
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    return response.status_code, body.get("detail", "")


def token(key: Ed25519PrivateKey = KEY, *, lasts: int = 60, **changes: str) -> dict[str, str]:
    now = int(time())
    claims = {"sub": CODE, "aud": AUDIENCE, "iat": now, "exp": now + lasts, **changes}
    return {"Authorization": "Bearer " + jwt.encode(claims, key, algorithm="EdDSA")}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (dict, 401),
        (lambda: {"Authorization": "Bearer rubbish"}, 401),
        (lambda: {"Authorization": "Basic x"}, 401),
        (lambda: token(STRANGER), 401),
        (lambda: token(lasts=-100), 401),
        (lambda: token(aud="others"), 401),
        (lambda: token(sub="37089999"), 403),
    ],
)
def test_only_the_station_itself_gets_in(server: Server, headers: Callable[[], dict[str, str]], status: int) -> None:
    """A token holds for a minute, so it is made in the test: the tests before this one may take longer."""
    assert problem(requests.post(server.url + PATH, json={}, headers=headers(), timeout=30))[0] == status


def test_the_none_algorithm_does_not_get_in(server: Server) -> None:
    forged = jwt.encode({"sub": CODE, "aud": AUDIENCE, "exp": int(time()) + 60}, "", algorithm="none")
    headers = {"Authorization": f"Bearer {forged}"}
    assert problem(requests.post(server.url + PATH, json={}, headers=headers, timeout=30))[0] == 401


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {}, 400),
        (b"rubbish", {}, 400),
        (b"\xff\xfe", {}, 400),
        (b"rubbish", {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"{}", mtime=0)[:-4], {"Content-Encoding": "gzip"}, 400),
        (b"{}", {"Content-Encoding": "br"}, 415),
        (b" " * 300_000, {}, 413),
        (gzip.compress(b" " * 10_000_000), {"Content-Encoding": "gzip"}, 413),
        (json.dumps({"epoch": "x", "first": 0}).encode(), {}, 400),
    ],
)
def test_bad_bodies_are_problems(server: Server, body: bytes, headers: dict[str, str], status: int) -> None:
    response = requests.post(server.url + PATH, data=body, headers={**token(), **headers}, timeout=30)
    assert problem(response)[0] == status


def test_paths_and_methods_that_are_not_there_are_problems(server: Server) -> None:
    assert problem(requests.get(server.url + "/v2/x", timeout=30))[0] == 404
    assert problem(requests.get(server.url + PATH, timeout=30))[0] == 405
    other = PATH.replace("access", "other")
    assert problem(requests.post(server.url + other, json={}, headers=token(), timeout=30))[0] == 404


def test_the_openapi_document_has_the_routes_that_the_server_has(tmp_path: Path) -> None:
    found(tmp_path)
    central = Central(tmp_path)
    routes = {(route.path, method.lower()) for route in central.app().routes for method in route.methods - {"HEAD"}}  # type: ignore[attr-defined]
    paths = [*document()["paths"].items(), *openapi_issuing.document()["paths"].items()]
    documented = {(path, method) for path, methods in paths for method in methods}
    assert documented == routes
    central.store.close()


def test_a_claim_code_enrols_once_and_only_its_station(server: Server) -> None:
    claim = server.house.kiosk("central", "claim", "37080002", "--data", str(server.folder)).stdout.strip()
    client = server.client()
    for station, code, status in (("37080003", claim, 403), ("37080002", "A" * 16, 403)):
        assert client.post("/v1/enrol", Enrolment(station, code, public(KEY))).status == status
    assert client.post("/v1/enrol", Enrolment("37080002", claim, public(KEY))).status == 200
    assert client.post("/v1/enrol", Enrolment("37080002", claim, public(KEY))).status == 403


def test_an_old_claim_code_is_no_good(tmp_path: Path) -> None:
    store = CentralStore(tmp_path)
    claim = store.make_claim(CODE, now=1000.0)
    with pytest.raises(WrongClaim):
        store.enrol(CODE, claim, public(KEY), now=1000.0 + CLAIM_HOLDS + 1)
    store.close()


def test_documents_come_when_they_are_newer_and_a_long_poll_ends_with_news(server: Server) -> None:
    client = server.client()
    path = f"/v1/stations/{CODE}/documents"
    found = client.get(path, {}).read(Documents).documents
    root = server.enrol().root_key
    keyset = read_document(found[0], root, NO_KEYS)
    assert isinstance(keyset, Keyset)
    status = read_document(found[1], root, keyset)
    assert not isinstance(status, str)
    known = {"keyset": str(keyset.version), "status": str(status.version)}
    assert client.get(path, {**known, "wait": "0.2"}).read(Documents).documents == []
    made = server.house.kiosk("pass", "make", "--central", str(server.folder))
    assert made.returncode == 0, made.stderr
    began = monotonic()
    with closing(CentralStore(server.folder)) as store:
        issuer = Issuer(server.folder, store)
        assert issuer.set_status(1, Status.REVOKED)
        assert issuer.publish_gathered(0.0)
    (newer,) = client.get(path, {**known, "wait": "20"}, wait=20).read(Documents).documents
    assert monotonic() - began < 15
    assert read_document(newer, root, keyset) != status


def test_a_nonce_comes_back_signed_with_the_time(server: Server) -> None:
    root = server.enrol().root_key
    found = server.client().get(f"/v1/stations/{CODE}/documents", {"nonce": "abc"}).read(Documents).documents
    keyset = read_document(found[0], root, NO_KEYS)
    assert isinstance(keyset, Keyset)
    timed = read_document(found[-1], root, keyset)
    assert isinstance(timed, TimeDocument)
    assert timed.nonce == "abc"
    assert abs(timed.version - time()) < 10


@pytest.mark.parametrize("wrong", [-(10**7), 10**7])
def test_a_station_whose_clock_is_months_wrong_signs_by_the_servers(wrong: float, server: Server) -> None:
    """The first token is refused; the answer's Date tells what time it is, and the second one holds."""
    client = server.client()
    client.clock.offset = wrong
    assert client.post(PATH, batch(1, 1, epoch="0000000000000005")).status == 200
    assert abs(client.clock.offset) < 60


def test_a_wish_to_be_asked_later_may_be_seconds_or_a_date_by_the_servers_clock() -> None:
    now = 1_792_238_400.0
    assert [seconds_of(value, now) for value in ("120", "", "soon", "Sat, 17 Oct 2026 12:02:00 GMT")] == [
        120.0,
        0.0,
        0.0,
        120.0,
    ]
    assert seconds_of("Sat, 17 Oct 2026 11:00:00 GMT", now) == 0.0


def test_a_captive_portal_is_not_our_server() -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    class Portal(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"login")

        def log_message(self, *_: object) -> None:
            return

    portal = HTTPServer(("127.0.0.1", 0), Portal)
    Thread(target=portal.serve_forever, daemon=True).start()
    client = Client(f"http://127.0.0.1:{portal.server_port}", CODE, KEY, timeout=30)
    with pytest.raises(NoAnswer, match="not our server"):
        client.post(PATH, batch(1, 1))
    portal.shutdown()
    portal.server_close()


class AnyBatches(RuleBasedStateMachine):
    """Batches in any order, overlapping, repeated, with gaps: the store is always the numbers 1 to its mark, each once."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.store = CentralStore(Path(self.folder.name))
        self.mark = 0

    @rule(first=st.integers(1, 60), count=st.integers(1, 20))
    def send(self, first: int, count: int) -> None:
        seqs = range(first, first + count)
        if first > self.mark + 1:
            with pytest.raises(GapFound, match=f"expected {self.mark + 1}$"):
                self.store.take(CODE, "access", batch(first, *seqs), 1.0)
            return
        acked, rejected = self.store.take(CODE, "access", batch(first, *seqs), 1.0)
        assert not rejected
        self.mark = max(self.mark, seqs[-1])
        assert acked == self.mark

    @precondition(lambda self: self.mark)
    @rule(back=st.integers(0, 10))
    def send_with_a_hole(self, back: int) -> None:
        first = max(1, self.mark - back)
        acked, _ = self.store.take(CODE, "access", batch(first, first, self.mark + 1, self.mark + 3), 1.0)
        self.mark = max(self.mark, first) + (1 if self.mark >= first else 0)
        assert acked == self.mark

    @invariant()
    def each_number_once_and_none_missing(self) -> None:
        assert sorted(seq for _, _, seq in self.store.numbers(CODE)) == list(range(1, self.mark + 1))
        assert self.store.duplicates() == 0

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


AnyBatches.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestAnyBatches = AnyBatches.TestCase
