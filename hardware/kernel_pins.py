"""gpiozero pins on the kernel's GPIO character device, by libgpiod 2 (the package `gpiod`).

gpiozero has no such factory. Its lgpio factory claims every line as an input before it makes it an output, so that a line
that a crash left driven, or an active-low relay, sees a wrong level at each start; here direction and level are one request.
"""

from __future__ import annotations

import errno
import logging
import os
import selectors
import struct
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import sleep
from typing import Any, Final

import gpiod
from gpiod.line import Bias, Direction, Edge, Value
from gpiozero import PinInvalidBounce, PinInvalidEdges, PinInvalidFunction, PinInvalidPull, PinSetInput, PinUnknownPi
from gpiozero.pins.local import LocalPiFactory, LocalPiPin
from gpiozero.pins.pi import PiBoardInfo

from hardware.pins import Start

CONSUMER: Final = "yizhan-kiosk"
"""What `gpioinfo` shows as the holder of our lines."""

HEADER_LABEL: Final = "pinctrl-"
"""The label of the 40-pin header's chip starts so on every Pi, whatever the number of its gpiochip."""

TURNS_AFTER: Final = 10.0
"""Seconds without an edge after which the thread turns all the same, to show that it lives."""

USUAL_BOARD: Final = 0xA02082
"""A Raspberry Pi 3B 1.2 (Raspberry Pi documentation, revision codes). Every board since the B+ has the same 40 pins."""

IDLE: Final = 0.2
BIAS: Final = {"up": Bias.PULL_UP, "down": Bias.PULL_DOWN, "floating": Bias.DISABLED}


log = logging.getLogger(__name__)


class PinsUnavailable(Exception):
    """The pins cannot be had; the text says which chip, why, and which command mends it."""


class KernelPin(LocalPiPin):
    """A line of the chip. It is left alone until it is first given a direction."""

    def __init__(self, factory: KernelFactory, info: Any) -> None:
        super().__init__(factory, info)
        self._request: gpiod.LineRequest | None = None
        self._function = "input"
        self._pull = "floating"
        self._detecting = False

    def close(self) -> None:
        """Give the line back as it is: the kernel keeps its level, or lets go of it with strict_gpiod."""
        if self._request is not None:
            self._disable_event_detect()
            self._request.release()
            self._request = None

    def output_with_state(self, state: float) -> None:
        """Take direction and level in one request."""
        self._function = "output"
        self._ask(gpiod.LineSettings(direction=Direction.OUTPUT, output_value=_value(state)))

    def input_with_pull(self, pull: str) -> None:
        """Take direction and pull in one request."""
        if pull not in BIAS:
            raise PinInvalidPull(f"no such pull: {pull}")
        self._function, self._pull = "input", pull
        edges = Edge.BOTH if self._detecting else Edge.NONE
        self._ask(gpiod.LineSettings(direction=Direction.INPUT, bias=BIAS[pull], edge_detection=edges))

    def _ask(self, settings: gpiod.LineSettings) -> None:
        if self._request is None:
            self._request = self.factory.request(self._number, settings)
        else:
            self._request.reconfigure_lines({self._number: settings})

    def _get_function(self) -> str:
        return self._function

    def _set_function(self, value: str) -> None:
        if value not in {"input", "output"}:
            raise PinInvalidFunction(f"no such function: {value}")
        self.input_with_pull(self._pull) if value == "input" else self.output_with_state(0)

    def _get_state(self) -> bool:
        return self._request is not None and bool(self._request.get_value(self._number) is Value.ACTIVE)

    def _set_state(self, value: float) -> None:
        if self._function == "input" or self._request is None:
            raise PinSetInput(f"cannot set the state of {self!r}: it is an input")
        self._request.set_value(self._number, _value(value))

    def _get_pull(self) -> str:
        return self._pull

    def _set_pull(self, value: str) -> None:
        self.input_with_pull(value)

    def _get_bounce(self) -> None:
        return None

    def _set_bounce(self, value: float | None) -> None:
        if value is not None:
            raise PinInvalidBounce("inputs are debounced in kiosk.core.door.inputs")

    def _get_edges(self) -> str:
        return "both"

    def _set_edges(self, value: str) -> None:
        if value != "both":
            raise PinInvalidEdges(f"every edge is told, not only {value}")

    def _enable_event_detect(self) -> None:
        self._detecting = True
        self.input_with_pull(self._pull)
        assert self._request is not None  # noqa: S101  for mypy
        self.factory.watch(self._request, self._changed)

    def _disable_event_detect(self) -> None:
        if self._detecting and self._request is not None:
            self.factory.forget(self._request)
        self._detecting = False

    def _changed(self) -> None:
        """Tell each edge that the kernel has queued, with its own time."""
        assert self._request is not None  # noqa: S101  for mypy
        with ExitStack() as stack:  # an edge that raises costs none of those behind it
            for event in reversed(self._request.read_edge_events()):
                rising = event.event_type is gpiod.EdgeEvent.Type.RISING_EDGE
                stack.callback(self._call_when_changed, event.timestamp_ns / 1e9, rising)


class KernelFactory(LocalPiFactory):
    """The lines of one chip. Edges are told from a thread of the factory's own."""

    def __init__(self, chip: Path, start: Start | None = None) -> None:
        super().__init__()
        self.pin_class = KernelPin
        self._chip = chip
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._open = True
        self._telling, self._turning = threading.Lock(), threading.Lock()
        (start or self._alone)("pins", self._turn)

    def _get_board_info(self) -> PiBoardInfo:
        """What is on the header. A board that does not tell its revision is taken for a usual one: only names are asked for."""
        try:
            return super()._get_board_info()
        except (PinUnknownPi, OSError, ValueError, struct.error) as error:
            log.warning("the board does not tell its revision (%s): taken for one with 40 pins", error)
            self._info = PiBoardInfo.from_revision(USUAL_BOARD)
            return self._info

    def request(self, line: int, settings: gpiod.LineSettings) -> gpiod.LineRequest:
        """Take a line. Raises PinsUnavailable, with its number and what to type."""
        try:
            return gpiod.request_lines(str(self._chip), consumer=CONSUMER, config={line: settings})
        except OSError as error:
            what = f"line {line} of {self._chip} is not to be had"
            raise PinsUnavailable(f"{what} ({error.strerror}); {_remedy(error)}") from error

    def watch(self, request: gpiod.LineRequest, changed: Callable[[], None]) -> None:
        """Call `changed` whenever the request has edges to read."""
        self._selector.register(request.fd, selectors.EVENT_READ, changed)
        os.write(self._waker, b"\0")

    def forget(self, request: gpiod.LineRequest) -> None:
        """No more calls for this request; none is under way when this returns."""
        with self._telling:
            self._selector.unregister(request.fd)

    def close(self) -> None:
        """Give every line back and end the thread."""
        super().close()
        if self._open:
            self._open = False
            os.write(self._waker, b"\0")
            with self._turning:
                self._selector.close()
                os.close(self._woken)
                os.close(self._waker)

    def _alone(self, name: str, turn: Callable[[], None]) -> None:
        """A thread that goes on in another one after what nobody thought of."""

        def turns() -> None:
            try:
                while self._open:
                    turn()
            finally:
                if self._open:
                    sleep(IDLE)
                    self._alone(name, turn)

        threading.Thread(target=turns, name=name, daemon=True).start()

    def _turn(self) -> None:
        """Wait for edges and tell them. What one pin's raise keeps no other's back, and none of the later ones."""
        if not self._open:
            sleep(IDLE)
            return
        with self._turning, ExitStack() as stack:
            for key, _ in self._selector.select(TURNS_AFTER):
                stack.callback(self._tell, key)

    def _tell(self, key: selectors.SelectorKey) -> None:
        with self._telling:
            if key.data is None:
                os.read(self._woken, 4096)
            elif key.fd in self._selector.get_map():  # it may have been forgotten meanwhile
                key.data()


def holders(pins: list[int]) -> dict[int, str]:
    """Who holds each of these lines of the header; empty for nobody. Raises PinsUnavailable."""
    path = header()
    try:
        with gpiod.Chip(str(path)) as chip:
            infos = {pin: chip.get_line_info(pin) for pin in pins}
    except OSError as error:
        raise PinsUnavailable(f"{path}: {error.strerror}") from error
    return {pin: info.consumer if info.used else "" for pin, info in infos.items()}


def open_header(start: Start | None = None) -> KernelFactory:
    """The lines of the 40-pin header; `start` gives the thread that tells edges. Raises PinsUnavailable."""
    return KernelFactory(header(), start)


def header() -> Path:
    """The chip of the 40-pin header. Raises PinsUnavailable."""
    return find_chip(sorted(Path("/dev").glob("gpiochip[0-9]*"), key=_number))


def label_of(chip: Path) -> str:
    """The chip's label. Raises OSError."""
    with gpiod.Chip(str(chip)) as opened:
        return str(opened.get_info().label)


def find_chip(chips: list[Path], label_of: Callable[[Path], str] = label_of, label: str = HEADER_LABEL) -> Path:
    """The chip whose label starts with `label`: its number differs between models and kernels. Raises PinsUnavailable."""
    if not chips:
        raise PinsUnavailable(
            "there is no /dev/gpiochip: this is no Raspberry Pi, or its kernel has no GPIO; "
            'for a trial set pins = "simulated" in the settings'
        )
    for chip in chips:
        try:
            if label_of(chip).startswith(label):
                return chip
        except OSError as error:
            raise PinsUnavailable(f"{chip} does not open ({error.strerror}); {_remedy(error)}") from error
    names = ", ".join(map(str, chips))
    raise PinsUnavailable(f"none of {names} has a label that starts with {label}; type: gpiodetect")


def _number(chip: Path) -> int:
    return int(chip.name.removeprefix("gpiochip"))


def _remedy(error: OSError) -> str:
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "this account may not use it; type: sudo usermod -aG gpio $USER"
    return "another program may hold it; type: gpioinfo"


def _value(state: float) -> Value:
    return Value.ACTIVE if state else Value.INACTIVE
