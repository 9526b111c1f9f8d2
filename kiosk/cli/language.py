"""click in the technician's language: helps, options, and its own words."""

from __future__ import annotations

import gettext
import os
from inspect import cleandoc

import click

from kiosk.language import DOMAIN, LOCALE, _, chinese


def translated(command: click.Command) -> click.Command:
    """The command with its help, and its options', in the technician's language."""
    if chinese():
        command.help = _(cleandoc(command.help or ""))
        for each in command.params:
            if isinstance(each, click.Option):
                each.help = _(each.help or "") or None
        for below in command.commands.values() if isinstance(command, click.Group) else ():
            translated(below)
    return command


def install() -> None:
    """Have click's own words come from our catalogue too."""
    if chinese():
        os.environ["LANGUAGE"] = "zh_CN"
        gettext.bindtextdomain(DOMAIN, LOCALE)
        gettext.textdomain(DOMAIN)
