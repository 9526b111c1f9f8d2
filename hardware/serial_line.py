"""Lines from a serial port, bounded in time and length.

pyserial's own readline ignores its time-out while bytes drip in, so chunks are read and the lines are cut here.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Final, Self, TypeVar

import serial

from hardware.border import ODD, as_os_error

T = TypeVar("T")

MAX_LINE: Final = 1024
CHUNK: Final = 256
POLL: Final = 0.05
"""Seconds for which the port is waited for in one turn."""

GRACE: Final = 0.1
"""Seconds beyond a time-out in which what is coming may end."""


class SerialLine:
    """An exclusively opened port. Every method raises OSError, and nothing else, when the device is gone or odd."""

    def __init__(self, port: str, baud: int, parity: str = "N", stop_bits: int = 1) -> None:
        self._buffer = b""
        with as_os_error():
            self._port = serial.Serial(
                port, baud, parity=parity, stopbits=stop_bits, timeout=POLL, write_timeout=1.0, exclusive=True
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the port back."""
        with as_os_error():
            self._port.close()

    def ask(self, request: bytes) -> None:
        """Write a request; older input is dropped, so that the next line answers it."""
        self.forget()
        self.write(request)

    def write(self, data: bytes) -> None:
        """Write, and keep what has come in."""
        with as_os_error():
            self._port.write(data)

    def read_some(self) -> bytes:
        """What has come, CHUNK bytes at the most; empty when nothing comes within POLL."""
        with as_os_error():
            found: bytes = self._port.read(max(1, min(CHUNK, self._port.in_waiting)))
        return found

    def read_line(self, timeout: float) -> bytes | None:
        """The next line without its end; None when none is whole within `timeout` seconds. Longer ones are cut off."""
        if self.gather(lambda heard: b"\n" in heard or None, timeout) is None:
            return None
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r")

    def gather(self, find: Callable[[bytes], T | None], timeout: float) -> T | None:
        """What `find` finds in the last MAX_LINE bytes; None when it finds nothing within `timeout` seconds.

        What has begun to come by then may end.
        """
        deadline, came = monotonic() + timeout, b""
        while (found := find(self._buffer)) is None:
            if monotonic() >= deadline + (GRACE if came else 0.0):
                return None
            came = self.read_some()
            self._buffer = (self._buffer + came)[-MAX_LINE:]
        return found

    @property
    def heard(self) -> bytes:
        """What was gathered last."""
        return self._buffer

    def throw_away(self, until: float) -> None:
        """Listen until this moment of the monotonic clock, and keep nothing of what is heard."""
        while monotonic() < until:
            self.read_some()
        self._buffer = b""

    def forget(self) -> None:
        """Drop what has been heard so far, here and in the port."""
        with as_os_error():
            self._port.reset_input_buffer()
        self._buffer = b""


def give_back(line: SerialLine | None) -> None:
    """Close a port that may not be open, and whose device may have gone."""
    with suppress(*ODD):
        if line is not None:
            line.close()
