"""The board of one station on one pin factory: every door's lock, contacts and signals, the room's contacts and relays."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from gpiozero.pins.pi import PiFactory

from hardware.contacts import Contact, OnEdge
from hardware.lock import Lock
from hardware.pulses import Pulses
from hardware.relay import Relay
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


@dataclass(frozen=True)
class RelayWiring:
    """A relay's BCM pin. `normally_closed`: its appliance has power while the relay has none."""

    pin: int
    active_high: bool = True
    normally_closed: bool = True


@dataclass(frozen=True)
class PulseWiring:
    """A flow meter's BCM pin, and its pulses for one unit."""

    pin: int
    per_unit: float


@dataclass(frozen=True)
class Wiring:
    """All pins of a station, by what they belong to; `inputs` belong to no door."""

    doors: dict[str, DoorWiring]
    inputs: dict[str, InputWiring] = field(default_factory=dict)
    relays: dict[str, RelayWiring] = field(default_factory=dict)
    pulses: dict[str, PulseWiring] = field(default_factory=dict)


class Board:
    """Holds every device for the life of the program: one dropped turns its pin into an input."""

    def __init__(self, factory: PiFactory, wiring: Wiring, on_edge: OnEdge) -> None:
        self._factory = factory
        self.locks = {name: lock_of(factory, door) for name, door in wiring.doors.items()}
        self.signals = {name: Signals(factory, door.signals) for name, door in wiring.doors.items()}
        self.relays = {
            name: Relay(factory, each.pin, active_high=each.active_high, normally_closed=each.normally_closed)
            for name, each in wiring.relays.items()
        }
        self.pulses = {name: Pulses(factory, each.pin, each.per_unit) for name, each in wiring.pulses.items()}
        inputs = dict(wiring.inputs)
        for name, door in wiring.doors.items():
            inputs |= {
                f"{name}.{what}": found for what in ("contact", "exit", "bolt") if (found := getattr(door, what))
            }
        self.contacts = [
            Contact(factory, name, each.pin, on_edge, active_low=each.active_low) for name, each in inputs.items()
        ]

    def read_back(self) -> None:
        """Report every input's level."""
        for contact in self.contacts:
            contact.tell()

    def close(self) -> None:
        """Locks first lose their power, then all pins are given back; one that raises keeps no other."""
        others: tuple[Any, ...] = (*self.relays.values(), *self.signals.values(), *self.pulses.values(), *self.contacts)
        with ExitStack() as stack:
            stack.callback(self._factory.close)
            for each in reversed((*self.locks.values(), *others)):
                stack.callback(each.close)


def lock_of(factory: PiFactory, wiring: DoorWiring) -> Lock:
    """The lock of a door, without power."""
    return Lock(factory, wiring.lock, active_high=wiring.lock_active_high, fail_safe=wiring.fail_safe)
