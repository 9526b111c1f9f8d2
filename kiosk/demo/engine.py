"""A simulated GM65 on a pseudo-terminal: zones of memory, printed setting codes, continuous and triggered reading."""

from __future__ import annotations

import os
import select
import threading
from typing import Final

from hardware.qr_engine import MODE_BITS, MODES, READ, SETTING_CODES, TRIGGER, WORKING_MODE, WRITE, checked
from kiosk.demo.appliances import open_terminal

FACTORY: Final = {WORKING_MODE: 0b1101_0110 & ~MODE_BITS, TRIGGER: 0, SETTING_CODES: 0b11}
"""As it leaves the factory: read by its key, setting codes on."""

UNCHECKED: Final = b"\xab\xcd"
OBEYED: Final = 0b1
SETTING: Final = "SET "


class SimulatedEngine:
    """`port` is its serial port. `show` holds a code before it; a code `SET ZONE VALUE` stands for a printed setting code."""

    def __init__(self) -> None:
        self.zones = dict(FACTORY)
        self.stuck: set[int] = set()
        """Zones that a broken engine does not keep."""
        self._end, self.port = open_terminal()
        self._shown: list[str] = []
        self._lock = threading.Lock()
        self._woken, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def show(self, text: str) -> None:
        """Hold a code up; it is read at once, or when the engine is triggered next."""
        with self._lock:
            self._shown.append(text)
        os.write(self._waker, b"\0")

    def send(self, data: bytes) -> None:
        """Noise on the line."""
        os.write(self._end, data)

    def close(self) -> None:
        """Unplug it."""
        os.write(self._waker, b"x")
        self._thread.join(2.0)
        for end in (self._end, self._woken, self._waker):
            os.close(end)

    def _run(self) -> None:
        heard = b""
        while True:
            ready, _, _ = select.select([self._end, self._woken], [], [])
            if self._woken in ready and b"x" in os.read(self._woken, 64):
                return
            if self._end in ready:
                heard = self._obey(heard + os.read(self._end, 256))
            self._look()

    def _obey(self, heard: bytes) -> bytes:
        """Answer each whole command; what is left."""
        while (begin := heard.find(b"\x7e\x00")) >= 0 and len(heard) >= begin + 9:
            body, check = heard[begin + 2 : begin + 7], heard[begin + 7 : begin + 9]
            heard = heard[begin + 9 :]
            if check not in {checked(body), UNCHECKED}:
                continue
            kind, zone, value = body[:1], int.from_bytes(body[2:4], "big"), body[4]
            if kind == WRITE and zone not in self.stuck:
                self.zones[zone] = value
            if kind in {READ, WRITE}:
                answer = b"\x00\x01" + bytes((self.zones.get(zone, 0) if kind == READ else 0,))
                os.write(self._end, b"\x02\x00" + answer + checked(answer))
        return heard

    def _look(self) -> None:
        """Read what is held up, if the mode lets it."""
        mode = self.zones[WORKING_MODE] & MODE_BITS
        if mode != MODES["continuous"] and not (mode == MODES["trigger"] and self.zones[TRIGGER]):
            return
        with self._lock:
            shown, self._shown = self._shown, []
        for text in shown:
            self.zones[TRIGGER] = 0
            if text.startswith(SETTING) and self.zones[SETTING_CODES] & OBEYED:
                zone, value = map(int, text.removeprefix(SETTING).split())
                self.zones[zone] = value
            else:
                os.write(self._end, text.encode() + b"\r")
