"""The audit: who did what to what, when and why. It only grows, and each act has a digest of itself and of the one before.

Whoever owns the database can write the whole chain anew; so its head is shown, and sent, to people who keep it elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from kiosk.central.scope import Scope
from kiosk.central.store.engine import Engine, Row
from kiosk.foreign import visible

NOTHING_BEFORE: Final = bytes(32)
PAGE: Final = 50


class Act(Struct, frozen=True):
    """What somebody did: `about` whom or what, with `scope` the station or prefix that it is for."""

    account: str
    what: str
    about: str
    scope: str = ""
    reason: str = ""


class Acted(Struct, frozen=True):
    """An act under its number, at `at` seconds since 1970."""

    number: int
    at: float
    account: str
    what: str
    about: str
    scope: str
    reason: str


class Head(Struct, frozen=True):
    """How many acts there are, and the digest of the last."""

    number: int = 0
    digest: bytes = NOTHING_BEFORE


class Audit:
    """That part of the store."""

    _engine: Engine

    def acted(self, act: Act, now: float) -> None:
        """Remember an act, in the transaction in which it is done."""
        with self._engine.transaction():
            before = self.audit_head()
            acted = Acted(before.number + 1, float(now), *map(visible, msgspec.structs.astuple(act)))
            digest = chained(before.digest, acted)
            self._engine.run(
                f"INSERT INTO audit ({COLUMNS}, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*msgspec.structs.astuple(acted), digest),
            )
            self._engine.run(
                "INSERT INTO audit_head VALUES (1, ?, ?) ON CONFLICT (place)"
                " DO UPDATE SET number = excluded.number, digest = excluded.digest",
                (acted.number, digest),
            )

    def acts(
        self, scope: Scope, about: str = "", before: int = 2**53, most: int = PAGE, but: Sequence[str] = ()
    ) -> list[Acted]:
        """Acts within a scope below that number, the newest first; or those about one thing; none of the kinds in `but`."""
        where, values = scope.within("scope")
        marks = ", ".join("?" * len(but)) or "''"
        rows = self._engine.all(
            f"SELECT {COLUMNS} FROM audit WHERE {where} AND ? IN ('', about) AND number < ? AND what NOT IN ({marks})"
            f" ORDER BY number DESC LIMIT {most:d}",
            (*values, about, before, *but),
        )
        return [Acted(*row) for row in rows]

    def acts_since(self, account: str, whats: Sequence[str], since: float) -> int:
        """How many acts of these kinds an account has done since then."""
        marks = ", ".join("?" * len(whats))
        found = self._engine.one(
            f"SELECT count(*) FROM audit WHERE account = ? AND at > ? AND what IN ({marks})", (account, since, *whats)
        )
        return int(found[0]) if found else 0

    def audit_head(self) -> Head:
        """Where the chain ends."""
        found = self._engine.one("SELECT number, digest FROM audit_head")
        return Head(*found) if found else Head()

    def has_act(self, digest: str) -> bool:
        """Whether there is an act with that digest, in hexadecimal."""
        try:
            return self._engine.one("SELECT 1 FROM audit WHERE digest = ?", (bytes.fromhex(digest),)) is not None
        except ValueError:
            return False

    def broken_audit(self) -> int | None:
        """The number of the first act that is not what was written; None while all is."""
        with self._engine.moment():
            pages = self._engine.pages(f"SELECT {COLUMNS}, digest FROM audit ORDER BY number")
            return first_broken((row for page in pages for row in page), self.audit_head())


COLUMNS: Final = ", ".join(Acted.__struct_fields__)


def chained(before: bytes, acted: Acted) -> bytes:
    """The digest of an act behind another."""
    return hashlib.sha256(before + msgspec.json.encode(msgspec.structs.astuple(acted))).digest()


def first_broken(rows: Iterable[Row], head: Head) -> int | None:
    """Of rows in the order of their numbers: the first number at which the chain is not what its head says."""
    last = Head()
    for *values, digest in rows:
        acted = Acted(*values)
        if acted.number != last.number + 1 or chained(last.digest, acted) != digest:
            return last.number + 1
        last = Head(acted.number, digest)
    return None if last == head else last.number + 1
