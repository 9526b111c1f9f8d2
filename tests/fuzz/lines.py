"""Hostile lines on every local socket of a real station; in the end it runs, and its door opens for a valid pass."""

from __future__ import annotations

import os
import random
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

from kiosk.local import Line
from kiosk.wire import (
    Acknowledge,
    BeginEpoch,
    Central,
    Commission,
    EnrolmentAnswered,
    Explain,
    Flush,
    GetNonce,
    GetRecording,
    GetView,
    Located,
    Maintain,
    NotSensed,
    Offer,
    Operate,
    Scan,
    Sensed,
    SlotSeen,
    Subscribe,
    Trouble,
    TryLamp,
    encode,
)
from kiosk.wire.base import Message
from tests.fuzz.verifier import mutations
from tests.keys import NOW, claims, keyset_document, signed, status_document
from tests.programs.house import House, Station, until

SOCKETS: Final = ("scan.sock", "sense.sock", "control.sock")
NEW: Final = 4711
A_CONNECTION: Final = 40
"""Lines on one connection before a new one is made."""

MESSAGES: Final[tuple[Message, ...]] = (
    Scan("main", signed(claims(7, expires=NOW + 10**6)), 1.0),
    Trouble("scanner.main", "no frames"),
    Sensed("fridge", 4.5),
    NotSensed("fridge", "no_answer"),
    Located(36.65, 117.12, 0.0),
    SlotSeen("insulin", open=True),
    GetView(),
    Subscribe(),
    Explain("YZ1:AAAA"),
    Operate("main", "open", 1.0),
    Maintain(10.0),
    TryLamp("main", "granted"),
    Commission({"lock": "passed"}),
    EnrolmentAnswered(bytes(32), bytes(32), (keyset_document(),)),
    GetRecording(),
    Acknowledge("0123456789abcdef", "access", 1),
    BeginEpoch("0123456789abcdef", "access", 1),
    Offer(status_document(2, {})),
    GetNonce(),
    Central(reached=False),
    Flush(),
)
NESTED: Final = (b"[" * 3000, b'{"type":' * 3000, b'{"type":"explain","text":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def run(count: int = 100_000, seed: int = 1) -> str:
    """Throw that many lines; what became of them. Raises AssertionError when the station ends or is deaf."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder) / "house")
        house.trust()
        with house.station() as station:
            for number, lines in enumerate(_bundles(count, seed)):
                _throw(house.run / SOCKETS[number % len(SOCKETS)], lines)
                assert station.process.poll() is None, f"the station has ended, seed {seed}, bundle {number}"
            _still_opens(house, station)
        taken = (house.folder / "station.log").read_text().rpartition("taken in all: ")[2].strip()
    return f"{count:,} hostile lines on {len(SOCKETS)} sockets: the station runs, and its door opens; {taken}"


def _bundles(count: int, seed: int) -> Iterator[list[bytes]]:
    lines = _lines(seed)
    for begun in range(0, count, A_CONNECTION):
        yield list(islice(lines, min(A_CONNECTION, count - begun)))


def _lines(seed: int) -> Iterator[bytes]:
    choose = random.Random(seed)
    for line in mutations([*(encode(message) for message in MESSAGES), *NESTED], 1 << 40, seed):
        yield line.replace(b"\n", b" ") + b"\n" if choose.random() < 0.99 else choose.choice(NESTED) + b"\n"


def _throw(path: Path, lines: list[bytes]) -> None:
    """All at once; the station has taken them, or has had enough, when it hangs up."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock, suppress(OSError):
        sock.settimeout(10.0)
        sock.connect(os.fspath(path))
        sender = threading.Thread(target=_send, args=(sock, b"".join(lines)))
        sender.start()
        while sock.recv(65536):
            pass
        sender.join()


def _send(sock: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)


def _still_opens(house: House, station: Station) -> None:
    """A card that nobody has shown yet is granted, on a new connection."""
    station.close()
    line = until(lambda: Line(house.run / "scan.sock"), "a place on scan.sock")
    line.send(Scan("main", signed(claims(NEW, expires=NOW + 10**6)), 0.0))
    until(lambda: any(each.get("index") == NEW for each in house.entries() if each["kind"] == "granted"), "a grant")
    line.close()
