"""Test support: a TCP server on a free port of loopback that serves each connection in a thread of its own."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Listener:
    """Begins when it is made, so whoever adds something makes it last; `port` is where it listens."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        """What becomes of a connection."""
        raise NotImplementedError
