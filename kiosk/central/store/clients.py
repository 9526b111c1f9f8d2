"""The programs of others that order passes: their names and secrets, the tokens that they have, and what they were answered."""

from __future__ import annotations

import secrets
from hmac import compare_digest
from typing import Final

from msgspec import Struct

from kiosk.central.scope import Scope
from kiosk.central.store.engine import Engine
from kiosk.central.store.sessions import digest


class Client(Struct, frozen=True):
    """A program that may order passes of the prefix `scope`; `secret` as it is kept (:func:`as_kept`), since `rotated`."""

    name: str
    scope: str
    secret: str
    made: float
    rotated: float

    def knows(self, secret: str) -> bool:
        """Whether that is its secret."""
        return compare_digest(self.secret, as_kept(secret))

    @property
    def sees(self) -> Scope:
        """Whose passes are its own."""
        return Scope(self.scope)

    @property
    def actor(self) -> str:
        """As the audit names it: no account has such a name."""
        return f"client {self.name}"


def as_kept(secret: str) -> str:
    """A digest is enough, and takes no time: it is a secret of 256 random bits, which nobody guesses from it."""
    return digest(secret).hex()


def new_secret() -> tuple[str, str]:
    """A secret, and as it is kept."""
    secret = secrets.token_urlsafe(32)
    return secret, as_kept(secret)


class Answer(Struct, frozen=True):
    """What was answered to a request whose content has the digest `asked`."""

    asked: bytes
    status: int
    body: str


class Clients:
    """That part of the store."""

    _engine: Engine

    def clients(self) -> list[Client]:
        """All, in the order of their names."""
        return [Client(*row) for row in self._engine.all(f"SELECT {COLUMNS} FROM clients ORDER BY name")]

    def client(self, name: str) -> Client | None:
        """That one."""
        found = self._engine.one(f"SELECT {COLUMNS} FROM clients WHERE name = ?", (name,))
        return Client(*found) if found else None

    def add_client(self, client: Client) -> bool:
        """False where the name is taken."""
        added = self._engine.run(
            f"INSERT INTO clients ({COLUMNS}) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (client.name, client.scope, client.secret, client.made, client.rotated),
        )
        return added == 1

    def rotate_client(self, name: str, secret: str, now: float) -> None:
        """It has another secret, and its tokens are over."""
        with self._engine.transaction():
            self._engine.run("UPDATE clients SET secret = ?, rotated = ? WHERE name = ?", (secret, now, name))
            self._engine.run("DELETE FROM client_tokens WHERE client = ?", (name,))

    def remove_client(self, name: str) -> None:
        """It may order nothing any more, and its tokens are over."""
        with self._engine.transaction():
            for table, column in (("clients", "name"), ("client_tokens", "client"), ("client_answers", "client")):
                self._engine.run(f"DELETE FROM {table} WHERE {column} = ?", (name,))

    # Their tokens.

    def give_token(self, token: str, client: str, until: float) -> None:
        """Whoever has this token is that client until then."""
        self._engine.run("INSERT INTO client_tokens VALUES (?, ?, ?)", (digest(token), client, until))

    def client_with(self, token: str, now: float) -> Client | None:
        """Whose token it is; None when it is over, or its client was removed."""
        columns = ", ".join(f"clients.{each}" for each in Client.__struct_fields__)
        found = self._engine.one(
            f"SELECT {columns} FROM client_tokens JOIN clients ON name = client WHERE digest = ? AND until > ?",
            (digest(token), now),
        )
        return Client(*found) if found else None

    # What they were answered.

    def answer(self, client: str, request: bytes) -> Answer | None:
        """What that client was answered to the request of that name."""
        found = self._engine.one(
            "SELECT asked, status, body FROM client_answers WHERE client = ? AND request = ?", (client, request)
        )
        return Answer(*found) if found else None

    def keep_answer(self, client: str, request: bytes, answer: Answer, now: float) -> None:
        """In the transaction of the act itself."""
        self._engine.run(
            "INSERT INTO client_answers VALUES (?, ?, ?, ?, ?, ?)",
            (client, request, answer.asked, now, answer.status, answer.body),
        )

    def forget_clients(self, now: float, answers_before: float) -> None:
        """Let tokens go that are over, and answers that were given before then."""
        self._engine.run("DELETE FROM client_tokens WHERE until <= ?", (now,))
        self._engine.run("DELETE FROM client_answers WHERE at < ?", (answers_before,))


COLUMNS: Final = ", ".join(Client.__struct_fields__)
