"""What is left to do for the door when its program has died: take the power from every lock."""

from __future__ import annotations

from typing import Any

from hardware.lock import Lock
from hardware.pins import open_pins
from kiosk.loops import attempt
from kiosk.settings import LockTable
from kiosk.settings.locks import Locks


class NotSafe(Exception):
    """Not every lock could be reached; the text says which, and why."""


def make_safe(found: Locks) -> None:
    """Take the power from each lock. Raises PinsUnavailable, NotSafe. Simulated pins died with their program."""
    if found.pins == "simulated":
        return
    factory = open_pins(found.pins)
    try:
        take_power(factory, found.locks)
    finally:
        factory.close()


def take_power(factory: Any, locks: dict[str, LockTable]) -> None:
    """Claim each lock's pin without power and give it back, whatever becomes of the others. Raises NotSafe."""
    failed = {name: error for name, table in locks.items() if (error := _release(factory, name, table))}
    if failed or not locks:
        told = "; ".join(f"{name}: {error}" for name, error in failed.items())
        raise NotSafe(told or "no lock can be made out in the settings")


def _release(factory: Any, name: str, table: LockTable) -> BaseException | None:
    def claim() -> None:
        Lock(factory, table.pin, active_high=table.active_high, fail_safe=table.wiring == "fail_safe").close()

    return attempt(f"lock {name}", claim)
