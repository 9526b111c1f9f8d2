"""The border to devices: what a driver's library raises for whatever a device says or does is absence, with a reason."""

from __future__ import annotations

import errno
import math
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

Reason = Literal[
    "port_not_open",
    "no_answer",
    "wrong_answer",
    "device_refused",
    "echo",
    "no_such_key",
    "not_connected",
    "bus_error",
    "power_on_value",
    "out_of_range",
    "no_fix",
]
"""Why a device gives no value; docs/hardware.md says what to look at for each."""

ODD: Final = (
    OSError,
    EOFError,
    termios.error,
    struct.error,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    AssertionError,
    BufferError,
    MemoryError,
)
"""All that a driver's library raises for a device. `termios.error` is no OSError: tcflush on an adapter that was pulled.
pyserial has a TypeError for a port that was closed meanwhile. UnicodeDecodeError and binascii.Error are ValueErrors,
RecursionError is a RuntimeError."""

MOST_WORDS: Final = 120


@contextmanager
def as_os_error() -> Iterator[None]:
    """Within this block whatever is ODD becomes an OSError, the one kind that a user of a port has to know."""
    try:
        yield
    except OSError:
        raise
    except ODD as error:
        raise OSError(errno.EIO, f"{type(error).__name__}: {error}"[:MOST_WORDS]) from error


def good(value: float) -> bool:
    """Whether it is a number: NaN and infinity are what devices tell when they have none."""
    return math.isfinite(value)
