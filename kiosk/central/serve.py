"""`kiosk central serve`: the app under uvicorn, known to systemd."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import uvicorn

from kiosk.central.app import Central
from kiosk.local import notify

NOT_STARTED: Final = 3
BACKLOG: Final = 2048
"""Connections that may wait: all stations come at once after an outage of the server."""


class Server(uvicorn.Server):
    """Tells systemd when it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.started:
            notify("READY=1")

    def leave(self) -> None:
        """End after the requests in work; safe from any thread."""
        self.should_exit = True


def serve(folder: Path, host: str, port: int, cert: Path | None = None, key: Path | None = None) -> None:
    """Serve until it is told to stop. Raises CannotSign, and LoopFailed when one of its loops failed too often.

    Where it cannot listen it raises OSError, before anything else is touched.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=BACKLOG) as listening:
        _serve(folder, listening, cert, key)


def _serve(folder: Path, listening: socket.socket, cert: Path | None, key: Path | None) -> None:
    central = Central(folder, lambda: server.leave())  # noqa: PLW0108  it is made after the app
    config = uvicorn.Config(
        central.app(),
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
        ssl_certfile=str(cert) if cert else None,
        ssl_keyfile=str(key) if key else None,
    )
    server = Server(config)
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    central.loops.check()
    if not server.started:
        sys.exit(NOT_STARTED)
