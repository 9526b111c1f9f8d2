"""Reads a file of settings, whatever it turns out to be."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from kiosk.decoding import UNDECODABLE
from kiosk.language import _
from kiosk.settings.table import BadSettings

MOST_BYTES: Final = 1 << 20
MOST_LINES: Final = 2_000
LONGEST_HEADER: Final = 200
MOST_DOTS: Final = 200
"""In a line: tomllib takes minutes for a key of some thousand parts."""


def read_bounded(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a plain file. Raises OSError, also for what is no file (a pipe would never end), or too large."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, _("is no file"))
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(0, _("has more than {bytes} bytes", bytes=most))
    return data


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """The file's text and its tables. Raises BadSettings, and nothing else."""
    try:
        text = read_bounded(path).decode("utf-8-sig")  # some editors begin a file with a mark
        return text, _loads(text)
    except OSError as error:
        raise BadSettings([f"{path}: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise BadSettings([_("{file}: is not UTF-8 text", file=path)]) from error
    except (
        UNDECODABLE
    ) as error:  # TOMLDecodeError; RecursionError for nested lists, ValueError for a number without end
        raise BadSettings([_syntax(path, f"{error}"[:200])]) from error


def _syntax(path: Path, message: str) -> str:
    place = re.search(r"\(at line (\d+), column (\d+)\)", message)
    where = f"{path}:{place[1]}" if place else str(path)
    what = message.partition(" (at ")[0]
    return _("{place}: not TOML: {what}", place=where, what=what)


def salvage(path: Path) -> dict[str, Any]:
    """The tables that can still be made out in a file that is broken; empty where there are none. Raises nothing."""
    try:
        text = read_bounded(path).decode("utf-8-sig", "replace")
    except (OSError, ValueError):
        return {}
    if (whole := _toml(text)) is not None:
        return whole
    found: dict[str, Any] = {}
    with suppress(*UNDECODABLE):
        for tables in _line_by_line(text.splitlines()[:MOST_LINES]):
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


def _loads(text: str) -> dict[str, Any]:
    """Raises UNDECODABLE."""
    if any(line.count(".") > MOST_DOTS for line in text.splitlines()):
        raise tomllib.TOMLDecodeError(_("a line with more than {count} dots", count=MOST_DOTS))
    return tomllib.loads(text)


def _toml(text: str) -> dict[str, Any] | None:
    try:
        return _loads(text)
    except UNDECODABLE:
        return None


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
