"""The phones that passes are bound to, by their keys: one a credential, and which had its place before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from kiosk.central.store.engine import Engine

STEP: Final = 500
"""Keys that go in one transaction."""


class PhoneKey(Struct, frozen=True):
    """A phone's raw public key (Ed25519), bound to the credential `index` since `bound_at`, by whom.

    Its newest pass ends at `until`. `voided`: since when another phone has its place; None while it is the one.
    """

    public_key: bytes
    index: int
    bound_at: float
    until: float
    bound_by: str
    voided: float | None = None


class Phones:
    """That part of the store."""

    _engine: Engine

    def phone_key(self, public_key: bytes) -> PhoneKey | None:
        """What is known of a phone, by its key."""
        found = self._engine.one(f"SELECT {COLUMNS} FROM phone_keys WHERE public_key = ?", (public_key,))
        return PhoneKey(*found) if found else None

    def phone_of(self, index: int) -> PhoneKey | None:
        """The phone that a credential is bound to now."""
        found = self._engine.one(f"SELECT {COLUMNS} FROM phone_keys WHERE idx = ? AND voided IS NULL", (index,))
        return PhoneKey(*found) if found else None

    def bind_phone(self, key: PhoneKey) -> None:
        """From now on this one has the place of whichever had it; of its own earlier binding nothing is left."""
        with self._engine.transaction():
            self.void_phone(key.index, key.bound_at)
            self._engine.run("DELETE FROM phone_keys WHERE public_key = ?", (key.public_key,))
            self._engine.run(
                f"INSERT INTO phone_keys ({COLUMNS}) VALUES (?, ?, ?, ?, ?, NULL)",
                (key.public_key, key.index, key.bound_at, key.until, key.bound_by),
            )

    def void_phone(self, index: int, now: float) -> None:
        """No phone is bound to that credential any longer."""
        self._engine.run("UPDATE phone_keys SET voided = ? WHERE idx = ? AND voided IS NULL", (now, index))

    def void_phone_key(self, public_key: bytes, now: float) -> bool:
        """This phone is bound to nothing any longer; whether it was. Whichever has its place by now keeps it."""
        void = "UPDATE phone_keys SET voided = ? WHERE public_key = ? AND voided IS NULL"
        return self._engine.run(void, (now, public_key)) == 1

    def prolong_phone(self, public_key: bytes, until: float) -> None:
        """It has got a pass that ends then."""
        self._engine.run("UPDATE phone_keys SET until = ? WHERE public_key = ?", (until, public_key))

    def purge_phones(self, before: float) -> int:
        """Let some of those go whose last pass ended before then; how many went."""
        return self._engine.run(
            "DELETE FROM phone_keys WHERE public_key IN (SELECT public_key FROM phone_keys WHERE until < ? LIMIT ?)",
            (before, STEP),
        )

    # How many passes were signed.

    def count_signed(self, day: str, counts: Mapping[tuple[str, str], int]) -> None:
        """So many more on that day, by who ordered them and their kind."""
        self._engine.run_each(
            "INSERT INTO passes_signed VALUES (?, ?, ?, ?) ON CONFLICT (day, account, kind)"
            " DO UPDATE SET count = passes_signed.count + excluded.count",
            [(day, account, kind, count) for (account, kind), count in counts.items()],
        )

    def signed(self, since: str) -> list[tuple[str, str, str, int]]:
        """Day, account, kind and how many, from that day on."""
        rows = self._engine.all(
            "SELECT day, account, kind, count FROM passes_signed WHERE day >= ? ORDER BY day, account, kind", (since,)
        )
        return [(day, account, kind, count) for day, account, kind, count in rows]

    def purge_signed(self, before: str) -> int:
        """Let the counts of the days before that go."""
        return self._engine.run("DELETE FROM passes_signed WHERE day < ?", (before,))


COLUMNS: Final = "public_key, idx, bound_at, until, bound_by, voided"
