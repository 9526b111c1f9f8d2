"""`make test-ha`: what fails under a central server's database while stations send, and whether anything acknowledged is lost.

Each fault is held for a while, taken back, and waited for until all three databases are at work again. What was acknowledged is
counted at the end, by the process that was told so.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from tests.conftest import ROOT
from tests.ha.machines import PATIENCE, PATRONI, Cluster, Machine, absent, cluster, sh
from tests.programs.house import environment, until

pytestmark = [pytest.mark.ha, pytest.mark.timeout(1800)]

PORT = 8420
BOUND = 30.0
"""Seconds without a write."""

HELD, HANGING, BRIEF, CALM = 35.0, 45.0, 15.0, 10.0
"""Seconds for which a fault lasts: one that takes the primary away, a PostgreSQL that hangs and keeps its patroni waiting,
one that may change nothing; and until the next one."""


FOUND = "import sys, pathlib; from kiosk.demo.founding import found; found(pathlib.Path(sys.argv[1]))"


class Journal:
    """What the load tells."""

    def __init__(self, process: subprocess.Popen[str], file: Path) -> None:
        self._process, self._file = process, file
        self.told: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout
        with self._file.open("w") as file:
            for line in self._process.stdout:
                file.write(line)
                self.told.append(json.loads(line))

    def since(self, began: float, what: str) -> list[dict[str, Any]]:
        return [each for each in self.told if each["what"] == what and each["at"] >= began]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._thread.join(PATIENCE)
        for each in (self._process.stdin, self._process.stdout):
            if each:
                each.close()

    def end(self) -> dict[str, Any]:
        """What became of everything that was acknowledged."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        assert self._process.wait(PATIENCE) == 0
        self._thread.join(PATIENCE)  # it has read the last line then
        return self.told[-1]


def found(ask: Callable[[], Machine | None], what: str) -> Machine:
    """It, once there is one."""
    machine = until(ask, what, PATIENCE)
    assert machine
    return machine


class House(Struct):
    """Everything that runs."""

    cluster: Cluster
    folder: Path
    journal: Journal | None = None
    server: subprocess.Popen[bytes] | None = None

    def serve(self) -> None:
        words = self.kiosk("central", "serve", "--data", str(self.folder), "--port", str(PORT))
        with (self.folder / "serve.log").open("ab") as log:
            self.server = subprocess.Popen(words, stdout=log, stderr=log, env=environment(), cwd=ROOT)
        url = f"http://127.0.0.1:{PORT}/"
        asked = self.cluster.web.at("curl", "-s", "-m", "2", "-o", "/dev/null", url)
        until(lambda: subprocess.run(asked, check=False).returncode == 0, "the central server", PATIENCE)

    def kiosk(self, *words: str) -> list[str]:
        return self.cluster.web.at(sys.executable, "-m", "kiosk", *words)

    def kill_server(self) -> None:
        assert self.server
        self.cluster.web.send(signal.SIGKILL, "kiosk\0central\0serve")
        self.server.wait()

    def close(self) -> None:
        if self.server:
            self.kill_server()
        if self.journal:
            self.journal.close()

    def primary(self) -> Machine:
        return found(lambda: self.cluster.role("leader"), "a primary")


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    if missing := absent():
        pytest.skip(f"ABSENT: {', '.join(missing)}: make setup-ha installs it")
    if os.getuid() != 0:
        pytest.skip("NO NETWORK NAMESPACES HERE: run it as root")
    folder = Path(tempfile.mkdtemp(prefix="ha-"))
    folder.chmod(0o755)  # for the databases' account, which pytest's own folders shut out
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        three = stack.enter_context(cluster(folder))
        central = folder / "central"
        central.mkdir()
        (central / "central.toml").write_text(f'dsn = "{three.dsn()}"\n')
        sh(*three.web.at(sys.executable, "-c", FOUND, str(central)))
        house = stack.enter_context(closing(House(three, central)))
        house.serve()
        words = three.web.at(sys.executable, "-m", "tests.ha.load", str(central), str(PORT))
        with (folder / "load.log").open("ab") as log:
            load = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment(), cwd=ROOT, text=True
            )
        journal = house.journal = Journal(load, folder / "journal")
        until(lambda: len(journal.since(0, "acked")) > 20, "the load", PATIENCE)
        yield house


Fault = Callable[[House], Any]


@contextmanager
def killed(house: House) -> Iterator[None]:
    """The primary's PostgreSQL and patroni, kill -9."""
    primary = house.primary()
    primary.send(signal.SIGKILL, "patroni", "postgres")
    yield
    primary.start(str(PATRONI), "patroni.yml")


@contextmanager
def crashed(house: House) -> Iterator[None]:
    """The primary's PostgreSQL alone, kill -9."""
    house.primary().send(signal.SIGKILL, "postgres")
    yield


@contextmanager
def frozen(house: House) -> Iterator[None]:
    """The primary's PostgreSQL hangs, as on a disk that does: its connections stand, and say nothing."""
    primary = house.primary()
    primary.send(signal.SIGSTOP, "postgres")
    yield
    primary.send(signal.SIGCONT, "postgres")


@contextmanager
def cut_off(house: House) -> Iterator[None]:
    """The primary's cable."""
    primary = house.primary()
    primary.cut()
    yield
    primary.mend()


@contextmanager
def standby_cut_off(house: House) -> Iterator[None]:
    """The synchronous standby's cable."""
    standby = found(lambda: house.cluster.role("sync_standby"), "a standby")
    standby.cut()
    yield
    standby.mend()


@contextmanager
def without_etcd_leader(house: House) -> Iterator[None]:
    """The leader of etcd, kill -9."""
    leader = found(house.cluster.etcd_leader, "a leader of etcd")
    leader.send(signal.SIGKILL, "etcd")
    yield
    leader.start("etcd")


@contextmanager
def without_etcd(house: House) -> Iterator[None]:
    """Two of three etcds, kill -9: nobody can be elected."""
    gone = list(house.cluster.machines.values())[:2]
    for each in gone:
        each.send(signal.SIGKILL, "etcd")
    yield
    for each in gone:
        each.start("etcd")


@contextmanager
def server_killed(house: House) -> Iterator[None]:
    """The central server, kill -9, and started again at once."""
    house.kill_server()
    house.serve()
    yield


@contextmanager
def server_cut_off(house: House) -> Iterator[None]:
    """The central server's own cable: it answers 503, and stations keep what they have."""
    house.cluster.web.cut()
    yield
    house.cluster.web.mend()


RUN: list[tuple[Callable[[House], Any], float, float]] = [
    (killed, HELD, BOUND),
    (without_etcd_leader, BRIEF, BOUND),
    (cut_off, HELD, BOUND),
    (standby_cut_off, BRIEF, BOUND),
    (server_killed, BRIEF, BOUND),
    (frozen, HANGING, BOUND),
    (server_cut_off, BRIEF, BOUND),
    (without_etcd, HELD, BOUND),
    (crashed, HELD, BOUND),
]


class Result(Struct, frozen=True):
    """What a fault did. Seconds; `gap`: the longest time in which nothing was acknowledged."""

    fault: str
    primary: str
    gap: float
    published: float
    acked: int
    refused: int
    unanswered: int
    healed: float


def longest(times: list[float], began: float, ended: float) -> float:
    """The longest time between two of these."""
    marks = [began, *times, ended]
    return max(later - earlier for earlier, later in pairwise(marks))


def suffered(house: House, fault: Callable[[House], Any], held: float) -> Result:
    """Do it, wait, take it back, and wait for what heals by itself."""
    journal = house.journal
    assert journal
    before, began = house.primary().name, monotonic()
    pause = threading.Event()
    with fault(house):
        pause.wait(held)
    back = monotonic()
    until(house.cluster.settled, "three databases at work", PATIENCE)
    pause.wait(CALM)
    until(house.cluster.settled, "three databases at work", PATIENCE)
    healed = monotonic() - back - CALM
    after = house.primary().name
    until(lambda: journal.since(monotonic() - 2, "acked"), "the stations are served", PATIENCE)
    ended = monotonic()

    def gap(what: str) -> float:
        return longest([each["at"] for each in journal.since(began, what)], began, ended)

    acked, refused, unanswered = (len(journal.since(began, what)) for what in ("acked", "refused", "unanswered"))
    moved = f"{before} → {after}"
    return Result(fault.__name__, moved, gap("acked"), gap("published"), acked, refused, unanswered, healed)


def table(results: list[Result], verdict: dict[str, Any]) -> Table:
    title = ", ".join(f"{name} {verdict[name]}" for name in verdict if name not in {"at", "what"})
    found = Table("fault", "primary", "no entry, s", "no list, s", "taken", "503", "silent", "healed, s", title=title)
    for each in results:
        cells = (each.gap, each.published, each.acked, each.refused, each.unanswered, each.healed)
        found.add_row(
            each.fault, each.primary, *(f"{cell:.3g}" if isinstance(cell, float) else f"{cell}" for cell in cells)
        )
    return found


def test_nothing_that_was_acknowledged_is_lost_whatever_fails(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert house.journal
    results = []
    for fault, held, _bound in RUN:
        results.append(suffered(house, fault, held))
        with capsys.disabled():
            print(results[-1], flush=True)
    verdict = house.journal.end()
    with capsys.disabled():
        Console(width=120).print(table(results, verdict))
    assert verdict["what"] == "verdict"
    for what in ("entries", "documents", "enrolments"):
        assert verdict[what] > 0
        assert verdict[f"lost_{what}"] == 0
    assert verdict["duplicates"] == 0
    statuses = {each["status"] for each in house.journal.since(0, "refused")}
    assert statuses <= {503}
    assert [each for each, (*_, bound) in zip(results, RUN, strict=True) if each.gap > bound] == []
