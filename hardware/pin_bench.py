"""A bench for simulated pins: a Unix socket on which another program is the wiring of the door.

It stands where a technician's jumper wires and logic probe would: line by line it is told `{"pin": 27, "level": true}` to
drive an input, and tells `{"pin": 17, "level": true, "at": 123.4}` for each output, all of them first. It exists only
with simulated pins.
"""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

from hardware.pins import SimulatedFactory, number_of

MAX_LINE = 256


class PinBench:
    """Serves the bench from a thread of its own until it is closed."""

    def __init__(self, factory: SimulatedFactory, path: Path) -> None:
        self._factory = factory
        self._lock = threading.Lock()
        self._peers: list[socket.socket] = []
        path.unlink(missing_ok=True)
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(path))
        self._server.listen()
        factory.watchers.append(self._tell)
        threading.Thread(target=self._accept, name="pin bench", daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            peer.settimeout(1.0)
            with self._lock:
                self._peers.append(peer)
            for pin in list(self._factory.pins.values()):
                if pin.function == "output":
                    self._send(peer, number_of(pin), bool(pin.state), 0.0)
            threading.Thread(target=self._serve, args=(peer,), name="pin bench peer", daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        peer.settimeout(None)
        with peer, peer.makefile("rb") as lines:
            while line := lines.readline(MAX_LINE):
                try:
                    wanted = json.loads(line)
                    self._drive(int(wanted["pin"]), bool(wanted["level"]))
                except (ValueError, KeyError, TypeError):
                    continue

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
            peer.sendall(line)
        except OSError:
            with self._lock:
                if peer in self._peers:
                    self._peers.remove(peer)
