"""`kiosk completion`: what a shell needs to complete verbs and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from kiosk.cli.common import echo


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh"]))
def completion(shell: str) -> None:
    """Print the completion for SHELL; the package installs it. By hand: eval "$(kiosk completion bash)"."""
    from kiosk.cli.main import main  # noqa: PLC0415

    kind = get_completion_class(shell)
    if kind is not None:
        script = kind(main, {}, "kiosk", "_KIOSK_COMPLETE").source()
        echo(script)
