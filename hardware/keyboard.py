"""QR readers that pretend to be a keyboard ("wedges"), by the kernel's input events (linux/input.h), grabbed for ourselves.

Without the grab a code that a stranger prints would be typed into whatever has the console, its line end included.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
from types import TracebackType
from typing import Final, Self

EVIOCGRAB: Final = 0x40044590
"""_IOW('E', 0x90, int)."""

EVENT: Final = struct.Struct("llHHi")
"""struct input_event: two longs of time, type, code, value."""

EV_KEY: Final = 1
RELEASED, PRESSED = 0, 1
KEY_ENTER, KEY_KPENTER, KEY_TAB = 28, 96, 15
SHIFTS: Final = {42, 54}
MAX_TEXT: Final = 4296
ROWS: Final = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
)
"""The US layout, which readers type unless told otherwise: the first key's code, the keys, and the keys with Shift."""

PLAIN: Final = {first + place: key for first, keys, _ in ROWS for place, key in enumerate(keys)}
SHIFTED: Final = {first + place: key for first, _, keys in ROWS for place, key in enumerate(keys)}


class Typing:
    """Turns key events into texts."""

    def __init__(self) -> None:
        self._text = ""
        self._shifts: set[int] = set()

    def key(self, code: int, value: int) -> str | None:
        """Take one key event; the text that it ended, if it did. One longer than a QR code can hold is dropped."""
        if code in SHIFTS:
            self._shifts = self._shifts - {code} if value == RELEASED else self._shifts | {code}
        elif value == PRESSED and code in {KEY_ENTER, KEY_KPENTER, KEY_TAB}:
            text, self._text = self._text, ""
            return text if 0 < len(text) <= MAX_TEXT else None
        elif value == PRESSED and len(self._text) <= MAX_TEXT:
            self._text += (SHIFTED if self._shifts else PLAIN).get(code, "")
        return None


class Keyboard:
    """An input device by its stable path, /dev/input/by-id/... . Raises OSError when it is gone, or somebody else holds it."""

    def __init__(self, device: str) -> None:
        self._file = os.open(device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._typing = Typing()
        self._texts: list[str] = []
        try:
            fcntl.ioctl(self._file, EVIOCGRAB, 1)
        except OSError:
            os.close(self._file)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def read(self, timeout: float) -> str | None:
        """The next text; None when none is whole within about `timeout` seconds."""
        if not self._texts and select.select([self._file], [], [], timeout)[0]:
            data = os.read(self._file, 64 * EVENT.size)
            if not data:
                raise OSError("the reader is gone")
            for _, _, kind, code, value in EVENT.iter_unpack(data[: len(data) // EVENT.size * EVENT.size]):
                if kind == EV_KEY and (text := self._typing.key(code, value)):
                    self._texts.append(text)
        return self._texts.pop(0) if self._texts else None
