"""A slip: a piece of paper that gives one ballot, and is nobody's. In its code is a serial and nothing else.

`YZ3:` and the Base45 (RFC 9285) of 16 random bytes: 28 characters of the alphanumeric mode of a QR code, which are version 2 at
level Q. A poll does not list serials but the beginnings of their SHA-256, so who has the poll can make no slip.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from base45 import b45decode, b45encode

from kiosk.trust.codes import bare

PREFIX: Final = "YZ3:"
SERIAL: Final = 16
"""Random bytes of a serial."""

DIGEST: Final = 16
"""Bytes of a serial's SHA-256 that a poll lists."""

TEXT: Final = re.compile(re.escape(PREFIX) + r"[0-9A-Z $%*+\-./:]{24}")


def slip_text(serial: bytes) -> str:
    """What is in the code of a slip."""
    text: str = b45encode(serial).decode("ascii")
    return PREFIX + text


def serial_in(text: str) -> bytes | None:
    """The serial of a slip that a reader has read; None for anything else. Of one serial there is one text."""
    code = bare(text)
    if not TEXT.fullmatch(code):
        return None
    try:
        serial: bytes = b45decode(code.removeprefix(PREFIX).encode())
    except ValueError:
        return None
    return serial


def digest_of(serial: bytes) -> bytes:
    """What a poll lists of a slip, and what of it is burnt."""
    return hashlib.sha256(serial).digest()[:DIGEST]
