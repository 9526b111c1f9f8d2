"""A spreadsheet's first sheet as rows of text, whatever program saved it: CSV in UTF-8 or a Chinese coding, or XLSX.

Everything is bounded: bytes, what an archive unpacks to, rows, cells, characters. What a cell cannot mean is said of that cell.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, BinaryIO, Final

from msgspec import Struct
from openpyxl import load_workbook

from kiosk.language import _
from kiosk.settings.text import coding

MOST_BYTES: Final = 32 << 20
MOST_UNPACKED: Final = 192 << 20
MOST_STRINGS: Final = 48 << 20
"""Bytes of an XLSX's texts, which lie in memory all at once."""

MOST_ROWS: Final = 250_000
MOST_CELLS: Final = 64
MOST_TEXT: Final = 200
EXACT: Final = 10**15
"""From here on a spreadsheet's numbers have lost digits."""

FORMULA: Final = ("=", "+", "-", "@")
MERGED: Final = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*\bref=\"([A-Z0-9:]{1,40})\"")
CHUNK: Final = 1 << 20


class NoTable(Exception):
    """It cannot be read as a table at all; each text says why, with its line where there is one (else 0)."""

    def __init__(self, wrong: list[tuple[int, str]]) -> None:
        super().__init__("\n".join(why for _line, why in wrong))
        self.wrong = wrong


class Unclear(Struct, frozen=True):
    """A cell of which nobody can say what it means, and why."""

    why: str


Cell = str | Unclear
Row = tuple[int, list[Cell]]


def rows(data: bytes) -> Iterator[Row]:
    """The rows that are not empty, each with its number in the file. Raises NoTable, also on the way."""
    if len(data) > MOST_BYTES:
        raise NoTable([(0, _("has more than {most} MB", most=MOST_BYTES >> 20))])
    found = _of_xlsx(data) if data.startswith(b"PK\x03\x04") else _of_csv(data)
    for number, (line, cells) in enumerate(found):
        if number >= MOST_ROWS:
            raise NoTable([(line, _("has more than {most} rows", most=MOST_ROWS))])
        yield line, cells


def _of_csv(data: bytes) -> Iterator[Row]:
    text = _text(data)
    separator = max(",;\t", key=text[: text.find("\n") + 1 or None].count)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [_clear(cell) for cell in cells]
    except csv.Error as error:
        raise NoTable([(reader.line_num, _("is no CSV: {why}", why=error))]) from error


def _text(data: bytes) -> str:
    """In the coding that it seems to have."""
    for name in ("utf-8-sig", coding(data)):
        try:
            text = data.decode(name or "utf-8")
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.lstrip("\ufeff")
    raise NoTable([(0, _("is no text that can be read: save it as CSV in UTF-8, or as XLSX"))])


def _clear(cell: str) -> Cell:
    """A cell of text; what a spreadsheet would reckon is not taken for what it seems to say."""
    text = cell.strip()
    if text.startswith(FORMULA) and len(text) > 1:
        return Unclear(_("begins with {sign}, as a formula does", sign=text[0]))
    if len(text) > MOST_TEXT or not text.isprintable():
        return Unclear(_("has more than {most} characters, or more than one line", most=MOST_TEXT))
    return text


def _of_xlsx(data: bytes) -> Iterator[Row]:
    file = io.BytesIO(data)
    _check_archive(file)
    try:
        workbook = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        for line, row in enumerate(workbook.worksheets[0].iter_rows(max_col=MOST_CELLS), 1):
            cells = _trimmed([_cell(each) for each in row])
            if cells:
                yield line, cells
    except BROKEN as error:
        raise NoTable([(0, _("is no XLSX that can be read: {why}", why=f"{error}"[:MOST_TEXT]))]) from error


BROKEN: Final = (
    zlib.error,
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    OSError,
    SyntaxError,
    EOFError,
)
"""What openpyxl raises for a file that is none; SyntaxError: XML's ParseError is one."""


def _check_archive(file: BinaryIO) -> None:
    """Raises NoTable for what unpacks to too much, and for merged cells: below a merged cell's first there is nothing."""
    try:
        with zipfile.ZipFile(file) as archive:
            sizes = {each.filename: each.file_size for each in archive.infolist()}
            strings = sum(size for name, size in sizes.items() if name.endswith("sharedStrings.xml"))
            if sum(sizes.values()) > MOST_UNPACKED or strings > MOST_STRINGS:
                raise NoTable([(0, _("unpacks to more than {most} MB", most=MOST_UNPACKED >> 20))])
            sheets = [name for name in sizes if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
            merged = [place for name in sheets for place in _merged(archive, name)]
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise NoTable([(0, _("is no XLSX that can be read: {why}", why=error))]) from error
    if merged:
        raise NoTable(
            [
                (int(re.findall(r"\d+", place)[0]), _("{place}: merged cells; part them, and fill each", place=place))
                for place in merged
            ]
        )


def _merged(archive: zipfile.ZipFile, name: str) -> list[str]:
    """The ranges of its merged cells, which stand behind all its rows."""
    found: dict[str, None] = {}
    with archive.open(name) as sheet:
        before = b""
        while chunk := sheet.read(CHUNK):
            found |= dict.fromkeys(each.decode() for each in MERGED.findall(before + chunk))
            before = chunk[-200:]
    return [place for place in found if any(each.isdigit() for each in place)]


def _cell(cell: Any) -> Cell:
    """A spreadsheet's value as a person reads it."""
    value = cell.value
    match value:
        case None:
            return ""
        case bool() | datetime() | date():
            return value.date().isoformat() if isinstance(value, datetime) else f"{value}"
        case int() | float() if abs(value) >= EXACT:
            return Unclear(_("is a number so long that its last digits are lost: format the cell as text"))
        case int() | float():
            return f"{int(value)}" if value == int(value) else f"{value}"
        case str() if getattr(cell, "data_type", "") in {"f", "e"}:
            return Unclear(_("is a formula, or an error: put its value there"))
        case _:
            return _clear(f"{value}")


def _trimmed(cells: list[Cell]) -> list[Cell]:
    """Without the empty ones at the end."""
    while cells and cells[-1] == "":
        cells.pop()
    return cells


def first(found: Iterable[Row]) -> tuple[Row | None, Iterator[Row]]:
    """The first row, and those that follow."""
    left = iter(found)
    return next(left, None), left
