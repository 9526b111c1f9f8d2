"""The pin factory: the Pi's own pins through lgpio, or simulated ones; always passed on explicitly.

gpiozero takes direction and level of an output in two steps, in which an active-low relay pulses (gpiozero PR #1177).
Both factories here take them in one.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import CLOCK_BOOTTIME, clock_gettime
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin
from gpiozero.pins.pi import PiFactory, PiPin

HEADER_LABEL = "pinctrl-"
"""The label of the 40-pin header's chip starts so on every Pi, whatever the number of its gpiochip."""

Watcher = Callable[[int, bool, float], None]
"""Called with an output's number, its new physical level, and the boot time."""


class PinsUnavailable(Exception):
    """The pins cannot be had; the text says which chip, why, and which command mends it."""


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


def open_pins(backend: str) -> PiFactory:
    """The factory for "simulated" or "gpio". Raises PinsUnavailable; it never falls back to another one."""
    return SimulatedFactory() if backend == "simulated" else _open_header()


def _open_header() -> PiFactory:
    os.environ.setdefault("LG_WD", tempfile.gettempdir())  # it makes a FIFO where it is imported (gpiozero#1106)
    try:
        import lgpio  # noqa: PLC0415  only a Pi has it
        from gpiozero.pins.lgpio import LGPIOFactory, LGPIOPin  # noqa: PLC0415
    except ImportError as error:
        raise PinsUnavailable(f"lgpio is not installed ({error}); type: sudo apt-get install python3-lgpio") from error
    chip = find_chip(lgpio)

    class AtomicPin(LGPIOPin):
        """An lgpio pin that claims an output with its level."""

        def __init__(self, factory: PiFactory, info: Any) -> None:
            try:
                super().__init__(factory, info)
            except lgpio.error as error:
                line = f"line {info.name.removeprefix('GPIO')} of /dev/gpiochip{chip}"
                raise PinsUnavailable(f"{line} is not to be had ({error}); type: gpioinfo") from error

        def output_with_state(self, state: float) -> None:
            lgpio.gpio_claim_output(self.factory._handle, self._number, int(bool(state)))  # noqa: SLF001

    try:
        factory: PiFactory = LGPIOFactory(chip=chip)
    except lgpio.error as error:
        raise PinsUnavailable(f"/dev/gpiochip{chip} does not open ({error}); {_remedy(chip)}") from error
    factory.pin_class = AtomicPin
    return factory


def find_chip(lgpio: Any, label: str = HEADER_LABEL, folder: Path = Path("/dev")) -> int:
    """The number of the chip whose label starts with `label`: it differs between models and kernels."""
    numbers = sorted(int(path.name.removeprefix("gpiochip")) for path in folder.glob("gpiochip[0-9]*"))
    if not numbers:
        raise PinsUnavailable(
            "there is no /dev/gpiochip: this is no Raspberry Pi, or its kernel has no GPIO; "
            'for a trial set pins = "simulated" in the settings'
        )
    for number in numbers:
        if _label(lgpio, number).startswith(label):
            return number
    raise PinsUnavailable(f"none of /dev/gpiochip{numbers} has a label that starts with {label}; type: gpiodetect")


def _label(lgpio: Any, number: int) -> str:
    try:
        handle = lgpio.gpiochip_open(number)
    except lgpio.error as error:
        raise PinsUnavailable(f"/dev/gpiochip{number} does not open ({error}); {_remedy(number)}") from error
    try:
        return str(lgpio.gpio_get_chip_info(handle)[3])
    finally:
        lgpio.gpiochip_close(handle)


def _remedy(chip: int) -> str:
    if os.access(f"/dev/gpiochip{chip}", os.R_OK | os.W_OK):
        return "another program may hold it; type: gpioinfo"
    return "this account may not use it; type: sudo usermod -aG gpio $USER"


def number_of(pin: PiPin) -> int:
    """The BCM number of a pin."""
    return int(pin.info.name.removeprefix("GPIO"))
