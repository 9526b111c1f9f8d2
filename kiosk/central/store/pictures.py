"""The pictures that services name: each once, for as long as a service that has not ended names it."""

from __future__ import annotations

from kiosk.central.store.engine import Engine


class Pictures:
    """That part of the store."""

    _engine: Engine

    def name_picture(self, service: str, sha256: str, body: bytes = b"") -> None:
        """The service of that id names this picture, or none; its `body` where it may not be held yet."""
        self._engine.run("DELETE FROM service_pictures WHERE service = ?", (service,))
        if body:
            self._engine.run("INSERT INTO pictures VALUES (?, ?) ON CONFLICT DO NOTHING", (sha256, body))
        if sha256:
            self._engine.run("INSERT INTO service_pictures VALUES (?, ?)", (service, sha256))

    def picture(self, sha256: str, station: str, now: float) -> bytes | None:
        """That picture, if a service names it that is this station's and has not ended."""
        found = self._engine.one(
            "SELECT pictures.body FROM pictures JOIN service_pictures ON picture = sha256 JOIN services ON id = service"
            " WHERE sha256 = ? AND ends > ? AND substr(?, 1, length(scope)) = scope LIMIT 1",
            (sha256, now, station),
        )
        return bytes(found[0]) if found else None

    def forget_pictures(self, now: float) -> None:
        """Let those go that no service names which has not ended."""
        lasting = "SELECT id FROM services WHERE ends > ?"
        self._engine.run(f"DELETE FROM service_pictures WHERE service NOT IN ({lasting})", (now,))
        self._engine.run("DELETE FROM pictures WHERE sha256 NOT IN (SELECT picture FROM service_pictures)")
