r"""Text from outside, as a person may look at it: codes, names, faults and files come from strangers, and a terminal obeys.

What controls a terminal, turns the direction of reading, takes no room, or breaks a line, is shown as what it is: `\x1b`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

CONTROLS: Final = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode's controls, formats (bidi overrides, zero-width signs, tags), halves of pairs, and separators of lines."""

UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Letters and marks that are drawn as nothing (Unicode, Default_Ignorable_Code_Point)."""


def visible(text: str) -> str:
    """One line, in which everything can be seen."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(each) if _unseen(each) else each for each in text)


def visible_lines(text: str) -> str:
    """The same, but lines stay lines, and tabs tabs."""
    return re.sub(r"[^\n\t]+", lambda found: visible(found[0]), text)


def visible_json(text: str) -> str:
    """JSON that says the same, in which everything can be seen: it escapes some of them by itself, not all."""
    if text.isascii():
        return text.replace("\x7f", "\\u007f")
    return "".join(_surrogates(each) if _unseen(each) and each not in "\n\t" else each for each in text)


def escaped(text: str) -> str:
    """JSON that says the same in ASCII."""
    return "".join(each if each.isascii() else _surrogates(each) for each in text)


def _unseen(each: str) -> bool:
    return unicodedata.category(each) in CONTROLS or UNSEEN.match(each) is not None


def _escaped(each: str) -> str:
    number = ord(each)
    if each in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[each]
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _surrogates(each: str) -> str:
    data = each.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[at : at + 2].hex()}" for at in range(0, len(data), 2))
