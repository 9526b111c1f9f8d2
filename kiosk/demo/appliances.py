"""The appliances of a simulated station, at the wire: a 1-Wire tree, Modbus devices, a dispenser and a GPS on pseudo-terminals.

Not modelled: bus timing, RS-485 turn-around, electrical noise.
"""

from __future__ import annotations

import asyncio
import os
import threading
import tty
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final

import pynmea2
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from hardware.frames import TextFrames
from kiosk.demo.model import HOUR, Model
from kiosk.demo.tour import KNOT, STANDING, Tour, in_minutes

FRIDGE: Final = "28-0316a27900ff"
METER, TRANSMITTER, RELAYS = 1, 2, 3
"""Device ids on the RS-485 line."""

DISPENSER: Final = TextFrames(ask="?\n", begin="$", end="\r\n", between=",", sign="=", check="xor")
SPEED: Final = 60.0
"""A minute passes in a second, so that a short demo shows changes."""

TURN: Final = 0.25
MORNING: Final = 8 * HOUR


class Appliances:
    """Everything that `kiosk sensors` reads in the demo. `line`, `dispenser` and `gps` are the ports' paths."""

    def __init__(self, folder: Path, tour: Tour = STANDING) -> None:
        self.model, self._tour = Model(MORNING), tour
        self._lock, self._stop, self._unplugged = threading.Lock(), threading.Event(), threading.Event()
        self._values = self.model.read()
        self.tree = folder / "w1"
        self._thermometer = self.tree / FRIDGE / "temperature"
        self._thermometer.parent.mkdir(parents=True)
        self._dispenser, self.dispenser = open_terminal()
        self._gps, self.gps = open_terminal()
        self._line = ModbusLine(self.read)
        self.line = self._line.port
        self._write_temperature()
        self._threads = [
            threading.Thread(target=work, name=work.__name__, daemon=True)
            for work in (self._run_model, self._run_dispenser, self._run_gps)
        ]
        for thread in self._threads:
            thread.start()

    def read(self) -> dict[str, float]:
        """What the sensors tell now."""
        with self._lock:
            return dict(self._values)

    @property
    def coils(self) -> list[bool]:
        """The relay board's outputs."""
        return self._line.coils

    def unplug_fridge(self) -> None:
        """Pull the thermometer off its bus, as the kernel shows it: its folder is gone."""
        self._unplugged.set()
        with self._lock:
            self._thermometer.unlink()
            self._thermometer.parent.rmdir()

    def close(self) -> None:
        """Unplug everything."""
        self._stop.set()
        self._threads[0].join(2.0)
        self._threads[2].join(2.0)
        self._line.close()
        os.close(self._dispenser)
        os.close(self._gps)

    def _write_temperature(self) -> None:
        beside = self._thermometer.with_suffix(".new")
        beside.write_text(f"{round(self._values['fridge'] * 1000)}\n")
        beside.replace(self._thermometer)

    def _run_model(self) -> None:
        while not self._stop.wait(TURN):
            with self._lock:
                self.model.advance(TURN * SPEED)
                self._values = self.model.read()
                if not self._unplugged.is_set():
                    self._write_temperature()

    def _run_dispenser(self) -> None:
        asked = b""
        while not self._stop.is_set():
            try:
                asked = (asked + os.read(self._dispenser, 256))[-256:]
                while DISPENSER.request in asked:
                    asked = asked.partition(DISPENSER.request)[2]
                    now = self.read()
                    told = {"T": now["water"], "TDS": now["tds"], "L": now["litres"], "F": now["filter"]}
                    os.write(self._dispenser, DISPENSER.frame(told))
            except OSError:
                return

    def _run_gps(self) -> None:
        began = monotonic()
        while not self._stop.wait(1.0):
            write_what_fits(self._gps, told_by(self._tour.at(monotonic() - began)))


def told_by(fix: tuple[float, float, float] | None) -> bytes:
    """What a receiver says that is there, and so fast; or that it does not know where it is."""
    if fix is None:
        return sentence("V", in_minutes(0.0, 0.0), 0.0)
    latitude, longitude, speed = fix
    return sentence("A", in_minutes(latitude, longitude), speed / KNOT)


def sentence(status: str, place: str, knots: float) -> bytes:
    """An RMC sentence of NMEA 0183, as a receiver sends it; `place` in its own notation."""
    told = pynmea2.RMC(
        "GN", "RMC", ("081836.00", status, *place.split(","), f"{knots:.1f}", "0.0", "010826", "", "", "A")
    )
    return f"{told}\r\n".encode()


def write_what_fits(end: int, data: bytes) -> None:
    """Write to a terminal that perhaps nobody reads: what does not fit is lost, as on a wire."""
    os.set_blocking(end, False)
    try:
        os.write(end, data)
    except OSError:
        return


class ModbusLine:
    """An RS-485 line with pymodbus as its slaves, on a pseudo-terminal: a PZEM-016, an XY-MD02 and a relay board."""

    def __init__(self, read: Callable[[], dict[str, float]]) -> None:
        self._read = read
        self.coils = [False] * 8
        near, self.port = open_terminal()
        far, server_port = open_terminal()
        self._ends = (near, far)
        self._loop = asyncio.new_event_loop()
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=_pump, args=(source, sink), name="RS-485", daemon=True).start()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(server_port,), name="slaves", daemon=True)
        self._thread.start()
        self._started.wait(5.0)

    def close(self) -> None:
        """Take it off the line."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(2.0)
        for end in self._ends:
            os.close(end)

    def _serve(self, port: str) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._run(port))
        self._loop.close()

    async def _run(self, port: str) -> None:
        self._stopped = asyncio.Event()
        meter = SimData(0, values=[2301, 512, 0, 350, 0, 17, 0, 500, 98, 0], datatype=DataType.REGISTERS)
        transmitter = SimData(0, values=[0, 264, 557], datatype=DataType.REGISTERS)
        relays = SimData(0, values=[0], datatype=DataType.REGISTERS)
        devices = [
            SimDevice(METER, simdata=[meter], action=self._meter),
            SimDevice(TRANSMITTER, simdata=[transmitter], action=self._transmitter),
            SimDevice(RELAYS, simdata=[relays], use_bit_addressing=True, action=self._relays),
        ]
        server = ModbusSerialServer(devices, port=port, baudrate=9600)
        await server.serve_forever(background=True)
        self._started.set()
        await self._stopped.wait()
        await server.shutdown()  # type: ignore[no-untyped-call]

    async def _meter(self, _f: int, _s: int, _address: int, _count: int, current: list[int], _set: object) -> None:
        tenths = round(self._read()["air_conditioner"] * 10)
        current[3], current[4] = tenths & 0xFFFF, tenths >> 16

    async def _transmitter(
        self, _f: int, _s: int, _address: int, _count: int, current: list[int], _set: object
    ) -> None:
        now = self._read()
        current[1], current[2] = round(now["room"] * 10) & 0xFFFF, round(now["humidity"] * 10)

    async def _relays(self, _f: int, _s: int, address: int, _count: int, _current: list[int], values: object) -> None:
        if isinstance(values, list):
            for place, value in enumerate(values):
                self.coils[address + place] = bool(value)


def open_terminal() -> tuple[int, str]:
    """A pseudo-terminal in raw mode: our end's descriptor, and the path of the device's end.

    The device's end stays open here too: were the program under test its only holder, its going would break our end.
    """
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    return ours, os.ttyname(theirs)


def _pump(source: int, sink: int) -> None:
    try:
        while data := os.read(source, 256):
            os.write(sink, data)
    except OSError:
        return
