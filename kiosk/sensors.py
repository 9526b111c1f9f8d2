"""`kiosk sensors`: turns the appliances' buses into readings, or into the reason why there is none.

Each bus has a thread of its own, so that a dead one delays no other; what they read goes through one queue to the station.
"""

from __future__ import annotations

import logging
import queue
import signal
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Final

from hardware.dispenser import read_dispenser
from hardware.modbus import ModbusBus, ModbusError, Register
from hardware.onewire import OneWireError, read_temperature
from hardware.serial_line import SerialLine
from kiosk.local import Line, NotReachable, notify
from kiosk.settings import AnySensor, DispenserTable, ModbusTable, OneWireTable, Settings
from kiosk.wire import NotSensed, Sensed

log = logging.getLogger(__name__)

RETRY: Final = 1.0

Sensors = dict[str, AnySensor]
Tell = Callable[[Sensed | NotSensed], None]


def read_onewire(sensors: dict[str, OneWireTable], tell: Tell) -> None:
    """One round over the thermometers of a tree."""
    for name, table in sensors.items():
        try:
            tell(Sensed(name, read_temperature(table.device, Path(table.tree))))
        except OneWireError as error:
            tell(NotSensed(name, str(error)))


def read_modbus(sensors: dict[str, ModbusTable], tell: Tell) -> None:
    """One round over the registers on a line."""
    first = next(iter(sensors.values()))
    bus = ModbusBus(first.port, first.baud)
    try:
        for name, table in sensors.items():
            register = Register(
                table.device, table.address, table.words, table.order, table.function, table.scale, table.signed
            )
            try:
                tell(Sensed(name, bus.read(register)))
            except ModbusError as error:
                tell(NotSensed(name, str(error)))
    finally:
        bus.close()


def read_line(sensors: dict[str, DispenserTable], tell: Tell) -> None:
    """One question to a dispenser's controller, which answers all its keys."""
    first = next(iter(sensors.values()))
    try:
        with SerialLine(first.port, first.baud) as line:
            values = read_dispenser(line)
    except OSError:
        values, reason = None, "port_not_open"
    else:
        reason = "no_answer" if values is None else "no_such_key"
    for name, table in sensors.items():
        value = None if values is None else values.get(table.key)
        tell(NotSensed(name, reason) if value is None else Sensed(name, value))


def buses(sensors: Sensors) -> list[tuple[str, float, Callable[[Tell], None]]]:
    """For each bus: its name, the shortest interval that one of its sensors wants, and how to read a round of it."""
    onewire: dict[str, dict[str, OneWireTable]] = defaultdict(dict)
    modbus: dict[str, dict[str, ModbusTable]] = defaultdict(dict)
    lines: dict[str, dict[str, DispenserTable]] = defaultdict(dict)
    for name, table in sensors.items():
        match table:
            case OneWireTable():
                onewire[table.tree][name] = table
            case ModbusTable():
                modbus[table.port][name] = table
            case DispenserTable():
                lines[table.port][name] = table
    return [
        *((tree, _every(each), lambda tell, each=each: read_onewire(each, tell)) for tree, each in onewire.items()),
        *((port, _every(each), lambda tell, each=each: read_modbus(each, tell)) for port, each in modbus.items()),
        *((port, _every(each), lambda tell, each=each: read_line(each, tell)) for port, each in lines.items()),
    ]


def _every(sensors: dict[str, OneWireTable] | dict[str, ModbusTable] | dict[str, DispenserTable]) -> float:
    return min(table.every for table in sensors.values())


class Program:
    """The threads of the buses and the connection to the station."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.run / "sense.sock"
        self._buses = buses(settings.sensors)
        self._readings: queue.Queue[Sensed | NotSensed] = queue.Queue(maxsize=1000)
        self._stop = threading.Event()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        for name, every, read in self._buses:
            threading.Thread(target=self._poll, args=(every, read), name=name, daemon=True).start()
        notify("READY=1")
        while not self._stop.is_set():
            self._deliver()

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _poll(self, every: float, read: Callable[[Tell], None]) -> None:
        while not self._stop.is_set():
            read(self._tell)
            self._stop.wait(every)

    def _tell(self, message: Sensed | NotSensed) -> None:
        try:
            self._readings.put_nowait(message)
        except queue.Full:  # the station is away; the next round brings a newer value
            log.debug("dropped %s", message)

    def _deliver(self) -> None:
        """Send what is read until the connection breaks."""
        try:
            line = Line(self._path)
        except NotReachable as error:
            log.debug("%s", error)
            notify("WATCHDOG=1")
            self._stop.wait(RETRY)
            return
        log.info("connected to the station")
        try:
            while not self._stop.is_set():
                notify("WATCHDOG=1")
                with suppress(queue.Empty):
                    line.send(self._readings.get(timeout=RETRY))
                line.hung_up()  # for its word to restart; that it has gone, the next send tells
        except NotReachable as error:
            log.warning("the station has gone: %s", error)
        finally:
            line.close()


def run(settings: Settings) -> None:
    """Run the program until it is told to stop."""
    Program(settings).run()
