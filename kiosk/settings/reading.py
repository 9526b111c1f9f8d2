"""Reads a file of settings, whatever it turns out to be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final

from kiosk.decoding import UNDECODABLE
from kiosk.language import _
from kiosk.settings.slips import loads, place, slips
from kiosk.settings.statements import statements
from kiosk.settings.table import BadSettings
from kiosk.settings.text import as_far_as_readable, read_bounded, read_text

MOST_LINES: Final = 2_000
MOST_SLIPS: Final = 20
LONGEST_HEADER: Final = 200


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """The file's text and its tables. Raises BadSettings, and nothing else."""
    text = read_text(path)
    return text, tables_in(text, path)


def tables_in(text: str, path: Path) -> dict[str, Any]:
    """The tables in the text of that file. Raises BadSettings, and nothing else."""
    try:
        return loads(text)
    except UNDECODABLE as error:  # also RecursionError for nested lists, ValueError for a number without end
        lines = text.split("\n")[:MOST_LINES]
        told = [f"{path}:{each.line}:{each.column}: {each.what}" for each in islice(slips(lines), MOST_SLIPS)]
        raise BadSettings(told or [_together(path, lines, error)]) from error


def _together(path: Path, lines: list[str], error: BaseException) -> str:
    """What is wrong with statements of which each is right by itself."""
    line, column = place(error) or (len(lines), 1)
    where = f"{path}:{line}:{column}"
    found = list(statements(lines[:line]))
    first = next((number for number, key in found[:-1] if key == found[-1][1]), None)
    if first:
        return _(
            "{place}: {name} is there twice: first in line {line}", place=where, name=".".join(found[-1][1]), line=first
        )
    return _("{place}: not TOML: {what}", place=where, what=f"{error}".partition(" (at ")[0][:200])


def salvage(path: Path) -> dict[str, Any]:
    """The tables that can still be made out in a file that is broken; empty where there are none. Raises nothing."""
    try:
        text = as_far_as_readable(read_bounded(path))
    except (OSError, ValueError):
        return {}
    if (whole := _toml(text)) is not None:
        return whole
    found: dict[str, Any] = {}
    with suppress(*UNDECODABLE):
        for tables in _line_by_line(text.split("\n")[:MOST_LINES]):
            _merge(found, tables)
    return found


def _line_by_line(lines: list[str]) -> Iterator[dict[str, Any]]:
    """Each line that can be read by itself, below the header that it stands under."""
    header = ""
    for line in lines:
        if re.match(r"\s*\[", line):
            header = line if len(line) < LONGEST_HEADER and _toml(line) is not None else ""
        elif tables := _toml(f"{header}\n{line}"):
            yield tables


def _toml(text: str) -> dict[str, Any] | None:
    try:
        return loads(text)
    except UNDECODABLE:
        return None


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
