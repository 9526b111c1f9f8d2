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

KNOWN: Final = 90 * 86_400.0
"""Seconds for which a browser is known from which somebody has logged in."""

HALF: Final = 300.0
"""Seconds within which a second factor follows the proof from elsewhere."""


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
        """Nobody is anybody with this token, nor half."""
        for table in ("sessions", "half_logins"):
            self._engine.run(f"DELETE FROM {table} WHERE digest = ?", (digest(token),))

    def may_guess(self, most: Mapping[str, int], now: float) -> bool:
        """Whether each of these has guessed less often than so many times; this guess counts, until it was right."""
        with self._engine.transaction():
            allowed = all(self.guesses_of(who, now) < times for who, times in most.items())
            if allowed:
                self._engine.put("guesses", ("who", "at"), [(who, now) for who in most])
        return allowed

    def guess_wrong(self, who: str, now: float) -> None:
        """Another that was wrong."""
        self._engine.put("guesses", ("who", "at"), [(who, now)])

    def guesses_of(self, who: str, now: float) -> int:
        """How many of theirs count."""
        found = self._engine.one("SELECT count(*) FROM guesses WHERE who = ? AND at > ?", (who, now - COUNTS))
        return found[0] if found else 0

    def take_back_guess(self, whose: Iterable[str], at: float) -> None:
        """That one was right; those of others, or of before, count on."""
        self._engine.run_each("DELETE FROM guesses WHERE who = ? AND at = ?", [(who, at) for who in whose])

    # Browsers that are known.

    def know_device(self, device: str, account: str, now: float) -> None:
        """Somebody has logged in from there."""
        self._engine.run(
            "INSERT INTO devices (digest, account, seen) VALUES (?, ?, ?)"
            " ON CONFLICT (digest, account) DO UPDATE SET seen = excluded.seen",
            (digest(device), account, now),
        )

    def knows_device(self, device: str, account: str, now: float) -> bool:
        """Whether that account's owner has logged in from there not long ago."""
        where = "WHERE digest = ? AND account = ? AND seen > ?"
        return self._engine.one(f"SELECT 1 FROM devices {where}", (digest(device), account, now - KNOWN)) is not None

    # Who somebody is elsewhere.

    def account_of(self, issuer: str, subject: str) -> str | None:
        """Whose account it is who is that one there; None where nobody's is."""
        found = self._engine.one("SELECT account FROM identities WHERE (issuer, subject) = (?, ?)", (issuer, subject))
        return found[0] if found else None

    def identity(self, account: str) -> str | None:
        """Who an account's owner is elsewhere; None where that has never been proven."""
        found = self._engine.one("SELECT subject FROM identities WHERE account = ?", (account,))
        return found[0] if found else None

    def bind_identity(self, issuer: str, subject: str, account: str, now: float) -> bool:
        """From now on that one there is this account; whether neither was bound."""
        insert = "INSERT INTO identities VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        return self._engine.run(insert, (issuer, subject, account, now)) == 1

    def forget_identity(self, account: str) -> bool:
        """Whoever proves that name next is this account; whether anybody was."""
        return bool(self._engine.run("DELETE FROM identities WHERE account = ?", (account,)))

    def begin_half_login(self, token: str, account: str, now: float) -> None:
        """With this token somebody has proven elsewhere who they are."""
        self._engine.run(
            "INSERT INTO half_logins (digest, account, made) VALUES (?, ?, ?)"
            " ON CONFLICT (digest) DO UPDATE SET account = excluded.account, made = excluded.made",
            (digest(token), account, now),
        )

    def half_login(self, token: str, now: float) -> str | None:
        """Which account that was, not long ago."""
        found = self._engine.one(
            "SELECT account FROM half_logins WHERE digest = ? AND made > ?", (digest(token), now - HALF)
        )
        return found[0] if found else None

    def forget_sessions(self, now: float) -> None:
        """Let those go that are over, and guesses that no longer count."""
        self._engine.run("DELETE FROM sessions WHERE seen <= ? OR made <= ?", (now - IDLE, now - LONGEST))
        self._engine.run("DELETE FROM guesses WHERE at <= ?", (now - COUNTS,))
        self._engine.run("DELETE FROM devices WHERE seen <= ?", (now - KNOWN,))
        self._engine.run("DELETE FROM half_logins WHERE made <= ?", (now - HALF,))


def digest(token: str) -> bytes:
    """As a token is kept."""
    return hashlib.sha256(token.encode()).digest()
