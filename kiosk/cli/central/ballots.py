"""`kiosk central ballots`: the sealed ballots of a poll that is over, as the election board takes them."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli.central.folder import Words, folder_option, looked_into
from kiosk.cli.common import MISUSED, answer, echo, fail, json_too, print_json, wants_json
from kiosk.cli.files import OutFile, whole
from kiosk.language import _
from kiosk.wording.words import listed, when

if TYPE_CHECKING:
    from kiosk.central.store import CentralStore
    from kiosk.central.store.ballots import Gathered

POLL = Words("[0-9a-f]{4,64}", lambda: _("is no beginning of a poll's id, as sha256sum prints it of the poll's file"))
MOST_NAMED = 20


@click.command()
@click.argument("id", type=POLL, required=False)
@click.option("--out", type=OutFile(".json"), help="The file for the board.  [default: only show]")
@click.option("--remarks", type=OutFile(".json"), help="The file of the sealed remarks, for holder B alone.")
@folder_option
@json_too
def ballots(id: str | None, out: Path | None, remarks: Path | None, folder: Path) -> None:  # noqa: A002
    """Show the polls whose sealed ballots have come, or hand out those of one, which is named by how its id begins.

    Stations send them once a poll is over, all together. Nobody here can open one; `kiosk index open-outer` takes the file,
    and `kiosk index remarks` that of the remarks.
    """
    store = looked_into(folder)
    if id is None:
        _list(store)
        return
    found = [each for each in store.gathered_polls() if each.poll.startswith(id)]
    if len(found) != 1:
        fail(_none(id) if not found else _("Several polls begin with {poll}: type more of it.", poll=id), MISUSED)
    _tell(store, found[0], out, remarks)


def _none(poll: str) -> str:
    return _("No ballots of {poll} have come: stations send them once the poll is over and they are online.", poll=poll)


def _list(store: CentralStore) -> None:
    found = store.gathered_polls()
    if wants_json():
        print_json([_facts(each) for each in found])
        return
    for each in found:
        echo(_line(each))
    if not found:
        echo(_("No ballots have come. Stations send them once a poll is over, and not before."))


def _line(found: Gathered) -> str:
    counts = {"count": len(found.ballots), "stations": found.stations, "since": when(found.since)}
    words = _("{poll}: {count} sealed ballots of {stations} stations, since {since}", poll=found.poll[:8], **counts)
    return words + (_("; handed out {when}", when=when(found.exported)) if found.exported else "")


def _facts(found: Gathered) -> dict[str, object]:
    facts = {name: getattr(found, name) for name in ("poll", "since", "exported", "stations")}
    return {**facts, "ballots": len(found.ballots), "remarks": len(found.remarks)}


def _tell(store: CentralStore, found: Gathered, out: Path | None, remarks: Path | None) -> None:
    from kiosk.central.polls import missing_stations  # noqa: PLC0415
    from kiosk.index.ballots import ballot_file, sealed_text  # noqa: PLC0415

    if wrong := _wrong(found, out, remarks):
        fail(wrong, MISUSED)
    missing = missing_stations(store, found.poll)
    lines = [_line(found)]
    if missing:
        some = listed(missing[:MOST_NAMED])
        words = _("Of {count} stations where it is held nothing has come; one without a desk has no urn: {some}")
        lines.append(words.format(count=len(missing), some=some))
    data = ballot_file(bytes.fromhex(found.poll), map(sealed_text, found.ballots))
    if out:
        lines.append(_written(out, data))
        lines.append(_("Next, at the board: kiosk index open-outer POLL {file} --share FILE --share FILE", file=out))
        store.note_export(found.poll, time.time())  # from which on they go: who has the remarks alone cannot count
    lines += _told_remarks(found, remarks)
    files = {"file": str(out) if out else None, "remarks_file": str(remarks) if remarks else None}
    answer("\n".join(lines), **_facts(found), missing=missing, **files, sha256=hashlib.sha256(data).hexdigest())


def _wrong(found: Gathered, out: Path | None, remarks: Path | None) -> str:
    if remarks and not found.remarks:
        return _(
            "No remarks of {poll} have come: stations send them with ballots, of a poll that asks for them.",
            poll=found.poll,
        )
    return _("{file}: two files cannot have one name", file=out) if out and out == remarks else ""


def _told_remarks(found: Gathered, remarks: Path | None) -> list[str]:
    """Written where they are to be; else it is said that there are any."""
    from kiosk.index.remark_file import remark_file  # noqa: PLC0415

    if remarks:
        return [
            _written(remarks, remark_file(bytes.fromhex(found.poll), found.remarks)),
            _("Next, at holder B: kiosk index remarks POLL {file} --share FILE --share FILE", file=remarks),
        ]
    count = len(found.remarks)
    return [_("{count} sealed remarks, for holder B alone: --remarks", count=count)] if count else []


def _written(path: Path, data: bytes) -> str:
    """The line of a file that is there now."""
    with whole(path) as beside:
        beside.write_bytes(data)
    return _("{file}, SHA-256 {digest}", file=path, digest=hashlib.sha256(data).hexdigest())
