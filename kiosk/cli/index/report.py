"""`kiosk index report`: the result on paper."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import click
import msgspec

from kiosk.board.refused import NotSo
from kiosk.cli.common import answer, json_too
from kiosk.cli.files import whole
from kiosk.cli.index.common import EXTRA, a_file, out_option, poll_argument
from kiosk.cli.printing import printable
from kiosk.language import _
from kiosk.settings.text import read_text

MOST_REMARKS: Final = 2000
LONGEST: Final = 502
"""Characters: 500, and the quotation marks in which somebody's own words stand."""


@click.command()
@poll_argument
@click.argument("result", type=a_file)
@click.option("--remarks", type=a_file, help="A text with a remark on each line, to be printed as well.")
@click.option("--remarks-read", is_flag=True, help="Somebody has removed from them whatever points to a person.")
@out_option("report.pdf", ".pdf")
@json_too
def report(poll: Path, result: Path, remarks: Path | None, remarks_read: bool, out: Path) -> None:
    """Lay out the RESULT of the POLL as PDF, in Chinese and in English; what it says stands beside it as JSON."""
    from kiosk.board.files import file_bytes, read_file, read_known  # noqa: PLC0415
    from kiosk.board.result import Result  # noqa: PLC0415

    known = read_known(poll)
    found, digest = read_file(result, Result, known)
    said = _remarks(remarks, remarks_read, found.outcome is not None)
    with printable(EXTRA):
        from kiosk.board.report import Report, report_sheets  # noqa: PLC0415
        from kiosk.printing.pdf import pdf_of  # noqa: PLC0415

        made = pdf_of(report_sheets(Report(found, digest, said)), _("Report"))
    data = file_bytes({**msgspec.to_builtins(found), "remarks": list(said), "sha256": digest})
    beside_it = out.with_suffix(".json")
    for path, content in ((beside_it, data), (out, made)):
        with whole(path) as beside:
            beside.write_bytes(content)
    words = _("written: {file}", file=out)
    answer(
        "\n".join([words, _("written: {file}", file=beside_it), f"sha256 {hashlib.sha256(made).hexdigest()}"]),
        file=str(out),
        json=str(beside_it),
        remarks=len(said),
    )


def _remarks(path: Path | None, read: bool, enough: bool) -> tuple[str, ...]:
    """The remarks of a file. Raises NotSo and BadSettings."""
    if path is None:
        return ()
    if not read:
        raise NotSo(
            _(
                "{file}: a name, a place or a turn of phrase points to whoever wrote it. Next: let somebody of the board "
                "rewrite them, and say so with --remarks-read",
                file=path,
            )
        )
    if not enough:
        raise NotSo(_("Of fewer than ten ballots no remark is published."))
    written = read_text(path).split("\n")
    for number, line in enumerate(written, 1):
        if len(line.strip()) > LONGEST:
            words = _("has {count} characters, and may have {most}", count=len(line.strip()), most=LONGEST)
            raise NotSo(f"{path}:{number}: {words}")
    lines = [line.strip() for line in written if line.strip()]
    if len(lines) > MOST_REMARKS:
        raise NotSo(
            _("{file}: {count} remarks, and there may be {most}", file=path, count=len(lines), most=MOST_REMARKS)
        )
    return tuple(sorted(lines))
