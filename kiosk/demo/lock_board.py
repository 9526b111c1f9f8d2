"""A lock board with its cupboard, on a pseudo-terminal: the frames 8A and 80 of boards with 24 channels.

Its slots spring open when they are told to, and stay so until somebody shuts them. It is written from the public description of
the protocol, and shares nothing with the driver. Not modelled: bus timing, the lock's current, a bolt that half falls.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from functools import reduce
from operator import xor
from typing import Final

from kiosk.demo.appliances import open_terminal, write_what_fits

TURN: Final = 0.05
CHANNELS: Final = 24
FRAME: Final = 5
OPEN, ASK = 0x8A, 0x80
TELL, STATUS = 0x11, 0x33
JOINED, APART = 0x11, 0x00

Behaviour = Callable[[bytes], bytes]
"""What becomes of an answer on its way."""


class LockBoard:
    """`port` is its line's path; `open_slots`: those whose doors stand open; `moved`: those that it was told to open, in order.

    A feedback is joined while its slot is open. What is in `jammed` does not open. `behave` may be changed while it runs.
    """

    def __init__(self, address: int = 1) -> None:
        self.address = address
        self.open_slots: set[int] = set()
        self.jammed: set[int] = set()
        self.moved: list[int] = []
        self.behave: Behaviour = lambda answer: answer
        self._end, self.port = open_terminal()
        os.set_blocking(self._end, False)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lock board", daemon=True)
        self._thread.start()

    def shut(self, slot: int) -> None:
        """Somebody shuts the door of a slot."""
        self.open_slots.discard(slot)

    def close(self) -> None:
        """Take it off its line."""
        self._stop.set()
        self._thread.join(2.0)
        os.close(self._end)

    def _run(self) -> None:
        heard = b""
        while not self._stop.is_set():
            if not select.select([self._end], [], [], TURN)[0]:
                continue
            heard += os.read(self._end, 256)
            while len(heard) >= FRAME:
                if reduce(xor, heard[:FRAME]) or heard[0] not in {OPEN, ASK}:
                    heard = heard[1:]
                    continue
                frame, heard = heard[:FRAME], heard[FRAME:]
                if frame[1] == self.address and (answer := self._answer(frame)):
                    write_what_fits(self._end, self.behave(answer))

    def _answer(self, frame: bytes) -> bytes:
        command, _address, slot, what = frame[:4]
        if command == OPEN and what == TELL and 1 <= slot <= CHANNELS:
            self.moved.append(slot)
            if slot not in self.jammed:
                self.open_slots.add(slot)
            return self._checked(OPEN, slot, JOINED if slot in self.open_slots else APART)
        if command == ASK and what == STATUS and slot == 0:
            bits = sum(1 << each - 1 for each in self.open_slots)
            return self._checked(ASK, *bits.to_bytes(4, "big"), STATUS)
        if command == ASK and what == STATUS:
            return self._checked(ASK, slot, JOINED if slot in self.open_slots else APART)
        return b""

    def _checked(self, command: int, *data: int) -> bytes:
        body = bytes((command, self.address, *data))
        return body + bytes((reduce(xor, body),))
