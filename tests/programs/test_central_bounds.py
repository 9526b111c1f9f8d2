"""What one peer may take of the central server: time, places, bytes; and who is woken by what is published."""

from __future__ import annotations

import asyncio
import resource
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from time import monotonic, time
from typing import Any, ClassVar, NoReturn

import jwt
import msgspec
import pytest
import requests
from msgspec import Struct

from kiosk.central import serve as program
from kiosk.central.api import answers, authority, intake, quota
from kiosk.central.api.app import Central
from kiosk.central.api.board import Board
from kiosk.central.api.intake import Intake
from kiosk.central.published import Publication
from kiosk.central.serve import ANSWER_WITHIN, HEAD_WITHIN, KEEP_ALIVE, REQUEST_WITHIN, Idle
from kiosk.central.store import CentralStore
from kiosk.central.store.engine import StoreFailed, Trouble
from kiosk.central.store.logs import Became, GapFound, Sent
from kiosk.central.store.sqlite import Sqlite
from kiosk.central.throttle import Rate, Throttle
from kiosk.contract.bodies import AUDIENCE, LONGEST_TOKEN, QUOTA, Batch
from kiosk.demo.founding import found, founded, renew_keys
from kiosk.demo.place import free_port
from kiosk.trust.documents import CommandDocument
from kiosk.trust.policy import PolicyDocument
from tests.keys import private, public
from tests.programs.house import House, until
from tests.programs.office import sqlite_of

CODES = ("37081101", "37081102", "41000001")
KEY = private(20)
BATCHES = f"/v1/stations/{CODES[0]}/streams/access/batches"
DOCUMENTS = f"/v1/stations/{CODES[0]}/documents"


class Running(Struct, frozen=True):
    """A central server in a thread of this process, so that a test may set its bounds."""

    url: str
    port: int
    store: CentralStore


@contextmanager
def running(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    made: list[program.Server] = []

    class Kept(program.Server):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            made.append(self)

    monkeypatch.setattr(program, "Server", Kept)
    store, port = CentralStore(folder), free_port()
    founded(folder, store)
    for code in CODES:
        store.enrol(code, store.make_claim(code, time()), public(KEY), time())
    thread = threading.Thread(target=program.serve, args=(folder, "127.0.0.1", port))
    with closing(store):
        thread.start()
        try:
            until(lambda: made and made[0].started)
            yield Running(f"http://127.0.0.1:{port}", port, store)
        finally:
            made[0].leave()
            thread.join(30)


def bearer(key: Any = KEY, **more: Any) -> dict[str, str]:
    claims = {"sub": CODES[0], "aud": AUDIENCE, "exp": int(time()) + 60, **more}
    claims = {name: value for name, value in claims.items() if value is not None}
    return {"Authorization": f"Bearer {jwt.encode(claims, key, algorithm='EdDSA')}"}


def entry(seq: int) -> dict[str, Any]:
    return {"seq": seq, "boot_id": "b", "boot": 1.0, "wall": 1e9, "kind": "locked", "door": "main"}


def batch(first: int, count: int = 1, epoch: str = "00112233445566aa") -> Batch:
    return Batch(epoch, first, "b", 1.0, 1.0, [entry(seq) for seq in range(first, first + count)])


def post(server: Running, wanted: Batch, headers: dict[str, str] | None = None) -> requests.Response:
    return requests.post(
        server.url + BATCHES, data=msgspec.json.encode(wanted), headers=headers or bearer(), timeout=30
    )


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        (lambda: {"exp": int(time()) + LONGEST_TOKEN + 300}, 401),
        (lambda: {"exp": 2**40}, 401),
        (lambda: {"exp": None}, 401),
        (lambda: {"exp": "soon"}, 401),
        (lambda: {"sub": None}, 401),
        (lambda: {"aud": None}, 401),
        (lambda: {"exp": int(time()) + LONGEST_TOKEN - 300}, 200),
    ],
)
def test_a_token_holds_for_a_day_at_most(
    claims: Callable[[], dict[str, Any]], status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made in the test: the tests before this one may take longer than what it is judged by."""
    with running(tmp_path, monkeypatch) as server:
        for _ in range(2):
            assert requests.get(server.url + DOCUMENTS, headers=bearer(**claims()), timeout=30).status_code == status


def test_a_token_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path, monkeypatch) as server:
        for claim, status in (("x" * 1000, 200), ("x" * 3000, 401)):
            answer = requests.get(server.url + DOCUMENTS, headers=bearer(more=claim), timeout=30)
            assert answer.status_code == status


def test_a_token_that_was_proven_ends_all_the_same_and_with_its_stations_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authority, "LEEWAY", 0)
    with running(tmp_path, monkeypatch) as server:

        def status(headers: dict[str, str]) -> int:
            return requests.get(server.url + DOCUMENTS, headers=headers, timeout=30).status_code

        short, long = bearer(exp=int(time()) + 3), bearer()
        assert (status(short), status(long)) == (200, 200)
        until(lambda: status(short) == 401, "the end of the token")
        assert status(long) == 200
        other = requests.get(server.url + DOCUMENTS.replace(CODES[0], CODES[1]), headers=long, timeout=30)
        assert other.status_code == 403, "proven for one station is proven for no other"
        server.store.enrol(
            CODES[0], server.store.make_claim(CODES[0], time(), "a new card"), public(private(21)), time()
        )
        until(lambda: status(long) == 401, "the end of the station's old key")
        assert status(bearer(private(21))) == 200


def test_a_stolen_station_is_refused_also_where_the_news_of_it_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was cut off from the database for long has missed it."""
    monkeypatch.setattr("kiosk.central.store.documents.KEPT_NEWS", 2)
    with running(tmp_path, monkeypatch) as server:
        assert requests.get(server.url + DOCUMENTS, headers=bearer(), timeout=30).status_code == 200
        with server.store.transaction():
            server.store.end_station(CODES[0], "stolen", "from the wall", time())
            for version in range(1, 6):
                server.store.put_policy("37", version, b"")
            server.store.forget_publications()

        def refused() -> bool:
            return requests.get(server.url + DOCUMENTS, headers=bearer(), timeout=30).status_code == 401

        until(refused, "that its key is nobody's")


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n",
        b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
    ],
    ids=["nothing", "half a head", "half a second head", "half a body"],
)
def test_a_connection_that_says_no_more_is_closed(sent: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("HEAD_WITHIN", 0.3), ("KEEP_ALIVE", 1), ("SWEEP_EVERY", 0.1), ("REQUEST_WITHIN", 5.0)):
        monkeypatch.setattr(program, name, value)
    monkeypatch.setattr(answers, "BODY_WITHIN", 0.3)
    with running(tmp_path, monkeypatch) as server, socket.create_connection(("127.0.0.1", server.port), 20) as peer:
        peer.sendall(sent)
        told = b""
        try:
            while piece := peer.recv(4096):
                told += piece
        except ConnectionResetError:
            pass
        assert (b"HTTP/1.1 408" in told) == sent.endswith(b"{")
        assert requests.get(f"{server.url}/v1", timeout=5).status_code == 404


CHUNKED = b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"


@pytest.mark.parametrize(
    "began",
    [b"GET /", b"GET / HTTP/1.1\r\nHost: ", b"GET / HTTP/1.1\r\n", CHUNKED + b"0\r\nX: ", CHUNKED + b"1;"],
    ids=["a path", "a header", "headers", "a trailer", "a chunk's extension"],
)
@pytest.mark.parametrize("parser", ["httptools", "h11"])
def test_what_does_not_end_is_cut_off(
    parser: str, began: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(parser)
    if parser == "h11":
        monkeypatch.setattr(program, "_parser", lambda: "h11")
    more = b"X: y\r\n" * 2000 if began.endswith(b"1.1\r\n") else b"x" * 12_000
    with running(tmp_path, monkeypatch) as server, socket.create_connection(("127.0.0.1", server.port), 20) as peer:
        peer.sendall(began)
        with pytest.raises(ConnectionError):
            peer.sendall(more * 2000)
        assert requests.get(f"{server.url}/v1", timeout=5).status_code == 404


def test_requests_that_wait_for_no_answer_are_not_piled_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parser = pytest.importorskip("kiosk.central.parser")
    with running(tmp_path, monkeypatch) as server, socket.create_connection(("127.0.0.1", server.port), 20) as peer:
        known = "&".join(f"{kind}={version}" for kind, version in server.store.versions().items())
        head = f"Host: x\r\nAuthorization: {bearer()['Authorization']}\r\n\r\n"
        asked = f"GET {DOCUMENTS}?{known} HTTP/1.1\r\n{head}".encode()
        peer.sendall(asked * parser.MOST_AHEAD)
        told = b""
        while told.count(b"HTTP/1.1 200") < parser.MOST_AHEAD:
            told += peer.recv(4096)
        peer.sendall(asked.replace(b" HTTP", b"&wait=60 HTTP") * (parser.MOST_AHEAD + 2))
        assert peer.recv(4096).startswith(b"HTTP/1.1 400")
        assert peer.recv(4096) == b""


class Transport:
    """Of a connection: the bytes that wait to be taken by its peer."""

    waiting = 0

    def get_write_buffer_size(self) -> int:
        return self.waiting


class Cycle(Struct, eq=False):
    """A request and its answer."""

    response_complete: bool = False


class Connection:
    """What the server knows of one."""

    def __init__(self, cycle: Cycle | None = None, waiting: int = 0) -> None:
        self.cycle, self.transport = cycle, Transport()
        self.transport.waiting = waiting


@pytest.mark.parametrize(
    ("connection", "within"),
    [
        (Connection, HEAD_WITHIN),
        (lambda: Connection(Cycle()), REQUEST_WITHIN),
        (lambda: Connection(Cycle(True)), KEEP_ALIVE),
        (lambda: Connection(Cycle(True), waiting=9), ANSWER_WITHIN),
    ],
)
def test_how_long_a_connection_may_do_the_same(connection: Callable[[], Connection], within: float) -> None:
    idle, one, busy = Idle(), connection(), Connection(Cycle(True))
    assert idle.overdue([one, busy], 0.0) == []
    for now in range(10, round(within), 10):
        busy.cycle = Cycle(True)
        assert idle.overdue([one, busy], now) == []
    busy.cycle = Cycle(True)
    assert idle.overdue([one, busy], within + 10.0) == [one]


def test_batches_beyond_the_places_are_asked_to_come_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_AT_ONCE", 3)
    with running(tmp_path, monkeypatch) as server, ThreadPoolExecutor(4) as pool:
        assert post(server, batch(1)).status_code == 200  # the key is known now, which is in the same file
        with closing(sqlite3.connect(tmp_path / "central.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            sent = [pool.submit(post, server, batch(1)) for _ in range(4)]
            refused = next(as_completed(sent)).result()
            assert (refused.status_code, refused.headers.get("Retry-After")) == (503, str(intake.LATER))
        assert sorted(each.result().status_code for each in sent) == [200, 200, 200, 503]


def half_sent(server: Running) -> socket.socket:
    """A body of which nine bytes of ten have come."""
    head = f"POST {BATCHES} HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer()['Authorization']}\r\nContent-Length: 10\r\n\r\n"
    peer = socket.create_connection(("127.0.0.1", server.port))
    peer.sendall(head.encode() + b"rubbish!!")
    return peer


def test_who_sends_slowly_holds_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_AT_ONCE", 1)
    with running(tmp_path, monkeypatch) as server, ExitStack() as stack:
        assert post(server, batch(1)).status_code == 200  # the key is known now, so who comes first is served first
        slow = [stack.enter_context(half_sent(server)) for _ in range(5)]
        assert [post(server, batch(seq)).status_code for seq in range(2, 7)] == [200] * 5
        for each in slow:
            each.sendall(b"!")
            assert b" 400 " in each.recv(4096), "it was being read all the time"


def test_what_has_come_of_slow_bodies_is_bounded_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_UNFINISHED", 9 * 5 + 8)
    with running(tmp_path, monkeypatch) as server, ExitStack() as stack:
        slow = [stack.enter_context(half_sent(server)) for _ in range(5)]
        until(lambda: post(server, Batch("", 1, "", 1.0, 1.0, [])).headers.get("Retry-After") == str(answers.BUSY_FOR))
        strangers = requests.post(f"{server.url}/v1/enrol", json={}, timeout=30)
        assert strangers.status_code == 400, "theirs are counted apart"
        slow[0].close()
        slow[1].close()
        with half_sent(server) as peer:
            peer.sendall(b"!")
            assert b" 400 " in peer.recv(4096)


def test_a_station_that_sends_too_much_is_told_to_wait_and_so_are_the_operators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(msgspec.json.encode(batch(1)))
    monkeypatch.setattr(quota, "QUOTA", Rate(3 * size, 0.1))
    monkeypatch.setattr(quota, "LOG", 0)
    with running(tmp_path, monkeypatch) as server:
        assert [post(server, batch(seq)).status_code for seq in (1, 2, 3)] == [200] * 3
        refused = post(server, batch(4))
        assert (refused.status_code, refused.json()["type"]) == (429, QUOTA)
        assert size * 9 < int(refused.headers["Retry-After"]) <= size * 10
        other = bearer(sub=CODES[1])
        answer = requests.post(
            server.url + BATCHES.replace(CODES[0], CODES[1]),
            data=msgspec.json.encode(batch(1)),
            headers=other,
            timeout=9,
        )
        assert answer.status_code == 200, "it is that station's alone"
        assert [(alarm.what, alarm.station) for alarm in server.store.alarms()] == [("quota", CODES[0])]


def test_a_station_that_begins_epochs_without_end_is_stopped_and_goes_on_with_those_that_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "QUOTA", Rate(2.5 * quota.LOG, 0.1))
    with running(tmp_path, monkeypatch) as server:
        begun = [post(server, batch(1, epoch=f"{number:016x}")).status_code for number in range(5)]
        assert begun == [200, 200, 429, 429, 429]
        assert post(server, batch(2, epoch=f"{0:016x}")).status_code == 200
        assert len(server.store.ends(CODES[0])["access"]) == 2


@pytest.mark.slow
def test_a_station_that_sends_400_megabytes_is_stopped_at_its_quota_and_no_other_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path, monkeypatch) as server, requests.Session() as session:
        headers, seq, statuses = bearer(exp=int(time()) + 3600), 1, list[int]()
        for _ in range(1600):
            entries = [{**entry(each), "more": "x" * 7900} for each in range(seq, seq + 32)]
            sent = msgspec.json.encode(Batch("00112233445566aa", seq, "b", 1.0, 1.0, entries))
            statuses.append(session.post(server.url + BATCHES, data=sent, headers=headers, timeout=30).status_code)
            seq += 32 if statuses[-1] == 200 else 0
        assert set(statuses) == {200, 429}
        assert statuses.index(429) == pytest.approx(quota.BURST / len(sent), abs=3)
        assert statuses.count(200) < 1.1 * quota.BURST / len(sent)
        assert (tmp_path / "central.db").stat().st_size < 1.3 * quota.BURST
        path, other = BATCHES.replace(CODES[0], CODES[1]), bearer(sub=CODES[1])
        body = msgspec.json.encode(batch(1))
        assert requests.post(server.url + path, data=body, headers=other, timeout=30).status_code == 200
        assert [(alarm.what, alarm.station) for alarm in server.store.alarms()] == [("quota", CODES[0])]


class Full(Central):
    """Its disk is full."""

    made: ClassVar[list[Central]] = []

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        sqlite_of(self.store).execute("PRAGMA max_page_count = 1")  # SQLite takes it for as many as there are
        self.made.append(self)


def test_a_full_disk_is_no_answer_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "Central", Full)
    many = Batch("00112233445566aa", 1, "b", 1.0, 1.0, [{**entry(seq), "more": "x" * 7000} for seq in range(1, 31)])
    with running(tmp_path, monkeypatch) as server:
        for _ in range(3):
            refused = post(server, many)
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, str(answers.BUSY_FOR))
        assert requests.get(server.url + DOCUMENTS, headers=bearer(), timeout=30).json()["documents"], "still served"
        assert server.store.numbers(CODES[0]) == []
        sqlite_of(Full.made.pop().store).execute("PRAGMA max_page_count = 1000000")
        assert post(server, many).json()["acked"] == 30
        assert [seq for _, _, seq in server.store.numbers(CODES[0])] == list(range(1, 31))


@pytest.mark.slow
def test_ten_thousand_idle_connections_keep_no_station_waiting_and_are_closed(tmp_path: Path) -> None:
    _soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < 11_000:
        pytest.skip(f"THIS ACCOUNT MAY OPEN ONLY {most} FILES")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    folder, house, port = tmp_path / "central", House(tmp_path), free_port()
    found(folder)
    with house.program("central", "serve", "--data", str(folder), "--port", str(port)), ExitStack() as stack:
        until(lambda: requests.get(f"http://127.0.0.1:{port}/v1", timeout=5).status_code == 404)
        idle = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 20)) for _ in range(10_000)]
        began = monotonic()
        assert requests.get(f"http://127.0.0.1:{port}/v1", timeout=20).status_code == 404
        assert monotonic() - began < 20
        for each in idle[:: len(idle) // 50]:
            each.settimeout(3 * HEAD_WITHIN)
            assert gone(each)


def gone(peer: socket.socket) -> bool:
    """Whether the other side has closed it."""
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


def test_what_the_store_did_not_take_counts_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "QUOTA", Rate(2 * len(msgspec.json.encode(batch(1))), 0.1))
    monkeypatch.setattr(quota, "LOG", 0)

    def away(*_: Any) -> NoReturn:
        raise StoreFailed(Trouble.AWAY, "gone")

    with running(tmp_path, monkeypatch) as server:
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(CentralStore, "take_all", away)
            assert [post(server, batch(1)).status_code for _ in range(4)] == [503] * 4
        assert [post(server, batch(seq)).status_code for seq in (1, 2, 3)] == [200, 200, 429]


def test_a_quota_comes_back_with_time() -> None:
    left, back = Throttle(quota.QUOTA), quota.QUOTA.back
    assert left.wait("a", 0.0, quota.BURST) == 0
    assert left.wait("a", 0.0, 1000) == pytest.approx(1000 / back)
    assert left.wait("a", 1000 / back + 1, 1000) == 0
    assert left.wait("a", 10 * 86_400.0, quota.BURST) == 0


def test_batches_that_come_together_are_written_together_and_each_is_told_its_own(central_folder: Path) -> None:
    store, commits = CentralStore(central_folder), list[str]()

    async def all_at_once() -> list[Any]:
        found = Intake(store)
        sent = [Sent(f"3708{number:04d}", "access", batch(1 if number % 7 else 2, 3)) for number in range(50)]
        return await asyncio.gather(*(found.take(each) for each in sent), return_exceptions=True)

    with closing(store):
        if isinstance(store._engine, Sqlite):
            store._engine.db.set_trace_callback(lambda words: commits.append(words) if words == "COMMIT" else None)
        became = asyncio.run(all_at_once())
        for number, each in enumerate(became):
            assert isinstance(each, GapFound) if number % 7 == 0 else each == (3, [])
        assert sum(store.counts().values()) == 3 * sum(number % 7 != 0 for number in range(50))
        assert len(commits) <= 2


def test_so_many_entries_are_written_together_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who came first is answered before the last is on the disk."""
    monkeypatch.setattr(intake, "MOST_TOGETHER", 10)
    together = list[int]()

    class Counting(CentralStore):
        def take_all(self, sent: Sequence[Sent], now: float) -> list[Became]:
            together.append(sum(len(each.batch.entries) for each in sent))
            return super().take_all(sent, now)

    store = Counting(tmp_path)

    async def all_at_once() -> list[Any]:
        found = Intake(store)
        sent = [Sent(f"3708{number:04d}", "access", batch(1, size)) for number, size in enumerate([3, 12, 4, 4, 4, 1])]
        return await asyncio.gather(*(found.take(each) for each in sent))

    with closing(store):
        assert asyncio.run(all_at_once()) == [(size, []) for size in (3, 12, 4, 4, 4, 1)]
        assert together == [3, 12, 8, 5]


def test_a_disk_that_fails_is_told_to_all_that_came_together(tmp_path: Path) -> None:
    store = CentralStore(tmp_path)

    async def all_at_once() -> list[Any]:
        found = Intake(store)
        takes = (found.take(Sent(CODES[0], "access", batch(1))) for _ in range(9))
        first = await asyncio.gather(*takes, return_exceptions=True)
        sqlite_of(store).execute("PRAGMA query_only = 0")
        return [*first, await found.take(Sent(CODES[0], "access", batch(1)))]

    with closing(store):
        sqlite_of(store).execute("PRAGMA query_only = 1")
        *failed, last = asyncio.run(all_at_once())
        assert [type(each).__name__ for each in failed] == ["StoreFailed"] * 9
        assert last == (1, [])


def test_what_waits_at_a_station_is_what_its_newest_log_has_beyond_the_mark(central_folder: Path) -> None:
    def told(epoch: str, first: int, newest: int, station: str = CODES[0], stream: str = "access") -> None:
        store.take(station, stream, msgspec.structs.replace(batch(first, 2, epoch), newest=newest), 1.0)

    with closing(CentralStore(central_folder)) as store:
        told("00000000000000aa", 1, 90)
        told("00000000000000bb", 1, 7)
        told("00000000000000bb", 1, 7, stream="telemetry")
        told("00000000000000bb", 1, 0, station=CODES[1])
        assert store.queues() == store.queues(CODES[0]) == {CODES[0]: 10}
        told("00000000000000bb", 3, 4)
        told("00000000000000bb", 3, 1, stream="telemetry")
        assert (store.queues(), store.queues(CODES[1])) == ({CODES[0]: 0}, {})


def test_a_publication_wakes_those_whom_it_is_for_and_no_others(central_folder: Path) -> None:
    store = CentralStore(central_folder)
    issuer = founded(central_folder, store)

    async def woken(publish: Callable[[], object]) -> set[str]:
        board = Board(store.published(time()))
        before = {code: board.versions(code) for code in CODES}
        waiting = {code: asyncio.create_task(board.news(code, 30.0)) for code in CODES}
        await asyncio.sleep(0)
        last = store.last_publication()
        publish()
        board.put_up(store.published(time()), store.news(last))
        await asyncio.wait(waiting.values(), timeout=0.3)
        found = {code for code, each in waiting.items() if each.done()}
        for each in waiting.values():
            each.cancel()
        assert found == {code for code in CODES if board.newer(code, before[code], time())}
        return found

    with closing(store):
        assert asyncio.run(woken(issuer.publish_status)) == set(CODES)
        assert asyncio.run(woken(lambda: renew_keys(central_folder, store))) == set(CODES)
        assert asyncio.run(woken(lambda: issuer.publish_policy(PolicyDocument(1, 0, station="3708")))) == set(CODES[:2])
        command = CommandDocument(1, "x", CODES[2], "report", 0, 0)
        assert asyncio.run(woken(lambda: issuer.command(command, 300))) == {CODES[2]}


def test_what_all_get_is_encoded_once(central_folder: Path) -> None:
    store = CentralStore(central_folder)
    with closing(store):
        founded(central_folder, store)
        board = Board(store.published())
        first, second = (board.newer(code, {}, time()) for code in CODES[:2])
        assert [bytes(each) for each in first] == [bytes(each) for each in second]
        assert all(one is other for one, other in zip(first, second, strict=True))


def test_whatever_is_published_is_news(central_folder: Path) -> None:
    store = CentralStore(central_folder)
    with closing(store):
        last = store.last_publication()
        store.put_document("status", 9, b"", 1.0)
        store.put_document("status", 10, b"", 1.0)
        store.put_policy("37", 9, b"")
        store.put_command(CODES[0], 9, "id", 9, b"")
        store.drop_commands()
        store.enrol(CODES[1], store.make_claim(CODES[1], 1.0), public(KEY), 2.0)
        assert [(each.kind, each.scope) for each in store.news(last)] == [
            ("status", ""), ("status", ""), ("policy", "37"), ("command", CODES[0]), ("command", CODES[0]),
            ("station", CODES[1]),
        ]  # fmt: skip


def test_news_that_is_forgotten_is_news_for_all(central_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.central.store.documents.KEPT_NEWS", 2)
    store = CentralStore(central_folder)
    with closing(store):
        for version in range(1, 6):
            store.put_policy("37", version, b"")
        last = store.last_publication()
        store.forget_publications()
        assert [each.scope for each in store.news(last - 1)] == ["37"]
        assert store.news(last - 4)[0] == Publication(last - 1, "forgotten", "")


def test_a_wait_ends_by_itself(tmp_path: Path) -> None:
    store = CentralStore(tmp_path)
    with closing(store):
        board = Board(store.published())
        began = monotonic()
        asyncio.run(board.news(CODES[0], 0.1))
        assert 0.05 < monotonic() - began < 10
        assert board._waiting == {}
