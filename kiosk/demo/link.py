"""A network that can be cut: a TCP forwarder on loopback between sync and the central server."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Final

CHUNK: Final = 65536


class Link:
    """Forwards connections to `target` while it is up; a cut breaks all and refuses new ones.

    `swallow`: so many of the next answers are kept from whoever waits for them, after the server has done its work.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._up = True
        self.swallow = 0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, name="link", daemon=True).start()

    def cut(self) -> None:
        """Break every connection and accept no more."""
        with self._lock:
            self._up = False
            broken, self._open = self._open, set()
        for sock in broken:
            _shut(sock)

    def restore(self) -> None:
        """Accept connections again."""
        with self._lock:
            self._up = True

    def close(self) -> None:
        """Break everything for good."""
        self.cut()
        _shut(self._server)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(near,), daemon=True).start()

    def _forward(self, near: socket.socket) -> None:
        try:
            with self._lock:
                if not self._up:
                    raise ConnectionRefusedError
            far = socket.create_connection(self._target, timeout=5.0)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        with self._lock:
            self._open |= {near, far}
        threading.Thread(target=self._pump, args=(far, near), kwargs={"answers": True}, daemon=True).start()
        self._pump(near, far, answers=False)

    def _pump(self, source: socket.socket, sink: socket.socket, *, answers: bool) -> None:
        try:
            while data := source.recv(CHUNK):
                if answers and self.swallow > 0:
                    self.swallow -= 1
                    break
                sink.sendall(data)
        except OSError:
            pass
        for sock in (source, sink):
            _shut(sock)
        with self._lock:
            self._open -= {source, sink}


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
