"""QR readers that pretend to be a keyboard ("wedges"), by the kernel's input events (linux/input.h), grabbed for ourselves.

Without the grab a code that a stranger prints would be typed into whatever has the console, its line end included.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
from collections.abc import Iterable
from time import monotonic
from types import TracebackType
from typing import Final, NamedTuple, Self

from hardware.layouts import KEYPAD, LAYOUTS, LETTERS, Keys, Layout

EVIOCGRAB: Final = 0x40044590
"""_IOW('E', 0x90, int)."""

EVENT: Final = struct.Struct("llHHi")
"""struct input_event: two longs of time, type, code, value."""

EV_KEY: Final = 1
RELEASED, PRESSED = 0, 1
KEY_ENTER, KEY_KPENTER, KEY_TAB = 28, 96, 15
CAPS_LOCK: Final = 58
SHIFTS: Final = {42, 54}
CONTROLS: Final = {29, 97}
ALT: Final = 56
ENDS: Final = {KEY_ENTER, KEY_KPENTER, KEY_TAB}
MODIFIERS: Final = SHIFTS | CONTROLS | {ALT}
MAX_TEXT: Final = 4296
SILENCE: Final = 0.5
"""Seconds that end a text of a reader that sends no Enter; between two keys are hundredths."""

LEAST: Final = 4
"""Characters of a text that silence ends: less is somebody who leans on a key."""

MOST_DIGITS: Final = 4
"""Of a character's number behind Alt; 0089 and 89 are the same."""

PLAIN, SHIFTED = LAYOUTS["us"]
"""The layout which readers type unless told otherwise, and with Shift."""


class Stroke(NamedTuple):
    """A key by its place, and what was held with it; `letter`: what was typed as Alt and a number, in no layout."""

    code: int
    shift: bool = False
    caps: bool = False
    letter: str = ""


class Typing:
    """Turns key events into texts."""

    def __init__(self, layout: Layout = "us") -> None:
        self.strokes: tuple[Stroke, ...] = ()
        """Of the text that was ended last."""
        self._layout = layout
        self._typed: list[Stroke] = []
        self._held: set[int] = set()
        self._caps = False
        self._number = ""

    def key(self, code: int, value: int) -> str | None:
        """Take one key event; the text that it ended, if it did. One longer than a QR code can hold is dropped."""
        if code in MODIFIERS:
            self._held = self._held - {code} if value == RELEASED else self._held | {code}
            return self._numbered() if code == ALT and value == RELEASED else None
        if value != PRESSED:
            return None
        if code == CAPS_LOCK:
            self._caps = not self._caps
        elif ALT in self._held and code in KEYPAD:
            self._number = (self._number + KEYPAD[code])[: MOST_DIGITS + 1]
        elif code in ENDS or (self._held & CONTROLS and code in LETTERS):
            return self._end()  # Control and a letter are a control character
        else:
            self._take(Stroke(code, bool(self._held & SHIFTS), self._caps))
        return None

    def silence(self) -> str | None:
        """Nothing was typed for a while: what stands there is a text, or little enough to be none; nothing is held any more."""
        self._held.clear()
        self._number = ""
        text = self._end()
        return text if text and len(text) >= LEAST else None

    def _end(self) -> str | None:
        """The text that was typed so far, if it is one."""
        self.strokes, self._typed = tuple(self._typed), []
        text = spelt(self.strokes, self._layout)
        return text if 0 < len(text) <= MAX_TEXT else None

    def _numbered(self) -> str | None:
        """What Alt and a number on the keypad mean: a character, whatever the layout."""
        number, self._number = self._number, ""
        if not number or len(number) > MOST_DIGITS:
            return None
        if (letter := chr(int(number))) < " ":
            return self._end()
        self._take(Stroke(0, letter=letter))
        return None

    def _take(self, stroke: Stroke) -> None:
        if len(self._typed) <= MAX_TEXT:
            self._typed.append(stroke)


def spelt(strokes: Iterable[Stroke], layout: Layout) -> str:
    """What these strokes are in a layout.

    Caps Lock makes every letter a capital, also with Shift: some readers make up for it, and the others leave Shift out.
    """
    return "".join(_letter(stroke, *LAYOUTS[layout]) for stroke in strokes)


def _letter(stroke: Stroke, plain: Keys, shifted: Keys) -> str:
    letter = stroke.letter or (shifted if stroke.shift else plain).get(stroke.code, "")
    return letter.upper() if stroke.caps and letter.isascii() else letter


class Wedge:
    """The texts in a file of key events. Raises OSError when the reader is gone."""

    def __init__(self, file: int, layout: Layout = "us") -> None:
        self._file, self._typing = file, Typing(layout)
        self._texts: list[tuple[str, tuple[Stroke, ...]]] = []
        self._heard_at = 0.0
        self.strokes: tuple[Stroke, ...] = ()
        """Those of the text that was read last."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def read(self, timeout: float) -> str | None:
        """The next text; None when none is whole within about `timeout` seconds."""
        deadline = monotonic() + timeout
        while not self._texts:
            left = deadline - monotonic()
            if select.select([self._file], [], [], max(0.0, min(SILENCE, left)))[0]:
                self._hear()
            elif monotonic() - self._heard_at >= SILENCE:
                self._keep(self._typing.silence())
            if not self._texts and left <= 0:
                return None
        text, self.strokes = self._texts.pop(0)
        return text

    def _hear(self) -> None:
        data = os.read(self._file, 64 * EVENT.size)
        if not data:
            raise OSError("the reader is gone")
        self._heard_at = monotonic()
        for _, _, kind, code, value in EVENT.iter_unpack(data[: len(data) // EVENT.size * EVENT.size]):
            if kind == EV_KEY:
                self._keep(self._typing.key(code, value))

    def _keep(self, text: str | None) -> None:
        if text:
            self._texts.append((text, self._typing.strokes))


class Keyboard(Wedge):
    """An input device by its stable path, /dev/input/by-id/... . Raises OSError when it is gone, or somebody else holds it."""

    def __init__(self, device: str, layout: Layout = "us") -> None:
        file = os.open(device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.ioctl(file, EVIOCGRAB, 1)
        except OSError:
            os.close(file)
            raise
        super().__init__(file, layout)
