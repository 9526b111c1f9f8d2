"""`kiosk index cards`: the cards by which a ballot is answered where the display is not touched."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.cli.common import answer, json_too
from kiosk.cli.files import whole
from kiosk.cli.index.common import EXTRA, out_option
from kiosk.cli.printing import printable
from kiosk.language import _


@click.command()
@out_option("cards.pdf", ".pdf")
@json_too
def cards(out: Path) -> None:
    """Make the six cards of a ballot at a display that is not touched: A4, to cut, laminate and hang beside the reader."""
    from kiosk.board.card_sheets import card_sheet  # noqa: PLC0415

    with printable(EXTRA):
        from kiosk.printing.pdf import pdf_of  # noqa: PLC0415

        made = pdf_of([card_sheet()], _("Cards of a ballot"))
    with whole(out) as beside:
        beside.write_bytes(made)
    answer(_("written: {file}", file=out), file=str(out))
