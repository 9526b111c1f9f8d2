"""A spreadsheet's first sheet as rows of text, whatever program saved it: CSV in UTF-8 or a Chinese coding, or XLSX.

Everything is bounded: bytes, what an archive unpacks to, rows, cells, characters. What a cell cannot mean is said of that cell.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import pairwise
from lzma import LZMAError
from typing import Any, BinaryIO, Final

from msgspec import Struct
from openpyxl.reader.excel import ExcelReader
from openpyxl.xml.constants import SHARED_STRINGS

from kiosk.decoding import UNDECODABLE
from kiosk.language import _, chinese
from kiosk.settings.table import did_you_mean
from kiosk.settings.text import coding

MOST_BYTES: Final = 32 << 20
MOST_UNPACKED: Final = 192 << 20
MOST_STRINGS: Final = 48 << 20
"""Bytes of an XLSX's texts, which lie in memory all at once."""

MOST_ASIDE: Final = 1 << 20
"""Bytes of an XLSX's styles and what else of it is read whole, a hundred times as many as they have in memory."""

MOST_APART: Final = 1 << 20
"""Bytes of a sheet from one row to the next, which are in memory at once."""

MOST_ROWS: Final = 250_000
MOST_EMPTY: Final = 10_000
"""Empty rows of a sheet in a row: a row may give itself any number, and those before it are gone through."""

MOST_CELLS: Final = 64
MOST_TEXT: Final = 200
MOST_OF_ROW: Final = 4 * MOST_CELLS * MOST_TEXT
"""Characters of a row of CSV, with its quotes."""

MOST_MERGED: Final = 100
EXACT: Final = 10**15
"""From here on a spreadsheet's numbers have lost digits."""

FORMULA: Final = ("=", "+", "-", "@")
MERGED: Final = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]{0,200}\bref=\"([A-Z0-9:]{1,40})\"")
ROW: Final = re.compile(rb"<(?:\w{1,20}:)?row[\s/>]")
LONGEST_PART: Final = 10_000
"""Bytes from one tag to the next of what is read whole; a formula has 8,192 at the most."""

LONG_FORMAT: Final = re.compile(rb"formatCode\s*=\s*(?:\"[^\"]{256}|'[^']{256})")
"""How a number is shown; Excel takes 255 characters, and openpyxl looks at long ones for hours, whether they are of a day."""

CHUNK: Final = 1 << 18


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
    lines = _Lines(text)
    reader = csv.reader(lines, strict=True, delimiter=separator)
    try:
        for found in reader:
            lines.taken = 0
            cells = _trimmed([_clear(cell) for cell in found])
            if len(cells) > MOST_CELLS:
                raise NoTable([(reader.line_num, _("has more than {most} columns", most=MOST_CELLS))])
            if cells:
                yield reader.line_num, cells
    except csv.Error as error:
        raise NoTable([(reader.line_num, _("is no CSV: {why}", why=error))]) from error


class _Lines:
    """The lines of a text, of which a row takes so many characters at the most. `taken`: by the row that is being read."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self._number = self.taken = 0

    def __iter__(self) -> _Lines:
        """For csv."""
        return self

    def __next__(self) -> str:
        """The next line. Raises NoTable."""
        line = self._lines.readline(MOST_OF_ROW + 1)
        self._number += 1
        self.taken += len(line)
        if self.taken > MOST_OF_ROW:
            words = _(
                "has a row of more than {most} characters: is a quote open, or the separator another?", most=MOST_OF_ROW
            )
            raise NoTable([(self._number, words)])
        if not line:
            raise StopIteration
        return line


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
    try:
        reader = _Reader(file)
        reader.read()
        sheet: Any = reader.wb.worksheets[0]
        _check_sheet(reader.archive, sheet._worksheet_path)  # noqa: SLF001  wherever the file says that it lies
        last = 0
        for line, row in enumerate(sheet.iter_rows(max_col=MOST_CELLS), 1):
            if line - last > MOST_EMPTY:
                raise NoTable([(line, _("has more than {most} empty rows before it", most=MOST_EMPTY))])
            cells = _trimmed([_cell(each) for each in row])
            if cells:
                last = line
                yield line, cells
    except BROKEN as error:
        raise NoTable([(0, _("is no XLSX that can be read: {why}", why=f"{error}"[:MOST_TEXT]))]) from error


BROKEN: Final = (
    *UNDECODABLE,
    zipfile.BadZipFile,
    zlib.error,
    LZMAError,
    struct.error,
    OSError,
    EOFError,
    RuntimeError,
    SyntaxError,
)
"""What zipfile and openpyxl raise for a file that is none; RuntimeError: of an archive with a password, NotImplementedError is
one; SyntaxError: XML's ParseError is one."""


class _Archive(zipfile.ZipFile):
    """Whose parts openpyxl reads whole, wherever the file says that they lie: bounded, and in all. Raises NoTable."""

    left = MOST_ASIDE

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        if sum(each.file_size for each in self.infolist()) > MOST_UNPACKED:
            raise NoTable([(0, _("unpacks to more than {most} MB", most=MOST_UNPACKED >> 20))])

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        """A part."""
        self.left -= self.getinfo(name).file_size if isinstance(name, str) else name.file_size
        if self.left < 0:
            raise NoTable([(0, _("has too many styles, or too much else besides its cells: save it as CSV"))])
        found = super().read(name, pwd)
        if _is_odd(found):
            raise NoTable([(0, _("has odd styles: save it as CSV"))])
        return found


class _Reader(ExcelReader):
    """Of the rows alone."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, read_only=True, keep_links=False)
        self.archive = _Archive(file)

    def read_strings(self) -> None:
        """They lie in memory all at once."""
        package: Any = self.package
        found = package.find(SHARED_STRINGS)
        if found is not None and self.archive.getinfo(found.PartName[1:]).file_size > MOST_STRINGS:
            raise NoTable([(0, _("unpacks to more than {most} MB", most=MOST_STRINGS >> 20))])
        super().read_strings()

    def read_chartsheet(self, *_: Any) -> None:
        """It has none."""


def _check_sheet(archive: zipfile.ZipFile, name: str) -> None:
    """Raises NoTable for a row without an end, and for merged cells: below a merged cell's first there is nothing."""
    if merged := _looked_through(archive, name):
        raise NoTable(
            [
                (int(re.findall(r"\d+", place)[0]), _("{place}: merged cells; part them, and fill each", place=place))
                for place in merged
            ]
        )


def _is_odd(part: bytes) -> bool:
    """Whether anything in it is too long, or could be hidden: in an entity, or in a coding of more bytes."""
    longest = max(map(len, part.split(b"<")))
    return b"<!" in part or b"\0" in part or longest > LONGEST_PART or LONG_FORMAT.search(part) is not None


def _looked_through(archive: zipfile.ZipFile, name: str) -> list[str]:
    """The first ranges of its merged cells, which stand behind all its rows. Raises NoTable where anything is too long.

    A comment could hide how long; no spreadsheet writes one.
    """
    found: dict[str, None] = {}
    with archive.open(name) as sheet:
        before, at, row = b"", 0, 0
        while chunk := sheet.read(CHUNK):
            text = before + chunk
            starts = [row, *(at - len(before) + each.start() for each in ROW.finditer(text)), at + len(chunk)]
            if b"<!" in text or any(later - earlier > MOST_APART for earlier, later in pairwise(starts)):
                raise NoTable([(0, _("has a row, or something else, of more than {most} MB", most=MOST_APART >> 20))])
            if len(found) < MOST_MERGED:
                found |= dict.fromkeys(each.decode() for each in MERGED.findall(text))
            before, at, row = text[-200:], at + len(chunk), starts[-2]
    return [place for place in found if any(each.isdigit() for each in place)][:MOST_MERGED]


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


Names = Mapping[str, tuple[str, ...]]
"""Of each column what its head may be called: in English, in Chinese, or otherwise."""


def called(column: str, names: Names) -> str:
    """What a column is called by whoever reads it; what is no column stays as it is."""
    return names[column][1] if chinese() and column in names else column


def columns_of(head: Row | None, names: Names, required: Iterable[str]) -> list[str]:
    """The columns that the first row names, in their order. Raises NoTable."""
    line, cells = head or (1, [])
    known = {name.casefold(): column for column, texts in names.items() for name in texts}
    heads = [each if isinstance(each, str) else "" for each in cells]
    found = [known.get(name.casefold(), "") for name in heads]
    wrong = [
        (line, _("{name}: no such column", name=name or "–") + did_you_mean(name, known))
        for name, column in zip(heads, found, strict=True)
        if not column
    ]
    wrong += [
        (line, _("{name}: no such column here", name=called(each, names))) for each in required if each not in found
    ]
    wrong += [(line, _("{name}: is there twice", name=called(each, names))) for each in names if found.count(each) > 1]
    if wrong:
        known_ones = _(", ").join(called(each, names) for each in names)
        raise NoTable([*wrong, (line, _("the first row names the columns, each once: {columns}", columns=known_ones))])
    return found
