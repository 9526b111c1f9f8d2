"""`kiosk central inspections`: how stations stand with their checklists."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.central.scope import EVERYWHERE
from kiosk.cli.central.folder import SCOPE, folder_option, looked_into
from kiosk.cli.common import as_json, echo, print_json
from kiosk.foreign import visible
from kiosk.language import _

if TYPE_CHECKING:
    from kiosk.central.voices.rounds import Standing


@click.command()
@click.argument("prefix", type=SCOPE, default="")
@click.option("--overdue", is_flag=True, help="Only those of which a round is overdue.")
@folder_option
@as_json
def inspections(prefix: str, overdue: bool, folder: Path, as_json: bool) -> None:
    """List the last rounds of stations whose code begins with PREFIX: what is overdue, what was not so, which medicine ends."""
    from kiosk.central.inspecting import line, overview, told  # noqa: PLC0415

    store = looked_into(folder)
    found = [each for each in overview(store, EVERYWHERE, prefix, time.time()) if each.overdue or not overdue]
    if as_json:
        print_json([facts(each) for each in found])
        return
    listed = store.checklists()
    for each in found:
        echo(visible(line(told(each, listed))))
    if not found:
        echo(_("No checklist holds there, or nothing is overdue. Next: kiosk central service publish FILE"))


def facts(each: Standing) -> dict[str, object]:
    """A standing for programs."""
    last = each.last
    return {
        "station": each.station,
        "checklist": each.checklist,
        "last": last.at if last else None,
        "due": each.due,
        "overdue": each.overdue,
        "results": last.results if last else {},
        "proven": last.proven if last else (),
        "no": each.no,
        "ending": each.ending,
        "ended": each.ended,
        "cleaned": each.cleaned[0] if each.cleaned else 0,
        "cleaned_last": each.cleaned[1] if each.cleaned else None,
    }
