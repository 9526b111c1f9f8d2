"""`kiosk config`: the settings."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.cli.common import settings_or_exit
from kiosk.settings.loading import warnings


@click.group()
def config() -> None:
    """Check the settings."""


@config.command()
@click.pass_obj
def check(config: Path) -> None:
    """Check the whole file and list every error with its line, and what is allowed but hardly meant."""
    settings = settings_or_exit(config)
    for warning in warnings(settings):
        click.echo(f"{config}: {warning}", err=True)
    click.echo(f"{config}: fine (station {settings.station.code}, doors: {', '.join(settings.doors)})")
