"""Who is logged in, known by the digest of a token that only their browser has; and who has guessed how often."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from kiosk.central.store.accounts import Account
from kiosk.central.store.engine import Engine

IDLE: Final = 1800.0
"""Seconds without a request after which a session is over."""

LONGEST: Final = 12 * 3600.0
"""Seconds after which it is, however busy."""

SEEN_EVERY: Final = 60.0
"""Seconds within which it is not written again that somebody is there."""

COUNTS: Final = 900.0
"""Seconds for which a wrong guess counts."""


class Sessions:
    """That part of the store."""

    _engine: Engine

    def begin_session(self, token: str, account: str, now: float) -> None:
        """From now on whoever has this token is that account."""
        self._engine.run("INSERT INTO sessions VALUES (?, ?, ?, ?)", (digest(token), account, now, now))

    def logged_in(self, token: str, now: float, *, busy: bool = True) -> Account | None:
        """Whose token it is, with the role of this moment; None when the session is over, or the account disabled.

        With `busy` somebody did something just now, and the session lasts.
        """
        columns = ", ".join(f"accounts.{each}" for each in Account.__struct_fields__)
        found = self._engine.one(
            f"SELECT seen, {columns} FROM sessions JOIN accounts ON accounts.name = account"
            " WHERE digest = ? AND disabled IS NULL AND seen > ? AND sessions.made > ?",
            (digest(token), now - IDLE, now - LONGEST),
        )
        if busy and found and now - found[0] > SEEN_EVERY:
            self._engine.run("UPDATE sessions SET seen = ? WHERE digest = ?", (now, digest(token)))
        return Account(*found[1:]) if found else None

    def end_session(self, token: str) -> None:
        """Nobody is anybody with this token."""
        self._engine.run("DELETE FROM sessions WHERE digest = ?", (digest(token),))

    def may_guess(self, most: Mapping[str, int], now: float) -> bool:
        """Whether each of these has guessed less often than so many times; this guess counts, until it was right."""
        with self._engine.transaction():
            allowed = all(self._guesses(who, now) < times for who, times in most.items())
            if allowed:
                self._engine.put("guesses", ("who", "at"), [(who, now) for who in most])
        return allowed

    def _guesses(self, who: str, now: float) -> int:
        found = self._engine.one("SELECT count(*) FROM guesses WHERE who = ? AND at > ?", (who, now - COUNTS))
        return found[0] if found else 0

    def forget_guesses(self, whose: Iterable[str]) -> None:
        """They knew it."""
        self._engine.run_each("DELETE FROM guesses WHERE who = ?", [(who,) for who in whose])

    def forget_sessions(self, now: float) -> None:
        """Let those go that are over, and guesses that no longer count."""
        self._engine.run("DELETE FROM sessions WHERE seen <= ? OR made <= ?", (now - IDLE, now - LONGEST))
        self._engine.run("DELETE FROM guesses WHERE at <= ?", (now - COUNTS,))


def digest(token: str) -> bytes:
    """As a token is kept."""
    return hashlib.sha256(token.encode()).digest()
