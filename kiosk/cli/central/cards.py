"""`kiosk central cards`: cards as PDF, of holders and for answers, the sheet that tries a printer, whose passes end soon."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from kiosk.cli.central.folder import SCOPE, TEXT, by, folder_option, list_published, looked_into, opened
from kiosk.cli.central.holders import orders_of
from kiosk.cli.central.printing import in_parts, pdf_option
from kiosk.cli.common import MISUSED, answer, as_json, echo, fail, json_too, print_json
from kiosk.cli.files import whole
from kiosk.cli.printing import printable
from kiosk.language import _

if TYPE_CHECKING:
    from kiosk.central.printing.sheets import Print

A_FILE: Final = 2000
"""Cards of one PDF, which lies in memory until it is whole: some 130 MB."""


class ShiftType(click.ParamType[tuple[float, float]]):
    """Millimetres to the right and down, such as 0.5,-0.3."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        """Both numbers."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"([+-]?\d{1,2}(?:\.\d{1,2})?),([+-]?\d{1,2}(?:\.\d{1,2})?)", value)
        if not found or any(abs(float(each)) > 20 for each in found.groups()):
            wrong = _("{text}: two numbers of millimetres, from -20 to 20, such as 0.5,-0.3", text=value[:40])
            self.fail(wrong, param, ctx)
        right, down = found.groups()
        return float(right), float(down)


sheet_option = click.option(
    "--sheet",
    type=click.Choice(["a4", "single"]),
    default="a4",
    show_default=True,
    help="Ten on A4 with marks to cut by, or one on each page for a card printer.",
)
shift_option = click.option(
    "--shift",
    type=ShiftType(),
    default="0,0",
    help="Print fronts so many millimetres further right and down, such as 0.5,-0.3.",
)
back_shift_option = click.option(
    "--back-shift", type=ShiftType(), default="0,0", help="The same for backs; the test sheet tells how much."
)


@click.group()
def cards() -> None:
    """Print cards of a file of holders, and answer cards; list whose end soon, and how many were replaced."""


@cards.command("print")
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="Holders, as CSV or XLSX: as for kiosk central passes import.",
)
@pdf_option
@sheet_option
@click.option("--back/--no-back", "backs", default=True, show_default=True, help="Print the backs, too.")
@shift_option
@back_shift_option
@click.option(
    "--district", type=SCOPE, default="", help="Whose issuers look after them: the first digits of station codes."
)
@click.option(
    "--only-right", is_flag=True, help="Take in the lines that are right, and leave out those that are wrong."
)
@click.option("--reason", type=TEXT, default="", help="Which list it is, for whoever looks at it later.")
@folder_option
@json_too
def print_(file: Path, out: Path, district: str, only_right: bool, reason: str, folder: Path, **how: Any) -> None:
    """Register the holders of a file, and print a card for each.

    All are registered at once, or none. Whoever has a pass keeps it and the number of the card, so the same file printed again
    makes the same cards. More than 2000 become several files: FILE-1.pdf, FILE-2.pdf.
    """
    with printable():
        from kiosk.central.printing.cards import cards_pdf, signed_cards  # noqa: PLC0415
        from kiosk.central.printing.registering import PrintedPasses  # noqa: PLC0415
        from kiosk.printing.pdf import fonts  # noqa: PLC0415

        fonts()  # nobody is registered for cards that cannot be drawn
        store, issuer = opened(folder)
        acts = PrintedPasses(store, issuer)
        found = orders_of(file, store, district, stops=not only_right)
        if not found.holders:
            fail(_("{file}: there are no holders in it", file=file), MISUSED)
        held = acts.register_cards(found.new, found.renewed, district, by(reason))
        list_published(store, issuer)
        wanted, call = _print(**how), store.printed.call
        files = in_parts(
            [held[each] for each in found.holders],
            A_FILE,
            out,
            lambda some: cards_pdf(signed_cards(acts, some, call), wanted),
        )
    facts = {"cards": len(held), "new": len(found.new), "wrong": found.wrong_lines}
    words = _("{cards} cards, {new} of them for new holders; {wrong} lines were left out", **facts)
    answer("\n".join([words, *map(str, files)]), **facts, files=[str(each) for each in files])


@cards.command("test-sheet")
@pdf_option
@sheet_option
@shift_option
@back_shift_option
@json_too
def test_sheet(out: Path, **how: Any) -> None:
    """Make a sheet that tells how far a printer is off, and the back from the front: print it on both sides, at 100 %."""
    with printable():
        from kiosk.central.printing.sheets import trial_sheets  # noqa: PLC0415
        from kiosk.printing.pdf import pdf_of  # noqa: PLC0415

        made = pdf_of(trial_sheets(_print(backs=True, **how)), _("Test sheet"))
    with whole(out) as beside:
        beside.write_bytes(made)
    answer(_("written: {file}", file=out), file=str(out))


@cards.command()
@pdf_option
@json_too
def answers(out: Path) -> None:
    """Make the four answer cards for the reader inside: A4, to cut, laminate and hang on a string."""
    with printable():
        from kiosk.central.printing.answers import answer_sheet  # noqa: PLC0415
        from kiosk.printing.pdf import pdf_of  # noqa: PLC0415

        made = pdf_of([answer_sheet()], _("Answer cards"))
    with whole(out) as beside:
        beside.write_bytes(made)
    answer(_("written: {file}", file=out), file=str(out))


def _print(
    sheet: Literal["a4", "single"], backs: bool, shift: tuple[float, float], back_shift: tuple[float, float]
) -> Print:
    from kiosk.central.printing.sheets import Print, Shift  # noqa: PLC0415

    return Print(sheet, backs, Shift(*shift), Shift(*back_shift))


@cards.command()
@click.argument("prefix", type=SCOPE, default="")
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="Within how many days.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, which can be taken in again with new days in it.")
@folder_option
@as_json
def ending(prefix: str, days: int, as_csv: bool, folder: Path, as_json: bool) -> None:
    """List the passes of the district PREFIX that end soon: whose cards are to be printed anew."""
    from kiosk.central.people_file import last_day  # noqa: PLC0415
    from kiosk.central.renewals import ending_csv  # noqa: PLC0415
    from kiosk.central.scope import Scope  # noqa: PLC0415

    now = time.time()
    found = looked_into(folder).ending(now, now + days * 86_400, Scope(prefix))
    rows = [(last_day(each.facts.until), each.holder, each.facts.card, each.facts.district) for each in found]
    if as_json:
        print_json([dict(zip(("until", "holder", "card", "district"), row, strict=True)) for row in rows])
        return
    for line in (
        ending_csv(found).decode("utf-8-sig").splitlines() if as_csv else ("  ".join(row).rstrip() for row in rows)
    ):
        echo(line)
    if not found:
        echo(_("None ends within {days} days.", days=days), err=True)


@cards.command()
@click.argument("prefix", type=SCOPE, default="")
@folder_option
@as_json
def replaced(prefix: str, folder: Path, as_json: bool) -> None:
    """Count the cards of the district PREFIX that were replaced, by month: the last twelve, and each county."""
    from kiosk.central.renewals import YEAR, replaced_by_month  # noqa: PLC0415
    from kiosk.central.scope import Scope  # noqa: PLC0415

    now = time.time()
    found = replaced_by_month(looked_into(folder).replaced_since(now - YEAR, Scope(prefix)), now)
    if as_json:
        print_json({"months": found.months, "all": found.whole, "counties": found.counties})
        return
    for at, month in enumerate(found.months):
        counties = ", ".join(f"{county or '–'} {counts[at]}" for county, counts in found.counties.items() if counts[at])
        echo(f"{month}  {found.whole[at]:>6}  {counties}".rstrip())
