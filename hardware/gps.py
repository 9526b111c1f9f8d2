"""A GPS receiver: NMEA 0183 sentences on a serial line, parsed by pynmea2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pynmea2

KNOT: Final = 1852 / 3600
"""Metres a second."""


@dataclass(frozen=True)
class Fix:
    """Degrees (WGS 84) and metres a second."""

    latitude: float
    longitude: float
    speed: float


class NoFix(Exception):
    """The receiver knows that it does not know where it is."""


def parse(sentence: bytes) -> Fix | None:
    """The fix in an RMC sentence; None for any other and for noise. Raises NoFix when the receiver has none."""
    try:
        found = pynmea2.parse(sentence.decode("ascii").strip(), check=True)
    except (pynmea2.ParseError, UnicodeDecodeError, ValueError):
        return None
    if found.sentence_type != "RMC":
        return None
    try:
        if found.status != "A":
            raise NoFix
        return Fix(found.latitude, found.longitude, float(found.spd_over_grnd or 0.0) * KNOT)
    except (ValueError, TypeError, AttributeError):  # a right checksum over a field that is no number
        return None
