"""A GPS receiver: NMEA 0183 sentences on a serial line, parsed by pynmea2.

A right checksum only says that the line is good. What a fix needs is asked for field by field: receivers without a view of the
sky send *valid* with empty, zeroed or impossible fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import pynmea2

from hardware.border import ODD

MINUTES: Final = 60.0
KNOT: Final = 1852 / 3600
"""Metres a second."""

FASTEST: Final = 150.0
"""Metres a second: no station moves faster."""

LATITUDE: Final = re.compile(r"([0-9]{2})([0-9]{2}(?:\.[0-9]{0,10})?)")
LONGITUDE: Final = re.compile(r"([0-9]{3})([0-9]{2}(?:\.[0-9]{0,10})?)")
"""`ddmm.mmmm` and `dddmm.mmmm`."""

MODES: Final = {"", "A", "D", "F", "P", "R"}
"""Mode indicators of a real fix (NMEA 0183 V3.01); E is reckoned, M typed in, S simulated, N none. Old receivers tell none."""

QUALITIES: Final = {"1", "2", "3", "4", "5", "9"}
"""Likewise of a GGA sentence; 6 is reckoned, 7 typed in, 8 simulated, 0 none."""


@dataclass(frozen=True)
class Fix:
    """Degrees (WGS 84) and metres a second."""

    latitude: float
    longitude: float
    speed: float


class NoFix(Exception):
    """The receiver knows that it does not know where it is, or tells what is no place."""


def parse(sentence: bytes) -> Fix | None:
    """The fix in an RMC or GGA sentence; None for any other and for noise. Raises NoFix when there is none in it.

    A GGA sentence tells no speed: 0.
    """
    try:
        found = pynmea2.parse(sentence.decode("ascii").strip(), check=True)
        kind = found.sentence_type
    except ODD:  # ParseError is a ValueError; sentences without a type of their own have no such attribute
        return None
    if kind not in {"RMC", "GGA"}:
        return None
    try:
        return _fix(found, kind)
    except ODD as error:
        raise NoFix from error


def tells_speed(sentence: bytes) -> bool:
    """Whether it is an RMC sentence, which tells the speed, too."""
    return sentence.lstrip()[3:6] == b"RMC"


def _fix(found: Any, kind: str) -> Fix:
    """Raises NoFix, or whatever is ODD, when a field is not what it should be."""
    fields = [*found.data, *[""] * 12]
    if kind == "RMC":
        valid, place, knots = fields[1] == "A" and fields[11].strip() in MODES, fields[2:6], float(fields[6] or 0.0)
    else:
        valid, place, knots = fields[5] in QUALITIES, fields[1:5], 0.0
    latitude = _degrees(LATITUDE.fullmatch(place[0]), {"N": 1, "S": -1}[place[1]], 90)
    longitude = _degrees(LONGITUDE.fullmatch(place[2]), {"E": 1, "W": -1}[place[3]], 180)
    if not valid or not 0.0 <= knots * KNOT <= FASTEST:
        raise NoFix
    return Fix(latitude, longitude, knots * KNOT)


def _degrees(parts: re.Match[str] | None, side: int, most: int) -> float:
    if parts is None or float(parts[2]) >= MINUTES:
        raise NoFix
    value = int(parts[1]) + float(parts[2]) / MINUTES
    if value > most:
        raise NoFix
    return side * value
