"""`kiosk central posters`: the posters of stations as PDF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from kiosk.cli.central.folder import SCOPE, folder_option, looked_into
from kiosk.cli.central.printing import in_parts, pdf_option
from kiosk.cli.common import MISUSED, answer, echo, fail, json_too
from kiosk.cli.printing import printable
from kiosk.foreign import visible
from kiosk.language import _

if TYPE_CHECKING:
    from kiosk.central.printing.poster import Size

A_FILE: Final = 200
"""Posters of one PDF, which takes some 15 s and 200 MB."""


@click.group()
def posters() -> None:
    """Print the posters of stations: the code, a QR of the station's page, how to get in, whom to call."""


@posters.command("print")
@click.argument("prefix", type=SCOPE, default="")
@pdf_option
@click.option("--size", type=click.Choice(["a4", "a5"]), default="a4", show_default=True, help="Of the paper.")
@folder_option
@json_too
def print_(prefix: str, out: Path, size: Size, folder: Path) -> None:
    """Print a poster for each station whose code begins with PREFIX; the whole code for one.

    More than 200 become several files: FILE-1.pdf, FILE-2.pdf.
    """
    from kiosk.central.scope import Scope  # noqa: PLC0415

    with printable():
        from kiosk.central.printing.poster import posters_of, posters_pdf  # noqa: PLC0415

        found, without = posters_of(looked_into(folder), Scope(prefix))
        for why in without:
            echo(visible(why), err=True)
        if not found:
            fail(_("No station here has a poster. Next: kiosk central stations"), MISUSED)
        files = in_parts(found, A_FILE, out, lambda some: posters_pdf(some, size))
    facts = {"posters": len(found), "without": len(without)}
    words = _("{posters} posters; {without} stations have none", **facts)
    answer("\n".join([words, *map(str, files)]), **facts, files=[str(each) for each in files])
