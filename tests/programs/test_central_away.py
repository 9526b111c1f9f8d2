"""The database goes and comes back, the server ends, a line breaks: who waits goes on waiting or is answered."""

from __future__ import annotations

import asyncio
import socket
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Barrier
from time import monotonic, time
from typing import Any

import msgspec
import psycopg
import pytest
import requests
from psycopg.conninfo import conninfo_to_dict

from kiosk import loops
from kiosk.central import serve as program
from kiosk.central.api import answers, authority, board
from kiosk.central.api.answers import BUSY_FOR
from kiosk.central.api.app import Central
from kiosk.central.api.board import Board
from kiosk.central.store import CentralStore, postgres
from kiosk.central.store.engine import StoreFailed, Trouble
from kiosk.central.store.logs import Sent
from kiosk.central.store.waits import something_to_read
from kiosk.demo.founding import founded
from tests.databases import Cluster
from tests.programs.house import until
from tests.programs.middle import Exchange, Middle
from tests.programs.test_central_bounds import BATCHES, CODES, DOCUMENTS, Running, batch, bearer, post, running
from tests.programs.town import Town, World


@contextmanager
def away(cluster: Cluster, folder: Path) -> Iterator[None]:
    """Nobody gets into the folder's database, and whoever is in it is thrown out."""
    name = conninfo_to_dict(tomllib.loads((folder / "central.toml").read_text())["dsn"])["dbname"]
    with psycopg.connect(cluster.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        yield
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())


class Hasty(Central):
    """Waits a moment for the database, and not ten seconds."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        assert isinstance(self.store._engine, postgres.Postgres)
        self.store._engine._pool.timeout = self.store._engine._pool.reconnect_timeout = 0.2


STRANGERS = 100


def ask_as_nobody(server: Running, number: int) -> int:
    path = DOCUMENTS.replace(CODES[0], f"3800{number:04}")
    return requests.get(server.url + path, headers=bearer(sub="nobody"), timeout=300).status_code


def wait_for_documents(server: Running) -> requests.Response:
    known = "&".join(f"{kind}={version}" for kind, version in server.store.versions().items())
    return requests.get(f"{server.url}{DOCUMENTS}?{known}&wait=60", headers=bearer(), timeout=90)


def test_a_database_that_was_away_is_waited_for(
    postgresql: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loops, "PAUSE", 0.0)
    monkeypatch.setattr(program, "Central", Hasty)
    postgresql.give(tmp_path)
    with running(tmp_path, monkeypatch) as server, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_for_documents, server)
        assert post(server, batch(1)).status_code == 200
        with away(postgresql, tmp_path):
            for _ in range(2 * loops.MOST_FAILURES):
                refused = post(server, batch(2))
                assert (refused.status_code, refused.headers["Retry-After"]) == (503, str(BUSY_FOR))
            assert not waiting.done()
        while post(server, batch(2)).status_code == 503:
            pass
        with closing(CentralStore(tmp_path)) as store:
            founded(tmp_path, store).publish_status()
            assert len(waiting.result().json()["documents"]) == 1
            assert [seq for _, _, seq in store.numbers(CODES[0])] == [1, 2]
        assert "the store is back" in caplog.text
        assert "a turn failed" not in caplog.text


def test_strangers_who_wait_for_the_database_keep_nobody_else_waiting(
    postgresql: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever names a station has its key looked for, and each look may last as long as the database hangs."""
    postgresql.give(tmp_path)
    monkeypatch.setattr(authority, "WAITING", STRANGERS - authority.AT_ONCE - 1)
    monkeypatch.setattr(postgres, "WITHIN", 300.0)
    with running(tmp_path, monkeypatch) as server, ThreadPoolExecutor(STRANGERS + 1) as pool:
        assert post(server, batch(1)).status_code == 200
        waiting = pool.submit(wait_for_documents, server)
        dsn = tomllib.loads((tmp_path / "central.toml").read_text())["dsn"]
        with psycopg.connect(dsn) as holding:
            holding.execute("LOCK TABLE stations IN ACCESS EXCLUSIVE MODE")
            strangers = [pool.submit(ask_as_nobody, server, number) for number in range(STRANGERS)]
            until(lambda: any(each.done() for each in strangers), "that one found no place, and all others wait")
            assert post(server, batch(2)).status_code == 200
            server.store.put_document("status", 2**33, b"news", time())
            assert waiting.result().json()["documents"]
        assert sorted(each.result() for each in strangers) == [401] * (STRANGERS - 1) + [503]


@pytest.mark.slow
def test_stations_keep_what_happens_while_the_database_is_away(postgresql: Cluster, tmp_path: Path) -> None:
    """For however long: a station counts failures and no minutes, and what it waits for is a mark."""
    postgresql.give(tmp_path / "central")
    town, statuses = Town(tmp_path), list[bytes]()

    def watched(exchange: Exchange) -> None:
        answer = exchange.ask()
        if exchange.is_batch:
            statuses.append(answer[9:12])
        exchange.near.sendall(answer)

    with town.server(), closing(Middle(town.port)) as man, man.doing(watched):
        town.enrol(man.port)
        with town.house.station(), town.house.program("sync") as sync:
            world = World(town, sync)
            with away(postgresql, town.central):
                world.busy()
                until(lambda: statuses.count(b"503") > 2, "that the server has refused some", patience=120)
                world.busy()
                assert not {"500", "400"} & {each.decode() for each in statuses}
            until(world.arrived, "all of it", patience=60)


def test_a_database_that_restarted_is_used_again_at_once(postgresql: Cluster, tmp_path: Path) -> None:
    postgresql.give(tmp_path)
    with closing(CentralStore(tmp_path)) as store:
        assert isinstance(store._engine, postgres.Postgres)
        with ThreadPoolExecutor(postgres.MOST_CONNECTIONS) as pool:
            all_begun = Barrier(postgres.MOST_CONNECTIONS)

            def begin(_: int) -> None:
                with store._engine.moment():
                    all_begun.wait(30)

            list(pool.map(begin, range(postgres.MOST_CONNECTIONS)))
        with away(postgresql, tmp_path):
            pass
        ended = store._engine._pool._pool
        until(lambda: all(map(something_to_read, ended)), "that each connection says that it has ended")
        began = monotonic()
        assert store.stations() == []
        assert monotonic() - began < postgres.WITHIN / 2


def test_a_server_that_became_the_second_is_left(postgresql: Cluster, tmp_path: Path) -> None:
    postgresql.give(tmp_path)
    with closing(CentralStore(tmp_path)) as store:
        store._engine.run("SET default_transaction_read_only = on")
        with pytest.raises(StoreFailed, match="read-only") as raised:
            store.take_all([Sent(CODES[0], "access", batch(1))], 1.0)
        assert raised.value.trouble is Trouble.AWAY
        assert store.take_all([Sent(CODES[0], "access", batch(1))], 1.0) == [(1, [])]


def test_what_the_connection_string_says_goes_before_what_is_usual(postgresql: Cluster, tmp_path: Path) -> None:
    dsn = f"{postgresql.database()}?tcp_user_timeout=7000"
    (tmp_path / "central.toml").write_text(f'dsn = "{dsn}"\n')
    with closing(CentralStore(tmp_path)) as store:
        assert isinstance(store._engine, postgres.Postgres)
        said = conninfo_to_dict(str(store._engine._asked))
    assert said.items() >= (postgres.USUALLY | {"tcp_user_timeout": "7000"}).items()


def test_a_client_that_goes_in_the_middle_of_its_body_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    head = (
        f"POST {BATCHES} HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer()['Authorization']}\r\nContent-Length: 9\r\n\r\n"
    )
    with running(tmp_path, monkeypatch) as server:
        monkeypatch.setattr(answers, "MOST_UNFINISHED", len(msgspec.json.encode(batch(1))))
        with socket.create_connection(("127.0.0.1", server.port)) as peer:
            peer.sendall(head.encode() + b"{")
            until(lambda: post(server, batch(1)).status_code == 503, "its body is there")
        until(lambda: post(server, batch(1)).status_code == 200, "its body is gone")
    assert "Traceback" not in capfd.readouterr().err


def test_whoever_waits_is_answered_when_the_server_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadPoolExecutor(1) as pool:
        with running(tmp_path, monkeypatch) as server:
            waiting = pool.submit(wait_for_documents, server)
            while not waiting.running() or post(server, batch(1)).status_code != 200:
                pass
            began = monotonic()
        answer = waiting.result()
        assert (answer.status_code, answer.json()["documents"]) == (200, [])
        assert monotonic() - began < 30


def test_what_a_station_left_waiting_ends_when_it_asks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "MOST_WAITING", 4)
    store = CentralStore(tmp_path)

    async def ask(times: int) -> list[bool]:
        found = Board(store.published(time()))
        other = asyncio.create_task(found.news(CODES[1], 60.0))
        asked = [asyncio.create_task(found.news(CODES[0], 60.0)) for _ in range(times)]
        await asyncio.wait(asked, timeout=0.1)
        ended = [each.done() for each in [*asked, other]]
        found.end()
        assert await asyncio.gather(*asked, other) == [False] * (times + 1)
        assert not await found.news(CODES[0], 60.0)
        assert found._waiting == {}
        return ended

    with closing(store):
        assert asyncio.run(ask(20)) == [True] * 16 + [False] * 5
