"""A bench for simulated pins: a Unix socket on which another program is the wiring of the door.

It stands where a technician's jumper wires and logic probe would: line by line it is told `{"pin": 27, "level": true}` to
drive an input, and tells `{"pin": 17, "level": true, "at": 123.4}` for each output, all of them first. It exists only
with simulated pins. Whoever does not read is dropped; a line that is none is passed over.
"""

from __future__ import annotations

import json
import selectors
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from gpiozero import GPIOZeroError

from hardware.pins import SimulatedFactory, Start, number_of

MAX_LINE: Final = 256
LISTEN: Final = 1.0

NO_WISH: Final = (ValueError, LookupError, TypeError, ArithmeticError, RecursionError, AttributeError, GPIOZeroError)
"""What a line raises that drives no pin: no JSON, no number, no such pin."""


class PinBench:
    """Serves the bench from a thread that `start` runs, until it is closed."""

    def __init__(self, factory: SimulatedFactory, path: Path, start: Start) -> None:
        self._factory = factory
        self._lock = threading.Lock()
        self._peers: dict[socket.socket, bytes] = {}
        self._selector = selectors.DefaultSelector()
        path.unlink(missing_ok=True)
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(path))
        self._server.listen()
        self._server.setblocking(False)
        self._selector.register(self._server, selectors.EVENT_READ)
        factory.watchers.append(self._tell)
        start("pin bench", self._turn)

    def close(self) -> None:
        """Stop serving."""
        self._factory.watchers.remove(self._tell)
        with self._lock:
            for sock in (*self._peers, self._server):
                sock.close()
            self._peers.clear()

    def _turn(self) -> None:
        for key, _ in self._selector.select(LISTEN):
            if key.fileobj is self._server:
                self._accept()
            else:
                self._hear(key.fileobj)  # type: ignore[arg-type]  # nothing but sockets was registered

    def _accept(self) -> None:
        try:
            peer, _ = self._server.accept()
        except OSError:
            return
        peer.setblocking(False)
        with self._lock:
            self._peers[peer] = b""
        self._selector.register(peer, selectors.EVENT_READ)
        for pin in list(self._factory.pins.values()):
            if pin.function == "output":
                self._send(peer, number_of(pin), bool(pin.state), 0.0)

    def _hear(self, peer: socket.socket) -> None:
        try:
            data = peer.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(peer)
            return
        *lines, rest = (self._peers.get(peer, b"") + data).split(b"\n")
        self._peers[peer] = rest[:MAX_LINE]
        for line in lines:
            with suppress(*NO_WISH):
                wanted = json.loads(line[:MAX_LINE])
                self._drive(int(wanted["pin"]), bool(wanted["level"]))

    def _drive(self, number: int, level: bool) -> None:
        pin = self._factory.pin(number)
        if pin.function == "input":
            pin.drive_high() if level else pin.drive_low()

    def _tell(self, number: int, level: bool, at: float) -> None:
        with self._lock:
            peers = list(self._peers)
        for peer in peers:
            self._send(peer, number, level, at)

    def _send(self, peer: socket.socket, number: int, level: bool, at: float) -> None:
        line = json.dumps({"pin": number, "level": level, "at": at}).encode() + b"\n"
        try:
            whole = peer.send(line) == len(line)
        except OSError:
            whole = False
        if not whole:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)  # the bench's own thread sees its end, and drops it

    def _drop(self, peer: socket.socket) -> None:
        self._selector.unregister(peer)
        with self._lock:
            self._peers.pop(peer, None)
        peer.close()
