"""`kiosk central command`: what `kiosk door` does at the station, and a restart or a report, from afar."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click
from msgspec import ValidationError, convert

from kiosk.cli.act.door import Duration
from kiosk.cli.central.folder import NAME, STATION, folder_option, opened
from kiosk.cli.common import MISUSED, answer, fail, json_too
from kiosk.language import _
from kiosk.wording.words import word

PROGRAMS: Final = ("station", "scanner", "sensors", "sync")
ON_THE_WIRE: Final = {"open": "unlock", "hold": "hold_open", "lockdown": "lock_down"}
"""What the documents call the acts of `kiosk door`; also the names that they had here up to 0.3.0."""


class Act(click.Choice[str]):
    """One name for an act at both ends; those of the documents are taken, too."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The act's name."""
        names = {wire: name for name, wire in ON_THE_WIRE.items()}
        return super().convert(names.get(value, value), param, ctx)


@click.command()
@click.argument("station", type=STATION)
@click.argument("verb", type=Act(["open", "hold", "lockdown", "release", "restart", "report"]))
@click.option("--door", type=NAME, default="", help="The door's name; without it the station's first.")
@click.option("--for", "seconds", type=Duration(), default="0s", help="How long; without it the verb's own time.")
@click.option("--program", default="", help="For restart: station, scanner, sensors or sync.")
@click.option("--within", type=Duration(), default="5m", show_default=True, help="It is not obeyed later than that.")
@folder_option
@json_too
def command(station: str, verb: str, door: str, seconds: float, program: str, within: float, folder: Path) -> None:
    """Send one command to one STATION; what became of it arrives as an entry."""
    from kiosk.trust.documents import CommandDocument  # noqa: PLC0415

    if (verb == "restart") != (program in PROGRAMS):
        names = ", ".join(PROGRAMS)
        fail(_("restart goes with --program, one of {names}; and no other verb does", names=names), MISUSED)
    store, issuer = opened(folder)
    if store.station_key(station) is None:
        fail(_("There is no station {station}. Next: kiosk central stations", station=station))
    try:
        wanted = convert(
            {
                "version": 1,
                "id": "x",
                "station": station,
                "verb": ON_THE_WIRE.get(verb, verb),
                "issued_at": 0,
                "expires": 0,
                "door": door,
                "program": program,
                "seconds": round(seconds),
            },
            CommandDocument,
        )
    except ValidationError as error:
        fail(str(error), MISUSED)
    sent = issuer.command(wanted, within)
    words = _(
        "command {id}, number {number} of {station}: {verb}",
        id=sent.id,
        number=sent.version,
        station=station,
        verb=word(ON_THE_WIRE.get(verb, verb)),
    )
    answer(words, id=sent.id, number=sent.version, station=station, verb=verb)
