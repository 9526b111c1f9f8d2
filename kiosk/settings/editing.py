"""Changes settings in the text of their file: what is not told stays byte for byte, comments and line ends among it.

tomlkit (0.15) was tried first: it keeps what it does not touch, but puts a new key below the comment of the *next* table, ends
its line without the file's carriage return, and takes comments away with a table. Each change here is proven instead: the
text is read again, and must hold the old values with the new ones and nothing else.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any, Final

from kiosk.language import _
from kiosk.settings.places import Places, places
from kiosk.settings.table import Path

NAMED: Final = {"doors", "scanners", "sensors", "protocols", "relays", "appliances"}
"""Groups of tables with names of their own: their header has two parts."""


HEAD: Final = re.compile(r"(?:#[^\n]*\n)+(?=\r?\n|\Z)")
"""The comment at the top of a file: one that a blank line ends."""


class CannotEdit(Exception):
    """The text is of a form that is not changed without risk; the text says where it would have to be changed by hand."""


def tables_of(text: str) -> dict[str, Any]:
    """The tables in a text that is TOML; a mark at its beginning is none of it."""
    return tomllib.loads(text.removeprefix("\ufeff"))


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The old tables with the new values over them; a list is a value."""
    found = dict(old)
    for key, value in new.items():
        before = found.get(key)
        found[key] = merged(before, value) if isinstance(value, dict) and isinstance(before, dict) else value
    return found


def edited(text: str, new: Mapping[str, Any], comments: Mapping[Path, str] | None = None) -> str:
    """The text with the new values in it, in place where the key is there. Raises CannotEdit.

    `comments`: what stands above a table, or behind a key, that comes anew; `*` in its path is any name.
    """
    before, after = tables_of(text), text
    for path, value in _changes(before, new):
        after = _with(after, path, value, comments or {})
    return _proven(after, merged(before, new))


def without(text: str, path: Path) -> str:
    """The text with a table and those below it, or a key, turned into comments. Raises CannotEdit."""
    wanted = _less(tables_of(text), path)
    found = places(text)
    if path[:-1] in found.inline and path in found.values:
        begins, ends = found.values[path[:-1]]
        return _proven(text[:begins] + dumped(_at(wanted, path[:-1])) + text[ends:], wanted)
    spans = [span for table, span in found.tables.items() if table[: len(path)] == path]
    if path in found.values:
        begins, ends = found.values[path]
        spans.append((text.rfind("\n", 0, begins) + 1, ends))
    for begins, ends in sorted(spans, reverse=True):
        commented = "\n".join(f"# {line}" if line.strip() else line for line in text[begins:ends].split("\n"))
        text = text[:begins] + commented + text[ends:]
    return _proven(text, wanted)


def _proven(text: str, wanted: Mapping[str, Any]) -> str:
    """The text, if it says just that; a group of tables that is empty may be gone. Raises CannotEdit."""
    try:
        same = _full(tables_of(text)) == _full(wanted)
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise CannotEdit(_("it is written in a form that is not changed without risk"))
    return text


def _full(tables: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in tables.items() if value != {}}


def _at(tables: Mapping[str, Any], path: Path) -> Any:
    found: Any = tables
    for part in path:
        found = found[part]
    return found


def _less(tables: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Without what stands at this path."""
    head, *rest = path
    if not rest:
        return {key: value for key, value in tables.items() if key != head}
    return {**tables, head: _less(tables.get(head, {}), tuple(rest))}


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each value that differs, as deep as both have tables; a new table of the file comes key by key."""
    for key, value in new.items():
        path = (*at, key)
        before = old.get(key)
        if isinstance(value, dict) and (isinstance(before, dict) or len(path) <= _depth(path)):
            yield from _changes(before if isinstance(before, dict) else {}, value, path)
        elif value != before or type(value) is not type(before):
            yield path, value


def _depth(path: Path) -> int:
    """How many parts the header has under which a setting stands."""
    return 2 if path[0] in NAMED else 1


def _with(text: str, path: Path, value: Any, notes: Mapping[Path, str]) -> str:
    found = places(text)
    if path in found.values:
        begins, ends = found.values[path]
        return text[:begins] + dumped(value) + text[ends:]
    if path[:-1] in found.inline:
        return _into_inline(text, found, path, value)
    line = f"{_key(path[-1])} = {dumped(value)}"
    if note := _note(path, notes):
        line = f"{line:<30} # {note}"
    if path[:-1] in found.tables:
        return _below(text, found, path[:-1], line)
    if path[:-1] in found.dotted:
        table, at = found.dotted[path[:-1]]
        return _line_at(text, at, f"{'.'.join(map(_key, path[len(table) :]))} = {dumped(value)}")
    head = _note(path[:-1], notes)
    above = [text.rstrip(), ""] if text.strip() else []
    new_table = [*([f"# {head}"] if head else []), f"[{'.'.join(map(_key, path[:-1]))}]", line, ""]
    return _line_end(text).join([*above, *new_table])


def _below(text: str, found: Places, table: Path, line: str) -> str:
    """Behind the table's last value; at the top of the file, below its first comment, where there is none yet."""
    begins, ends = found.tables[table]
    if begins == ends:
        head = HEAD.match(text, begins)
        at = head.end() if head else begins
        return text[:at] + line + _line_end(text) + text[at:]
    return _line_at(text, ends, line)


def _line_at(text: str, at: int, line: str) -> str:
    """Below the line that this place is in."""
    end, rest = _line_end(text), text.find("\n", at)
    if rest < 0:
        return text + end + line + end
    return text[: rest + 1] + line + end + text[rest + 1 :]


def _into_inline(text: str, found: Places, path: Path, value: Any) -> str:
    begins, ends = found.values[path[:-1]]
    inner = text[begins + 1 : ends - 1].rstrip()
    joined = f"{inner}, " if inner.strip() else " "
    return f"{text[: begins + 1]}{joined}{_key(path[-1])} = {dumped(value)} {text[ends - 1 :]}"


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _note(path: Path, notes: Mapping[Path, str]) -> str:
    fits = (note for told, note in notes.items() if len(told) == len(path) and all(map(_is, told, path)))
    return next(fits, "")


def _is(told: str, part: str) -> bool:
    return told in {"*", part}


def _key(name: str) -> str:
    plain = name.replace("-", "").replace("_", "")
    return name if plain.isascii() and plain.isalnum() else _text(name)


def _text(value: str) -> str:
    """JSON's strings are TOML's, but for one character that JSON lets stand."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def dumped(value: Any) -> str:
    """A value as TOML; a table in one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case dict():
            if not value:
                return "{}"
            return "{ " + ", ".join(f"{_key(key)} = {dumped(each)}" for key, each in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(map(dumped, value)) + "]"
        case date() | time():
            return value.isoformat()
        case _:
            return repr(value)
