"""The servers that are measured: of this tree or of an older commit, on SQLite or PostgreSQL, or with no store at all."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from msgspec import Struct

from kiosk.central.store.place import SETTINGS
from kiosk.demo.place import free_port
from tests.bench.province.fleet import code, key
from tests.bench.province.shares import share
from tests.databases import Cluster

CREDENTIALS = 1_500_000
REVOKED = "CASE WHEN abs(i * 2654435761 % 300) = 7 THEN 1 ELSE 0 END"
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most})"


class Kind(Struct, frozen=True):
    """What is measured: its name in the table, where its code lies, and its database (a file where there is none).

    `storeless`: what it is told that has no store at all. `share`: of a core for each of its processes; 0 for no bound.
    """

    name: str
    root: Path
    cluster: Cluster | None = None
    workers: int = 1
    storeless: tuple[str, ...] | None = None
    share: float = 0


class Running(Struct, frozen=True):
    """A central server: its folder, port and process."""

    folder: Path
    port: int
    pid: int

    def memory(self, what: str = "VmRSS") -> float:
        """Resident, in kB; `VmHWM`: the most that it ever was."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith(what)))

    def processor(self) -> float:
        """Seconds used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def ask(self, statement: str) -> list[Any]:
        """The rows that it gives."""
        if dsn := _dsn(self.folder):
            with psycopg.connect(dsn) as connection:
                return connection.execute(statement.encode()).fetchall()
        with closing(sqlite3.connect(self.folder / "central.db")) as db:
            return db.execute(statement).fetchall()

    def size(self) -> int:
        """Bytes of the database, without what is written twice for safety."""
        if _dsn(self.folder):
            return int(self.ask("SELECT pg_database_size(current_database())")[0][0])
        self.ask("PRAGMA wal_checkpoint(TRUNCATE)")
        return (self.folder / "central.db").stat().st_size


def _dsn(folder: Path) -> str:
    path = folder / SETTINGS
    return str(tomllib.loads(path.read_text())["dsn"]) if path.exists() else ""


@contextmanager
def running(kind: Kind, stations: int) -> Iterator[Running]:
    """A server with so many stations enrolled and CREDENTIALS given out, one in 300 revoked."""
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="province-"))
        within = stack.enter_context(share(kind.share * kind.workers)) if kind.share else []
        folder, port = Path(name) / "central", free_port()  # its root key lies beside it
        folder.mkdir()
        if kind.cluster:
            kind.cluster.give(folder)
        told = str(folder / "told")
        environment = {**os.environ, "PYTHONPATH": str(kind.root), "NOTIFY_SOCKET": told}
        words = [sys.executable, "-m", "kiosk", "central"]
        begin = _founding(kind.root, str(folder)) or [*words, "claim", "37999999", "--data", str(folder)]
        subprocess.run(begin, check=True, env=environment, cwd=kind.root, stdout=subprocess.DEVNULL)
        _fill(folder, stations)
        serve = [*words, "serve", "--data", str(folder), "--port", str(port)]
        serve += ["--workers", str(kind.workers)] if kind.workers > 1 else []
        if kind.storeless is not None:
            serve = [sys.executable, "-m", "tests.bench.province.storeless", str(folder), str(port), *kind.storeless]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(told)
            silent = subprocess.DEVNULL
            process = subprocess.Popen([*within, *serve], env=environment, cwd=kind.root, stdout=silent, stderr=silent)
            server = Running(folder, port, process.pid)
            _serving(server, ready)
        try:
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _founding(root: Path, folder: str) -> list[str]:
    """What makes a server's keys; up to version 0.4 the first verb did."""
    if not (root / "kiosk" / "demo" / "founding.py").exists():
        return []
    words = "from kiosk.demo.founding import found; from pathlib import Path; import sys; found(Path(sys.argv[1]))"
    return [sys.executable, "-c", words, folder]


def _fill(folder: Path, stations: int) -> None:
    rows = [(code(each), key(each).public_key().public_bytes_raw(), time.time()) for each in range(stations)]
    enrol = "INSERT INTO stations (code, public_key, enrolled) VALUES (?, ?, ?)"
    if dsn := _dsn(folder):
        with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
            cursor.executemany(enrol.replace("?", "%s").encode(), rows)
            numbers = f"WITH n(i) AS (SELECT generate_series(1::bigint, {CREDENTIALS}))"
            words = f"{numbers} INSERT INTO credentials (idx, holder, status) SELECT i, 'h' || i, {REVOKED} FROM n"
            cursor.execute(words.replace("%", "%%").encode(), ())
        return
    with closing(sqlite3.connect(folder / "central.db")) as db, db:
        db.executemany(enrol, rows)
        numbers = NUMBERS.format(most=CREDENTIALS)
        db.execute(f"INSERT INTO credentials (idx, holder, status) {numbers} SELECT i, 'h' || i, {REVOKED} FROM n")


def _serving(server: Running, ready: socket.socket) -> None:
    """It says so as to systemd, whose socket this is (it listens before it has loaded what it needs), and has published what it
    publishes first: stations that lack it would ask again and again.
    """
    ready.settimeout(120)
    while ready.recv(64) != b"READY=1":
        pass
    deadline = time.monotonic() + 60
    while len(server.ask("SELECT kind FROM documents")) < 2:
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.1)
