"""Tables as files: CSV and XLSX that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from kiosk.central.numbers.tables import Cell, Table

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection)."""

MARK: Final = "\ufeff"
"""Without it Excel takes UTF-8 for GBK."""

LONGEST_TITLE: Final = 31
"""Characters of a sheet's name."""

NO_TITLE: Final = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def csv_of(table: Table) -> bytes:
    """A file of one table, in UTF-8."""
    return (MARK + csv_text(table)).encode()


def csv_text(table: Table) -> str:
    """One table, with a line for its sum."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([harmless(column.name) for column in table.columns])
    for row in (*table.rows, table.sum) if table.sum else table.rows:
        writer.writerow([_written(cell, column.digits) for cell, column in zip(row, table.columns, strict=True)])
    return out.getvalue()


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _written(cell: Cell, digits: int) -> str:
    if cell is None:
        return ""
    return harmless(cell) if isinstance(cell, str) else f"{cell:.{digits}f}"


def xlsx_of(tables: Sequence[Table], about: Table) -> bytes:
    """A workbook with a sheet for each table; the first says what they are."""
    from xlsxwriter import Workbook  # noqa: PLC0415  only whoever wants this file needs it

    out = io.BytesIO()
    with Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for each in (about, *tables):
            _sheet(book, each, bold)
    return out.getvalue()


def _sheet(book: Workbook, table: Table, bold: Format) -> None:
    sheet = book.add_worksheet(table.title.translate(NO_TITLE)[:LONGEST_TITLE])
    sheet.freeze_panes(1, 1)
    formats = [
        book.add_format({"num_format": "#,##0." + "0" * each.digits if each.digits else "#,##0"})
        for each in table.columns
    ]
    for at, column in enumerate(table.columns):
        sheet.write_string(0, at, column.name, bold)
        sheet.set_column(at, at, 18)
    rows = (*table.rows, table.sum) if table.sum else table.rows
    for line, row in enumerate(rows, 1):
        for at, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(line, at, cell)
            elif cell is not None:
                sheet.write_number(line, at, cell, formats[at])
