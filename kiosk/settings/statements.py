"""Where the statements of a TOML file stand: the lines of its tables and keys, by their full names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kiosk.settings.table import Path as Key

NAME: Final = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
DOTTED: Final = rf"{NAME}(?:\s*\.\s*{NAME})*"
HEADER: Final = re.compile(rf"\s*(\[\[?)\s*({DOTTED})\s*\]+\s*(?:#.*)?$")
ASSIGNED: Final = re.compile(rf"\s*({DOTTED})\s*=")


def begins(line: str) -> bool:
    """Whether a statement begins with this line, as far as a line alone can tell."""
    return bool(HEADER.match(line) or ASSIGNED.match(line))


def statements(lines: list[str]) -> Iterator[tuple[int, Key]]:
    """The line and the full name of each header and each key; the tables of a list are numbered from 1."""
    table: Key = ()
    lists: dict[Key, int] = {}
    for number, line in enumerate(lines, 1):
        if header := HEADER.match(line):
            table = _numbered(_split(header[2]), lists, listed=header[1] == "[[")
            yield number, table
        elif assigned := ASSIGNED.match(line):
            yield number, (*table, *_split(assigned[1]))


def first_lines(text: str) -> dict[Key, int]:
    """The first line of each table and key. Inline tables count as the line of their key."""
    found: dict[Key, int] = {}
    for line, key in statements(text.split("\n")):
        found.setdefault(key, line)
    return found


def line_of(key: Key, found: dict[Key, int]) -> int:
    """The line of the key, or of the nearest table around it."""
    while key and key not in found:
        key = key[:-1]
    return found.get(key, 1)


def _numbered(name: Key, lists: dict[Key, int], *, listed: bool) -> Key:
    """The table's name with the numbers of the lists in it."""
    key: Key = ()
    for part in name[:-1]:
        key = (*key, part)
        key = (*key, str(lists[key])) if key in lists else key
    key = (*key, name[-1])
    if not listed:
        return key
    lists[key] = lists.get(key, 0) + 1
    return (*key, str(lists[key]))


def _split(dotted: str) -> Key:
    return tuple(part.strip("\"'") for part in re.findall(NAME, dotted))
