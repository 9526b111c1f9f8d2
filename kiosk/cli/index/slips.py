"""`kiosk index slips`, `shred` and `cancel`: slips on paper, what is left of their secret, and those that nobody drew."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from kiosk.board.refused import NotSo
from kiosk.cli.common import WRONG, answer, echo, json_too, say
from kiosk.cli.files import whole
from kiosk.cli.index.common import EXTRA, a_file, out_option, poll_argument
from kiosk.cli.printing import printable
from kiosk.language import _

if TYPE_CHECKING:
    from kiosk.board.files import Known

MOST_LINE: Final = 4096
CHUNK: Final = 1 << 20


@click.command()
@poll_argument
@click.argument("serials", type=a_file)
@out_option("slips.pdf", ".pdf")
@json_too
def slips(poll: Path, serials: Path, out: Path) -> None:
    """Lay out the slips of the POLL on A4, to be printed, cut and folded; SERIALS is the secret file."""
    from kiosk.board.files import SerialsFile, read_file, read_known  # noqa: PLC0415
    from kiosk.board.slip_sheets import sheets, slips_of  # noqa: PLC0415

    known = read_known(poll)
    file, _digest = read_file(serials, SerialsFile, known)
    drawn = [[bytes.fromhex(each) for each in heap] for heap in file.heaps]
    _all_listed(known, drawn, serials)
    with printable(EXTRA):
        from kiosk.printing.pdf import pdf_of  # noqa: PLC0415

        made = pdf_of(sheets(slips_of(known.poll, known.words, drawn)), _("Slips"))
    with whole(out) as beside:
        beside.touch(0o600)
        beside.write_bytes(made)
    lines = [
        _("{file}: {count} slips, eight on a sheet", file=out, count=len(known.poll)),
        _("The poll's words, which each has: {words}", words=known.words),
        _(
            "Next: print them at 100 %, on one side, on thick paper; then kiosk index shred {file} {serials}",
            file=out,
            serials=serials,
        ),
    ]
    answer("\n".join(lines), file=str(out), slips=len(known.poll), words=known.words)


def _all_listed(known: Known, drawn: list[list[bytes]], path: Path) -> None:
    from kiosk.index.slips import digest_of  # noqa: PLC0415

    found = [sorted(map(digest_of, heap)) for heap in drawn]
    if found != [list(heap.digests()) for heap in known.poll.heaps]:
        raise NotSo(_("{file}: these are not the slips that the poll lists", file=path))


@click.command()
@click.argument("files", nargs=-1, required=True, type=a_file)
@json_too
def shred(files: tuple[Path, ...]) -> None:
    """Overwrite and delete FILES: what slips were printed from, and shares that have been handed out."""
    if absent := [each for each in files if not each.is_file()]:
        raise NotSo(_("{file}: there is no such file; nothing was deleted", file=absent[0]))
    for each in (gone := dict.fromkeys(files)):
        _overwrite(each)
        each.unlink()
    lines = [
        _("{count} files are overwritten and gone from here.", count=len(gone)),
        _(
            "That is all a program can do: flash disks, backups, snapshots and the memory and queue of a printer may still "
            "have them. Work on a stick, print from it by cable, and destroy the stick before witnesses."
        ),
    ]
    answer("\n".join(lines), files=[str(each) for each in gone])


def _overwrite(path: Path) -> None:
    import os  # noqa: PLC0415

    left = path.stat().st_size
    with path.open("r+b") as file:
        while left > 0:
            left -= file.write(secrets.token_bytes(min(CHUNK, left)))
        file.flush()
        os.fsync(file.fileno())


@click.command()
@poll_argument
@out_option("cancelled.json", ".json")
@json_too
def cancel(poll: Path, out: Path) -> None:
    """Cancel slips that nobody drew, as a reader types them in, a line each, until Ctrl-D; they are added to what --out has.

    In public, before anything is opened. A slip that somebody has cast meanwhile does not count either.
    """
    from kiosk.board.files import CancelledFile, file_bytes, read_known  # noqa: PLC0415

    known = read_known(poll)
    cancelled, odd = _cancelled_in(out, known), 0
    say(_("Hold each slip before the reader. Ctrl-D ends it."))
    for line in _lines():
        cancelled |= _cancelled_in(out, known)  # of another reader, at another terminal
        wrong = _not_cancelled(known, line, cancelled)
        odd += wrong is not None
        if wrong is None:
            with whole(out) as beside:
                beside.write_bytes(file_bytes(CancelledFile(known.id.hex(), tuple(sorted(cancelled)))))
        echo(_("Cancelled: {count}", count=len(cancelled)) if wrong is None else wrong, err=True)
    words = _(
        "{file}: {count} slips of {all} are cancelled; {odd} codes were none that could be",
        file=out,
        count=len(cancelled),
        all=len(known.poll),
        odd=odd,
    )
    answer(words, file=str(out), cancelled=len(cancelled), slips=len(known.poll), odd=odd)
    if odd:
        sys.exit(WRONG)


def _cancelled_in(path: Path, known: Known) -> set[str]:
    """The slips that a file says are cancelled, where there is one."""
    from kiosk.board.files import CancelledFile, read_file  # noqa: PLC0415

    return set(read_file(path, CancelledFile, known)[0].cancelled) if path.exists() else set()


def _lines() -> Iterator[str]:
    """What is typed, a line each; of a longer one the beginning."""
    while line := sys.stdin.buffer.readline(MOST_LINE):
        if text := line.decode(errors="replace").strip():
            yield text


def _not_cancelled(known: Known, line: str, cancelled: set[str]) -> str | None:
    """Cancel the slip in a line; else why it cannot be."""
    from kiosk.index.slips import digest_of, serial_in  # noqa: PLC0415
    from kiosk.trust.codes import unwrapped  # noqa: PLC0415

    serial = serial_in(unwrapped(line, "", ""))
    if serial is None:
        return _("This is no slip. Try it again, nearer or with more light.")
    digest = digest_of(serial)
    if known.poll.heap_of(digest) is None:
        return _("This slip is of another poll, or somebody made it up. Keep it, and write it down.")
    if digest.hex() in cancelled:
        return _("This slip was cancelled before.")
    cancelled.add(digest.hex())
    return None
