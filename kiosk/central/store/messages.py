"""Messages to those who are told what is wrong: each waits here for its receiver, and stays as a log of what was sent."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from kiosk.central.alarms.telling import Line
from kiosk.central.store.engine import Engine

MOST_WAITING: Final = 200
"""Messages that wait for a receiver; the oldest give way."""

LEASE: Final = 120.0
"""Seconds for which a message is one sender's: longer than any attempt takes. Twice as long after each that told nothing."""

LONGEST_LEASE: Final = 3600.0
UNENDED: Final = "the attempt did not end"

GIVES_UP: Final = 86_400.0
"""Seconds after which a message is old news."""

LONGEST_OUTCOME: Final = 300
COLUMNS: Final = "number, at, receiver, kind, body, tries, next, ended, outcome"

Kind = Literal["causes", "daily", "test"]


class Body(Struct, frozen=True):
    """What is told: causes, and how many more there are; `wrong`: how many there are in all; `head`: of the audit."""

    lines: list[Line]
    more: int = 0
    wrong: int = 0
    head: str = ""


class Message(Struct, frozen=True):
    """For a receiver, since `at`; tried so often, counted as each begins; again at `next`, unless it has `ended`, and how."""

    number: int
    at: float
    receiver: str
    kind: Kind
    body: Body
    tries: int
    next: float
    ended: float | None
    outcome: str


class Messages:
    """That part of the store."""

    _engine: Engine

    def queue_message(self, receiver: str, kind: Kind, body: Body, now: float) -> None:
        """Let it wait; where too many do, the oldest are given up."""
        waiting = self._engine.all(
            "SELECT number FROM messages WHERE receiver = ? AND ended IS NULL ORDER BY number DESC", (receiver,)
        )
        for (number,) in waiting[MOST_WAITING - 1 :]:
            self.end_message(number, "given up: too many waited", now)
        row = (now, receiver, kind, msgspec.json.encode(body).decode(), now)
        self._engine.put("messages", ("at", "receiver", "kind", "body", "next"), [row])

    def next_message(self, receiver: str, now: float) -> Message | None:
        """The oldest that is due, which is the caller's alone for a while: no other process sends it meanwhile."""
        due = (
            f"SELECT {COLUMNS} FROM messages WHERE receiver = ? AND ended IS NULL AND next <= ? ORDER BY number LIMIT 1"
        )
        found = self._engine.one(due, (receiver, now))
        if found is None:
            return None
        number, tries, due_at = found[0], found[5], found[6]
        until = now + min(LONGEST_LEASE, LEASE * 2.0 ** min(tries, 10))
        lease = (
            "UPDATE messages SET next = ?, tries = tries + 1, outcome = CASE outcome WHEN '' THEN ? ELSE outcome END"
            " WHERE number = ? AND next = ? AND ended IS NULL"
        )
        if not self._engine.run(lease, (until, UNENDED, number, due_at)):
            return None
        message = _message(found)
        return msgspec.structs.replace(message, tries=tries + 1, outcome=message.outcome or UNENDED)

    def end_message(self, number: int, outcome: str, now: float) -> None:
        """It was sent, or given up."""
        ended = "UPDATE messages SET ended = ?, outcome = ? WHERE number = ?"
        self._engine.run(ended, (now, outcome[:LONGEST_OUTCOME], number))

    def put_off(self, number: int, until: float, outcome: str) -> None:
        """It could not be sent now."""
        again = "UPDATE messages SET next = ?, outcome = ? WHERE number = ?"
        self._engine.run(again, (until, outcome[:LONGEST_OUTCOME], number))

    def messages(self, most: int) -> list[Message]:
        """The newest, the newest first."""
        rows = self._engine.all(f"SELECT {COLUMNS} FROM messages ORDER BY number DESC LIMIT ?", (most,))
        return [_message(row) for row in rows]

    def end_messages_but(self, receivers: Collection[str], now: float) -> None:
        """Nobody waits for those of receivers that are named no longer."""
        for (receiver,) in self._engine.all("SELECT DISTINCT receiver FROM messages WHERE ended IS NULL"):
            if receiver not in receivers:
                ended = "UPDATE messages SET ended = ?, outcome = ? WHERE receiver = ? AND ended IS NULL"
                self._engine.run(ended, (now, "given up: no such receiver any longer", receiver))

    def unsent(self, before: float) -> dict[str, float]:
        """The receivers for whom a message has waited since before then, and since when."""
        rows = self._engine.all(
            "SELECT receiver, min(at) FROM messages WHERE ended IS NULL AND at < ? GROUP BY receiver", (before,)
        )
        return {receiver: float(at) for receiver, at in rows}

    def last_daily(self) -> float:
        """When the last daily message was queued; 0 for never."""
        found = self._engine.one("SELECT coalesce(max(at), 0) FROM messages WHERE kind = 'daily'")
        return float(found[0]) if found else 0.0

    def purge_messages(self, before: float) -> int:
        """Those that ended before then."""
        return self._engine.run("DELETE FROM messages WHERE ended < ?", (before,))


def _message(row: tuple[Any, ...]) -> Message:
    number, at, receiver, kind, body, *rest = row
    return Message(number, at, receiver, kind, msgspec.json.decode(body, type=Body), *rest)
