"""A code's text: what may stand around it, and what one of ours looks like. No keys are needed for either."""

from __future__ import annotations

import re
from typing import Final

EDGES: Final = (
    "".join(filter(str.isspace, map(chr, range(0x3001))))
    + "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
    + "\ufeff\ufffe\ufffd\u2060\u200b\u200c\u200d\u200e\u200f"
    + "ï»¿ÿþ"
)
"""What may stand around a code: white space, control characters, byte order marks, also those that were read as Latin-1.

None of them ends a text of Base45: its last character is worth 32 at the most (RFC 9285, 4), and the blank is worth 36."""

MARK: Final = re.compile(r"YZ(?:[1-36]|E1):")
OURS: Final = re.compile(MARK.pattern + r"[0-9A-Z $%*+\-./:]{8,}")
"""A pass, what a phone shows of one, a slip, a medicine's release or an enrolment code, by its begin and its form."""


def bare(text: str) -> str:
    """The code without what stands around it: makers of codes and settings of readers add a blank, a line end, a BOM."""
    return text.strip(EDGES)


def unwrapped(text: str, prefix: str, suffix: str) -> str:
    """The code without what a reader adds to each, where it does; control characters need not be told in either.

    One of ours in small letters, as Caps Lock makes them, is in capitals.
    """
    code = bare(bare(text).removeprefix(bare(prefix)).removesuffix(bare(suffix)))
    return code.upper() if OURS.fullmatch(code.upper()) else code
