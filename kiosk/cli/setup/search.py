"""What answers on the buses: thermometers, Modbus devices, GPS receivers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Final

from msgspec import Struct

from hardware.gps import NoFix, parse
from hardware.modbus import ModbusBus, ModbusError, Register
from hardware.onewire import OneWireError, read_temperature
from hardware.serial_line import SerialLine
from kiosk.settings.appliances import Profile, Quantity
from kiosk.settings.loading import load_as
from kiosk.settings.profiles import known
from kiosk.settings.table import BadSettings

TREE: Final = "sys/bus/w1/devices"
THERMOMETER: Final = "28-*"
"""The family of the DS18B20."""

PORTS: Final = "dev/serial/by-path/*"
ANSWERS_WITHIN: Final = 0.2
"""Seconds for one device: what is there answers within a tenth of that."""

MOST_IDS: Final = 10
"""Ids that are asked; devices come with 1."""

LISTEN: Final = 3.0
GPS_BAUD: Final = 9600


class Meter(Struct, frozen=True):
    """A Modbus device that answers as a profile says; the values of what it can be asked."""

    port: str
    device: int
    profile: str
    values: dict[str, tuple[float, str]]


def thermometers(root: Path) -> dict[str, float | None]:
    """Each DS18B20 that the kernel knows, and its degrees."""
    found: dict[str, float | None] = {}
    for folder in sorted((root / TREE).glob(THERMOMETER)):
        try:
            found[folder.name] = read_temperature(folder.name, root / TREE)
        except OneWireError:
            found[folder.name] = None
    return found


def ports(root: Path) -> list[str]:
    """Serial adapters, by the plug that they are in."""
    return ["/" + str(path.relative_to(root)) for path in sorted(root.glob(PORTS))]


def hears_gps(port: str, seconds: float = LISTEN) -> bool:
    """Whether a GPS receiver speaks there, with or without a view of the sky. Raises OSError."""
    deadline = monotonic() + seconds
    with SerialLine(port, GPS_BAUD) as line:
        while (left := deadline - monotonic()) > 0:
            heard = line.read_line(left)
            try:
                if heard and parse(heard) is not None:
                    return True
            except NoFix:
                return True
    return False


def meters(port: str, folder: Path, asked: Callable[[int], None] = lambda _count: None) -> Iterator[Meter]:
    """Every device on the line that answers as one of the profiles says. `asked`: told after each question."""
    taken: set[int] = set()
    for name, path in known(folder).items():
        try:
            profile = load_as(path, Profile)
        except BadSettings:
            continue
        if not profile.read:
            continue
        bus = ModbusBus(port, profile.baud, profile.parity, profile.stop_bits, ANSWERS_WITHIN)
        for device in range(1, MOST_IDS + 1):
            values = {} if device in taken else _values(bus, device, profile)
            asked(1)
            if values:
                taken.add(device)
                yield Meter(port, device, name, values)
        bus.close()


def count_of(folder: Path) -> int:
    """How many questions :func:`meters` asks."""
    return len(known(folder)) * MOST_IDS


def _values(bus: ModbusBus, device: int, profile: Profile) -> dict[str, tuple[float, str]]:
    """What the device tells of what is in the profile, up to what cannot be true."""
    found: dict[str, tuple[float, str]] = {}
    for name, quantity in profile.read.items():
        try:
            value = bus.read(_register(device, quantity, profile))
        except ModbusError:
            return found
        if not _fits(value, quantity):
            return found
        found[name] = (value, quantity.unit)
    return found


def _register(device: int, of: Quantity, profile: Profile) -> Register:
    order, function = of.order or profile.order, of.function or profile.function
    return Register(device, of.address, of.words, order, function, of.scale, of.type)


def _fits(value: float, of: Quantity) -> bool:
    return of.lowest <= value <= of.highest and value not in of.never
