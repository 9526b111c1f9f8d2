"""Writes the manual pages into build/man, one for each verb, by click-man; `make man`, and the package does."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from click_man.core import write_man_pages

from kiosk import __version__
from kiosk.cli.main import VERBS
from kiosk.cli.main import main as kiosk


def main(folder: Path) -> None:
    """Write them."""
    folder.mkdir(parents=True, exist_ok=True)
    context = click.Context(kiosk)
    found = ((name, kiosk.get_command(context, name)) for name in VERBS)
    kiosk.commands = {name: command for name, command in found if command}
    write_man_pages("kiosk", kiosk, version=__version__, target_dir=str(folder))
    print(f"{folder}: {len(list(folder.glob('*.1')))} pages")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/man"))
