"""A relay on a pin that gives an appliance its power."""

from __future__ import annotations

from gpiozero import DigitalOutputDevice
from gpiozero.pins.pi import PiFactory


class Relay:
    """`normally_closed`: the appliance has power while the relay has none. It starts with the appliance on, in one request."""

    def __init__(self, factory: PiFactory, pin: int, *, active_high: bool = True, normally_closed: bool = True) -> None:
        self._normally_closed = normally_closed
        self._relay = DigitalOutputDevice(
            pin, active_high=active_high, initial_value=not normally_closed, pin_factory=factory
        )

    def set(self, *, on: bool) -> None:
        """Give the appliance power, or take it."""
        self._relay.value = on != self._normally_closed

    def close(self) -> None:
        """Leave the appliance on and give the pin back."""
        self.set(on=True)
        self._relay.close()
