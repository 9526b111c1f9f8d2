"""What is left to do for the door when its program has died: take the power from every lock."""

from __future__ import annotations

from hardware.board import lock_of
from hardware.pins import open_pins
from kiosk.settings import Settings
from kiosk.station.fittings import wiring


def make_safe(settings: Settings) -> None:
    """Claim each lock's pin without power and give it back. Raises PinsUnavailable. Simulated pins died with their program."""
    if settings.pins == "simulated":
        return
    factory = open_pins(settings.pins)
    for door in wiring(settings).doors.values():
        lock_of(factory, door).close()
    factory.close()
