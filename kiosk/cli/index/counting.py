"""`kiosk index open-outer` and `count`: holder A takes the slips away from the ballots, holder B counts what is left."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from kiosk.cli.common import answer, json_too
from kiosk.cli.files import whole
from kiosk.cli.index.common import a_file, key_of, out_option, poll_argument, share_option
from kiosk.language import _


@click.command("open-outer")
@poll_argument
@click.argument("ballots", type=a_file)
@share_option
@click.option("--cancelled", type=a_file, help="The slips that were cancelled.")
@out_option("passed.json", ".json")
@json_too
def open_outer(poll: Path, ballots: Path, shares: tuple[Path, ...], cancelled: Path | None, out: Path) -> None:
    """Holder A: open the outer envelopes of BALLOTS, drop what must not count, and pass on the rest without its slips."""
    from kiosk.board.files import CancelledFile, file_bytes, read_ballots, read_file, read_known  # noqa: PLC0415
    from kiosk.board.opening import opened  # noqa: PLC0415
    from kiosk.board.words import told_opening  # noqa: PLC0415

    known = read_known(poll)
    private = key_of(shares, "A", known)
    came, digest = read_ballots(ballots, known)
    void, void_digest = read_file(cancelled, CancelledFile, known) if cancelled else (CancelledFile(known.id.hex()), "")
    digests = frozenset(bytes.fromhex(each) for each in void.cancelled)
    passed = opened(known, private, came.ballots, digests, (digest, void_digest))
    data = file_bytes(passed)
    with whole(out) as beside:
        beside.write_bytes(data)
    sha = hashlib.sha256(data).hexdigest()
    lines = [
        *told_opening(passed.opening),
        *_compared(out, sha),
        _("Next: holder B: kiosk index count {poll} {file} --share FILE --share FILE", poll=poll, file=out),
    ]
    answer("\n".join(lines), file=str(out), sha256=sha, ballots=digest, opening=passed.opening)


@click.command()
@poll_argument
@click.argument("passed", type=a_file)
@share_option
@out_option("result.json", ".json")
@json_too
def count(poll: Path, passed: Path, shares: tuple[Path, ...], out: Path) -> None:
    """Holder B: count the answers that holder A has PASSED on. The result is fit to be published; no ballot is in it."""
    from kiosk.board.files import PassedFile, file_bytes, read_file, read_known  # noqa: PLC0415
    from kiosk.board.result import result_of  # noqa: PLC0415
    from kiosk.board.words import told_result  # noqa: PLC0415

    known = read_known(poll)
    private = key_of(shares, "B", known)
    file, digest = read_file(passed, PassedFile, known)
    result = result_of(known, file, digest, private)
    data = file_bytes(result)
    with whole(out) as beside:
        beside.write_bytes(data)
    sha = hashlib.sha256(data).hexdigest()
    lines = [
        *told_result(result),
        *_compared(out, sha),
        _("Next: kiosk index report {poll} {file}", poll=poll, file=out),
    ]
    answer("\n".join(lines), file=str(out), sha256=sha, result=result)


def _compared(out: Path, sha: str) -> list[str]:
    return [_("{file}: sha256 {sha}", file=out, sha=sha), _("Whoever does the same gets the same file: compare it.")]
