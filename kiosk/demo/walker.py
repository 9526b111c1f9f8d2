"""The people's feet: opens the simulated door's contact when the lock is released, and closes it behind them."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

REACHES: Final = 0.5
PASSES: Final = 1.2
"""Seconds from the click of the lock to the open door, and from there to the closed one."""


class Edge(Struct, frozen=True):
    """An output of the station took a level at boot time `at`."""

    pin: int
    level: bool
    at: float


class Bench:
    """The client of a station's pin bench; `edges` are all output changes so far."""

    def __init__(self, path: Path) -> None:
        self.edges: list[Edge] = []
        self._changed = threading.Condition()
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sock.connect(str(path))
        self._thread = threading.Thread(target=self._listen, name="bench", daemon=True)
        self._thread.start()

    def drive(self, pin: int, *, level: bool) -> None:
        """Put an input's level."""
        self._sock.sendall(json.dumps({"pin": pin, "level": level}).encode() + b"\n")

    def wait_for(self, pin: int, *, level: bool, after: float = 0.0, timeout: float = 20.0) -> Edge | None:
        """The first edge of that kind later than boot time `after`; None when none comes in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._find(pin, level, after) is not None, timeout)
            return self._find(pin, level, after)

    def close(self) -> None:
        """Pull the wires."""
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(1.0)
        self._sock.close()

    def _find(self, pin: int, level: bool, after: float) -> Edge | None:
        return next((each for each in self.edges if (each.pin, each.level) == (pin, level) and each.at > after), None)

    def _listen(self) -> None:
        try:
            with self._sock.makefile("rb") as lines:
                for line in lines:
                    with self._changed:
                        self.edges.append(Edge(**json.loads(line)))
                        self._changed.notify_all()
        except OSError:
            return


class Walker:
    """Walks in at each release of the lock, until it is stopped."""

    def __init__(self, bench: Bench, lock: int, contact: int) -> None:
        self._bench = bench
        self._lock = lock
        self._contact = contact
        self._stop = threading.Event()
        threading.Thread(target=self._run, name="walker", daemon=True).start()

    def stop(self) -> None:
        """Walk no more."""
        self._stop.set()

    def _run(self) -> None:
        after = 0.0
        try:
            while not self._stop.is_set():
                edge = self._bench.wait_for(self._lock, level=True, after=after, timeout=1.0)
                if edge is None or self._stop.wait(REACHES):
                    continue
                after = edge.at
                self._bench.drive(self._contact, level=True)
                self._stop.wait(PASSES)
                self._bench.drive(self._contact, level=False)
        except OSError:
            return
