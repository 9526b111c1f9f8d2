"""A terminal that cannot show everything: what it has no character for is replaced by something that can be read."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata
from typing import Final

READABLE: Final = "kiosk.readable"
LIKE: Final = {
    "✔": "+",
    "✘": "x",
    "→": "->",
    "…": "...",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "–": "-",
    "—": "-",
    "×": "x",
    "·": "-",
    "°": "deg ",
    "½": "1/2",
    "µ": "u",
    "μ": "u",
    "▀": "#",
    "✂": "x",
    "⇄": "<->",
    **dict(zip("▁▂▃▄▅▆▇█", "12345678", strict=True)),
}
"""For the signs that our verbs use. Of a block that stands for a height, the digit."""


def install() -> None:
    """No word of ours ends in a traceback because the locale's encoding has not all of Unicode (GBK, Latin 1)."""
    codecs.register_error(READABLE, _readable)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=READABLE)


def _readable(error: UnicodeError) -> tuple[str, int]:
    """Raises what it is given, unless it is a character that cannot be written."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_like(each) for each in error.object[error.start : error.end]), error.end


def _like(char: str) -> str:
    """What is nearest to a character of those that can be written; its number if nothing is."""
    for near in (LIKE.get(char, ""), unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()):
        if near:
            return near
    return char.encode("ascii", "backslashreplace").decode()
