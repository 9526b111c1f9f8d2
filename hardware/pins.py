"""The pin factory: the kernel's pins, or simulated ones; always passed on explicitly.

gpiozero takes direction and level of an output in two steps, in which an active-low relay pulses (gpiozero PR #1177).
Both factories here take them in one.
"""

from __future__ import annotations

from collections.abc import Callable
from time import CLOCK_BOOTTIME, clock_gettime

from gpiozero.pins.mock import MockFactory, MockPin
from gpiozero.pins.pi import PiFactory, PiPin

Watcher = Callable[[int, bool, float], None]
"""Called with an output's number, its new physical level, and the boot time."""


class SimulatedPin(MockPin):
    """A mock pin with an atomic claim, whose output levels can be watched.

    Not modelled: currents, bounce, edges lost by the kernel, a level kept after the process has died.
    """

    def output_with_state(self, state: float) -> None:
        """Take direction and level at once."""
        self._function = "output"
        self._state = bool(state)
        self.clear_states()
        self._tell()

    def _change_state(self, value: float) -> bool:
        changed = bool(super()._change_state(value))
        if changed and self._function == "output":
            self._tell()
        return changed

    def _tell(self) -> None:
        self.factory.tell(self._number, bool(self._state))


class SimulatedFactory(MockFactory):
    """Simulated pins; `watch` is called for each change of an output."""

    def __init__(self) -> None:
        super().__init__(pin_class=SimulatedPin)
        self.watchers: list[Watcher] = []

    def tell(self, number: int, level: bool) -> None:
        """An output took this level."""
        now = clock_gettime(CLOCK_BOOTTIME)
        for watcher in list(self.watchers):
            watcher(number, level, now)


Start = Callable[[str, Callable[[], None]], None]
"""Calls a turn again and again in a thread of that name, until its program ends."""


def open_pins(backend: str, start: Start | None = None) -> PiFactory:
    """The factory for "simulated" or "gpio". Raises PinsUnavailable; it never falls back to another one.

    `start` gives the thread that tells edges; without it has one that its program does not watch over.
    """
    if backend == "simulated":
        return SimulatedFactory()
    from hardware.kernel_pins import open_header  # noqa: PLC0415  only where there are pins

    return open_header(start)


def number_of(pin: PiPin) -> int:
    """The BCM number of a pin."""
    return int(pin.info.name.removeprefix("GPIO"))
