"""Serial QR engines: boards with a camera and a decoder of their own, which send each code's text as a line.

The GM65 (and GM6x, GM7x) is asked and told by zones of memory: `7E 00 | type | length | address 2 | data | check 2`, answered
by `02 00 | 00 | length | data | check 2`, the check being CRC-CCITT (XMODEM) from the type on, or AB CD for "unchecked". Of
others, the E3000 family among them, what all share is used: lines, and a trigger that the manual gives and the settings repeat.
"""

from __future__ import annotations

import binascii
import re
from collections import deque
from time import monotonic
from typing import Final, Literal

from hardware.serial_line import SerialLine

Mode = Literal["continuous", "trigger"]

MAX_TEXT: Final = 4296
"""Characters: the most that a QR code can hold."""

CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")
"""What ends a text: CR, LF, Tab, ETX, whatever the engine is set to. STX, which begins one, is a control character, too."""

LINE_ENDS: Final = b"\t\r\n"
ENDS: Final = re.compile(rb"[\x00\x01\x03-\x1f\x7f]*")
"""All that may stand at an end. STX, 02, begins the next text, or an answer."""

SILENCE: Final = 0.15
"""Seconds that end a text of an engine without a line end; a byte at 1200 baud takes 0.008."""

BEGIN: Final = b"\x02"
LEAST: Final = 4
"""Characters of a text that silence ends: less is noise."""

MOST_BEFORE: Final = 8
"""Control characters kept of what stands before a text: a line that is broken says NUL without end."""

READ, WRITE = b"\x07", b"\x08"
WORKING_MODE: Final = 0x0000
TRIGGER: Final = 0x0002
SETTING_CODES: Final = 0x0003
MODE_BITS: Final = 0b11
MODES: Final[dict[Mode, int]] = {"trigger": 0b01, "continuous": 0b10}
SETTING_CODES_ON: Final = 0b11
"""Bit 0: printed setting codes are obeyed. Bit 1: their text is sent too."""

ANSWER: Final = b"\x02\x00\x00"
ANSWER_WITHIN: Final = 0.5
TRIES: Final = 3
MOST_ANSWERS: Final = 16
"""Answers kept that nobody has asked for."""

TRIGGER_EVERY: Final = 3.0
"""Seconds for which an engine looks when it is triggered, and after which it is triggered anew."""


class EngineTrouble(Exception):
    """The engine does not do what it was told; the text says what."""


class EngineInput:
    """Cuts what an engine sends into texts and answers; both bounded."""

    def __init__(self) -> None:
        self._data = b""
        self._before = b""
        self._dropping = False
        self.texts: deque[str] = deque()
        self.raw: deque[bytes] = deque()
        """Of each text all bytes, with those that stood around it."""
        self.answers: deque[bytes] = deque(maxlen=MOST_ANSWERS)

    def feed(self, data: bytes) -> None:
        """Take what has come."""
        self._data += data
        while self._cut():
            pass
        if len(self._data) > MAX_TEXT:
            self._data, self._dropping = b"", True

    def silence(self) -> None:
        """Nothing has come for a while: what stands there is a text, or noise that shall not spoil the next."""
        while self._data:
            if self._data.startswith(BEGIN):
                self._data = self._data[1:]  # the begin of an answer that does not end
                self.feed(b"")
            else:
                self._text(len(self._data), least=LEAST)
        self._before, self._dropping = b"", False

    def _cut(self) -> bool:
        """Cut one answer or text off the front; False when none is whole."""
        if ANSWER.startswith(self._data[: len(ANSWER)]) and self._data:
            return self._cut_answer()
        found = CONTROL.search(self._data)
        if found is None:
            return False
        self._text(found.start())
        return True

    def _cut_answer(self) -> bool:
        """What only begins like an answer may be noise before a text."""
        size = len(ANSWER) + 1 + self._data[len(ANSWER)] + 2 if len(self._data) > len(ANSWER) else 1 << 16
        if len(self._data) < size:
            return False
        answer = self._data[:size]
        if checked(answer[2:-2]) == answer[-2:]:
            self.answers.append(answer[len(ANSWER) + 1 : -2])
            self._data = self._data[size:]
        else:
            self._data = self._data[1:]
        return True

    def _text(self, size: int, least: int = 1) -> None:
        """Cut off a text of that size with all that stands at its end; only an end belongs to what stands before the next."""
        line, rest = self._data[:size], self._data[size:]
        begins = not line and rest.startswith(BEGIN)
        end = BEGIN if begins else ENDS.match(rest)[0]  # type: ignore[index]
        self._data = rest[len(end) :]
        if len(line) >= least and not self._dropping:
            self.texts.append(line.decode("ascii", errors="replace"))
            self.raw.append(self._before + line + end)
        self._before = b"" if line else (self._before + end.strip(LINE_ENDS))[-MOST_BEFORE:]
        self._dropping = False


class Engine:
    """An engine that sends lines by itself, or whenever it gets `trigger`."""

    def __init__(self, line: SerialLine, mode: Mode = "continuous", trigger: bytes = b"") -> None:
        self._line, self._input = line, EngineInput()
        self._mode, self._trigger = mode, trigger
        self._trigger_at, self._heard_at = 0.0, 0.0
        self.raw = b""
        """All bytes of the text that was read last."""

    def set_up(self) -> None:
        """Nothing is known of this engine that could be set."""

    def read(self, timeout: float) -> str | None:
        """The next code's text as it is, also with a blank at its end; None when none comes within `timeout` seconds."""
        deadline = monotonic() + timeout
        while not self._input.texts:
            if monotonic() >= deadline:
                return None
            if self._mode == "trigger" and monotonic() >= self._trigger_at:
                self._trigger_at = monotonic() + TRIGGER_EVERY
                self._line.write(self._trigger)
            self._hear()
        self._trigger_at = 0.0  # it stops looking at a code
        self.raw = self._input.raw.popleft()
        return self._input.texts.popleft()

    def _hear(self) -> None:
        """Take what comes. What came while nobody listened waits in the port, so that it is not taken for silence."""
        if data := self._line.read_some():
            self._input.feed(data)
            self._heard_at = monotonic()
        elif monotonic() - self._heard_at >= SILENCE:
            self._input.silence()


class Gm65(Engine):
    """A GM65, GM66, GM67 or GM73."""

    def __init__(self, line: SerialLine, mode: Mode = "continuous") -> None:
        super().__init__(line, mode, command(WRITE, TRIGGER, b"\x01"))

    def set_up(self) -> None:
        """Forbid printed setting codes, choose the mode, and check both. Raises EngineTrouble."""
        self._set_bits(SETTING_CODES, SETTING_CODES_ON, 0)
        self._set_bits(WORKING_MODE, MODE_BITS, MODES[self._mode])

    def _set_bits(self, zone: int, mask: int, bits: int) -> None:
        """Set these bits of a zone and read them back."""
        old = self._zone(zone)
        self._ask(command(WRITE, zone, bytes((old & ~mask | bits,))))
        if self._zone(zone) & mask != bits:
            raise EngineTrouble(
                f"the engine does not keep zone {zone:#06x}: strangers may reconfigure it by a printed code"
            )

    def _zone(self, zone: int) -> int:
        return self._ask(command(READ, zone, b"\x01"))[0]

    def _ask(self, request: bytes) -> bytes:
        """The answer's data. Raises EngineTrouble."""
        for _ in range(TRIES):
            self._input.answers.clear()
            self._line.write(request)
            deadline = monotonic() + ANSWER_WITHIN
            while monotonic() < deadline:
                self._input.feed(self._line.read_some())
                if self._input.answers and (data := self._input.answers.popleft()):
                    return data
        raise EngineTrouble("the engine does not answer: is it a GM65, at this speed?")


def command(kind: bytes, zone: int, data: bytes) -> bytes:
    """A command to a GM65; when reading, `data` is the number of zones."""
    body = kind + b"\x01" + zone.to_bytes(2, "big") + data
    return b"\x7e\x00" + body + checked(body)


def checked(body: bytes) -> bytes:
    """CRC-CCITT (XMODEM): polynomial 0x1021 from 0."""
    return binascii.crc_hqx(body, 0).to_bytes(2, "big")
