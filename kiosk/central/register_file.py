"""A file of stations for the register: CSV as a spreadsheet saves it, read strictly, every wrong line told at once."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from kiosk.central.store.registers import Registered
from kiosk.language import _
from kiosk.settings.table import BadSettings, did_you_mean
from kiosk.settings.text import read_text

COLUMNS: Final = ("code", "name", "address", "latitude", "longitude")
LONGEST: Final = 200
"""Characters of a name or an address."""


def read_register(path: Path) -> list[Registered]:
    """The stations in the file; coordinates that are none are theirs all the same. Raises BadSettings."""
    rows = list(_rows(path))
    head = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    if wrong := [*_wrong_head(head)]:
        raise BadSettings([f"{path}:1: {each}" for each in wrong])
    found: dict[str, Registered] = {}
    errors = []
    for line, row in rows[1:]:
        cells = [cell.strip() for cell in row]
        if wrong_line := _wrong_line(head, cells, found):
            errors.append(f"{path}:{line}: {wrong_line}")
            continue
        station = Registered(**dict(zip(head, cells, strict=True)))
        found[station.code] = station
    if errors:
        raise BadSettings(errors)
    return [*found.values()]


def _wrong_head(head: list[str]) -> Iterator[str]:
    if "code" not in head or len(set(head)) < len(head):
        yield _("the first line names the columns, each once: code, name, address, latitude, longitude")
    for name in head:
        if name not in COLUMNS:
            yield _("{name}: no such column", name=name[:LONGEST]) + did_you_mean(name, COLUMNS)


def _wrong_line(head: list[str], cells: list[str], known: Collection[str]) -> str:
    """What is wrong with a line; empty for nothing."""
    if len(cells) != len(head):
        return _("{found} cells, and not {wanted}", found=len(cells), wanted=len(head))
    code = cells[head.index("code")]
    if not re.fullmatch("[0-9A-Za-z]{4,12}", code):
        return _(
            "{text}: {wrong}", text=code[:40], wrong=_("is no station's code, which is 4 to 12 letters and digits")
        )
    if code in known:
        return _("{code}: is there twice", code=code)
    if any(len(cell) > LONGEST or not cell.isprintable() for cell in cells):
        return _("{code}: a cell has more than {most} characters, or more than one line", code=code, most=LONGEST)
    return ""


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not empty, each with its number."""
    reader = csv.reader(read_text(path).splitlines(keepends=True), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise BadSettings([_("{file}:{line}: is no CSV: {why}", file=path, line=reader.line_num, why=error)]) from error
