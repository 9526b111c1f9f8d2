"""Test support: devices that misbehave on an RS-485 line, each a function from a request's bytes to an answer's.

Not modelled: the bits' own timing. What one end writes, the other has at once.
"""

from __future__ import annotations

import os
import random
import select
import threading
from collections.abc import Callable
from contextlib import suppress

from hardware.frames import crc16
from kiosk.demo.appliances import open_terminal

REQUEST = 8
"""Bytes of a request for registers."""

Behaviour = Callable[[bytes], bytes]


def answer(device: int, *registers: int, function: int = 4) -> bytes:
    """A right answer."""
    data = b"".join(each.to_bytes(2, "big") for each in registers)
    body = bytes((device, function, len(data))) + data
    return body + crc16(body).to_bytes(2, "little")


def honest(value: int) -> Behaviour:
    return lambda request: answer(request[0], *[value] * int.from_bytes(request[4:6], "big"))


def noisy(value: int, part: float) -> Behaviour:
    """In that part of its answers a bit is turned over."""
    chance = random.Random(2)  # noqa: S311  the same every time

    def behave(request: bytes) -> bytes:
        right = bytearray(honest(value)(request))
        if chance.random() < part:
            right[chance.randrange(len(right))] ^= 1 << chance.randrange(8)
        return bytes(right)

    return behave


class Slave:
    """Behaves on a line of its own until it is closed. `flood`: what it says all the time, whether asked or not."""

    def __init__(self, behave: Behaviour, flood: bytes = b"") -> None:
        self.requests = 0
        self._behave, self._flood = behave, flood
        self._end, self.port = open_terminal()
        os.set_blocking(self._end, False)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5.0)
        os.close(self._end)

    def _run(self) -> None:
        heard = b""
        while not self._stop.is_set():
            ready, _, _ = select.select([self._end], [], [], 0.002)
            if ready:
                heard += os.read(self._end, 256)
            while len(heard) >= REQUEST:
                request, heard = heard[:REQUEST], heard[REQUEST:]
                self.requests += 1
                self._say(self._behave(request))
            self._say(self._flood)

    def _say(self, data: bytes) -> None:
        with suppress(BlockingIOError):
            os.write(self._end, data)
