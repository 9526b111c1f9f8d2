"""DS18B20 thermometers through the kernel's 1-Wire tree; no library is needed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from hardware.border import ODD, Reason

TREE: Final = Path("/sys/bus/w1/devices")
POWER_ON: Final = 85.0
"""Degrees that the chip holds before its first conversion (Maxim DS18B20 data sheet, table 1)."""

THOUSANDTHS: Final = re.compile(rb"\s*(-?[0-9]{1,6})\s*")
"""What the kernel writes, in thousandths of a degree (Documentation/w1/slaves/w1_therm.rst)."""

RAW: Final = re.compile(rb"((?:[0-9a-f]{2} ){9}): crc=[0-9a-f]{2} (YES|NO)\n(?:[0-9a-f]{2} ){9}t=(-?[0-9]{1,6})\s*")
"""`w1_slave`: the nine bytes that came, whether their checksum is right, and the kernel's thousandths."""

NO_CHIP: Final = bytes(9)
"""A bus that is shorted to ground. Its checksum is right, and the kernel makes 0 degrees of it."""

DS18B20: Final = "28-"
NOT_CONVERTED: Final = (b"\x50\x05", b"\xff\x07")
STALE: Final = 0x0C
"""The seventh byte of a DS18B20 that holds 85 or 127.94 degrees without having measured them: it was without power, or had
too little of it (drivers/w1/slaves/w1_therm.c of the kernel, at W1_THERM_CHECK_RESULT)."""

MEASURES: Final = (-55.0, 125.0)
"""Degrees that a DS18B20 can measure (its data sheet, 1)."""

MOST: Final = 512
"""Bytes that are read of a file of the tree."""


class OneWireError(Exception):
    """No temperature; the text is a short reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)


def read_temperature(device: str, tree: Path = TREE) -> float:
    """Degrees Celsius of the device, e.g. `28-0316a27900ff`. Raises OneWireError with the reason, and nothing else.

    The kernel's own number is not enough: it makes one of whatever came with a right checksum.
    """
    folder = tree / device
    try:
        raw = _read(folder / "w1_slave")
        value = _of_raw(raw, device) if raw is not None else _of_number(_read(folder / "temperature"))
    except ODD as error:
        raise OneWireError("bus_error") from error
    if device.startswith(DS18B20) and not MEASURES[0] <= value <= MEASURES[1]:
        raise OneWireError("out_of_range")
    return value


def _of_raw(text: bytes, device: str) -> float:
    found = RAW.fullmatch(text)
    if found is None or found[2] != b"YES":
        raise OneWireError("bus_error")
    scratchpad = bytes.fromhex(found[1].decode())
    if scratchpad == NO_CHIP:
        raise OneWireError("bus_error")
    if device.startswith(DS18B20) and scratchpad.startswith(NOT_CONVERTED) and scratchpad[6] == STALE:
        raise OneWireError("power_on_value")
    return int(found[3]) / 1000


def _of_number(text: bytes | None) -> float:
    """Of a tree without raw bytes."""
    if text is None:
        raise OneWireError("not_connected")
    found = THOUSANDTHS.fullmatch(text)
    if found is None:
        raise OneWireError("bus_error")
    return int(found[1]) / 1000


def _read(path: Path) -> bytes | None:
    """None where there is no such file. Raises what is ODD."""
    try:
        with path.open("rb") as file:
            return file.read(MOST)
    except FileNotFoundError:
        return None
