"""python -m tests.bench.province [--stations N] [--beside COMMIT]: this tree's server, and that commit's, in one run."""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct
from rich.console import Console
from rich.table import Table

from kiosk.demo.place import free_port
from tests.bench.province.fleet import Fleet, Timings, code, hold_polls, key, send_all, send_at, storm
from tests.conftest import ROOT

CREDENTIALS = 1_500_000
STORM_WITHIN = 300.0
"""Seconds after which a storm that has not ended is told as endless."""

TIMEOUT = 20.0
"""Seconds after which a station gives up a batch."""

FIGURES = {
    "a held poll": "kB, ≤ 12",
    "60 batches/s of 3, median": "ms, ≤ 10",
    "60 batches/s of 3, 99 %": "ms, ≤ 500",
    "60 batches/s of 3, polls late, 99 %": "ms, ≤ 500",
    "60 batches/s of 3, processor": "cores",
    "200 batches/s of 3, median": "ms, ≤ 50",
    "200 batches/s of 3, 99 %": "ms, ≤ 1000",
    "a revocation to the last station, with 60/s": "s, ≤ 5",
    "50 stations, batches of 4": "requests/s",
    "bytes an entry": "≤ 270",
    "storm of 500 each, all told after": "s",
    "storm, batches over 20 s": "≤ 0",
    "storm, memory": "MB, ≤ 400",
}


class Tree(Struct, frozen=True):
    """Where a version of the project lies, and what it is called in the table."""

    name: str
    root: Path


class Running(Struct, frozen=True):
    """A central server: its folder, port and process."""

    folder: Path
    port: int
    pid: int

    def memory(self) -> float:
        """Resident, in kB."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith("VmRSS")))

    def processor(self) -> float:
        """Seconds used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def ask(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.folder / "central.db")) as db:
            return db.execute(statement).fetchall()

    def size(self) -> int:
        """Bytes of the database, with all of its log written back."""
        self.ask("PRAGMA wal_checkpoint(TRUNCATE)")
        return (self.folder / "central.db").stat().st_size


@contextmanager
def running(tree: Tree, stations: int) -> Iterator[Running]:
    """A server of that tree, with so many stations enrolled and CREDENTIALS given out, one in 300 revoked."""
    with tempfile.TemporaryDirectory(prefix="province-") as name:
        folder, port = Path(name), free_port()
        environment = {**os.environ, "PYTHONPATH": str(tree.root)}
        words = [sys.executable, "-m", "kiosk", "central"]
        founding = (
            "from kiosk.demo.founding import found; from pathlib import Path; import sys; found(Path(sys.argv[1]))"
        )
        made_by = tree.root / "kiosk" / "demo" / "founding.py"  # up to version 0.4 the first verb made a server's keys
        begin = (
            [sys.executable, "-c", founding, name]
            if made_by.exists()
            else [*words, "claim", "37999999", "--data", name]
        )
        subprocess.run(begin, check=True, env=environment, cwd=tree.root, stdout=subprocess.DEVNULL)
        _fill(folder / "central.db", stations)
        serve = [*words, "serve", "--data", name, "--port", str(port)]
        process = subprocess.Popen(serve, env=environment, cwd=tree.root, stderr=subprocess.DEVNULL)
        try:
            _listening(port)
            yield Running(folder, port, process.pid)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


def _fill(path: Path, stations: int) -> None:
    rows = [(code(each), key(each).public_key().public_bytes_raw(), time.time()) for each in range(stations)]
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany("INSERT INTO stations VALUES (?, ?, ?)", rows)
        db.execute(
            "INSERT INTO credentials WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " SELECT i, 'h' || i, iif(abs(i * 2654435761 % 300) = 7, 1, 0) FROM n",
            (CREDENTIALS,),
        )


def _listening(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as each:
            if each.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError


def fleet_of(server: Running, stations: int) -> Fleet:
    return Fleet(server.port, stations, dict(server.ask("SELECT kind, version FROM documents")))


async def polls(server: Running, stations: int) -> dict[str, float]:
    """What a held poll costs, and batches and a revocation beside all of them."""
    found: dict[str, float] = {}
    fleet, before, late, stop = fleet_of(server, stations), server.memory(), list[float](), asyncio.Event()
    holding = await hold_polls(fleet, stop, late)
    await asyncio.sleep(15)
    found["a held poll"] = (server.memory() - before) / stations
    for rate, seconds in ((60, 20), (200, 15)):
        late.clear()
        used, began = server.processor(), time.monotonic()
        timings = await send_at(fleet, rate, seconds, 3)
        name = f"{rate} batches/s of 3"
        found |= {f"{name}, median": 1000 * timings.at(0.5), f"{name}, 99 %": 1000 * timings.at(0.99)}
        found[f"{name}, polls late, 99 %"] = 1000 * Timings(late).at(0.99)
        found[f"{name}, processor"] = (server.processor() - used) / (time.monotonic() - began)
        _tell(name, timings)
    for each in holding:
        each.cancel()
    await asyncio.gather(*holding, return_exceptions=True)
    return found


async def revocation(server: Running, tree: Tree, stations: int) -> dict[str, float]:
    """From `kiosk central revoke` until the last station has the list, while batches go on."""
    fleet = fleet_of(server, stations)
    wires = await asyncio.gather(*(fleet.connect() for _ in range(stations)))
    held = [wire.ask(fleet.question(number, 60.0)) for number, wire in enumerate(wires)]
    sending = asyncio.create_task(send_at(fleet, 60, 15, 3))
    await asyncio.sleep(3)
    words = [sys.executable, "-m", "kiosk", "central", "revoke", "5", "--data", str(server.folder)]
    done = await asyncio.create_subprocess_exec(*words, cwd=tree.root, stdout=subprocess.DEVNULL)
    await done.wait()
    began = time.monotonic()
    await asyncio.gather(*held)
    took = time.monotonic() - began
    await sending
    return {"a revocation to the last station, with 60/s": took}


async def ingest(server: Running, stations: int) -> dict[str, float]:
    """As fast as it takes them."""
    fleet, before = fleet_of(server, min(stations, 50)), server.size()
    rate, timings = await send_all(fleet, fleet.stations, 4, 8.0)
    _tell("ingest", timings)
    grown = server.size() - before
    return {"50 stations, batches of 4": rate, "bytes an entry": grown / (4 * len(timings.took))}


async def returning(server: Running, stations: int) -> dict[str, float]:
    """All at once, each with 500 entries."""
    took, timings = await storm(fleet_of(server, stations), 500, TIMEOUT, STORM_WITHIN)
    _tell("storm", timings)
    return {
        "storm of 500 each, all told after": took,
        "storm, batches over 20 s": timings.missing,
        "storm, memory": server.memory() / 1024,
    }


def _tell(name: str, timings: Timings) -> None:
    print(f"  {name}: {len(timings.took)} answered, {timings.refused} refused, {timings.missing} missing", flush=True)


def measured(tree: Tree, stations: int, *, storm_too: bool) -> dict[str, float]:
    """Every figure of a tree."""
    print(f"{tree.name}:", flush=True)
    with running(tree, stations) as server:
        found = asyncio.run(polls(server, stations)) | asyncio.run(revocation(server, tree, stations))
        found |= asyncio.run(ingest(server, stations))
    if storm_too:
        with running(tree, stations) as server:
            found |= asyncio.run(returning(server, stations))
    return found


def older(commit: str, into: Path) -> Tree | None:
    """The tree of a commit, where the repository has it."""
    archive = subprocess.run(["git", "archive", commit, "kiosk"], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        print(f"{commit} is not here; nothing to compare to", file=sys.stderr)
        return None
    subprocess.run(["tar", "-x", "-C", str(into)], input=archive.stdout, check=True)
    return Tree(commit, into)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--stations", type=int, default=4540)
    options.add_argument("--beside", default="")
    options.add_argument("--no-storm", action="store_true")
    given = options.parse_args()
    _soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as name:
        trees = [Tree("this tree", ROOT), *filter(None, [older(given.beside, Path(name)) if given.beside else None])]
        found = {tree.name: measured(tree, given.stations, storm_too=not given.no_storm) for tree in trees}
    table = Table("", *found, "bound", title=f"{given.stations} stations", title_justify="left")
    for name, bound in FIGURES.items():
        table.add_row(name, *(f"{each[name]:.4g}" if name in each else "" for each in found.values()), bound)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
