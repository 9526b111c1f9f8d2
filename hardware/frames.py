"""Controllers on serial lines that speak in frames: text such as `$T=92.5,TDS=41*1B`, or bytes of a fixed length.

What a frame looks like is told by its user; nothing here knows a product.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final

from hardware.serial_line import SerialLine

CRC_SEED: Final = 0xFFFF
CRC_POLYNOMIAL: Final = 0xA001
"""CRC-16/MODBUS, reflected (Modbus over Serial Line V1.02, 6.2.2)."""

NUMBER: Final = re.compile(
    r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?(nan|inf|infinity)", re.ASCII | re.IGNORECASE
)
"""A number as controllers print it. Python's float() takes more: `1_5`, and digits of other scripts. NaN and infinity are
told as they are: the value is absent, and the others of its frame are good."""

CHECK_SIZES: Final = {"none": 0, "xor": 1, "sum": 1, "crc16_modbus": 2}
"""Bytes that each kind of check takes."""


@dataclass(frozen=True)
class TextFrames:
    """`ask` is sent before each frame, which stands between `begin` and `end`: values, with names before `sign` or without.

    `check`: none, xor or sum, as two hexadecimal digits behind `check_after`, of what stands between `begin` and that.
    """

    ask: str = ""
    begin: str = ""
    end: str = "\n"
    between: str = ","
    sign: str = ""
    check: str = "none"
    check_after: str = "*"

    @property
    def request(self) -> bytes:
        """What is sent to get a frame."""
        return self.ask.encode("latin-1")

    def find(self, heard: bytes) -> dict[str, float] | None:
        """The values of the newest whole and right frame in what was heard; None where there is none."""
        *frames, _ = heard.split(self.end.encode("latin-1"))
        found = (self.parse(frame) for frame in reversed(frames))
        return next((values for values in found if values is not None), None)

    def parse(self, frame: bytes) -> dict[str, float] | None:
        """The values of one frame without its end, or None when its begin, its check or a number is wrong."""
        text = frame.decode("latin-1").strip("\r\n")
        text = text[text.rfind(self.begin) :] if self.begin and self.begin in text else text
        if not text.startswith(self.begin):
            return None
        body = text[len(self.begin) :]
        if self.check != "none":
            body, behind, digits = body.rpartition(self.check_after)
            if not behind or digits.upper() != _check_digits(self.check, body):
                return None
        return self._values(body)

    def frame(self, values: dict[str, float]) -> bytes:
        """The frame that a controller sends."""
        parts = [f"{name}{self.sign}{value:g}" if self.sign else f"{value:g}" for name, value in values.items()]
        body = self.between.join(parts)
        check = "" if self.check == "none" else f"{self.check_after}{_check_digits(self.check, body)}"
        return f"{self.begin}{body}{check}{self.end}".encode("latin-1")

    def _values(self, body: str) -> dict[str, float] | None:
        values = {}
        for place, part in enumerate(body.split(self.between), 1):
            name, _, value = part.rpartition(self.sign) if self.sign else (str(place), "", part)
            if not NUMBER.fullmatch(value.strip()):
                return None
            values[name] = float(value)
        return values


@dataclass(frozen=True)
class Field:
    """A number in a binary frame: at byte `at`, counted from the frame's first; value = raw x scale."""

    at: int
    size: int = 1
    order: str = "high_first"
    signed: bool = False
    scale: float = 1.0

    def value(self, frame: bytes) -> float:
        """What it is in this frame."""
        order = "big" if self.order == "high_first" else "little"
        raw = int.from_bytes(frame[self.at : self.at + self.size], order, signed=self.signed)  # type: ignore[arg-type]
        return round(raw * self.scale, 6)


@dataclass(frozen=True)
class BinaryFrames:
    """Frames of `length` bytes that begin with `begin` and end with their check: xor, sum (one byte) or crc16_modbus (two)."""

    begin: bytes
    length: int
    fields: dict[str, Field]
    request: bytes = b""
    check: str = "sum"

    def find(self, heard: bytes) -> dict[str, float] | None:
        """The values of the newest whole and right frame in what was heard; None where there is none."""
        at = heard.rfind(self.begin)
        while at >= 0:
            frame = heard[at : at + self.length]
            if len(frame) == self.length and self.right(frame):
                return {name: each.value(frame) for name, each in self.fields.items()}
            at = heard.rfind(self.begin, 0, at + len(self.begin) - 1)
        return None

    def right(self, frame: bytes) -> bool:
        """Whether the frame's end is the check of the bytes before it."""
        size = CHECK_SIZES[self.check]
        return frame.endswith(check_bytes(self.check, frame[: len(frame) - size]))

    def frame(self, body: bytes) -> bytes:
        """`begin` and the body, with their check."""
        return self.begin + body + check_bytes(self.check, self.begin + body)


def read_frame(line: SerialLine, frames: TextFrames | BinaryFrames, timeout: float = 1.0) -> dict[str, float] | None:
    """Ask, if the controller wants it, and wait for a right frame; None when none comes within `timeout` seconds."""
    if frames.request:
        line.ask(frames.request)
    return line.gather(frames.find, timeout)


def _check_digits(kind: str, body: str) -> str:
    return check_bytes(kind, body.encode("latin-1")).hex().upper()


def check_bytes(kind: str, data: bytes) -> bytes:
    """The check of these bytes, as it stands behind them."""
    number = {"none": lambda _: 0, "xor": xor_of, "sum": sum_of, "crc16_modbus": crc16}[kind](data)
    return number.to_bytes(CHECK_SIZES[kind], "little")


def xor_of(data: bytes) -> int:
    """All bytes, exclusive or."""
    return reduce(xor, data, 0)


def sum_of(data: bytes) -> int:
    """All bytes, added up; the lowest eight bits."""
    return sum(data) & 0xFF


def crc16(data: bytes) -> int:
    """CRC-16/MODBUS."""
    crc = CRC_SEED
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (CRC_POLYNOMIAL if crc & 1 else 0)
    return crc
