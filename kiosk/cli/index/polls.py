"""`kiosk index poll` and `show`: the poll's file is made, and what a poll's file says."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli.common import answer, json_too
from kiosk.cli.index.common import SECRET, a_file, is_free, out_option, poll_argument, write_new
from kiosk.language import _
from kiosk.wording.words import when

if TYPE_CHECKING:
    from kiosk.board.files import Known


@click.command()
@click.argument("file", type=a_file)
@out_option("index.poll")
@click.option("--serials", type=a_file, default="slips.secret", show_default=True, help="The secret file of the slips.")
@json_too
def poll(file: Path, out: Path, serials: Path) -> None:
    """Make the poll that FILE (TOML; see docs/ballot.md) says, and the serials of its slips."""
    import secrets  # noqa: PLC0415

    from kiosk.board.files import SerialsFile, file_bytes, read_known  # noqa: PLC0415
    from kiosk.board.poll_file import read_poll_file, summary  # noqa: PLC0415
    from kiosk.index.poll import poll_id  # noqa: PLC0415
    from kiosk.index.slips import SERIAL  # noqa: PLC0415

    wanted = read_poll_file(file, time.time())
    drawn = tuple(tuple(secrets.token_bytes(SERIAL) for _each in range(heap.slips)) for heap in wanted.file.wanted)
    data = wanted.file_of(drawn)
    is_free(out, serials)
    texts = tuple(tuple(each.hex() for each in heap) for heap in drawn)
    write_new(serials, file_bytes(SerialsFile(poll_id(data).hex(), texts)), SECRET)
    write_new(out, data)
    known = read_known(out)
    lines = [
        *_said(known),
        _(
            "{file}: the serials of all slips. Whoever has it can vote for everybody: it goes once they are printed.",
            file=serials,
        ),
        _("Next: kiosk index slips {poll} {serials}", poll=out, serials=serials),
    ]
    answer(
        "\n".join(lines),
        file=str(out),
        serials=str(serials),
        id=known.id.hex(),
        words=known.words,
        **summary(known.poll),
    )


@click.command()
@poll_argument
@json_too
def show(poll: Path) -> None:
    """Show what the POLL says: its words, questions, slips, quorum, where and when; and whether its file is whole."""
    from kiosk.board.files import read_known  # noqa: PLC0415
    from kiosk.board.poll_file import summary  # noqa: PLC0415

    known = read_known(poll)
    answer("\n".join(_said(known)), id=known.id.hex(), words=known.words, **summary(known.poll))


def _said(known: Known) -> list[str]:
    from kiosk.board.words import text_in  # noqa: PLC0415

    poll = known.poll
    questions = zip(poll.questions, poll.fractions, strict=True)
    return [
        text_in(poll.title),
        _("The poll's words: {words}", words=known.words),
        _("Its id, as sha256sum prints it: {id}", id=known.id.hex()),
        _("From {begins} to {ends}", begins=when(poll.begins), ends=when(poll.ends)),
        _("At stations whose code begins with {prefixes}", prefixes=", ".join(each or "*" for each in poll.stations)),
        *(f"  {at}. {text_in(texts)} ({weight})" for at, (texts, weight) in enumerate(questions, 1)),
        *(
            _("Prepared remark {number}: {text}", number=at, text=text_in(each))
            for at, each in enumerate(poll.remarks, 1)
        ),
        *(_("{name}: {count} slips", name=text_in(heap.names), count=len(heap)) for heap in poll.heaps),
        _("Valid from {quorum} ballots on", quorum=poll.quorum),
        f"A {poll.outer_key.hex()}",
        f"B {poll.inner_key.hex()}",
    ]
