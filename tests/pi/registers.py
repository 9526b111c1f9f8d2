"""What the GPIO block of a Raspberry Pi was told, write by write: what drives each pin at every instant.

Its registers (BCM2835 ARM Peripherals, 6.1) have three bits of function for each pin, one bit to set it and one to clear it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

BLOCK: Final = 0x3F200000
SELECT, SET, CLEAR, LEVEL = 0x00, 0x1C, 0x28, 0x34
OUTPUT: Final = 1
WRITE: Final = re.compile(
    r"@(\d+\.\d+):memory_region_ops_write .* addr 0x([\da-f]+) value 0x([\da-f]+) .*'bcm2835_gpio'"
)
"""As QEMU traces a write to the block, with the host's time."""


class Write(NamedTuple):
    """A value that was written to a register of the block, `at` seconds since 1970."""

    at: float
    register: int
    value: int


def writes(lines: Iterable[str]) -> Iterator[Write]:
    """The writes in QEMU's trace."""
    for line in lines:
        if found := WRITE.search(line):
            yield Write(float(found[1]), int(found[2], 16) - BLOCK, int(found[3], 16))


def driven(found: Iterable[Write], pin: int) -> list[tuple[float, int | None]]:
    """Each change of what drives the pin, from its time on: 0 or 1, or None while it is no output, as it is at power-on."""
    function, latch = 0, 0
    changes: list[tuple[float, int | None]] = []
    for at, register, value in found:
        if register == SELECT + pin // 10 * 4:
            function = value >> pin % 10 * 3 & 7
        elif register == SET + pin // 32 * 4:
            latch |= value >> pin % 32 & 1
        elif register == CLEAR + pin // 32 * 4:
            latch &= ~(value >> pin % 32 & 1)
        now = latch if function == OUTPUT else None
        if now != (changes[-1][1] if changes else None):
            changes.append((at, now))
    return changes
