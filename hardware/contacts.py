"""Inputs that are a contact: door, exit button, fire release, tamper."""

from __future__ import annotations

from collections.abc import Callable
from time import CLOCK_BOOTTIME, clock_gettime

from gpiozero import DigitalInputDevice
from gpiozero.pins.pi import PiFactory

OnEdge = Callable[[str, bool, float], None]
"""Called with the input's name, whether it is active, and the boot time: from the pin library's own thread, where an
exception would end all later edges. So it may only queue."""


class Contact:
    """A dry contact to ground with the pin's pull-up. `active_low`: a closed contact counts as active."""

    def __init__(self, factory: PiFactory, name: str, pin: int, on_edge: OnEdge, *, active_low: bool = True) -> None:
        self.name = name
        self._active_low = active_low
        self._on_edge = on_edge
        self._input = DigitalInputDevice(pin, pull_up=True, pin_factory=factory)
        self._input.when_activated = self.tell
        self._input.when_deactivated = self.tell

    @property
    def active(self) -> bool:
        """The level at this moment, read from the pin."""
        return bool(self._input.value) == self._active_low

    def tell(self) -> None:
        """Report the level as it is: at start, and against missed edges."""
        self._on_edge(self.name, self.active, clock_gettime(CLOCK_BOOTTIME))

    def close(self) -> None:
        """Give the pin back."""
        self._input.close()
