"""`kiosk index keys`: the two keys of a poll, each for three custodians."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.board.custody import CUSTODIANS, Share, new_key, split
from kiosk.cli.common import answer, json_too
from kiosk.cli.index.common import EXTRA, SECRET, is_free, write_new
from kiosk.cli.printing import printable
from kiosk.language import _


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="A folder, which is made.")
@click.option("--only", type=click.Choice(["A", "B"]), help="Make this key alone: each on the laptop of its holder.")
@click.option("--paper", is_flag=True, help="Also a page of each share, to be printed and sealed.")
@json_too
def keys(out: Path, only: str | None, paper: bool) -> None:
    """Make key A (of the slips) and key B (of the answers), each split over three custodians, any two of whom have it.

    No whole private key is written anywhere.
    """
    from kiosk.board.shares import public_text, share_text  # noqa: PLC0415

    out.mkdir(parents=True, exist_ok=True)
    files, wanted = list[Path](), [only] if only else ["A", "B"]
    is_free(*(out / f"{name}.toml" for key in wanted for name in (f"key-{key}", *_shares(key))))
    for key in wanted:
        shares = split(key, new_key())
        pages = _pages(shares) if paper else {}
        made = {f"key-{key}.toml": public_text(key, shares[0].public).encode()} | pages
        made |= {f"{name}.toml": share_text(share).encode() for name, share in zip(_shares(key), shares, strict=True)}
        for name, data in sorted(made.items()):
            write_new(out / name, data, 0o644 if name.startswith("key-") else SECRET)
            files.append(out / name)
    lines = [
        *map(str, files),
        _("Give each custodian one share on a stick of their own, and no two to one person. Two of three are needed."),
        _(
            "key-A.toml and key-B.toml are no secret. Once all shares are copied, none stays here. Next: kiosk index shred FILE"
        ),
    ]
    answer("\n".join(lines), files=[str(each) for each in files])


def _shares(key: str) -> list[str]:
    return [f"share-{key}-{custodian}" for custodian in CUSTODIANS]


def _pages(shares: tuple[Share, ...]) -> dict[str, bytes]:
    """A PDF for each share."""
    from kiosk.board.share_sheets import share_sheet  # noqa: PLC0415

    with printable(EXTRA):
        from kiosk.printing.pdf import pdf_of  # noqa: PLC0415

        return {f"share-{each.key}-{each.custodian}.pdf": pdf_of([share_sheet(each)], _("Share")) for each in shares}
