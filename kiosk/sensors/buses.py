"""The buses, each with its own devices: a round over one tells a reading, or the reason why there is none, for each sensor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

import msgspec

from hardware.border import ODD, Reason, good
from hardware.frames import BinaryFrames, Field, TextFrames, read_frame
from hardware.gps import Fix, NoFix, parse, tells_speed
from hardware.modbus import MOST_LATE, ModbusBus, ModbusError, Register
from hardware.onewire import OneWireError, read_temperature
from hardware.serial_line import SerialLine
from kiosk.settings import Settings
from kiosk.settings.appliances import (
    BinaryProtocol,
    GpsTable,
    LineTable,
    ModbusRelayTable,
    ModbusTable,
    OneWireTable,
    TextProtocol,
)
from kiosk.wire import Located, NotSensed, Sensed, SlotSeen, Trouble

T = TypeVar("T")

Told = Sensed | NotSensed | Located | SlotSeen | Trouble
Tell = Callable[[Told], None]

ATTEMPTS: Final = 3
"""For one value: a disturbed frame is asked for again at once."""

GPS: Final = "gps"
GPS_EVERY: Final = 2.0
GPS_WAIT: Final = 6.0
"""Seconds; receivers speak once a second, some once in five."""

AT_ONCE: Final = {"port_not_open", "device_refused", "out_of_range", "echo"}
"""Reasons that do not go away when it is asked again at once."""

DUMB: Final = {"no_answer", "echo"}
"""Reasons that hold for all that would be asked of a device."""

ROUND: Final = 30.0
"""Seconds that a round may take beside what its time-outs add up to."""


class Bus(Protocol):
    """One round over its devices; `patience`: seconds that one may take at the most.

    What its devices say or do is told; what a round raises all the same, nobody has thought of.
    """

    name: str
    patience: float

    @property
    def every(self) -> float:
        """Seconds between two rounds."""

    def round(self, tell: Tell) -> None:
        """Read everything once."""

    def close(self) -> None:
        """Give the port back."""


def tell_value(tell: Tell, name: str, value: float) -> None:
    """The one place where a value becomes a reading: one that is not finite is none."""
    tell(Sensed(name, value) if good(value) else NotSensed(name, "out_of_range"))


class OneWireTree:
    """The thermometers of a tree."""

    def __init__(self, tree: str, sensors: dict[str, OneWireTable]) -> None:
        self.name = tree
        self.every = min(table.every for table in sensors.values())
        self.patience = ROUND + 2.0 * len(sensors)
        self._sensors = sensors

    def round(self, tell: Tell) -> None:
        """Read each; the kernel converts while it is read, three quarters of a second."""
        for name, table in self._sensors.items():
            try:
                tell_value(tell, name, read_temperature(table.device, Path(table.tree)))
            except OneWireError as error:
                tell(NotSensed(name, str(error)))

    def close(self) -> None:
        """There is nothing to give back."""


class ModbusLine:
    """The registers and coils on a line. A device that did not answer is asked once a round until it does."""

    def __init__(
        self,
        port: str,
        sensors: dict[str, ModbusTable],
        relays: dict[str, ModbusRelayTable],
        wanted: dict[str, bool],
    ) -> None:
        """`wanted`: whether each relay's appliance shall have power; somebody else changes it."""
        tables: list[ModbusTable | ModbusRelayTable] = [*sensors.values(), *relays.values()]
        table = tables[0]
        self.name = port
        self.every = min((each.every for each in sensors.values()), default=10.0)
        self.patience = ROUND + len(tables) * ATTEMPTS * (2 * table.timeout + MOST_LATE)
        self._bus = ModbusBus(port, table.baud, table.parity, table.stop_bits, table.timeout, echo=table.echo)
        self._sensors, self._relays, self._wanted = sensors, relays, wanted
        self._away: set[int] = set()

    def round(self, tell: Tell) -> None:
        """Relays first: somebody may wait for the light. Each is asked and set in every round, whatever it said before."""
        for name, relay in self._relays.items():
            tell(Trouble(f"relay.{name}", self._try(relay.device, partial(self._set, name, relay))[1] or None))
        dumb: dict[int, str] = {}
        for name, table in self._sensors.items():
            if table.device in dumb:
                tell(NotSensed(name, dumb[table.device]))
                continue
            value, trouble = self._try(table.device, partial(self._bus.read, _register(table)))
            if trouble in DUMB:
                dumb[table.device] = trouble
            if value is None:
                tell(NotSensed(name, trouble))
            else:
                tell_value(tell, name, value)

    def _set(self, name: str, relay: ModbusRelayTable) -> None:
        on = self._wanted[name] is (relay.wiring == "normally_open")
        self._bus.set_coil(relay.device, relay.coil, on=on, read_back=relay.read_back)

    def close(self) -> None:
        """Give the port back."""
        self._bus.close()

    def _try(self, device: int, ask: Callable[[], T]) -> tuple[T | None, str]:
        """What is asked for, or why there is none."""
        trouble = ""
        for _ in range(1 if device in self._away else ATTEMPTS):
            try:
                found = ask()
            except ModbusError as error:
                trouble = str(error)
                if trouble in AT_ONCE:
                    break
            else:
                self._away.discard(device)
                return found, ""
        self._away.add(device)
        return None, trouble


def _register(table: ModbusTable) -> Register:
    return Register(table.device, table.address, table.words, table.order, table.function, table.scale, table.type)


class Port:
    """A serial port that is opened anew, by its path, when it has gone: after a replug another device may be behind it."""

    def __init__(self, path: str, baud: int) -> None:
        self._path, self._baud = path, baud
        self._line: SerialLine | None = None

    def line(self) -> SerialLine:
        """The open line. Raises what is ODD, mostly OSError."""
        if self._line is None:
            self._line = SerialLine(self._path, self._baud)
        return self._line

    def close(self) -> None:
        """Give the port back; the next use opens it."""
        if self._line is not None:
            with suppress(*ODD):
                self._line.close()
            self._line = None


class FramedLine:
    """A controller that tells all its values in one frame."""

    def __init__(self, port: str, frames: TextFrames | BinaryFrames, sensors: dict[str, LineTable]) -> None:
        self.name = port
        self.every = min(table.every for table in sensors.values())
        self.patience = ROUND
        self._port = Port(port, next(iter(sensors.values())).baud)
        self._frames = frames
        self._sensors = sensors

    def round(self, tell: Tell) -> None:
        """Get one frame; a controller that speaks by itself is heard from now on."""
        values, reason = self._values()
        for name, table in self._sensors.items():
            value = values.get(table.read)
            if value is None:
                tell(NotSensed(name, reason))
            else:
                tell_value(tell, name, value)

    def close(self) -> None:
        """Give the port back."""
        self._port.close()

    def _values(self) -> tuple[dict[str, float], Reason]:
        """What the frame has, and why it lacks what it has not."""
        try:
            line = self._port.line()
        except ODD:
            return {}, "port_not_open"
        try:
            line.forget()
            for _ in range(ATTEMPTS if self._frames.request else 1):
                if (values := read_frame(line, self._frames)) is not None:
                    return values, "no_such_key"
        except ODD:
            self.close()
        return {}, "no_answer"


@dataclass
class Heard:
    """What a receiver has told since it was last listened to."""

    fix: Fix | None = None
    lost: bool = False

    def newest(self, heard: bytes) -> Fix | None:
        """The newest fix that tells the speed; what is left to be wished for is kept. For :meth:`SerialLine.gather`."""
        *sentences, _ = heard.split(b"\n")
        for each in reversed(sentences):
            try:
                fix = parse(each)
            except NoFix:
                self.lost = True
                continue
            if fix is not None and tells_speed(each):
                return fix
            self.fix = fix or self.fix
        return None


class GpsLine:
    """A GPS receiver, which speaks by itself."""

    def __init__(self, table: GpsTable) -> None:
        self.name = table.port
        self.every = GPS_EVERY
        self.patience = ROUND
        self._port = Port(table.port, table.baud)

    def round(self, tell: Tell) -> None:
        """The next fix."""
        fix, reason = self._fix()
        tell(Trouble(GPS, None if fix else reason))
        if fix:
            tell(Located(fix.latitude, fix.longitude, fix.speed))

    def close(self) -> None:
        """Give the port back."""
        self._port.close()

    def _fix(self) -> tuple[Fix | None, Reason]:
        """Where it is, or why it does not say so. A receiver that tells no speed costs the whole wait."""
        try:
            line = self._port.line()
        except ODD:
            return None, "port_not_open"
        heard = Heard()
        try:
            line.forget()
            fix = line.gather(heard.newest, GPS_WAIT) or heard.fix
        except ODD:
            self.close()
            return None, "no_answer"
        return fix, "no_fix" if heard.lost else "no_answer"


def frames_of(protocol: TextProtocol | BinaryProtocol) -> TextFrames | BinaryFrames:
    """A protocol of the settings as the driver wants it."""
    if isinstance(protocol, TextProtocol):
        return TextFrames(**msgspec.structs.asdict(protocol))
    fields = {name: Field(**msgspec.structs.asdict(each)) for name, each in protocol.read.items()}
    ask = bytes.fromhex(protocol.ask or "")
    return BinaryFrames(bytes.fromhex(protocol.begin), protocol.length, fields, ask, protocol.check)


def buses(settings: Settings, wanted: dict[str, bool]) -> list[Bus]:
    """All buses that the settings name."""
    onewire: dict[str, dict[str, OneWireTable]] = defaultdict(dict)
    modbus: dict[str, dict[str, ModbusTable]] = defaultdict(dict)
    coils: dict[str, dict[str, ModbusRelayTable]] = defaultdict(dict)
    lines: dict[str, dict[str, LineTable]] = defaultdict(dict)
    for name, table in settings.sensors.items():
        match table:
            case OneWireTable():
                onewire[table.tree][name] = table
            case ModbusTable():
                modbus[table.port][name] = table
            case LineTable():
                lines[table.port][name] = table
            case _:
                pass  # on the Pi's own pins, which are the station's
    for name, relay in settings.relays.items():
        if isinstance(relay, ModbusRelayTable):
            coils[relay.port][name] = relay
    protocols = {
        name: each for name, each in settings.protocols.items() if isinstance(each, TextProtocol | BinaryProtocol)
    }
    return [
        *(OneWireTree(tree, each) for tree, each in onewire.items()),
        *(ModbusLine(port, modbus[port], coils[port], wanted) for port in dict.fromkeys([*modbus, *coils])),
        *(
            FramedLine(port, frames_of(protocols[next(iter(each.values())).protocol]), each)
            for port, each in lines.items()
        ),
        *([GpsLine(settings.gps)] if settings.gps else []),
    ]
