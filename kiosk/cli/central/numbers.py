"""`kiosk central numbers`, `report`: what was counted, as a table, as files, and as the report of a month."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.cells import cell_len, set_cell_size

from kiosk.central.numbers.period import MOST_DAYS, Period, month, newest
from kiosk.central.numbers.ratings import EVERY_WAY, table_by
from kiosk.central.numbers.tables import Cell, Table, shown
from kiosk.central.scope import EVERYWHERE
from kiosk.cli.central.folder import SCOPE, Words, folder_option, looked_into
from kiosk.cli.common import MISUSED, answer, as_json, echo, fail, json_too, print_json
from kiosk.cli.files import OutFile, whole
from kiosk.foreign import visible
from kiosk.language import _

if TYPE_CHECKING:
    from kiosk.central.numbers.subject import Subject

MONTH = Words(r"[0-9]{4}-[0-9]{2}", lambda: _("is no month, such as 2026-10"))


@click.command()
@click.argument("prefix", type=SCOPE, default="")
@click.option("--month", "of_month", type=MONTH, help="Of that month, such as 2026-10; otherwise of the newest days.")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=30, show_default=True, help="How many, up to today.")
@click.option("--by", type=click.Choice(EVERY_WAY), default="day", show_default=True, help="A line for each of these.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for a spreadsheet.")
@folder_option
@as_json
def numbers(prefix: str, of_month: str | None, days: int, by: str, as_csv: bool, folder: Path, as_json: bool) -> None:
    """Show what was counted at the stations whose code begins with PREFIX: visits, refusals, energy, silence.

    Days and hours are Beijing's; they are counts of events, and of no person.
    """
    from kiosk.central.numbers.files import csv_text  # noqa: PLC0415

    subject = _subject(folder, prefix, _month(of_month) if of_month else newest(time.time(), days))
    found = table_by(by, subject)
    if as_json:
        print_json(_facts(found, subject))
        return
    lines = csv_text(found).splitlines() if as_csv else (subject.title, *lines_of(found), *subject.notes[1:])
    for line in lines:
        echo(line)


@click.command()
@click.option("--month", "of_month", type=MONTH, required=True, help="Of which month, such as 2026-10.")
@click.option("--prefix", type=SCOPE, default="", help="Of the stations whose code begins so; otherwise of all.")
@click.option("--out", type=OutFile(".pdf", ".xlsx"), required=True, help="The file to be made: .pdf or .xlsx.")
@folder_option
@json_too
def report(of_month: str, prefix: str, out: Path, folder: Path) -> None:
    """Make the report of a month, with what each number means: as PDF with plots, or as a workbook with all tables."""
    try:
        from kiosk.central.numbers.report import pdf, workbook  # noqa: PLC0415

        subject = _subject(folder, prefix, _month(of_month))
        made = pdf(subject) if out.suffix.lower() == ".pdf" else workbook(subject)
    except ImportError as error:
        fail(_("{library} is not installed. Next: pip install 'yizhan-kiosk[central]'", library=error.name))
    with whole(out) as beside:
        beside.write_bytes(made)
    answer(_("{file}: {title}", file=out, title=subject.title), file=str(out), bytes=len(made))


def _month(text: str) -> Period:
    found = month(text)
    if found is None:
        fail(_("{text}: {wrong}", text=text, wrong=_("is no month, such as 2026-10")), MISUSED)
    return found


def _subject(folder: Path, prefix: str, period: Period) -> Subject:
    from kiosk.central.numbers.subject import subject_of  # noqa: PLC0415

    return subject_of(looked_into(folder), EVERYWHERE, prefix, period, time.time())


def _facts(found: Table, subject: Subject) -> dict[str, Any]:
    """For machines: numbers as they are."""
    keys = [column.key for column in found.columns]
    return {
        "prefix": subject.prefix,
        "first": subject.period.first,
        "last": subject.period.last,
        "uncounted": subject.uncounted,
        "rows": rows_of(found),
        "sum": dict(zip(keys, found.sum, strict=True)) if found.sum else None,
    }


def rows_of(found: Table) -> list[dict[str, Cell]]:
    """Its rows by the keys of their columns."""
    return [dict(zip((column.key for column in found.columns), row, strict=True)) for row in found.rows]


def lines_of(found: Table) -> list[str]:
    """The table for a terminal, its numbers to the right."""
    head: tuple[Cell, ...] = tuple(column.name for column in found.columns)
    digits = [column.digits for column in found.columns]
    rows = [
        [visible(shown(cell, places)) for cell, places in zip(row, digits, strict=True)]
        for row in (head, *found.rows, *([found.sum] if found.sum else []))
    ]
    widths = [max(cell_len(row[at]) for row in rows) for at in range(len(head))]
    text = {at for row in found.rows for at, cell in enumerate(row) if isinstance(cell, str)} | {0}
    return ["  ".join(_padded(cell, widths[at], at in text) for at, cell in enumerate(row)).rstrip() for row in rows]


def _padded(cell: str, width: int, text: bool) -> str:
    return set_cell_size(cell, width) if text else " " * (width - cell_len(cell)) + cell
