"""DS18B20 thermometers through the kernel's 1-Wire tree; no library is needed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from hardware.border import ODD

TREE: Final = Path("/sys/bus/w1/devices")
POWER_ON: Final = 85.0
"""Degrees that the chip holds before its first conversion (Maxim DS18B20 data sheet, table 1): a value like any other here."""

THOUSANDTHS: Final = re.compile(rb"\s*(-?[0-9]{1,6})\s*")
"""What the kernel writes, in thousandths of a degree (Documentation/w1/slaves/w1_therm.rst)."""

NO_CHIP: Final = re.compile(rb"(00 ){9}")
"""A scratchpad of zeros: a bus that is shorted to ground. Its checksum is right, and the kernel makes 0 degrees of it."""

MOST: Final = 512
"""Bytes that are read of a file of the tree."""


class OneWireError(Exception):
    """No temperature; the text is a short reason."""


def read_temperature(device: str, tree: Path = TREE) -> float:
    """Degrees Celsius of the device, e.g. `28-0316a27900ff`. Raises OneWireError with the reason, and nothing else."""
    try:
        text = _read(tree / device / "temperature")
    except FileNotFoundError as error:
        raise OneWireError("not_connected") from error
    except ODD as error:
        raise OneWireError("bus_error") from error
    found = THOUSANDTHS.fullmatch(text)
    if found is None or (int(found[1]) == 0 and _scratchpad_is_empty(tree / device)):
        raise OneWireError("bus_error")
    return int(found[1]) / 1000


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST)


def _scratchpad_is_empty(folder: Path) -> bool:
    """The kernel tells the raw bytes in `w1_slave`; an older tree may lack it."""
    try:
        return NO_CHIP.match(_read(folder / "w1_slave")) is not None
    except ODD:
        return False
