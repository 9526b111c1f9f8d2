"""A water dispenser's controller on a serial line: asked with `?`, it answers `$T=92.5,TDS=41,L=1203.4*5C`.

The two digits are the XOR of the characters between `$` and `*`, as in NMEA 0183.
"""

from __future__ import annotations

from functools import reduce
from operator import xor

from hardware.serial_line import SerialLine

ASK = b"?\n"


def read_dispenser(line: SerialLine, timeout: float = 1.0) -> dict[str, float] | None:
    """Ask for the values by their keys; None when no whole and correct answer comes in time."""
    line.ask(ASK)
    answer = line.read_line(timeout)
    return None if answer is None else parse(answer)


def parse(answer: bytes) -> dict[str, float] | None:
    """The values of one answer, or None when its frame, its checksum or a number is wrong."""
    body, star, sum_ = answer.removeprefix(b"$").partition(b"*")
    if not star or answer[:1] != b"$" or sum_.upper() != checksum(body):
        return None
    try:
        return {
            key: float(value) for key, _, value in (part.partition("=") for part in body.decode("ascii").split(","))
        }
    except ValueError:
        return None


def frame(values: dict[str, float]) -> bytes:
    """The answer that a controller gives."""
    body = ",".join(f"{key}={value:g}" for key, value in values.items()).encode("ascii")
    return b"$" + body + b"*" + checksum(body) + b"\r\n"


def checksum(body: bytes) -> bytes:
    """Two hexadecimal digits."""
    return b"%02X" % reduce(xor, body, 0)
