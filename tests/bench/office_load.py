"""What a station's batch takes while people work in the office, beside the same without them, in one run on each engine."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep, time
from typing import Final

import requests
from rich.table import Table

from kiosk.central.numbers.period import newest
from kiosk.central.store import CentralStore
from kiosk.demo.place import free_port
from tests.bench.province.fleet import Timings, code, send_at
from tests.bench.province.measures import fleet_of
from tests.bench.province.servers import Kind, running
from tests.conftest import ROOT
from tests.databases import Cluster
from tests.office.clerks import KEPT, Clerk
from tests.programs.house import until
from tests.programs.province_of_days import fill

OPERATOR: Final = "bench"
NICE: Final = "10"
"""As its unit says."""

STATIONS: Final = 4540
RATE: Final = 60
TURNS: Final = 4
SECONDS: Final = 10.0
OPERATORS: Final = 20
LOOKS: Final = 5.0
"""Seconds after which each operator opens another page: four pages a second of all."""

PAGES: Final = ("/", "/stations", f"/stations/{code(7)}", "/map", "/numbers", "/voices", "/updates", "/policies")


def batches_beside(servers: Mapping[str, Cluster | None]) -> Table:
    """Milliseconds of a station's POST with the office at rest and at work, by turns."""
    title = f"{RATE} batches/s, and {OPERATORS} operators with a page each {LOOKS:g} s; bound: + 10 % at 99 %"
    table = Table("", "office", "median ms", "95 % ms", "99 % ms", title=title, title_justify="left")
    for engine, server in servers.items():
        for office, timings in measured(Kind(engine, ROOT, server)).items():
            table.add_row(engine, office, *(f"{1000 * timings.at(share):.2f}" for share in (0.5, 0.95, 0.99)))
    return table


def measured(kind: Kind) -> dict[str, Timings]:
    """Of a server of its own, by turns, so that whatever else this machine does falls on both."""
    with running(kind, STATIONS) as server:
        with closing(CentralStore(server.folder)) as store:
            fill(store, [code(each) for each in range(STATIONS)], newest(time(), 30).days)
        fleet, found = fleet_of(server, STATIONS), {"at rest": Timings([]), "at work": Timings([])}
        with serving(server.folder) as url:
            for _, office in itertools.product(range(TURNS), found):
                with working(url, at_work=office == "at work"):
                    timings = asyncio.run(send_at(fleet, RATE, SECONDS, 3))
                found[office].took += timings.took
                found[office].missing += timings.missing
    return found


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The office of a central server's folder as the package runs it, in a process of its own; its address."""
    with closing(CentralStore(folder)) as store:
        store.add_account(OPERATOR, "administrator", "", KEPT, time() - 2 * 86_400)
    port = free_port()
    words = [
        "nice",
        "-n",
        NICE,
        sys.executable,
        "-m",
        "kiosk",
        "central",
        "serve",
        "--only",
        "office",
        "--port",
        str(port),
    ]
    silent = subprocess.DEVNULL
    process = subprocess.Popen([*words, "--data", str(folder)], cwd=ROOT, stdout=silent, stderr=silent)
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: reachable(url), "the office")
        yield url
    finally:
        process.terminate()
        process.wait(60)


def logged_in(url: str) -> Clerk:
    """An administrator, who sees all."""
    clerk = Clerk(url)
    assert clerk.log_in(OPERATOR).status_code == 303
    return clerk


def reachable(url: str) -> bool:
    """Whether somebody answers there."""
    try:
        return Clerk(url).get("/login").ok
    except requests.ConnectionError:
        return False


@contextmanager
def working(url: str, *, at_work: bool) -> Iterator[None]:
    """People who open pages, in a process of their own: that which sends the batches has no time for them."""
    if not at_work:
        yield
        return
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.office_load", url], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        process.stdout.readline()
        yield
    finally:
        process.kill()
        process.wait()


def work(url: str) -> None:
    """Log in, say so, and open one page after the other for ever, as often as all operators together do."""
    clerk = logged_in(url)
    print("at work", flush=True)
    began = monotonic()
    for number, path in enumerate(itertools.cycle(PAGES)):
        sleep(max(0.0, began + number * LOOKS / OPERATORS - monotonic()))
        clerk.get(path).raise_for_status()


if __name__ == "__main__":
    work(sys.argv[1])
