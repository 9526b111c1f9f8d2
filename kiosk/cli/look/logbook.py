"""`kiosk logbook`: what the logbook's file holds, whether it is whole, and a copy of it. It only reads."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from rich.cells import set_cell_size

from kiosk.cli.common import WRONG, as_json, echo, machine_line, print_json, progress, reading, settings_or_exit
from kiosk.cli.files import OutFile, writing
from kiosk.foreign import visible
from kiosk.language import _, told
from kiosk.settings import Settings
from kiosk.wire.base import STREAMS, StreamName
from kiosk.wording.names import Names
from kiosk.wording.sentences import sentence
from kiosk.wording.words import iso, legend, listed, stamped, when, word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kiosk.logbook.reader import Reader, Row

CLOCK = ("seq", "boot_id", "boot", "wall", "quality", "kind")
stream_option = click.option("--stream", type=click.Choice(STREAMS), default="access", show_default=True)


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def logbook(ctx: click.Context, as_json: bool) -> None:
    """Show what the logbook holds: counts, size, what waits for the central server and since when."""
    if ctx.invoked_subcommand is not None:
        return
    settings = settings_or_exit(ctx.obj)
    from kiosk.logbook.salvage import set_aside  # noqa: PLC0415

    aside = set_aside(settings.kept)
    bound = settings.logbook.most_megabytes * 10**6
    with reading(settings) as reader:
        epoch, size = reader.epoch, reader.size()
        streams = {name: stream_state(reader, name) for name in reader.heads()}
        refused = len(reader.refused())
    if as_json:
        found = {
            "epoch": epoch,
            "bytes": size,
            "bound_bytes": bound,
            "streams": streams,
            "refused": refused,
            "set_aside": list(map(str, aside)),
        }
        print_json(found)
        return
    echo(_("epoch {epoch}, {size:.1f} MB of {bound:.0f} MB", epoch=epoch, size=size / 1e6, bound=bound / 1e6))
    for name, each in streams.items():
        oldest = (
            _(", the oldest of {when}", when=when(each["oldest_waiting"], settings)) if each["oldest_waiting"] else ""
        )
        echo(aside_of(name) + _("{rows} entries, newest {newest}, {waiting} waiting", **each) + oldest)
    if refused:
        echo(_("{count} entries were not taken by the central server: kiosk logbook refused", count=refused))
    for path in aside:
        echo(_("set aside as broken: {file}", file=path))


@logbook.command()
@as_json
@click.pass_obj
def verify(config: Path, as_json: bool) -> None:
    """Check every entry against its checksum, and the file against itself. Exit code 1 when something is wrong."""
    with reading(settings_or_exit(config)) as reader:
        wrong = reader.check()
        damaged = {name: [row.seq for row in _passing(reader, name) if not row.intact] for name in reader.heads()}
    bad = bool(wrong) or any(damaged.values())
    if as_json:
        print_json({"ok": not bad, "file": wrong, "damaged": damaged})
    else:
        for name, numbers in damaged.items():
            damage = _("damaged: {numbers}", numbers=numbers) if numbers else _("every entry is as it was written")
            echo(aside_of(name) + damage)
        echo(told(wrong) or _("the file is whole"))
    sys.exit(WRONG if bad else 0)


@logbook.command()
@as_json
@click.pass_obj
def refused(config: Path, as_json: bool) -> None:
    """List the entries that the central server did not take, and why: they are kept here until their time is over."""
    settings = settings_or_exit(config)
    with reading(settings) as reader:
        found = reader.refused()
    if as_json:
        print_json([{"stream": each.stream, "why": each.why, "entry": each.row.body} for each in found])
        return
    for each in found:
        at = stamped(each.row.wall, each.row.quality, settings)
        echo(f"{listed([f'{word(each.stream)} {each.row.seq}', at])}{_(': ')}{told(visible(each.why))}")
        echo(f"  {sentence(each.row.wire(), Names(settings))}")
    for line in legend(each.row.quality for each in found):
        echo(line)
    echo(_("{count} entries refused", count=len(found)))


@logbook.command()
@stream_option
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only entries after this number.")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--out", type=OutFile(stream=True), default="-", help="The file to write; default: standard output.")
@click.pass_obj
def export(config: Path, stream: StreamName, after: int, form: str, out: Path | None) -> None:
    """Write the entries as JSON lines, or as CSV with the station's time as ISO 8601 and the details in one column."""
    settings = settings_or_exit(config)
    with reading(settings) as reader, writing(out) as file:
        entries = (row.wire() for row in _passing(reader, stream, after, hidden=file.isatty()))
        if form == "jsonl":
            file.writelines(machine_line(entry) + "\n" for entry in entries)
        else:
            _write_table(file, entries, settings)


def _write_table(file: IO[str], entries: Iterator[dict[str, Any]], settings: Settings) -> None:
    table = csv.writer(file)
    table.writerow([*CLOCK, "time", "details"])
    for entry in entries:
        known = [entry.pop(name) for name in CLOCK]
        time = iso(known[CLOCK.index("wall")], settings)
        table.writerow([*(visible(str(each)) for each in known), time, machine_line(entry)])


def _passing(reader: Reader, stream: Any, after: int = 0, *, hidden: bool = False) -> Iterator[Row]:
    """The stream's rows, with a bar while they pass."""
    with progress(max(0, reader.count(stream) - after), word(stream), hidden=hidden) as passed:
        for row in reader.rows(stream, after):
            yield row
            passed(1)


def aside_of(name: str, width: int = 10) -> str:
    """A word at the beginning of a line, with room behind it."""
    return set_cell_size(visible(word(name)), width) + " "


def stream_state(reader: Reader, name: Any) -> dict[str, Any]:
    """What a stream holds, what waits in it, and the wall time of the oldest that waits."""
    heads = reader.heads()[name]
    first = reader.batch(name, heads.acked, 1, 10**6)
    waiting = heads.newest - heads.acked
    return {
        "rows": reader.count(name),
        "newest": heads.newest,
        "acked": heads.acked,
        "waiting": waiting,
        "oldest_waiting": first[0].wall if first and waiting else None,
    }
