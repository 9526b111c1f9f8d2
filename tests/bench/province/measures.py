"""What is measured of a running server, by the names under which the table has it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from kiosk.central.issuer import GATHERS
from tests.bench.province.fleet import Fleet, Timings, hold_polls, send_all, send_at, storm
from tests.bench.province.servers import Kind, Running

STORM_WITHIN = 150.0
"""Seconds after which a storm that has not ended is told as endless."""

TIMEOUT = 20.0
"""Seconds after which a station gives up a batch."""

INGEST = "50 stations, batches of 4"
CORES = "the same, cores in use"
"""By the server, its database, and the stations: where all are, no second process has another."""

Found = dict[str, float]


def fleet_of(server: Running, stations: int) -> Fleet:
    return Fleet(server.port, stations, dict(server.ask("SELECT kind, version FROM documents")))


async def polls(server: Running, stations: int, rates: dict[int, float]) -> Found:
    """What a held poll costs, and so many batches a second, for so many seconds, beside all of them."""
    found: Found = {}
    fleet, before, late, stop = fleet_of(server, stations), server.memory(), list[float](), asyncio.Event()
    holding = await hold_polls(fleet, stop, late)
    await asyncio.sleep(15)
    found["a held poll"] = (server.memory() - before) / stations
    found["memory, all polls held"] = server.memory() / 1024
    for rate, seconds in rates.items():
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


async def revocation(server: Running, kind: Kind, stations: int) -> Found:
    """From `kiosk central revoke` until the last station has the list, while batches go on; revocations gather meanwhile."""
    fleet = fleet_of(server, stations)
    wires = await asyncio.gather(*(fleet.connect() for _ in range(stations)))
    held = [wire.ask(fleet.question(number, 60.0)) for number, wire in enumerate(wires)]
    sending = asyncio.create_task(send_at(fleet, 60, 15, 3))
    await asyncio.sleep(3)
    words = [sys.executable, "-m", "kiosk", "central", "revoke", "5", "--data", str(server.folder)]
    environment = {**os.environ, "PYTHONPATH": str(kind.root)}
    done = await asyncio.create_subprocess_exec(*words, cwd=kind.root, env=environment, stdout=-3, stderr=-3)
    await done.wait()
    began = time.monotonic()
    await asyncio.gather(*held)
    took = time.monotonic() - began
    await sending
    return {"a revocation to the last station": took - GATHERS}


async def ingest(server: Running, fleet: Fleet, seconds: float) -> Found:
    """As fast as it takes them."""
    before = server.size()
    used, began = processor_of_all(), time.monotonic()
    rate, timings = await send_all(fleet, fleet.stations, 4, seconds)
    cores = (processor_of_all() - used) / (time.monotonic() - began)
    _tell(INGEST, timings)
    grown = server.size() - before
    return {INGEST: rate, CORES: cores, "bytes an entry": grown / (4 * len(timings.took))}


async def returning(server: Running, stations: int) -> Found:
    """All at once, each with 500 entries."""
    took, timings = await storm(fleet_of(server, stations), 500, TIMEOUT, STORM_WITHIN)
    _tell("storm", timings)
    return {
        "storm of 500 each, all told after": took,
        "storm, longest batch": max(timings.took, default=float("nan")),
        "storm, batches over 20 s": timings.missing,
        "storm, memory at its peak": server.memory("VmHWM") / 1024,
    }


def processor_of_all() -> float:
    """Seconds that this machine's processors were used so far, by whomever: proc_stat(5)."""
    user, nice, system, _idle, _waits, *interrupts = Path("/proc/stat").read_text().partition("\n")[0].split()[1:8]
    return sum(map(int, (user, nice, system, *interrupts))) / os.sysconf("SC_CLK_TCK")


def _tell(name: str, timings: Timings) -> None:
    print(f"  {name}: {len(timings.took)} answered, {timings.refused} refused, {timings.missing} missing", flush=True)
