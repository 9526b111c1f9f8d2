"""python -m tests.bench.province [--stations N] [--beside COMMIT]: both engines, and that commit's server, in one run."""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.bench.province import storeless
from tests.bench.province.bounds import (
    BOUNDS,
    JUDGING,
    ONE_SHARE,
    OURS,
    POSTGRESQL,
    SHARE,
    SQLITE,
    STORELESS,
    TWO,
    TWO_SHARES,
    compared,
    derived,
    judged,
)
from tests.bench.province.fleet import Fleet
from tests.bench.province.measures import Found, fleet_of, ingest, polls, returning, revocation
from tests.bench.province.servers import Kind, Running, running
from tests.bench.province.shares import NoShares, share
from tests.conftest import ABSENT, ROOT
from tests.databases import Cluster, cluster, programs

RATES = {60: 15.0, 200: 10.0}
INGEST_FOR, ROUNDS = 1.5, 9
"""Seconds for each server, one after another, again and again: the machine is not as quick at all times."""


def whole(kind: Kind, stations: int, *, storm_too: bool) -> Found:
    """Every figure of a server, but for how much it takes in."""
    with running(kind, stations) as server:
        found = asyncio.run(polls(server, stations, RATES)) | asyncio.run(revocation(server, kind, stations))
    if storm_too:
        with running(kind, stations) as server:
            found |= asyncio.run(returning(server, stations))
    return found


def beside(kind: Kind, stations: int) -> Found:
    """Of the older server: what the others are compared to, and for a shorter time."""
    with running(kind, stations) as server:
        return asyncio.run(polls(server, stations, {60: 5.0}))


def side_by_side(kinds: Sequence[Kind], stations: int, older: str) -> dict[str, Found]:
    """How much each takes in, and what follows from it within a round: the medians of all rounds."""
    few, rounds = min(stations, 50), list[dict[str, Found]]()
    with ExitStack() as stack:
        servers = {kind.name: stack.enter_context(running(kind, few)) for kind in kinds}
        fleets = {name: fleet_of(server, few) for name, server in servers.items()}
        for number in range(ROUNDS):
            print(f"round {number + 1} of {ROUNDS}:", flush=True)
            found = {name: taken_in(name, servers[name], fleets[name]) for name in servers}
            compared(found, older)
            rounds.append(found)
    return {
        name: {figure: median(each[name][figure] for each in rounds) for figure in found}
        for name, found in rounds[0].items()
    }


def taken_in(name: str, server: Running, fleet: Fleet) -> Found:
    print(f" {name}:", flush=True)
    return asyncio.run(ingest(server, fleet, INGEST_FOR))


def measured(kind: Kind, given: argparse.Namespace) -> Found:
    """What else is asked of it."""
    if kind.name == given.beside:
        return beside(kind, given.stations)
    return whole(kind, given.stations, storm_too=not given.no_storm)


def older(commit: str, into: Path) -> Kind | None:
    """The server of a commit, where the repository has it."""
    archive = subprocess.run(["git", "archive", commit, "kiosk"], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        print(f"{commit} is not here; nothing to compare to", file=sys.stderr)
        return None
    subprocess.run(["tar", "-x", "-C", str(into)], input=archive.stdout, check=True)
    return Kind(commit, into)


def kinds(beside: str, stack: ExitStack) -> list[Kind]:
    """All that can be measured here: those that are compared come after one another."""
    found = [
        Kind(SQLITE, ROOT),
        Kind(STORELESS, ROOT, storeless=()),
        Kind(JUDGING, ROOT, storeless=(storeless.JUDGED,)),
    ]
    if beside and (kind := older(beside, Path(stack.enter_context(tempfile.TemporaryDirectory())))):
        found.insert(1, kind)
    if binaries := programs():
        server = stack.enter_context(cluster(binaries, fsync="on"))
        found += [Kind(POSTGRESQL, ROOT, server), Kind(TWO, ROOT, server, workers=2)]
        found += shared(server)
    else:
        print(ABSENT, file=sys.stderr)
    return found


def shared(server: Cluster) -> list[Kind]:
    """One process and two with the same share of a core each, where this machine gives shares."""
    try:
        with share(SHARE):
            pass
    except NoShares:
        print(
            "NO CONTROL GROUP CAN BE MADE HERE: what a second process adds is not measured by shares", file=sys.stderr
        )
        return []
    return [Kind(ONE_SHARE, ROOT, server, share=SHARE), Kind(TWO_SHARES, ROOT, server, workers=2, share=SHARE)]


def main() -> None:
    """Measure all, and print the table."""
    options = argparse.ArgumentParser()
    options.add_argument("--stations", type=int, default=4540)
    options.add_argument("--beside", default="")
    options.add_argument("--no-storm", action="store_true")
    options.add_argument("--only-ingest", action="store_true")
    given = options.parse_args()
    _soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    began = time.monotonic()
    with ExitStack() as stack:
        all_kinds = kinds(given.beside, stack)
        found = side_by_side(all_kinds, given.stations, given.beside)
        for kind in all_kinds:
            if kind.name in {*OURS, given.beside} and not given.only_ingest:
                print(f"{kind.name}, after {time.monotonic() - began:.0f} s:", flush=True)
                found[kind.name] |= measured(kind, given)
    for each in found.values():
        derived(each)
    shown = [name for name in (SQLITE, POSTGRESQL, given.beside) if name in found]
    table = Table("", "bound", *shown, "", title=f"{given.stations} stations", title_justify="left")
    for bound in BOUNDS:
        values = (f"{found[name][bound.figure]:.4g}" if bound.figure in found[name] else "" for name in shown)
        table.add_row(bound.figure, bound.words(), *values, judged(bound, found))
    Console(width=140).print(table)
    print(f"{time.monotonic() - began:.0f} s in all")


if __name__ == "__main__":
    main()
