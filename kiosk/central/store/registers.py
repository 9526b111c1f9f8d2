"""The stations' register: who was added, enrolled, retired or stolen, and why; and the claim codes with which they enrol.

An enrolled station has its key in `stations`, and no other has one there. What else is known of a code stands in `register`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct

from kiosk.central.coordinates import point
from kiosk.central.scope import EVERYWHERE, Scope
from kiosk.central.store.engine import Engine
from kiosk.central.store.places import Places

CLAIM_HOLDS: Final = 72 * 3600.0
"""Seconds."""

End = Literal["retired", "stolen"]
"""Why a station has no key here any longer."""


class WrongClaim(Exception):
    """This claim code does not let this station enrol; the text says why."""


class Registered(Struct, frozen=True):
    """What is known of a station before it enrols: its code, its name, and where it stands (degrees, as they were written)."""

    code: str
    name: str = ""
    address: str = ""
    latitude: str = ""
    longitude: str = ""

    @property
    def placeless(self) -> bool:
        """Whether coordinates were given that are none."""
        return bool(self.latitude or self.longitude) and point(self.latitude, self.longitude) is None


class Happened(Struct, frozen=True):
    """What became of a station, when, and why; with the key that it got by it, or lost."""

    at: float
    what: str
    public_key: bytes | None
    reason: str


class OpenClaim(Struct, frozen=True):
    """A claim that lets its station enrol until `ends`, known by the first digits of its digest."""

    id: str
    station: str
    made: float
    ends: float
    reason: str


class Registers(Places):
    """That part of the store."""

    _engine: Engine

    # The claims.

    def make_claim(self, code: str, now: float, reason: str = "") -> str:
        """A single-use code with which a technician enrols that station; only its digest is kept.

        Only one with a `reason` takes the place of the key of a station that is enrolled.
        """
        claim = secrets.token_hex(8).upper()
        with self._engine.transaction():
            self._engine.run("INSERT INTO claims VALUES (?, ?, ?, NULL)", (_digest(claim), code, now))
            if reason:
                self._engine.run("INSERT INTO claim_reasons VALUES (?, ?)", (_digest(claim), reason))
        return claim

    def open_claims(self, now: float, scope: Scope = EVERYWHERE) -> list[OpenClaim]:
        """Those that are not used and not over, the one that ends first first."""
        within, values = scope.within("code")
        rows = self._engine.all(
            "SELECT claims.digest, code, made, coalesce(reason, '') FROM claims LEFT JOIN claim_reasons"
            f" ON claim_reasons.digest = claims.digest WHERE used IS NULL AND made > ? AND {within} ORDER BY made, code",
            (now - CLAIM_HOLDS, *values),
        )
        return [OpenClaim(digest.hex()[:8], code, made, made + CLAIM_HOLDS, why) for digest, code, made, why in rows]

    def withdraw_claims(self, code: str, now: float) -> int:
        """No open claim of that station is any good from now on; how many there were."""
        unused = "UPDATE claims SET used = ? WHERE code = ? AND used IS NULL AND made > ?"
        return self._engine.run(unused, (now, code, now - CLAIM_HOLDS))

    def enrol(self, code: str, claim: str, public_key: bytes, now: float) -> None:
        """Pin the station's key; the claim is used up. Raises WrongClaim."""
        digest = _digest(claim)
        with self._engine.transaction():
            used = self._engine.run(
                "UPDATE claims SET used = ? WHERE digest = ? AND code = ? AND used IS NULL AND made > ?",
                (now, digest, code, now - CLAIM_HOLDS),
            )
            if not used:
                raise WrongClaim("this claim code is unknown, used, older than 72 h, or of another station")
            found = self._engine.one("SELECT reason FROM claim_reasons WHERE digest = ?", (digest,))
            self._may_have(code, public_key, replacing=found is not None)
            self._pin(code, public_key, now, found[0] if found else "")

    def _may_have(self, code: str, public_key: bytes, *, replacing: bool) -> None:
        """Raises WrongClaim for a key that was stolen, and for another than the enrolled one unless the claim says why."""
        stolen = self._engine.one("SELECT 1 FROM history WHERE what = 'stolen' AND public_key = ?", (public_key,))
        if stolen:
            raise WrongClaim("this key was stolen with its station: delete station.key, and enrol with a new one")
        held = self.station_key(code)
        if held not in {None, public_key} and not replacing:
            raise WrongClaim(
                "this station is enrolled with another key, and the claim code was not made to replace it:"
                f" kiosk central claim {code} --reason TEXT"
            )

    def enrol_for_trial(self, code: str, public_key: bytes, now: float) -> bool:
        """Pin a key that stays at the centre, of a code that was added and is not enrolled; whether it is one."""
        with self._engine.transaction():
            if self.station_key(code) is not None or not self._is_added(code):
                return False
            self._pin(code, public_key, now, "trial")
        return True

    def _pin(self, code: str, public_key: bytes, now: float, reason: str) -> None:
        self._engine.run(
            "INSERT INTO stations VALUES (?, ?, ?) ON CONFLICT (code)"
            " DO UPDATE SET public_key = excluded.public_key, enrolled = excluded.enrolled",
            (code, public_key, now),
        )
        self._engine.run("UPDATE register SET ended = '' WHERE code = ?", (code,))
        self._happened(code, now, "enrolled", public_key, reason)

    # The register.

    def add_stations(self, stations: Iterable[Registered], now: float) -> int:
        """Add what is new, and correct of what is there what is given; how many are new."""
        stations = list(stations)
        with self._engine.transaction():
            known = {code for (code,) in self._engine.all("SELECT code FROM register UNION SELECT code FROM stations")}
            self._engine.run_each(
                "INSERT INTO register (code, name, address) VALUES (?, ?, ?) ON CONFLICT (code)"
                " DO UPDATE SET name = coalesce(nullif(excluded.name, ''), register.name),"
                " address = coalesce(nullif(excluded.address, ''), register.address)",
                [(each.code, each.name, each.address) for each in stations],
            )
            self._place((each.code, each.latitude, each.longitude) for each in stations)
            new = [each.code for each in stations if each.code not in known]
            for code in new:
                self._happened(code, now, "added", None, "")
        return len(new)

    def end_station(self, code: str, end: End, reason: str, now: float) -> bytes | None:
        """It is no station any longer: its key leaves every place, its claims and commands are dropped. The key, if it had one.

        The key of a stolen one lets nobody enrol again.
        """
        with self._engine.transaction():
            held = self.station_key(code)
            self._engine.run(
                "INSERT INTO register VALUES (?, '', '', ?) ON CONFLICT (code) DO UPDATE SET ended = excluded.ended",
                (code, end),
            )
            for table, column in (("stations", "code"), ("commands", "station"), ("ahead", "station")):
                self._engine.run(f"DELETE FROM {table} WHERE {column} = ?", (code,))
            self.withdraw_claims(code, now)
            self._happened(code, now, end, held or self._last_key(code), reason)
        return held

    def _is_added(self, code: str) -> bool:
        return self._engine.one("SELECT 1 FROM register WHERE code = ? AND ended = ''", (code,)) is not None

    def _last_key(self, code: str) -> bytes | None:
        """Of a station that was retired, and turns out to be stolen."""
        found = self._engine.one(
            "SELECT public_key FROM history WHERE station = ? AND public_key IS NOT NULL ORDER BY number DESC", (code,)
        )
        return found[0] if found else None

    def _happened(self, code: str, now: float, what: str, public_key: bytes | None, reason: str) -> None:
        self._engine.run(
            "INSERT INTO history (station, at, what, public_key, reason) VALUES (?, ?, ?, ?, ?)",
            (code, now, what, public_key, reason),
        )

    def history(self, code: str) -> list[Happened]:
        """What became of a station, in order."""
        rows = self._engine.all(
            "SELECT at, what, public_key, reason FROM history WHERE station = ? ORDER BY number", (code,)
        )
        return [Happened(*row) for row in rows]

    def lately_enrolled(self, scope: Scope, most: int = 20) -> list[tuple[str, Happened]]:
        """The stations that enrolled last, each time with why, the newest first."""
        within, values = scope.within("station")
        rows = self._engine.all(
            "SELECT station, at, what, public_key, reason FROM history"
            f" WHERE what = 'enrolled' AND {within} ORDER BY number DESC LIMIT {most:d}",
            values,
        )
        return [(station, Happened(*rest)) for station, *rest in rows]

    def station_key(self, code: str) -> bytes | None:
        """The public key of an enrolled station."""
        found = self._engine.one("SELECT public_key FROM stations WHERE code = ?", (code,))
        return found[0] if found else None

    def stations(self, scope: Scope = EVERYWHERE) -> list[tuple[str, bytes, float]]:
        """Code, public key and time of enrolment of every enrolled station within a scope."""
        within, values = scope.within("code")
        rows = self._engine.all(f"SELECT code, public_key, enrolled FROM stations WHERE {within} ORDER BY code", values)
        return [(code, key, at) for code, key, at in rows]


def _digest(claim: str) -> bytes:
    return hashlib.sha256(claim.strip().upper().encode()).digest()
