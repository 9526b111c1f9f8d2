"""`kiosk central serve`: the app under uvicorn."""

from __future__ import annotations

from pathlib import Path

import uvicorn

from kiosk.central.app import Central


def serve(folder: Path, host: str, port: int, cert: Path | None = None, key: Path | None = None) -> None:
    """Serve until it is told to stop."""
    uvicorn.run(
        Central(folder).app(),
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
        ssl_certfile=str(cert) if cert else None,
        ssl_keyfile=str(key) if key else None,
    )
