"""The root key that stations trust, and the signing keys: those that sign, are requested, or were stolen."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from kiosk.central.store.engine import Engine
from kiosk.trust.keyset import Use

DATABASE: Final = "database"
ROOT: Final = "root"


class StoredKey(Struct, frozen=True):
    """A signing key's public half, its validity (seconds since 1970), and the file of its private half."""

    kid: bytes
    use: Use
    public: bytes
    not_before: int
    not_after: int
    file: str


class Keys:
    """That part of the store."""

    _engine: Engine

    def database(self) -> str:
        """The database's own name, which it is given when it is first asked for: 12 hexadecimal digits."""
        self._remember(DATABASE, secrets.token_bytes(6))
        return (self._remembered(DATABASE) or b"").hex()

    def root(self) -> bytes | None:
        """The public root key that every station was given at its enrolment."""
        return self._remembered(ROOT)

    def pin_root(self, public: bytes) -> None:
        """Remember it, once and for all."""
        self._remember(ROOT, public)

    def add_key(self, key: StoredKey) -> None:
        """Remember a signing key that is in the keyset."""
        self._engine.run(
            "INSERT INTO keys (kid, use, public, not_before, not_after, file) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kid)"
            " DO UPDATE SET not_before = excluded.not_before, not_after = excluded.not_after",
            msgspec.structs.astuple(key),
        )

    def end_key(self, kid: bytes, not_after: int) -> None:
        """Let a key end earlier than it was made for."""
        shorten = "UPDATE keys SET not_after = ? WHERE kid = ? AND not_after > ?"
        self._engine.run(shorten, (not_after, kid, not_after))

    def signing_keys(self) -> list[StoredKey]:
        """All keys of the keyset and those before it, the oldest first."""
        return self._stored("keys")

    def requested_keys(self) -> list[StoredKey]:
        """Those that no installed keyset has yet, the oldest first."""
        return self._stored("requested_keys")

    def add_requested_key(self, key: StoredKey) -> None:
        """Remember a key for the next keyset."""
        self._engine.run("INSERT INTO requested_keys VALUES (?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(key))

    def forget_requested(self, kids: Iterable[bytes]) -> None:
        """They are in the keyset now, or never will be."""
        self._engine.run_each("DELETE FROM requested_keys WHERE kid = ?", [(kid,) for kid in kids])

    def compromised(self) -> set[bytes]:
        """The names of the keys that no keyset shall have again."""
        return {kid for (kid,) in self._engine.all("SELECT kid FROM compromised_keys")}

    def compromise(self, kids: Iterable[bytes]) -> None:
        """No keyset shall have these again."""
        rows = [(kid,) for kid in kids]
        self._engine.run_each("INSERT INTO compromised_keys VALUES (?) ON CONFLICT DO NOTHING", rows)

    def _stored(self, table: str) -> list[StoredKey]:
        columns = "kid, use, public, not_before, not_after, file"
        return [StoredKey(*row) for row in self._engine.all(f"SELECT {columns} FROM {table} ORDER BY not_before, kid")]

    def _remember(self, name: str, value: bytes) -> None:
        self._engine.run("INSERT INTO pinned VALUES (?, ?) ON CONFLICT DO NOTHING", (name, value))

    def _remembered(self, name: str) -> bytes | None:
        found = self._engine.one("SELECT value FROM pinned WHERE name = ?", (name,))
        return bytes(found[0]) if found else None
