"""The database's machine hangs, another takes its place, an answer is lost: nobody waits for ever, and all is there once.

`make test-ha` tries the same with three machines.
"""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.conninfo import conninfo_to_dict

from kiosk.central.api.intake import Intake
from kiosk.central.store import CentralStore, postgres, waits
from kiosk.central.store.engine import StoreFailed, Trouble
from kiosk.central.store.logs import Sent
from kiosk.cli.central import folder as verbs
from kiosk.cli.main import main
from kiosk.demo.founding import founded
from tests.databases import USER, Cluster
from tests.programs.house import until
from tests.programs.listener import Listener
from tests.programs.office import sqlite_of
from tests.programs.test_central_bounds import CODES, batch

CHUNK = 65536


class Between(Listener):
    """Stands before a database server. `hang`: connections stand, and nothing comes. `lose`: that answer from now is lost.

    `hang_at`: it hangs from that answer on. `answers`: how many have come; `taken`: how many connections.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self.hang, self.lose, self.hang_at, self.answers, self.taken = False, 0, -1, 0, 0
        self.over = threading.Event()
        super().__init__()

    def close(self) -> None:
        self.over.set()
        super().close()

    def _serve(self, near: socket.socket) -> None:
        self.taken += 1
        with near, socket.create_connection(self._target) as far:
            back = threading.Thread(target=self._pump, args=(far, near), kwargs={"answers": True}, daemon=True)
            back.start()
            self._pump(near, far, answers=False)
            back.join()

    def _pump(self, source: socket.socket, sink: socket.socket, *, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                self.answers += answers
                self.hang = self.hang or self.answers == self.hang_at
                if self.hang:
                    self.over.wait()
                self.lose -= answers
                if answers and self.lose == 0:
                    break
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def between(postgresql: Cluster) -> Iterator[Between]:
    with closing(Between(postgresql.port)) as found:
        yield found


def through(between: Between, cluster: Cluster, folder: Path, *more: int) -> CentralStore:
    """A store on a server whose first port is that one's."""
    name = cluster.database().rpartition("/")[2]
    hosts = ",".join(f"127.0.0.1:{port}" for port in (between.port, *more))
    (folder / "central.toml").write_text(f'dsn = "postgresql://{USER}@{hosts}/{name}?connect_timeout=2"\n')
    return CentralStore(folder)


def sent(first: int) -> list[Sent]:
    return [Sent(CODES[0], "access", batch(first, 2))]


def test_whichever_answer_is_lost_what_is_sent_again_is_there_once(
    between: Between, postgresql: Cluster, tmp_path: Path
) -> None:
    """The commit's too, after which nobody knows whether it was done."""
    lost = 0
    with closing(through(between, postgresql, tmp_path)) as store:
        for first in count(1, 2):
            between.lose = lost + 1
            with suppress(StoreFailed):
                store.take_all(sent(first), 1.0)
            beyond, between.lose = between.lose > 0, 0
            assert store.take_all(sent(first), 1.0) == [(first + 1, [])]
            if beyond:
                break
            lost += 1
        assert lost > 3
        assert [seq for *_, seq in store.numbers(CODES[0])] == list(range(1, first + 2))


def test_a_connection_that_was_closed_while_the_others_were_asked_needs_no_end(postgresql: Cluster) -> None:
    connection = psycopg.connect(postgresql.dsn("postgres"))
    connection.close()
    waits.end(connection)


def test_nobody_waits_for_a_server_that_hangs_once_another_has_its_place(
    between: Between, postgresql: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "HANGS_AFTER", 0.1)
    monkeypatch.setattr(postgres, "LATELY", 0.0)
    with closing(through(between, postgresql, tmp_path, postgresql.port)) as store, ThreadPoolExecutor(4) as pool:
        assert store.runs_jobs()
        fill_pool(store, pool, 4)

        def hangs_within() -> None:
            with store.transaction():
                between.hang = True
                store.stations()

        def left() -> bool:
            store.leave_hung()
            return all(each.done() for each in waiting)

        waiting: list[Future[Any]] = [pool.submit(hangs_within)]
        until(lambda: between.hang, "that it hangs")
        waiting.append(pool.submit(store.runs_jobs))
        until(left, "that they are told")
        for each in waiting:
            with pytest.raises(StoreFailed) as raised:
                each.result()
            assert raised.value.trouble is Trouble.AWAY
        waiting = [pool.submit(store.take_all, sent(1), 1.0)]
        until(left, "that connections which nobody used hold nobody up")
        assert waiting[0].result() == [(2, [])]


def fill_pool(store: CentralStore, pool: ThreadPoolExecutor, count: int) -> None:
    """So many connections, which nobody uses any longer."""
    barrier = threading.Barrier(count)

    def use(_: int) -> None:
        with store._engine.moment():
            barrier.wait(30)

    list(pool.map(use, range(count)))


def test_once_another_has_its_place_nobody_asks_the_server_that_hangs(
    between: Between, postgresql: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of those who did would wait for its time-out: three seconds for every connection."""
    monkeypatch.setattr(postgres, "HANGS_AFTER", 0.1)
    with closing(through(between, postgresql, tmp_path, postgresql.port)) as store, ThreadPoolExecutor(1) as pool:
        between.hang = True
        taken, waiting = between.taken, pool.submit(store.stations)

        def left() -> bool:
            store.leave_hung()
            return waiting.done()

        until(left, "that it is told")
        assert isinstance(waiting.exception(), StoreFailed)
        assert store.take_all(sent(1), 1.0) == [(2, [])]
        assert store.runs_jobs()
        assert (between.taken, taken) == (1, 1)


def test_a_server_that_has_ended_a_connection_is_asked_after_the_others(
    between: Between, postgresql: Cluster, tmp_path: Path
) -> None:
    """It may be gone with its machine, for which a new connection would wait."""
    with closing(through(between, postgresql, tmp_path, postgresql.port)) as store:
        between.lose = 1
        with pytest.raises(StoreFailed):
            store.stations()
        assert store.take_all(sent(1), 1.0) == [(2, [])]
        assert store.runs_jobs()
        assert between.taken == 1


def test_who_listens_to_a_server_that_hangs_hears_of_what_is_published_at_the_one_in_its_place(
    between: Between, postgresql: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its machine still answers for it, so TCP says nothing, and that no news come says nothing either."""
    monkeypatch.setattr(postgres, "HANGS_AFTER", 0.5)
    with closing(through(between, postgresql, tmp_path, postgresql.port)) as store, ThreadPoolExecutor(1) as pool:
        assert store.stirred(0.0)
        between.hang = True
        waiting = pool.submit(store.stations)

        def left() -> bool:
            store.leave_hung()
            return waiting.done()

        until(left, "that it is left")
        store.put_document("status", 9, b"", 1.0)
        asked = [pool.submit(store.stirred, 0.1)]

        def heard() -> bool:
            store.leave_hung()
            if not asked[-1].done():
                return False
            if asked[-1].exception() is None and asked[-1].result():
                return True
            asked.append(pool.submit(store.stirred, 0.1))
            return False

        until(heard, "that it is heard")


@pytest.mark.parametrize(
    ("dsn", "behind", "others"),
    [
        ("host=b,a,c", "host=a,c,b", "host=a,c"),
        ("host=b,a,c port=5432", "host=a,c,b port=5432,5432,5432", "host=a,c port=5432,5432"),
        ("host=b,a port=,1", "host=a,b port=1,", "host=a port=1"),
        ("host=b,b port=5432,1", "host=b,b port=1,5432", "host=b port=1"),
        ("host=b,a hostaddr=192.0.2.2,192.0.2.1", "host=a,b hostaddr=192.0.2.1,192.0.2.2", "host=a hostaddr=192.0.2.1"),
        ("host=b,b hostaddr=192.0.2.2,192.0.2.1", "host=b,b hostaddr=192.0.2.1,192.0.2.2", "host=b hostaddr=192.0.2.1"),
        ("host=a,c", "host=a,c", "host=a,c"),
        ("host=b dbname=x", "host=b dbname=x", "host=b dbname=x"),
        ("host=b,b dbname=x", "host=b,b dbname=x", "host=b,b dbname=x"),
        ("dbname=x user=y", "dbname=x user=y", "dbname=x user=y"),
    ],
)
def test_a_server_is_asked_after_the_others_or_not_at_all(dsn: str, behind: str, others: str) -> None:
    """What is said of each stays with it; of one alone nothing changes."""
    server = ("b", "192.0.2.2", 5432)
    assert conninfo_to_dict(waits.last(dsn, [server])) == conninfo_to_dict(behind)
    assert conninfo_to_dict(waits.without(dsn, [server])) == conninfo_to_dict(others)


@pytest.mark.parametrize("tenths", [2, 3, 4, 5])
def test_no_verb_waits_for_a_server_that_hangs_once_another_has_its_place(
    tenths: int, between: Between, postgresql: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(through(between, postgresql, tmp_path, postgresql.port)) as store:
        founded(tmp_path, store)
        store.add_credential("somebody")

    def revoke() -> Result:
        return CliRunner().invoke(main, ["central", "revoke", "1", "--data", str(tmp_path)])

    before = between.answers
    assert revoke().exit_code == 0, "with a server that answers"
    monkeypatch.setattr(
        postgres, "HANGS_AFTER", 1.0
    )  # a server of this name takes writes: who is only slow must not seem to hang
    monkeypatch.setattr(verbs, "LEAVE_EVERY", 0.05)
    between.hang_at = between.answers + (between.answers - before) * tenths // 10
    ended = revoke()
    assert between.hang
    told = (ended.exit_code, "pg_isready" in ended.output)
    assert told in {(1, True), (0, False)}, (
        "done is what hangs between two statements: it goes on with the other server"
    )


def test_who_waits_for_the_server_that_there_is_goes_on_waiting(
    between: Between, postgresql: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "HANGS_AFTER", 0.1)
    with closing(through(between, postgresql, tmp_path)) as store, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(store._engine.one, "SELECT pg_sleep(1)")
        while not waiting.done():
            store.leave_hung()
        assert waiting.exception() is None


def test_whoever_comes_while_the_disk_is_waited_for_is_told_with_the_others(tmp_path: Path) -> None:
    tries = list[str]()

    async def all_of_them(store: CentralStore) -> list[Any]:
        found, loop, begun = Intake(store), asyncio.get_running_loop(), asyncio.Event()

        def traced(words: str) -> None:
            tries.append(words)
            loop.call_soon_threadsafe(begun.set)

        sqlite_of(store).set_trace_callback(traced)
        first = asyncio.create_task(found.take(sent(1)[0]))
        await begun.wait()
        return await asyncio.gather(first, *(found.take(sent(1)[0]) for _ in range(8)), return_exceptions=True)

    with closing(CentralStore(tmp_path)) as store, closing(sqlite3.connect(tmp_path / "central.db")) as other:
        sqlite_of(store).execute("PRAGMA busy_timeout = 200")
        other.execute("BEGIN IMMEDIATE")
        became = asyncio.run(all_of_them(store))
    assert [type(each) for each in became] == [StoreFailed] * 9
    assert tries == ["BEGIN IMMEDIATE"]
