"""click in the technician's language: helps, options, placeholders, and its own words."""

from __future__ import annotations

import gettext
import os
from inspect import cleandoc
from typing import Final

import click

from kiosk.language import DOMAIN, LOCALE, _, chinese

PLACEHOLDERS: Final = {
    "[OPTIONS]": "[OPTIONS]",
    "COMMAND [ARGS]...": "COMMAND [ARGS]...",
    "[COMMAND] [ARGS]...": "[COMMAND] [ARGS]...",
    "text": "TEXT",
    "integer": "NUMBER",
    "integer range": "NUMBER",
    "float": "NUMBER",
    "float range": "NUMBER",
    "duration": "DURATION",
    "filename": "FILE",
    "datetime": "DATE",
}
"""What stands for a value, by the name that click has for its type."""


def translated(command: click.Command) -> click.Command:
    """The command with its help, its options' and their placeholders in the technician's language."""
    if chinese():
        command.help = _(cleandoc(command.help or ""))
        command.options_metavar = _(command.options_metavar or "")
        if isinstance(command, click.Group):
            command.subcommand_metavar = _(command.subcommand_metavar)
        for each in command.params:
            _translate(each)
        for below in command.commands.values() if isinstance(command, click.Group) else ():
            translated(below)
    return command


def _translate(param: click.Parameter) -> None:
    if isinstance(param, click.Option):
        param.help = _(param.help or "") or None
        if not param.is_flag and not isinstance(param.type, click.Choice):
            param.type.name = _(PLACEHOLDERS.get(param.type.name, param.type.name))
            param.metavar = param.metavar or param.type.name
    elif not isinstance(param.type, click.Choice):
        word = _(str(param.name).upper())
        word = word if param.required else f"[{word}]"
        param.metavar = param.metavar or f"{word}..." * (param.nargs < 0) or word


def install() -> None:
    """Have click's own words come from our catalogue too."""
    if chinese():
        from kiosk.cli.aligned import Aligned  # noqa: PLC0415

        click.Context.formatter_class = Aligned
        os.environ["LANGUAGE"] = "zh_CN"
        gettext.bindtextdomain(DOMAIN, LOCALE)
        gettext.textdomain(DOMAIN)
