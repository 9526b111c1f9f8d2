"""What the centre's verbs that print share: the files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import click

from kiosk.cli.common import echo
from kiosk.cli.files import OutFile, whole
from kiosk.language import _

T = TypeVar("T")
pdf_option: Final = click.option("--out", type=OutFile(".pdf"), required=True, help="The PDF to be made.")


def in_parts(all_of_them: Sequence[T], most: int, out: Path, made: Callable[[Sequence[T]], bytes]) -> list[Path]:
    """Files of so many at the most, each whole or not there: FILE.pdf, or FILE-1.pdf and so on."""
    parts = [all_of_them[at : at + most] for at in range(0, len(all_of_them), most)]
    files = [out] if len(parts) == 1 else [out.with_name(f"{out.stem}-{at + 1}.pdf") for at in range(len(parts))]
    for part, file in zip(parts, files, strict=True):
        with whole(file) as beside:
            beside.write_bytes(made(part))
        if len(parts) > 1:
            echo(_("written: {file}", file=file), err=True)
    return files
