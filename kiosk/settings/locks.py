"""The locks alone, out of whatever there is of the settings: enough to take the power from them."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from kiosk.settings import LockTable
from kiosk.settings.kept import kept
from kiosk.settings.loading import load
from kiosk.settings.reading import salvage
from kiosk.settings.table import BadSettings


class Locks(Struct, frozen=True):
    """The locks by their doors, and by which pins they are reached."""

    pins: Literal["gpio", "simulated"]
    locks: dict[str, LockTable]


def locks_of(path: Path) -> Locks:
    """What the file says or, where that is broken, the last good settings and what can be made out. Raises nothing."""
    try:
        settings = load(path)
    except BadSettings:
        settings = None
    before = settings or kept(path)
    known = {name: door.lock for name, door in before.doors.items() if door.lock} if before else {}
    if settings:
        return Locks(settings.pins, known)
    raw = salvage(path)
    said = {name: lock for name, each in _tables(raw, "doors").items() if (lock := _lock(each, known.get(name)))}
    pins = raw.get("pins", before.pins if before else "gpio")
    taken = {lock.pin for lock in said.values()}
    others = {name: lock for name, lock in known.items() if name not in said and lock.pin not in taken}
    return Locks("simulated" if pins == "simulated" else "gpio", said | others)


def _lock(door: Any, before: LockTable | None) -> LockTable | None:
    """A door's lock as it is written now; as it was, where this cannot be meant; as far as it can be made out."""
    table = _tables(door, "lock")
    try:
        return msgspec.convert(table, LockTable)
    except msgspec.ValidationError:
        if before:
            return before
    meant = {near[0]: value for key, value in table.items() if (near := _near(key))}
    for each in (meant, {"pin": meant.get("pin"), "active_high": meant.get("active_high")}, {"pin": meant.get("pin")}):
        try:
            return msgspec.convert(each, LockTable)
        except msgspec.ValidationError:
            continue
    return None


def _near(key: str) -> list[str]:
    return difflib.get_close_matches(key, LockTable.__struct_fields__, n=1)


def _tables(value: Any, key: str) -> dict[str, Any]:
    """The table under that key; an empty one for anything else."""
    below = value.get(key) if isinstance(value, dict) else None
    return below if isinstance(below, dict) else {}
