"""Lines from a serial port, bounded in time and length.

pyserial's own readline ignores its time-out while bytes drip in, so chunks are read and the lines are cut here.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Final, Self, TypeVar

import serial

T = TypeVar("T")

MAX_LINE: Final = 1024
CHUNK: Final = 256


class SerialLine:
    """An exclusively opened port. Raises OSError (serial.SerialException is one) when the device is gone."""

    def __init__(self, port: str, baud: int) -> None:
        self._port = serial.Serial(port, baud, timeout=0.1, write_timeout=1.0, exclusive=True)
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the port back."""
        self._port.close()

    def ask(self, request: bytes) -> None:
        """Write a request; older input is dropped, so that the next line answers it."""
        self.forget()
        self._port.write(request)

    def write(self, data: bytes) -> None:
        """Write, and keep what has come in."""
        self._port.write(data)

    def read_some(self) -> bytes:
        """What has come, CHUNK bytes at the most; empty when nothing comes within a tenth of a second."""
        found: bytes = self._port.read(max(1, min(CHUNK, self._port.in_waiting)))
        return found

    def read_line(self, timeout: float) -> bytes | None:
        """The next line without its end; None when none is whole within `timeout` seconds. Longer ones are cut off."""
        if self.gather(lambda heard: b"\n" in heard or None, timeout) is None:
            return None
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r")

    def gather(self, find: Callable[[bytes], T | None], timeout: float) -> T | None:
        """What `find` finds in the last MAX_LINE bytes; None when it finds nothing within `timeout` seconds."""
        deadline = monotonic() + timeout
        while (found := find(self._buffer)) is None:
            if monotonic() >= deadline:
                return None
            self._buffer = (self._buffer + self.read_some())[-MAX_LINE:]
        return found

    def forget(self) -> None:
        """Drop what has been heard so far, here and in the port."""
        self._port.reset_input_buffer()
        self._buffer = b""
