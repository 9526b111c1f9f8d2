"""Where in a TOML text each value stands, so that one can be changed and every other byte stays as it is.

The text must be TOML already (tomllib has read it): what is found here of any other is worth nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from kiosk.settings.table import Path

BLANK: Final = re.compile(r"[ \t]*")
BLANKS: Final = re.compile(r"(?:[\s,]|#[^\n]*)*")
"""Between the values of a list or an inline table, comments among them."""

PART: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
KEY: Final = re.compile(rf"{PART}(?:[ \t]*\.[ \t]*{PART})*")
PARTS: Final = re.compile(PART)
HEADER: Final = re.compile(rf"\[{{1,2}}[ \t]*({KEY.pattern})[ \t]*\]{{1,2}}")
EQUALS: Final = re.compile(r"[ \t]*=[ \t]*")
STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'", re.DOTALL
)
BARE: Final = re.compile(r"[^\s,\]}#]+(?: \d\d:[^\s,\]}#]+)?")
"""Numbers, dates (a space may stand before the time), true and false."""


@dataclass
class Places:
    """Values: from where to where, as offsets. Tables: where what belongs to them begins, and ends with its last value."""

    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    tables: dict[Path, tuple[int, int]] = field(default_factory=dict)
    inline: set[Path] = field(default_factory=set)
    dotted: dict[Path, tuple[Path, int]] = field(default_factory=dict)
    """Tables that dotted keys make: under which header the last of them stands, and where it ends."""


def places(text: str) -> Places:
    """Of every value and table in the text."""
    found, at, table = Places(), 1 if text.startswith("\ufeff") else 0, Path()
    found.tables[table] = (at, at)
    while at < len(text):
        at = _after(BLANK, text, at)
        if header := HEADER.match(text, at):
            table = _path(header[1])
            found.tables.setdefault(table, (at, header.end()))
            at = header.end()
        elif key := KEY.match(text, at):
            at = _pair(text, at, table, found)
            path = (*table, *_path(key[0]))
            found.dotted |= {path[:count]: (table, at) for count in range(len(table) + 1, len(path))}
            found.tables[table] = (found.tables[table][0], at)
        at = (text.find("\n", at) + 1) or len(text)
    return found


def _pair(text: str, at: int, table: Path, found: Places) -> int:
    """Note a key and its value, which begin here; where the value ends."""
    key = KEY.match(text, at)
    assert key is not None  # noqa: S101  whoever calls has seen one
    path = (*table, *_path(key[0]))
    begins = _after(EQUALS, text, key.end())
    ends = _value(text, begins, path, found)
    found.values[path] = (begins, ends)
    return ends


def _value(text: str, at: int, path: Path, found: Places) -> int:
    """Where the value that begins here ends; what is in it is noted, too."""
    if text[at] == "[":
        return _list(text, at)
    if text[at] == "{":
        found.inline.add(path)
        at = _after(BLANKS, text, at + 1)
        while text[at] != "}":
            at = _after(BLANKS, text, _pair(text, at, path, found))
        return at + 1
    string = STRING.match(text, at) or BARE.match(text, at)
    return string.end() if string else at + 1


def _list(text: str, at: int) -> int:
    at = _after(BLANKS, text, at + 1)
    while text[at] != "]":
        at = _after(BLANKS, text, _value(text, at, Path(), Places()))
    return at + 1


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _path(dotted: str) -> Path:
    """Keys in double quotes are taken literally: the settings have no name with an escape in it."""
    return tuple(part.strip("\"'") for part in PARTS.findall(dotted))
