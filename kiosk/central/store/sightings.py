"""When each station was heard last and what it said then, which of its faults are open, and the register with both.

Whether a station is silent is judged by who looks, from the time at which it was heard: no flag says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from kiosk.central.scope import Scope
from kiosk.central.store.batches import Kept
from kiosk.central.store.engine import Engine, Row

SILENT_AFTER: Final = 900.0
"""Seconds without a word after which a station is called silent: it asks for documents twice a minute."""

MOST_FAULTS: Final = 64
"""Open faults of a station that are remembered."""

MOST_SECONDS: Final = 10_000_000
"""For which a lockdown is remembered, whatever a station says."""

LONGEST_FAULT: Final = 200
"""Characters of what a fault is with, and of what is wrong with it."""

OF_FAULTS: Final = {
    "fault", "fault_cleared", "started", "door_alarm", "lock_fault", "fire_release", "appliance_alarm", "operated",
}  # fmt: skip
"""Kinds of entries that tell what is wrong with a station, or locked down; one that starts anew knows of nothing yet."""

PROVEN: Final = ("synced", "holdover")
"""Qualities of a station's clock by which a moment can be told from now (kiosk.core.clock)."""

DOOR_ALARMS: Final = ("forced_open", "held_open")

SEEN_AGAIN: Final = """
    ON CONFLICT (station) DO UPDATE SET at = excluded.at, version = excluded.version, address = excluded.address,
    documents = coalesce(excluded.documents, seen.documents) WHERE excluded.at >= seen.at OR seen.at > excluded.at + 3600
"""
"""What was heard an hour later than what comes now, a clock wrote that was wrong."""

State = Literal["added", "enrolled", "retired", "stolen"]
Condition = Literal["well", "waiting", "faulty", "silent", "ended"]
Table = Literal["faults", "raised", "lockdowns"]
Change = Callable[[str, dict[str, Any]], tuple[Any, Any]]
"""From an entry's kind and body: what is wrong, and how; None for how where it is so no longer."""


class Sighting(Struct, frozen=True):
    """A station was heard at `at`, from that network address, with that program; which documents it has, if it said so."""

    station: str
    at: float
    version: str
    address: str
    documents: dict[str, int] | None = None


class OpenFault(Struct, frozen=True):
    """Something needs a technician, since that time by the station's clock."""

    what: str
    detail: str
    since: float


class StationLine(Struct, frozen=True):
    """A station of the register; `seen` is None while it was never heard.

    `faults`: how many of its faults are open, and of its alarms stand.
    """

    code: str
    state: State
    name: str
    address: str
    public_key: bytes | None
    enrolled: float | None
    seen: Sighting | None
    faults: int

    def silent(self, now: float) -> bool:
        """Whether an enrolled station has said nothing for too long."""
        heard = self.seen.at if self.seen else self.enrolled
        return self.state == "enrolled" and heard is not None and now - heard > SILENT_AFTER

    def condition(self, now: float) -> Condition:
        """How it is, in one word."""
        if self.state != "enrolled":
            return "waiting" if self.state == "added" else "ended"
        return "silent" if self.silent(now) else "faulty" if self.faults else "well"


class Sightings:
    """That part of the store."""

    _engine: Engine

    def saw(self, sightings: Sequence[Sighting]) -> None:
        """Remember all of them at once, in the order of their codes: two processes lock in one order."""
        rows = [
            (each.station, each.at, each.version, each.address, _written(each.documents))
            for each in sorted(sightings, key=lambda each: each.station)
        ]
        with self._engine.transaction(alone=False):
            self._engine.put("seen", ("station", "at", "version", "address", "documents"), rows, SEEN_AGAIN)

    def register(self, scope: Scope, code: str = "") -> list[StationLine]:
        """Every station that is known within a scope, in the order of their codes; or that one alone."""
        within, prefix = scope.within("code")
        where, values = f"{within} AND code = ?" if code else within, (*prefix, code) if code else prefix
        rows = self._engine.all(
            "SELECT known.code, coalesce(ended, ''), coalesce(name, ''), coalesce(known.address, ''), public_key, enrolled,"
            " coalesce(faults.count, 0) + coalesce(raised.count, 0), at, version, seen.address, documents"
            " FROM (SELECT coalesce(named.code, keyed.code) AS code, ended, name, address, public_key, enrolled"
            f" FROM (SELECT * FROM register WHERE {where}) named"
            f" FULL JOIN (SELECT * FROM stations WHERE {where}) keyed ON keyed.code = named.code) known"
            " LEFT JOIN seen ON seen.station = known.code LEFT JOIN faults ON faults.station = known.code"
            " LEFT JOIN raised ON raised.station = known.code",
            (*values, *values),
        )
        return sorted((_line(row) for row in rows), key=lambda each: each.code)

    def faults(self, station: str) -> list[OpenFault]:
        """What is wrong with it, as far as its entries tell."""
        return self._open("faults", station)

    def raised(self, station: str) -> list[OpenFault]:
        """Its alarms, as far as its entries tell: of a door, of a lock, of fire, of an appliance."""
        return self._open("raised", station)

    def all_open(self, table: Table) -> dict[str, list[OpenFault]]:
        """Of all stations that have any: their faults, their alarms, or their doors that are locked down."""
        rows = self._engine.all(f"SELECT station, body FROM {table} WHERE count > 0")
        return {station: msgspec.json.decode(body, type=list[OpenFault]) for station, body in rows}

    def lockdowns(self, station: str) -> list[OpenFault]:
        """Its doors that somebody locked down, each with the seconds for which; some may be over."""
        return self._open("lockdowns", station)

    def _open(self, table: Table, station: str, locked: str = "") -> list[OpenFault]:
        found = self._engine.one(f"SELECT body FROM {table} WHERE station = ?{locked}", (station,))
        return msgspec.json.decode(found[0], type=list[OpenFault]) if found else []

    def _remember_faults(self, told: Mapping[str, Sequence[Kept]], now: float) -> None:
        """By entries of those kinds, in their order; of all stations in order, or two processes might wait for each other."""
        for table, change in AFTER.items():
            rows = []
            for station in sorted(station for station, entries in told.items() if entries):
                after = before = self._open(table, station, self._engine.words.locked)
                for each in told[station]:
                    after = _after(after, each, change, now)
                if after != before:
                    rows.append((station, len(after), msgspec.json.encode(after).decode()))
            again = "ON CONFLICT (station) DO UPDATE SET count = excluded.count, body = excluded.body"
            self._engine.put(table, ("station", "count", "body"), rows, again)


def _after(faults: list[OpenFault], told: Kept, change: Change, now: float) -> list[OpenFault]:
    """What is wrong once this was told; a station may have sent anything under these names."""
    if told.kind == "started":
        return []
    body = msgspec.json.decode(told.body)
    what, detail = change(told.kind, body)
    if not isinstance(what, str) or not isinstance(detail, str | None):
        return faults
    others = [each for each in faults if each.what != what[:LONGEST_FAULT]]
    if detail is None or len(others) >= MOST_FAULTS:
        return others
    since = _begun(told, body, now) if change is _of_lockdown else told.wall
    return [*others, OpenFault(what[:LONGEST_FAULT], detail[:LONGEST_FAULT], since)]


def _begun(told: Kept, body: dict[str, Any], now: float) -> float:
    """When what ends by itself began: by the station's clock if that was proven and is not ahead, else when it was told."""
    return min(told.wall, now) if body.get("quality") in PROVEN else now


def _of_fault(kind: str, body: dict[str, Any]) -> tuple[Any, Any]:
    """The fault, and what is wrong with it; None for no longer anything."""
    if kind not in {"fault", "fault_cleared"}:
        return None, None
    return body.get("what"), body.get("detail", "") if kind == "fault" else None


def _of_alarm(kind: str, body: dict[str, Any]) -> tuple[Any, Any]:
    """The alarm, and what it is; None for no longer any."""
    match kind:
        case "door_alarm":
            alarm = body.get("alarm")
            return f"door.{body.get('door')}", alarm if alarm in DOOR_ALARMS else None
        case "lock_fault":
            return f"lock.{body.get('door')}", "jammed" if body.get("jammed") is True else None
        case "fire_release":
            return "fire", "" if body.get("active") is True else None
        case "appliance_alarm":
            value = body.get("value")
            return f"alarm.{body.get('alarm')}", str(value) if body.get("raised") is True else None
        case _:
            return None, None


def _of_lockdown(kind: str, body: dict[str, Any]) -> tuple[Any, Any]:
    """The door, and for how many seconds; None for no longer."""
    verb, seconds = body.get("verb"), body.get("seconds")
    if kind != "operated" or not isinstance(verb, str) or verb not in {"lockdown", "release"}:
        return None, None
    if verb == "release" or not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds <= 0:
        return body.get("door"), None
    return body.get("door"), f"{min(seconds, MOST_SECONDS):g}"


AFTER: Final[dict[Table, Change]] = {"faults": _of_fault, "raised": _of_alarm, "lockdowns": _of_lockdown}
"""By the table in which it is remembered, what an entry says."""


def _written(documents: dict[str, int] | None) -> str | None:
    return None if documents is None else msgspec.json.encode(documents).decode()


def _line(row: Row) -> StationLine:
    code, ended, name, address, key, enrolled, faults, at, *heard = row
    state: State = "enrolled" if key is not None else ended or "added"
    seen = None if at is None else _sighting(code, at, *heard)
    return StationLine(code, state, name, address, key, enrolled, seen, faults)


def _sighting(station: str, at: float, version: str, address: str, documents: str | None) -> Sighting:
    held = msgspec.json.decode(documents, type=dict[str, int]) if documents else None
    return Sighting(station, at, version, address, held)
