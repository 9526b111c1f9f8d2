"""`kiosk central retention`: what is kept for how long, and what will go."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len, set_cell_size

from kiosk.cli.central.folder import folder_option, looked_into
from kiosk.cli.common import as_json, echo, print_json
from kiosk.language import _
from kiosk.wording.words import when, word

if TYPE_CHECKING:
    from kiosk.central.store.purge import Held


@click.command()
@folder_option
@as_json
def retention(folder: Path, as_json: bool) -> None:
    """Show which entries are kept for how many days, how many there are, and how many will go.

    The server takes them away by itself; `[retention]` of central.toml says the days.
    """
    found = looked_into(folder).held(time.time())
    if as_json:
        print_json(found)
        return
    lines = [(_words(each), each) for each in found]
    width = max((cell_len(words) for words, _each in lines), default=0)
    for words, each in lines:
        told = _(
            "kept for {days} days: {count}, the oldest of {oldest}; {due} will go",
            days=f"{each.days:g}",
            count=each.count,
            oldest=when(each.oldest),
            due=each.due,
        )
        echo(f"{set_cell_size(words, width)}  {told}")
    if not found:
        echo(_("Nothing is kept."))


def _words(held: Held) -> str:
    """What these entries are."""
    apart = {
        "aside": _("what is set aside"),
        "rejections": _("what was refused"),
        "remarks": _("what people wrote of stations"),
        "evidence": _("how stations were when a door did not open"),
    }
    if not held.stream:
        return apart[held.kind]
    words = f"{word(held.stream)} {word(held.kind)}"
    return _("{kind}, of persons", kind=words) if held.persons else words
