"""Doors that opened by a phone and a command: which stations take one, and who has asked, for two days and no longer."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import cbor2
from msgspec import Struct
from msgspec.structs import astuple

from kiosk.central.store.engine import Engine
from kiosk.trust.cose import read_cbor, read_sign1

KEPT: Final = 2 * 86_400.0
"""Seconds: who asked today is counted; it is nobody's diary."""

STEP: Final = 200
PERSONAL: Final = ("index", "pass_class", "scope", "extended")
"""What a command says of whom it lets in."""

ASKED: Final = ""
"""The outcome while nothing is known of it."""


class Opening(Struct, frozen=True):
    """Somebody asked at `at` (seconds since 1970) to be let in; `proof`: a digest of what the phone signed, once."""

    proof: bytes
    index: int
    station: str
    at: float
    command: str
    outcome: str = ASKED


class PhoneOpenings:
    """That part of the store."""

    _engine: Engine

    def has_phone_door(self, stations: Collection[str], now: float) -> None:
        """These have said now that their displays show the code for phones."""
        rows = [(station, now) for station in sorted(stations)]
        self._engine.put(
            "phone_doors", ("station", "heard"), rows, "ON CONFLICT (station) DO UPDATE SET heard = excluded.heard"
        )

    def phone_door_heard(self, station: str) -> float:
        """When it said so last, in seconds since 1970; 0 for never."""
        found = self._engine.one("SELECT heard FROM phone_doors WHERE station = ?", (station,))
        return float(found[0]) if found else 0.0

    def put_opening(self, opening: Opening) -> None:
        """Somebody asks."""
        self._engine.run(
            "INSERT INTO phone_openings (proof, idx, station, at, command, outcome) VALUES (?, ?, ?, ?, ?, ?)",
            astuple(opening),
        )

    def ended_opening(self, command: str, outcome: str) -> None:
        """What became of it."""
        self._engine.run("UPDATE phone_openings SET outcome = ? WHERE command = ?", (outcome, command))

    def is_asked(self, proof: bytes) -> bool:
        """Whether this proof was shown before."""
        return self._engine.one("SELECT 1 FROM phone_openings WHERE proof = ?", (proof,)) is not None

    def openings_of(self, index: int, since: float) -> list[Opening]:
        """What a holder asked for since then."""
        columns = ", ".join("idx" if each == "index" else each for each in Opening.__struct_fields__)
        rows = self._engine.all(f"SELECT {columns} FROM phone_openings WHERE idx = ? AND at >= ?", (index, since))
        return [Opening(*row) for row in rows]

    def count_openings_at(self, station: str, since: float) -> int:
        """How often somebody asked at that station since then."""
        found = self._engine.one("SELECT count(*) FROM phone_openings WHERE station = ? AND at >= ?", (station, since))
        return int(found[0]) if found else 0

    def purge_openings(self, now: float) -> Iterator[int]:
        """Let go of who asked two days ago, also in the commands; their numbers stay."""
        gone = STEP
        while gone == STEP:
            with self._engine.transaction():
                rows = self._engine.all(
                    "SELECT proof, command FROM phone_openings WHERE at < ? LIMIT ?", (now - KEPT, STEP)
                )
                for _proof, command in rows:
                    self._forget_whom(command)
                self._engine.run_each("DELETE FROM phone_openings WHERE proof = ?", [(proof,) for proof, _ in rows])
            gone = len(rows)
            yield gone
        yield self._engine.run("DELETE FROM phone_doors WHERE heard < ?", (now - KEPT,))

    def _forget_whom(self, command: str) -> None:
        found = self._engine.one("SELECT body FROM commands WHERE id = ?", (command,))
        if found:
            self._engine.run("UPDATE commands SET body = ? WHERE id = ?", (nobodys(bytes(found[0])), command))


def nobodys(body: bytes) -> bytes:
    """A command that is over, as it was but for whom it let in; no station takes it any more, and nobody has signed it."""
    message = read_sign1(body)
    said = {name: each for name, each in read_cbor(message.payload).items() if name not in PERSONAL}
    return cbor2.dumps([message.protected, {}, cbor2.dumps(said), b""])
