"""What lets a phone prove itself: the code that somebody was given, once, and the challenge that its key signs, once."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from kiosk.central.store.engine import Engine
from kiosk.central.store.sessions import digest

CODE_HOLDS: Final = 600.0
"""Seconds for which a code may be used."""

CHALLENGE_HOLDS: Final = 60.0


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

    def put_challenge(self, challenge: str, now: float) -> None:
        """Somebody may answer this, once, while it holds."""
        self._engine.run("INSERT INTO pass_challenges VALUES (?, ?)", (digest(challenge), now + CHALLENGE_HOLDS))

    def take_challenge(self, challenge: str, now: float) -> bool:
        """Whether somebody may answer this; nobody may again."""
        gone = self._engine.run("DELETE FROM pass_challenges WHERE digest = ? AND until > ?", (digest(challenge), now))
        return gone == 1

    def purge_pass_codes(self, now: float) -> int:
        """Let those go that nobody can use any longer; how many."""
        codes = self._engine.run("DELETE FROM pass_codes WHERE made <= ?", (now - CODE_HOLDS,))
        return codes + self._engine.run("DELETE FROM pass_challenges WHERE until <= ?", (now,))
