"""The appliances of a simulated station, at the wire: a 1-Wire tree, a Modbus meter and a dispenser on pseudo-terminals.

Not modelled: bus timing, RS-485 turn-around, electrical noise.
"""

from __future__ import annotations

import asyncio
import math
import os
import threading
import tty
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final

from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from hardware.dispenser import ASK, frame

FRIDGE: Final = "28-0316a27900ff"
METER_DEVICE: Final = 1
METER_REGISTERS: Final = 10
DUTY: Final = 24.0
"""Seconds of one cycle of the compressors: fast, so that a short demo shows changes."""


class Appliances:
    """Everything that `kiosk sensors` reads in the demo. `ports` names the pseudo-terminals of meter and dispenser."""

    def __init__(self, folder: Path) -> None:
        self._began = monotonic()
        self._stop, self._unplugged = threading.Event(), threading.Event()
        self.tree = folder / "w1"
        self._thermometer = self.tree / FRIDGE / "temperature"
        self._thermometer.parent.mkdir(parents=True)
        self._dispenser, self.dispenser_port = open_terminal()
        self._meter = ModbusMeter(self.power)
        self.meter_port = self._meter.port
        self._write_temperature()
        self._fridge = threading.Thread(target=self._run_fridge, name="fridge", daemon=True)
        self._fridge.start()
        threading.Thread(target=self._run_dispenser, name="dispenser", daemon=True).start()

    def power(self) -> float:
        """Watts of the air conditioner: its compressor runs for half of each cycle."""
        return 1180.0 if self._phase() % 1.0 < 0.5 else 35.0

    def temperature(self) -> float:
        """Degrees Celsius in the fridge."""
        return 4.5 + 1.5 * math.sin(2 * math.pi * self._phase())

    def unplug_fridge(self) -> None:
        """Pull the thermometer off its bus, as the kernel shows it: its folder is gone."""
        self._unplugged.set()
        self._fridge.join(2.0)
        self._thermometer.unlink()
        self._thermometer.parent.rmdir()

    def close(self) -> None:
        """Unplug everything."""
        self._stop.set()
        self._unplugged.set()
        self._meter.close()
        os.close(self._dispenser)

    def _phase(self) -> float:
        return (monotonic() - self._began) / DUTY

    def _write_temperature(self) -> None:
        beside = self._thermometer.with_suffix(".new")
        beside.write_text(f"{round(self.temperature() * 1000)}\n")
        beside.replace(self._thermometer)

    def _run_fridge(self) -> None:
        while not self._unplugged.wait(0.5):
            self._write_temperature()

    def _run_dispenser(self) -> None:
        asked = b""
        while not self._stop.is_set():
            try:
                asked = (asked + os.read(self._dispenser, 256))[-256:]
                while ASK in asked:
                    asked = asked.partition(ASK)[2]
                    water = 91.0 + 3.0 * math.sin(2 * math.pi * self._phase())
                    os.write(self._dispenser, frame({"T": round(water, 1), "TDS": 41, "L": 1203.4}))
            except OSError:
                return


class ModbusMeter:
    """A PZEM-016 energy meter: pymodbus as the slave, on a pseudo-terminal, its power in registers 3 and 4, low word first."""

    def __init__(self, power: Callable[[], float]) -> None:
        self._power = power
        near, self.port = open_terminal()
        far, server_port = open_terminal()
        self._ends = (near, far)
        self._loop = asyncio.new_event_loop()
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=_pump, args=(source, sink), name="RS-485", daemon=True).start()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(server_port,), name="meter", daemon=True)
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
        registers = SimData(0, values=[2301, 512, 0, 350, 0, 17, 0, 500, 98, 0], datatype=DataType.REGISTERS)
        device = SimDevice(METER_DEVICE, simdata=[registers], action=self._answer)
        server = ModbusSerialServer(device, port=port, baudrate=9600)
        await server.serve_forever(background=True)
        self._started.set()
        await self._stopped.wait()
        await server.shutdown()  # type: ignore[no-untyped-call]

    async def _answer(
        self, _function: int, _start: int, address: int, _count: int, current: list[int], _set: object
    ) -> None:
        del address
        tenths = round(self._power() * 10)
        current[3], current[4] = tenths & 0xFFFF, tenths >> 16


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
