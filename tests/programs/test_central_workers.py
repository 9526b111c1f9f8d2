"""Several processes behind one port: they share the work, what is published, and their end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic, time

import msgspec
import pytest
import requests

from kiosk.central.store import CentralStore
from kiosk.central.workers import PATIENCE
from kiosk.contract.bodies import BatchAnswer, Documents
from kiosk.demo.founding import found, founded
from kiosk.demo.place import free_port
from tests.databases import Cluster
from tests.keys import public
from tests.programs.house import House, until
from tests.programs.test_central_bounds import BATCHES, CODES, DOCUMENTS, KEY, batch, bearer, running


@contextmanager
def serving(folder: Path, house: House, workers: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port = free_port()
    found(folder)
    with house.program(
        "central", "serve", "--data", str(folder), "--port", str(port), "--workers", str(workers)
    ) as process:
        until(lambda: requests.get(f"http://127.0.0.1:{port}/v1", timeout=5).status_code == 404)
        yield f"http://127.0.0.1:{port}", process


def children(process: subprocess.Popen[bytes]) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def all_of(process: subprocess.Popen[bytes], count: int) -> list[int]:
    until(lambda: len(children(process)) == count)
    return children(process)


def test_they_go_on_answering(tmp_path: Path) -> None:
    """Each says twenty times a second that it works; whoever does not listen would hold it up."""
    with serving(tmp_path / "central", House(tmp_path), 2) as (url, _process):
        until_then = monotonic() + 3
        while monotonic() < until_then:
            assert requests.get(f"{url}/v1", timeout=2).status_code == 404


def test_batches_that_come_to_different_processes_are_each_held_once(central_folder: Path, tmp_path: Path) -> None:
    store = CentralStore(central_folder)
    with closing(store):
        founded(central_folder, store)
        store.enrol(CODES[0], store.make_claim(CODES[0], time()), public(KEY), time())
        with serving(central_folder, House(tmp_path), 2) as (url, process):
            assert len(all_of(process, 2)) == 2

            def send(number: int) -> int:
                body = msgspec.json.encode(batch(1, 5, f"{number % 9:016x}"))
                answer = requests.post(url + BATCHES, data=body, headers=bearer(), timeout=60)
                return msgspec.json.decode(answer.content, type=BatchAnswer).acked

            with ThreadPoolExecutor(12) as pool:
                assert set(pool.map(send, range(60))) == {5}
        numbers = store.numbers(CODES[0])
        assert len(numbers) == len(set(numbers)) == 9 * 5


def test_what_is_published_reaches_the_stations_of_every_process(central_folder: Path, tmp_path: Path) -> None:
    store = CentralStore(central_folder)
    with closing(store):
        issuer = founded(central_folder, store)
        store.enrol(CODES[0], store.make_claim(CODES[0], time()), public(KEY), time())
        known = "&".join(f"{kind}={version}" for kind, version in store.versions().items())
        with serving(central_folder, House(tmp_path), 2) as (url, _process), ThreadPoolExecutor(8) as pool:

            def wait(_: int) -> int:
                answer = requests.get(f"{url}{DOCUMENTS}?{known}&wait=60", headers=bearer(), timeout=90)
                return len(msgspec.json.decode(answer.content, type=Documents).documents)

            waiting = [pool.submit(wait, number) for number in range(8)]
            issuer.publish_status()
            assert [each.result() for each in waiting] == [1] * 8


def test_a_publication_is_noticed_though_nobody_is_told_of_it(
    postgresql: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler that passes no notifications on."""
    monkeypatch.setattr("kiosk.central.api.app.LOOK_ANYWAY", 0.5)
    postgresql.give(tmp_path)
    with running(tmp_path, monkeypatch) as server, ThreadPoolExecutor(1) as pool:
        server.store._engine.run("DROP TRIGGER tell ON publications")
        known = "&".join(f"{kind}={version}" for kind, version in server.store.versions().items())
        url = f"{server.url}{DOCUMENTS}?{known}&wait=60"
        waiting = pool.submit(requests.get, url, headers=bearer(), timeout=90)
        founded(tmp_path, server.store).publish_status()
        assert len(waiting.result().json()["documents"]) == 1


def test_nobody_reads_what_is_published_while_nothing_is(central_folder: Path) -> None:
    """Another process's publication, and our own, is noticed once."""
    with closing(CentralStore(central_folder)) as store, closing(CentralStore(central_folder)) as other:
        store.stirred(0.0)
        for publisher in (other, store):
            assert not store.stirred(0.0)
            publisher.put_document("status", 1, b"", 1.0)
            until(lambda: store.stirred(0.1))
            assert not store.stirred(0.0)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_all_end_with_their_parent_and_it_is_no_failure(how: signal.Signals, tmp_path: Path) -> None:
    with serving(tmp_path / "central", House(tmp_path), 3) as (_url, process):
        pids = all_of(process, 3)
        process.send_signal(how)
        assert process.wait(30) == 0
        assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_one_that_dies_ends_all_with_an_error_for_systemd_to_begin_anew(tmp_path: Path) -> None:
    with serving(tmp_path / "central", House(tmp_path), 3) as (_url, process):
        pids = all_of(process, 3)
        os.kill(pids[1], signal.SIGKILL)
        assert process.wait(30) == 1
        assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert "one of the server's processes ended" in (tmp_path / "central.log").read_text()


@contextmanager
def systemd(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(folder / "notify"))
        heard.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(folder / "notify"))
        yield heard


def test_systemd_is_told_once_all_are_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with systemd(tmp_path, monkeypatch) as heard, serving(tmp_path / "central", House(tmp_path), 2):
        assert [heard.recv(4096) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        heard.close()


@pytest.mark.slow
def test_systemd_is_told_no_longer_when_one_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        systemd(tmp_path, monkeypatch) as heard,
        serving(tmp_path / "central", House(tmp_path), 2) as (_url, process),
    ):
        assert heard.recv(4096) == b"READY=1"
        hanging = children(process)[1]
        os.kill(hanging, signal.SIGSTOP)
        stopped, heard_at = monotonic(), monotonic()
        heard.settimeout(5)
        with suppress(TimeoutError):
            while heard.recv(4096):
                heard_at = monotonic()
        assert PATIENCE - 5 < heard_at - stopped < PATIENCE + 5
        os.kill(hanging, signal.SIGCONT)
        heard.close()
