"""What lets a phone prove itself: a code that somebody was given, once, or who they are elsewhere; and a challenge, once."""

from __future__ import annotations

import secrets
from typing import Final

from msgspec import Struct

from kiosk.central.store.engine import Engine
from kiosk.central.store.sessions import digest

CODE_HOLDS: Final = 600.0
"""Seconds for which a code may be used."""


class PassCode(Struct, frozen=True):
    """For which credential a code was made, and by whom."""

    index: int
    made_by: str


class PassCodes:
    """That part of the store."""

    _engine: Engine

    def put_pass_code(self, index: int, code: str, made_by: str, now: float) -> None:
        """From now on this code enrols a phone for that credential, and none before it does."""
        self._engine.run(
            "INSERT INTO pass_codes (idx, digest, made, made_by) VALUES (?, ?, ?, ?) ON CONFLICT (idx) DO UPDATE"
            " SET digest = excluded.digest, made = excluded.made, made_by = excluded.made_by",
            (index, digest(code), now, made_by),
        )

    def take_pass_code(self, code: str, now: float) -> PassCode | None:
        """What the code is for, which is then used up; None where there is none, or it is over."""
        with self._engine.transaction():
            found = self._engine.one("SELECT idx, made_by, made FROM pass_codes WHERE digest = ?", (digest(code),))
            if found is None or not 0 <= now - found[2] < CODE_HOLDS:
                return None
            self._engine.run("DELETE FROM pass_codes WHERE digest = ?", (digest(code),))
        return PassCode(found[0], found[1])

    def holder_of_login(self, issuer: str, subject: str) -> str | None:
        """The pseudonym of who is that one there; None where nobody is bound to it."""
        found = self._engine.one("SELECT holder FROM holder_logins WHERE (issuer, subject) = (?, ?)", (issuer, subject))
        return found[0] if found else None

    def bind_login(self, issuer: str, subject: str, holder: str, now: float) -> bool:
        """From now on that one there is this holder; whether neither was bound."""
        insert = "INSERT INTO holder_logins VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        return self._engine.run(insert, (issuer, subject, holder, now)) == 1

    def has_login(self, holder: str) -> bool:
        """Whether somebody elsewhere is bound to that holder."""
        return self._engine.one("SELECT 1 FROM holder_logins WHERE holder = ?", (holder,)) is not None

    def forget_login(self, holder: str) -> bool:
        """Whoever proves that pseudonym next is this holder; whether anybody was."""
        return bool(self._engine.run("DELETE FROM holder_logins WHERE holder = ?", (holder,)))

    def challenge_secret(self) -> bytes:
        """With what this server seals its challenges, in each of its processes; made for whoever asks first."""
        asked = "SELECT secret FROM challenge_secret"
        found = self._engine.one(asked)
        if found is None:
            made = "INSERT INTO challenge_secret VALUES (1, ?) ON CONFLICT DO NOTHING"
            self._engine.run(made, (secrets.token_bytes(32),))
            found = self._engine.one(asked)
        assert found is not None, "it is never deleted"  # noqa: S101  an invariant
        return bytes(found[0])

    def use_challenge(self, challenge: str, until: float) -> bool:
        """Whether nobody has answered this yet; it counts for nobody again, and is over then."""
        insert = "INSERT INTO used_challenges VALUES (?, ?) ON CONFLICT DO NOTHING"
        return self._engine.run(insert, (digest(challenge), until)) == 1

    def purge_pass_codes(self, now: float) -> int:
        """Let those go that nobody can use any longer; how many."""
        codes = self._engine.run("DELETE FROM pass_codes WHERE made <= ?", (now - CODE_HOLDS,))
        return codes + self._engine.run("DELETE FROM used_challenges WHERE until <= ?", (now,))
