"""Thousands of stations in one process: bare sockets, requests made beforehand, so that the server is what is measured.

What they are not: they open no door, their entries are of four kinds, and what one tells all tell.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import math
import random
import secrets
import time
from collections.abc import Sequence
from itertools import count
from statistics import quantiles
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from kiosk.contract.bodies import AUDIENCE
from kiosk.core.outbox import back_off

WAIT = 25.0
"""Seconds for which a station asks its question for documents to be held back."""


CAP = 900.0
"""Seconds: a station's longest wait after failures."""


class Gone(ConnectionError):
    """The server has closed the connection."""


class Wire(asyncio.Protocol):
    """One HTTP/1.1 connection, one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self._answer and not self._answer.done():
            self._answer.set_exception(Gone(str(exc)))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, body = bytes(self._buffer).partition(b"\r\n\r\n")
        if not blank or len(body) < _length(head) or self._answer is None:
            return
        self._buffer.clear()
        if not self._answer.done():
            self._answer.set_result((int(head[9:12]), head, body))

    def close(self) -> None:
        if self.transport:
            self.transport.close()

    def ask(self, request: bytes) -> asyncio.Future[tuple[int, bytes, bytes]]:
        """The status, head and body of the answer. Raises Gone."""
        if self.transport is None:
            raise Gone
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answer


def _length(head: bytes) -> int:
    lines = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    return next((int(value) for name, _, value in lines if name == b"content-length"), 0)


def code(number: int) -> str:
    return f"37{number:06d}"


def key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"province %d" % number).digest())


class Fleet:
    """Stations that know each other's server; `known` are the versions of the documents that they have."""

    def __init__(self, port: int, stations: int, known: dict[str, int]) -> None:
        self.port, self.stations, self.known = port, stations, known
        self.random = random.Random(20)  # noqa: S311  the same stations each time
        self.epoch = secrets.token_hex(8)
        ends = int(time.time()) + 3600
        claims = {"aud": AUDIENCE, "exp": ends}
        self._tokens = [jwt.encode({"sub": code(each), **claims}, key(each), "EdDSA") for each in range(stations)]
        self._sent = [0] * stations
        self._bodies: dict[tuple[int, int], bytes] = {}

    async def connect(self) -> Wire:
        _, wire = await asyncio.get_running_loop().create_connection(Wire, "127.0.0.1", self.port)
        return wire

    def question(self, station: int, wait: float = WAIT) -> bytes:
        """A question for documents."""
        query = "&".join(f"{kind}={version}" for kind, version in self.known.items())
        path = f"/v1/stations/{code(station)}/documents?{query}&wait={wait:g}"
        return f"GET {path} HTTP/1.1\r\n{self._head(station)}\r\n".encode()

    def batch(self, station: int, entries: int) -> bytes:
        """The station's next batch."""
        first = self._sent[station] + 1
        self._sent[station] += entries
        packed = self._packed(first, entries)
        path = f"/v1/stations/{code(station)}/streams/access/batches"
        more = f"Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n"
        return f"POST {path} HTTP/1.1\r\n{self._head(station)}{more}\r\n".encode() + packed

    def unsend(self, station: int, entries: int) -> None:
        """So many of those that it was to send last were not sent: they come next."""
        self._sent[station] -= entries

    def _packed(self, first: int, entries: int) -> bytes:
        """A body. It is the same for all stations, or making them would take longer than whatever is measured."""
        if (first, entries) not in self._bodies:
            body = {"epoch": self.epoch, "first": first, "boot_id": "b0", "sent_boot": 1.0, "sent_wall": time.time()}
            found = [self._entry(seq) for seq in range(first, first + entries)]
            told = json.dumps({**body, "entries": found}, separators=(",", ":"))
            self._bodies[first, entries] = gzip.compress(told.encode(), 6)
        return self._bodies[first, entries]

    def _head(self, station: int) -> str:
        return f"Host: province\r\nAuthorization: Bearer {self._tokens[station]}\r\n"

    def _entry(self, seq: int) -> dict[str, Any]:
        """As a station writes them: a pass that opens, the door's way, and a fridge."""
        wall = round(time.time(), 3)
        head = {"seq": seq, "boot_id": "b0", "boot": 8000 + seq * 1.7, "wall": wall, "quality": "synced"}
        kinds: tuple[dict[str, Any], ...] = (
            {
                "kind": "granted",
                "door": "main",
                "index": self.random.randrange(1_500_000),
                "pass_class": 0,
                "pass_kind": 2,
                "token": self.random.randbytes(16).hex(),
                "expires": 1_900_000_000,
            },
            {"kind": "unlocked", "door": "main", "by": "pass"},
            {"kind": "measured", "sensor": "fridge", "value": round(self.random.uniform(2, 8), 2), "unit": "°C"},
            {"kind": "taken", "door": "main"},
        )
        return head | kinds[seq % len(kinds)]


class Timings(Struct):
    """Seconds that answers took, and how many were refused or never came."""

    took: list[float]
    refused: int = 0
    missing: int = 0

    def at(self, share: float) -> float:
        """The time within which that share of the answers came."""
        if len(self.took) < 2:
            return float("nan")
        return quantiles(self.took, n=1000, method="inclusive")[round(share * 1000) - 1]


async def hold_polls(fleet: Fleet, stop: asyncio.Event, late: list[float]) -> list[asyncio.Task[None]]:
    """Every station asks again and again, spread over a wait; `late` collects by how much answers came late, in seconds."""

    async def station(number: int) -> None:
        await asyncio.sleep(fleet.random.uniform(0, WAIT / 2))
        wire = await fleet.connect()
        while not stop.is_set():
            asked = time.monotonic()
            await wire.ask(fleet.question(number))
            late.append(time.monotonic() - asked - WAIT)

    return [asyncio.create_task(station(number)) for number in range(fleet.stations)]


async def send_at(fleet: Fleet, rate: float, seconds: float, entries: int) -> Timings:
    """So many batches a second from random stations, whatever the answers take; each is timed from when it was due."""
    wires: dict[int, Wire] = {}
    timings = Timings([])

    async def send(station: int, request: bytes, due: float, after: asyncio.Task[None] | None) -> None:
        if after:
            await after
        try:
            wire = wires.get(station) or wires.setdefault(station, await fleet.connect())
            status, head, _ = await wire.ask(request)
            while status == 503:
                timings.refused += 1
                await asyncio.sleep(_wanted(head))
                status, head, _ = await wire.ask(request)
        except ConnectionError:
            timings.missing += 1
            return
        timings.took.append(time.monotonic() - due)
        timings.refused += status != 200

    stations = [fleet.random.randrange(fleet.stations) for _ in range(round(rate * seconds))]
    plan = [(station, fleet.batch(station, entries)) for station in stations]
    began, sending = time.monotonic(), dict[int, asyncio.Task[None]]()
    for number, (station, request) in enumerate(plan):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        sending[station] = asyncio.create_task(send(station, request, due, sending.get(station)))
    _, pending = await asyncio.wait(sending.values(), timeout=30)
    timings.missing += len(pending)
    return timings


async def send_all(fleet: Fleet, stations: int, entries: int, seconds: float) -> tuple[float, Timings]:
    """As many batches as the server takes, each station after its last answer. Requests in a second, and their times."""
    timings = Timings([])
    plans = [[fleet.batch(station, entries) for _ in range(round(200 * seconds))] for station in range(stations)]
    wires = [await fleet.connect() for _ in plans]
    began = time.monotonic()

    async def station(number: int, wire: Wire, plan: Sequence[bytes]) -> None:
        for at, request in enumerate(plan):
            if (asked := time.monotonic()) > began + seconds:
                fleet.unsend(number, entries * (len(plan) - at))
                return
            status, _, _ = await wire.ask(request)
            timings.took.append(time.monotonic() - asked)
            timings.refused += status != 200

    await asyncio.gather(*(station(number, wires[number], plan) for number, plan in enumerate(plans)))
    for wire in wires:
        wire.close()
    return len(timings.took) / (time.monotonic() - began), timings


async def storm(fleet: Fleet, entries: int, patience: float, within: float) -> tuple[float, Timings]:
    """All come back at once with a backlog, and again as `kiosk sync` does: seconds until all is told."""
    timings = Timings([])
    requests = [fleet.batch(number, entries) for number in range(fleet.stations)]
    began = time.monotonic()

    async def station(request: bytes) -> None:
        for failures in count(1):
            asked = time.monotonic()
            try:
                wire = await fleet.connect()
                status, head, _ = await asyncio.wait_for(wire.ask(request), patience)
                wire.close()
            except (TimeoutError, OSError):
                timings.missing += 1
                status, head = 0, b""
            if status == 200:
                timings.took.append(time.monotonic() - asked)
                return
            timings.refused += status == 503
            await asyncio.sleep(back_off(failures, CAP, fleet.random.random(), _wanted(head)))

    returning = [asyncio.create_task(station(request)) for request in requests]
    _, pending = await asyncio.wait(returning, timeout=within)
    for each in pending:
        each.cancel()
    return (math.inf if pending else time.monotonic() - began), timings


def _wanted(head: bytes) -> float:
    lines = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    return next((float(value) for name, _, value in lines if name == b"retry-after"), 0.0)
