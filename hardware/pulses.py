"""A flow meter that pulls a pin to ground for each bit of a litre."""

from __future__ import annotations

from gpiozero import DigitalInputDevice
from gpiozero.pins.pi import PiFactory


class Pulses:
    """Counts them from now on, in the pin library's own thread. `per_unit` pulses are one unit."""

    def __init__(self, factory: PiFactory, pin: int, per_unit: float) -> None:
        self._per_unit = per_unit
        self._count = 0
        self._input = DigitalInputDevice(pin, pull_up=True, pin_factory=factory)
        self._input.when_activated = self._pulse

    @property
    def total(self) -> float:
        """Units so far."""
        return self._count / self._per_unit

    def close(self) -> None:
        """Give the pin back."""
        self._input.close()

    def _pulse(self) -> None:
        self._count += 1
