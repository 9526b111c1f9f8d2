"""An electric lock on one output pin."""

from __future__ import annotations

from gpiozero import DigitalOutputDevice
from gpiozero.pins.pi import PiFactory


class Lock:
    """A strike, bolt or magnet behind a relay.

    `fail_safe`: power locks it (a magnet), so that a power cut frees the door; otherwise power unlocks it. It starts
    without power whatever the wiring, in one request, so no wrong level ever shows.
    """

    def __init__(self, factory: PiFactory, pin: int, *, active_high: bool = True, fail_safe: bool = False) -> None:
        self._fail_safe = fail_safe
        self._relay = DigitalOutputDevice(pin, active_high=active_high, initial_value=False, pin_factory=factory)

    def set(self, *, unlocked: bool) -> None:
        """Release or secure the lock."""
        self._relay.value = unlocked != self._fail_safe

    @property
    def energised(self) -> bool:
        """Whether the relay has power now, as read back."""
        return bool(self._relay.value)

    def close(self) -> None:
        """Take the power away and give the pin back."""
        self._relay.off()
        self._relay.close()
