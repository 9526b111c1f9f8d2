"""`kiosk maintenance`: arm it for a while, so that a technician may see what the camera sees. Who did goes into the logbook."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.cli.act.door import Duration
from kiosk.cli.common import answer, ask_or_exit, json_too, settings_or_exit
from kiosk.language import _
from kiosk.wire import Done, Maintain
from kiosk.wording.words import span


@click.group()
def maintenance() -> None:
    """Arm or end maintenance, which lets a technician see more."""


@maintenance.command()
@click.option("--for", "seconds", type=Duration(), default="30m", show_default=True)
@json_too
@click.pass_obj
def on(config: Path, seconds: float) -> None:
    """Arm it; it ends by itself."""
    ask_or_exit(settings_or_exit(config), Maintain(seconds), Done)
    words = _("Maintenance is armed for {span}. To end it: kiosk maintenance off", span=span(seconds))
    answer(words, seconds=seconds)


@maintenance.command()
@json_too
@click.pass_obj
def off(config: Path) -> None:
    """End it now."""
    ask_or_exit(settings_or_exit(config), Maintain(0.0), Done)
    answer(_("Maintenance has ended."), seconds=0)
