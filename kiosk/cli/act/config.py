"""`kiosk config`: the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec
from rich.cells import cell_len, set_cell_size

from kiosk.cli.common import (
    MISUSED,
    answer,
    as_json,
    echo,
    fail,
    good_settings_or_exit,
    json_line,
    json_too,
    print_json,
    style,
)
from kiosk.decoding import UNDECODABLE
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.settings import Settings
from kiosk.settings.loading import warnings
from kiosk.settings.reading import read_toml
from kiosk.settings.table import BadSettings
from kiosk.settings.words import UnknownKey, explained


@click.group()
def config() -> None:
    """Check, show or explain the settings."""


@config.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@json_too
@click.pass_obj
def check(config: Path, file: Path | None) -> None:
    """Check the whole FILE (the station's own without it): every error with its line, and what is allowed but hardly meant."""
    config = file or config
    settings = good_settings_or_exit(config)
    told = [f"{config}: {warning}" for warning in warnings(settings)]
    for warning in told:
        echo(warning, err=True)
    code, doors = settings.station.code, list(settings.doors)
    words = _("{file}: fine (station {code}, doors: {doors})", file=config, code=code, doors=", ".join(doors))
    answer(words, station=code, doors=doors, warnings=told)


@config.command()
@click.argument("key", default="")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@as_json
@click.pass_obj
def show(config: Path, key: str, file: Path | None, as_json: bool) -> None:
    """Show every setting that holds in FILE, those that it leaves out with their defaults; with KEY those below it."""
    if file is None and is_path(key):
        key, file = "", Path(key)
    config = file or config
    settings = good_settings_or_exit(config)
    given = {visible(name) for name, _value in flat(read_toml(config)[1])}
    held = {
        visible(name): value
        for name, value in flat(msgspec.to_builtins(settings))
        if f"{name}.".startswith(f"{key}." * bool(key))
    }
    if not held:
        fail(_("{key}: there is no such setting here. Next: kiosk config show", key=key), MISUSED)
    if as_json:
        print_json({name: {"value": value, "default": name not in given} for name, value in held.items()})
        return
    width = max(map(len, held))
    for name, value in held.items():
        note = "" if name in given else style(_("  (default)"), dim=True)
        echo(f"{name:<{width}} = {json_line(value)}{note}")


@config.command()
@click.argument("key")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@json_too
@click.pass_obj
def explain(config: Path, key: str, file: Path | None) -> None:
    """Say what KEY is, what it may be, and what holds here, or in FILE. Needs no settings that are fine."""
    config = file or config
    try:
        lines = explained(key)
    except UnknownKey as unknown:
        fail(_("{key}: no such setting{near}\nNext: kiosk config show", key=key, near=unknown), MISUSED)
    try:
        held = dict(flat(msgspec.to_builtins(msgspec.convert(read_toml(config)[1], Settings))))
    except (BadSettings, *UNDECODABLE):
        held = {}
    if key in held:
        lines.append((_("here"), json_line(held[key])))
    width = max(cell_len(name) for name, _words in lines)
    told = "\n".join(f"{set_cell_size(visible(name), width)}  {words}" for name, words in lines)
    answer(told, key=key, words=told, here=held.get(key))


def is_path(word: str) -> bool:
    """Whether this names a file and no setting: no setting's name has a slash, or ends so."""
    return "/" in word or word.endswith(".toml")


def flat(value: Any, name: str = "") -> list[tuple[str, Any]]:
    """Tables as dotted names with their values; a list is a value."""
    if not isinstance(value, dict):
        return [(name, value)]
    return [found for key, below in value.items() for found in flat(below, f"{name}.{key}" if name else str(key))]
