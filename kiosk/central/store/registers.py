"""The stations, and the claim codes with which they enrol."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from kiosk.central.store.engine import Engine

CLAIM_HOLDS: Final = 72 * 3600.0
"""Seconds."""


class WrongClaim(Exception):
    """This claim code does not let this station enrol."""


class Registers:
    """That part of the store."""

    _engine: Engine

    def make_claim(self, code: str, now: float) -> str:
        """A single-use code with which a technician enrols that station; only its digest is kept."""
        claim = secrets.token_hex(8).upper()
        self._engine.run("INSERT INTO claims VALUES (?, ?, ?, NULL)", (_digest(claim), code, now))
        return claim

    def enrol(self, code: str, claim: str, public_key: bytes, now: float) -> None:
        """Pin the station's key; the claim is used up. Raises WrongClaim."""
        with self._engine.transaction():
            used = self._engine.run(
                "UPDATE claims SET used = ? WHERE digest = ? AND code = ? AND used IS NULL AND made > ?",
                (now, _digest(claim), code, now - CLAIM_HOLDS),
            )
            if not used:
                raise WrongClaim
            self._engine.run(
                "INSERT INTO stations VALUES (?, ?, ?) ON CONFLICT (code)"
                " DO UPDATE SET public_key = excluded.public_key, enrolled = excluded.enrolled",
                (code, public_key, now),
            )

    def station_key(self, code: str) -> bytes | None:
        """The public key of an enrolled station."""
        found = self._engine.one("SELECT public_key FROM stations WHERE code = ?", (code,))
        return found[0] if found else None

    def stations(self) -> list[tuple[str, bytes, float]]:
        """Code, public key and time of enrolment of every station."""
        rows = self._engine.all("SELECT code, public_key, enrolled FROM stations ORDER BY code")
        return [(code, key, at) for code, key, at in rows]


def _digest(claim: str) -> bytes:
    return hashlib.sha256(claim.strip().upper().encode()).digest()
