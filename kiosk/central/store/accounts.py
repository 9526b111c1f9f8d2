"""The operators' accounts: a name, a role, and the prefix of the stations that it is for."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from kiosk.central.roles import Role
from kiosk.central.scope import Scope
from kiosk.central.store.engine import Engine

ACCOUNT: Final = "[a-z0-9][a-z0-9._-]{0,39}"
"""What a name looks like."""


class Account(Struct, frozen=True):
    """Somebody who may log in; not while `disabled` (since when, in seconds since 1970).

    `password` as it is kept, empty where they log in elsewhere; `second`: the secret of the second factor, if there is one.
    """

    name: str
    role: Role
    scope: str
    password: str
    second: str
    made: float
    disabled: float | None

    @property
    def sees(self) -> Scope:
        """Which stations are theirs."""
        return Scope(self.scope)


class Accounts:
    """That part of the store."""

    _engine: Engine

    def accounts(self, scope: Scope) -> list[Account]:
        """All whose stations are within a scope, in the order of their names."""
        where, values = scope.within("scope")
        rows = self._engine.all(f"SELECT {COLUMNS} FROM accounts WHERE {where} ORDER BY name", values)
        return [Account(*row) for row in rows]

    def account(self, name: str, scope: Scope) -> Account | None:
        """That one; None where there is none, or its stations are beyond the scope."""
        where, values = scope.within("scope")
        found = self._engine.one(f"SELECT {COLUMNS} FROM accounts WHERE name = ? AND {where}", (name, *values))
        return Account(*found) if found else None

    def settled(self, name: str, since: float) -> bool:
        """Whether an account is older than that, and nobody else has changed it since, as the audit has it."""
        young = self._engine.one("SELECT 1 FROM accounts WHERE name = ? AND made > ?", (name, since))
        changed = self._engine.one(
            "SELECT 1 FROM audit WHERE about = ? AND account != ? AND at > ?"
            " AND (substr(what, 1, 8) = 'account ' OR what = 'no second factor')",
            (name, name, since),
        )
        return young is None and changed is None

    def add_account(self, name: str, role: Role, scope: str, password: str, now: float) -> bool:
        """A new account with that password, as it is kept; False where the name is taken."""
        added = self._engine.run(
            "INSERT INTO accounts (name, role, scope, password, made) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (name, role, scope, password, now),
        )
        return added == 1

    def set_role(self, name: str, role: Role, scope: str) -> None:
        """From the account's next request on."""
        self._engine.run("UPDATE accounts SET role = ?, scope = ? WHERE name = ?", (role, scope, name))

    def set_password(self, name: str, password: str) -> None:
        """Whoever is logged in with the old one is so no longer."""
        with self._engine.transaction():
            self._engine.run("UPDATE accounts SET password = ? WHERE name = ?", (password, name))
            self._log_out(name)

    def _log_out(self, name: str) -> None:
        """Everywhere; and no browser is known any more from which they have logged in."""
        for table in ("sessions", "devices", "half_logins"):
            self._engine.run(f"DELETE FROM {table} WHERE account = ?", (name,))

    def set_second(self, name: str, secret: str) -> None:
        """The second factor's secret; empty for none."""
        self._engine.run("UPDATE accounts SET second = ? WHERE name = ?", (secret, name))

    def disable(self, name: str, now: float | None) -> None:
        """It lets nobody in from now on; with None it does again."""
        with self._engine.transaction():
            self._engine.run("UPDATE accounts SET disabled = ? WHERE name = ?", (now, name))
            self._log_out(name)


COLUMNS: Final = ", ".join(Account.__struct_fields__)
