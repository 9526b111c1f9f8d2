"""`kiosk index remarks`: holder B opens what was said beside the ballots, for one person to go through."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.cli.common import answer, json_too
from kiosk.cli.index.common import SECRET, a_file, is_free, key_of, out_option, poll_argument, share_option, write_new
from kiosk.language import _


@click.command()
@poll_argument
@click.argument("sealed", type=a_file)
@share_option
@out_option("remarks.txt", ".txt")
@json_too
def remarks(poll: Path, sealed: Path, shares: tuple[Path, ...], out: Path) -> None:
    """Holder B: open the SEALED remarks of the POLL into a text, for one person of the board, who rewrites it.

    What was said is shown nowhere else. It has no slip, no station, no time, and nothing of its ballot.
    """
    from kiosk.board.files import read_known, read_remarks  # noqa: PLC0415
    from kiosk.board.remarks import opened_remarks, told_remarks  # noqa: PLC0415

    known = read_known(poll)
    private = key_of(shares, "B", known)
    file, _digest = read_remarks(sealed, known)
    read = opened_remarks(known, private, file.remarks)
    is_free(out)
    write_new(out, "".join(f"{each}\n" for each in read.lines).encode(), SECRET)
    lines = [
        *told_remarks(read),
        _(
            "{file}: what they say, a line each; somebody's own words in quotation marks. Style, names, places and days in it "
            "point to a person.",
            file=out,
        ),
        _(
            "Next: one person of the board rewrites it; then kiosk index report POLL RESULT --remarks {file} --remarks-read, "
            "and kiosk index shred {file}",
            file=out,
        ),
    ]
    counts = {name: getattr(read, name) for name in ("came", "unreadable", "empty", "prepared", "own")}
    answer("\n".join(lines), file=str(out), **counts)
