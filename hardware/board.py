"""The board of one station: every door's lock, contacts and signals, and the fire input, on one pin factory."""

from __future__ import annotations

from dataclasses import dataclass, field

from gpiozero.pins.pi import PiFactory

from hardware.contacts import Contact, OnEdge
from hardware.lock import Lock
from hardware.signals import Signals


@dataclass(frozen=True)
class InputWiring:
    """A contact's BCM pin; `active_low`: pulled to ground when active."""

    pin: int
    active_low: bool = True


@dataclass(frozen=True)
class DoorWiring:
    """The BCM pins of one door. The contact is active while the door is *open*, the bolt while it is thrown."""

    lock: int
    lock_active_high: bool = True
    fail_safe: bool = False
    contact: InputWiring | None = None
    exit: InputWiring | None = None
    bolt: InputWiring | None = None
    signals: dict[str, int] = field(default_factory=dict)


class Board:
    """Holds every device for the life of the program: one dropped turns its pin into an input."""

    def __init__(
        self, factory: PiFactory, doors: dict[str, DoorWiring], station: dict[str, InputWiring], on_edge: OnEdge
    ) -> None:
        """`station`: the inputs that belong to no door, by name."""
        self._factory = factory
        self.locks = {name: _lock(factory, wiring) for name, wiring in doors.items()}
        self.signals = {name: Signals(factory, wiring.signals) for name, wiring in doors.items()}
        inputs = dict(station)
        for name, wiring in doors.items():
            inputs |= {
                f"{name}.{what}": found for what in ("contact", "exit", "bolt") if (found := getattr(wiring, what))
            }
        self.contacts = [
            Contact(factory, name, wiring.pin, on_edge, active_low=wiring.active_low) for name, wiring in inputs.items()
        ]

    def read_back(self) -> None:
        """Report every input's level."""
        for contact in self.contacts:
            contact.tell()

    def close(self) -> None:
        """Locks first lose their power, then all pins are given back."""
        for lock in self.locks.values():
            lock.close()
        for signals in self.signals.values():
            signals.close()
        for contact in self.contacts:
            contact.close()
        self._factory.close()


def _lock(factory: PiFactory, wiring: DoorWiring) -> Lock:
    return Lock(factory, wiring.lock, active_high=wiring.lock_active_high, fail_safe=wiring.fail_safe)
