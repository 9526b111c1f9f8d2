"""`kiosk config`: the settings."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.cli.common import settings_or_exit


@click.group()
def config() -> None:
    """Check the settings."""


@config.command()
@click.pass_obj
def check(config: Path) -> None:
    """Check the whole file and list every error with its line."""
    settings = settings_or_exit(config)
    click.echo(f"{config}: fine (station {settings.station.code}, doors: {', '.join(settings.doors)})")
