"""Photographs from phones: each is made anew, small, and without what it tells of place, time and device."""

from __future__ import annotations

import io
import math
import struct
import threading
import warnings
from typing import Final

from PIL import Image, ImageOps

from kiosk.decoding import UNDECODABLE

MOST_BYTES: Final = 8 * 1024 * 1024
"""Of what a phone sends."""

MOST_PIXELS: Final = 16_000_000
"""Of what must be unpacked whole: 64 MB, and as much again while it is made smaller."""

MOST_BY_PARTS: Final = 50_000_000
"""Of a JPEG that is not progressive: it is unpacked at a half, a quarter or an eighth, row by row."""

LONGEST_SIDE: Final = 1280
QUALITY: Final = 80
FORMATS: Final = ("JPEG", "PNG", "WEBP")
"""That are decoded at all: Pillow knows forty."""

BROKEN: Final = (*UNDECODABLE, OSError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError)
"""What Pillow raises for a file that is no picture, or half of one."""


AT_WORK: Final = threading.BoundedSemaphore(1)
"""One at a time in a process, whoever sent them: so much memory is taken once."""


class NoPhoto(ValueError):
    """It is no photograph that can be taken."""


SMALLER: Final = ((LONGEST_SIDE, QUALITY), (LONGEST_SIDE, 60), (1024, 60), (800, 50), (640, 40), (480, 30))
"""Sides and qualities that are tried in this order."""


def made_small(raw: bytes, most: int) -> bytes:
    """The same of so many bytes at the most, smaller and coarser until it is. Raises NoPhoto."""
    for side, quality in SMALLER:
        found = made_anew(raw, side, quality)
        if len(found) <= most:
            return found
    raise NoPhoto


def made_anew(raw: bytes, side: int = LONGEST_SIDE, quality: int = QUALITY) -> bytes:
    """A JPEG of at most 1,280 pixels a side, with nothing in it but the picture. Raises NoPhoto."""
    if len(raw) > MOST_BYTES:
        raise NoPhoto
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow finds odd in strangers' files
            with AT_WORK:
                return _small(raw, side, quality)
    except BROKEN as error:
        raise NoPhoto from error


def _small(raw: bytes, side: int, quality: int) -> bytes:
    with Image.open(io.BytesIO(raw), formats=FORMATS) as found:
        by_parts = found.format == "JPEG" and "progressive" not in found.info
        if found.width * found.height > (MOST_BY_PARTS if by_parts else MOST_PIXELS):
            raise NoPhoto
        times = max(1.0, max(found.size) / side)
        found.draft("RGB", (math.ceil(found.width / times), math.ceil(found.height / times)))
        small = found if found.mode == "RGB" else found.convert("RGB")
        small.thumbnail((side, side))
        upright = ImageOps.exif_transpose(small)
    clean = Image.new("RGB", upright.size)
    clean.paste(upright)
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
