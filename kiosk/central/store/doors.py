"""Which doors and slots a station has, as far as its entries tell. All SQL of them is here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from kiosk.central.remembered import remember
from kiosk.central.store.batches import without_nul
from kiosk.central.store.engine import Engine, Row

MOST_DOORS: Final = 64
"""Doors of a station, and slots beside them, that are known by name."""

LONGEST_DOOR: Final = 64
OF_A_DOOR: Final = {"granted", "denied", "unlocked", "locked", "taken", "not_taken"}
"""Kinds of entries whose door is surely one of the station's; the last two say whether it is a slot."""


class Doors:
    """That part of the store."""

    _engine: Engine

    _doors: dict[str, dict[str, bool]]
    """Of the stations, as the database has them, and which are slots; there may be more."""

    def doors(self, station: str, *, slots: bool = False) -> list[str]:
        """The names of the station's doors, or else of its slots, as far as its entries tell."""
        select = "SELECT name FROM doors WHERE station = ? AND slot = ?"
        return [name for (name,) in self._engine.all(select, (station, int(slots)))]

    def all_doors(self) -> dict[str, list[str]]:
        """The doors of every station."""
        found: dict[str, list[str]] = {}
        for station, name in self._engine.all("SELECT station, name FROM doors WHERE slot = 0 ORDER BY station, name"):
            found.setdefault(station, []).append(name)
        return found

    def _remember_doors(self, named: dict[str, dict[str, bool]]) -> None:
        """Of all stations at the end and in order: two processes may hold logs of one station."""
        told = {station: new for station, doors in named.items() if (new := _news(doors, self._doors.get(station, {})))}
        known: dict[str, dict[str, bool]] = {station: {} for station in sorted(told)}
        if known:
            select = f"SELECT station, name, slot FROM doors WHERE {self._engine.words.among('station')}"
            for station, name, slot in self._engine.all(select, ([*known],)):
                known[station][name] = bool(slot)
        rows: list[Row] = []
        for station, doors in known.items():
            remember(self._doors, station, doors)
            for is_slot in (False, True):
                names = [name for name, is_so in sorted(_news(told[station], doors).items()) if is_so is is_slot]
                room = max(0, MOST_DOORS - sum(each is is_slot for each in doors.values()))
                rows += [(station, name, int(is_slot)) for name in names[:room]]
        again = "ON CONFLICT (station, name) DO UPDATE SET slot = excluded.slot WHERE excluded.slot > doors.slot"
        self._engine.put("doors", ("station", "name", "slot"), rows, again)


def doors_of(entries: Iterable[dict[str, Any] | None]) -> dict[str, bool]:
    """The doors that these name, and whether any says that it is a slot."""
    found: dict[str, bool] = {}
    for each in entries:
        if each and (name := _door_of(each)):
            found[name] = each.get("slot") is True or found.get(name, False)
    return found


def merged(named: Iterable[Mapping[str, bool]]) -> dict[str, bool]:
    """All of them; what one of them says is a slot is one."""
    found: dict[str, bool] = {}
    for each in named:
        found |= {name: is_slot or found.get(name, False) for name, is_slot in each.items()}
    return found


def _news(doors: Mapping[str, bool], known: Mapping[str, bool]) -> dict[str, bool]:
    """Those that are not known, or were taken for a door and are a slot."""
    return {name: is_slot for name, is_slot in doors.items() if known.get(name, -1) < is_slot}


def _door_of(entry: dict[str, Any] | None) -> str | None:
    door = entry and entry.get("door")
    return without_nul(door) if isinstance(door, str) and len(door) <= LONGEST_DOOR else None
