"""`kiosk log`: what happened, in words, from the logbook's file; also while no program runs."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Final

import click
from msgspec import Struct

from kiosk.cli.act.door import DAY, Duration
from kiosk.cli.common import echo, print_json, reading, settings_or_exit, until_interrupted
from kiosk.language import _
from kiosk.settings import Settings
from kiosk.wire.base import STREAMS, StreamName
from kiosk.wording.names import Names
from kiosk.wording.sentences import sentence
from kiosk.wording.words import legend, stamped

LOOK_EVERY: Final = 0.5
"""Seconds between two looks at the file, with --follow."""

AT_ONCE: Final = 1000
MOST_BYTES: Final = 10**7


class Wanted(Struct, frozen=True):
    """Which entries: empty or 0 for any."""

    kinds: frozenset[str]
    door: str
    since: float

    def __call__(self, entry: dict[str, Any]) -> bool:
        """Whether the entry, as it is on the wire, is one of them."""
        if entry["wall"] < self.since or (self.kinds and entry["kind"] not in self.kinds):
            return False
        return not self.door or entry.get("door") == self.door


@click.command()
@click.option(
    "-n", "count", type=click.IntRange(0, 100_000), default=20, show_default=True, help="How many, the newest."
)
@click.option("--stream", type=click.Choice(STREAMS), default="access", show_default=True)
@click.option("--kind", "kinds", multiple=True, help="Only entries of this kind, such as denied; may be given again.")
@click.option("--door", default="", help="Only entries of this door.")
@click.option("--since", type=Duration(366 * DAY), default="0s", help="Only entries of the last 15m, 2h, 3d.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line, as `kiosk logbook export` writes them.")
@click.pass_obj
def log(
    config: Path,
    count: int,
    stream: StreamName,
    kinds: tuple[str, ...],
    door: str,
    since: float,
    follow: bool,
    as_json: bool,
) -> None:
    """Show what happened, the newest last."""
    settings = settings_or_exit(config)
    wanted = Wanted(frozenset(kinds), door, time.time() - since if since else 0.0)
    with reading(settings) as reader:
        newest, left_out = reader.heads()[stream].newest, list[range]()
        found = islice(filter(wanted, (row.wire() for row in reader.backwards(stream, left_out))), count)
        entries = list(found)
    for entry in reversed(entries):
        tell(entry, settings, as_json)
    for line in legend(entry["quality"] for entry in entries) if not as_json else ():
        echo(line)
    for gap in joined(left_out):
        echo(_("numbers {first} to {last} cannot be read", first=gap.start, last=gap.stop - 1), err=True)
    with until_interrupted():
        for entry in filter(wanted, following(settings, stream, newest)) if follow else ():
            tell(entry, settings, as_json)


def joined(gaps: list[range]) -> list[range]:
    """In order, those that touch as one."""
    found: list[range] = []
    for gap in sorted(gaps, key=lambda each: each.start):
        if found and gap.start <= found[-1].stop:
            found[-1] = range(found[-1].start, max(gap.stop, found[-1].stop))
        else:
            found.append(gap)
    return found


def following(settings: Settings, stream: StreamName, after: int) -> Iterator[dict[str, Any]]:
    """What comes after that number, and then all of a new file whenever this one was replaced."""
    from kiosk.logbook.reader import Reader  # noqa: PLC0415

    while True:
        folder = settings.kept
        try:
            reader = Reader(folder)
        except sqlite3.Error:  # it is just being replaced
            time.sleep(LOOK_EVERY)
            continue
        with closing(reader):
            while reader.is_current() and folder == settings.kept:
                for row in reader.batch(stream, after, AT_ONCE, MOST_BYTES):
                    after = row.seq
                    yield row.wire()
                time.sleep(LOOK_EVERY)
        after = 0


def tell(entry: dict[str, Any], settings: Settings, as_json: bool) -> None:
    """A line."""
    if as_json:
        print_json(entry)
    else:
        echo(f"{stamped(entry['wall'], entry['quality'], settings)}  {sentence(entry, Names(settings))}")
