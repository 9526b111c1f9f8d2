"""Test support: a PostgreSQL server on loopback, of Debian's programs, as an ordinary account, in a folder of its own.

What it is not: safe. Its files are not flushed and may lie in memory (unless fsync is asked for), and everybody on this machine
may come in.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from msgspec import Struct

from kiosk.central.store import CentralStore
from kiosk.central.store.place import SETTINGS
from kiosk.demo.place import free_port
from tests.memory import in_memory

USER = "yizhan"


def programs() -> Path | None:
    """Where Debian's PostgreSQL is, the newest; None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Cluster(Struct, frozen=True):
    """A running server."""

    port: int

    def dsn(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """A connection string of a new database, which is empty."""
        name = f"t{uuid4().hex}"
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} STRATEGY file_copy".encode())
        return self.dsn(name)

    def written(self) -> list[bytes]:
        """Every file of it, its write-ahead log among them, once all that it has in memory is written."""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            found = connection.execute("SHOW data_directory").fetchone()
        assert found
        return [path.read_bytes() for path in sorted(Path(found[0]).rglob("*")) if path.is_file()]

    def give(self, folder: Path) -> None:
        """Let a central server's folder have a database of this server."""
        folder.mkdir(exist_ok=True)
        (folder / SETTINGS).write_text(f'dsn = "{self.database()}"\n')


@contextmanager
def cluster(binaries: Path, fsync: str = "off") -> Iterator[Cluster]:
    """One that runs until the block ends."""
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=in_memory() if fsync == "off" else None))
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    port = free_port()
    make = [binaries / "initdb", "-D", folder / "data", "-U", USER, "--auth=trust", "--no-sync", "--locale=C.UTF-8"]
    subprocess.run(make, check=True, capture_output=True, cwd=folder, **who)  # type: ignore[call-overload]
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder, "fsync": fsync}
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    serve = [binaries / "postgres", "-D", folder / "data", *words]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(serve, stdout=log, stderr=log, cwd=folder, **who)  # type: ignore[call-overload]
    try:
        _answers(Cluster(port))
        yield Cluster(port)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        shutil.rmtree(folder)


def _account() -> pwd.struct_passwd | None:
    """Root may not run it; any other account is its own."""
    return pwd.getpwnam("nobody") if os.getuid() == 0 else None


def _answers(found: Cluster) -> None:
    from tests.programs.house import until

    def asked() -> bool:
        try:
            psycopg.connect(found.dsn("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    until(asked, "PostgreSQL")


def emptied(store: CentralStore, *tables: str) -> None:
    """Empty these of a store that the tests of a file share, and let it know nothing more of what they had."""
    with store.transaction():
        for table in tables:
            store._engine.run(f"DELETE FROM {table}")
        store._engine.known.clear()
    store._numbers.clear()
    store._doors.clear()
