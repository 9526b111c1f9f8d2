"""DS18B20 thermometers through the kernel's 1-Wire tree; no library is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

TREE: Final = Path("/sys/bus/w1/devices")
POWER_ON: Final = 85.0
"""Degrees that the chip holds before its first conversion (Maxim DS18B20 data sheet, table 1): a value like any other here."""


class OneWireError(Exception):
    """No temperature; the text is a short reason."""


def read_temperature(device: str, tree: Path = TREE) -> float:
    """Degrees Celsius of the device, e.g. `28-0316a27900ff`. Raises OneWireError with the reason."""
    try:
        text = (tree / device / "temperature").read_text().strip()
    except FileNotFoundError as error:
        raise OneWireError("not_connected") from error
    except OSError as error:
        raise OneWireError("bus_error") from error
    try:
        return int(text) / 1000
    except ValueError as error:
        raise OneWireError("bus_error") from error
