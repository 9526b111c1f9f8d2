"""What a phone's key signs: a time, chance, and this server's seal over both, in the 32 characters of Base64.

So nothing is written for whoever only asks; what a phone has signed is kept until it would be over, and counts once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final

from kiosk.central.store import CentralStore

HOLDS: Final = 60
"""Seconds."""

EARLY: Final = 3
"""Seconds by which another process's clock may be ahead."""

CHANCE: Final = 8
SEAL: Final = 12


class Challenges:
    """Of one server; all its processes make and know the same."""

    def __init__(self, store: CentralStore) -> None:
        self._store = store
        self._secret = b""

    def make(self, now: float) -> str:
        """Another one, which nobody can foresee."""
        said = int(now).to_bytes(4) + secrets.token_bytes(CHANCE)
        return base64.urlsafe_b64encode(said + self._seal(said)).decode()

    def is_good(self, challenge: str, now: float) -> bool:
        """Whether this server made it within the minute."""
        raw = base64.urlsafe_b64decode(challenge)
        said, seal = raw[:-SEAL], raw[-SEAL:]
        age = now - int.from_bytes(said[:4])
        return -EARLY <= age < HOLDS and hmac.compare_digest(seal, self._seal(said))

    def use(self, challenge: str, now: float) -> bool:
        """Whether it counts: nobody has answered it."""
        return self._store.use_challenge(challenge, now + HOLDS + EARLY)

    def _seal(self, said: bytes) -> bytes:
        self._secret = self._secret or self._store.challenge_secret()
        return hmac.digest(self._secret, said, hashlib.sha256)[:SEAL]
