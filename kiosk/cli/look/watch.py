"""`kiosk watch`: the station on one screen, as it changes."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from kiosk.cli.common import MISUSED, fail, settings_or_exit, shown, until_interrupted
from kiosk.cli.look.status import lines_of
from kiosk.language import _
from kiosk.local import Line, NotReachable
from kiosk.settings import Settings
from kiosk.wire import Logged, Subscribe
from kiosk.wire.views import View
from kiosk.wording.names import Names
from kiosk.wording.sentences import sentence
from kiosk.wording.words import stamped

if TYPE_CHECKING:
    from rich.console import RenderableType

EVENTS: Final = 12
LOOK_EVERY: Final = 1.0


@click.command()
@click.pass_obj
def watch(config: Path) -> None:
    """Show the station on one screen as it changes, until Ctrl-C; also through its restarts."""
    settings = settings_or_exit(config)
    if not sys.stdout.isatty():
        fail(_("watch needs a terminal. Next: kiosk log --follow, or kiosk status --json"), MISUSED)
    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415

    console = Console(highlight=False)
    with until_interrupted(), Live(console=console, screen=True, auto_refresh=False) as live:
        for screen in _screens(settings):
            live.update(screen, refresh=True)


def _screens(settings: Settings) -> Iterator[RenderableType]:
    """A new one whenever something happened, and once a second."""
    events: deque[str] = deque(maxlen=EVENTS)
    while True:
        yield _screen(settings, None, events)
        try:
            with closing(Line(settings.run / "control.sock")) as line:
                line.send(Subscribe())
                view: View | None = None
                ahead, names = 0.0, Names(settings)
                while True:
                    match line.receive(timeout=LOOK_EVERY):
                        case View() as found:
                            view, ahead = found, found.wall - time.time()
                        case Logged(entry):
                            at = stamped(time.time() + ahead, view.quality if view else "", settings, "%H:%M:%S")
                            events.append(f"{at}  {sentence(entry, names)}")
                        case _:
                            pass
                    yield _screen(settings, view, events)
        except NotReachable:
            time.sleep(LOOK_EVERY)


def _screen(settings: Settings, view: View | None, events: deque[str]) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, text in lines_of(settings, view):
        table.add_row(Text(name, style="bold"), Text.from_ansi(shown(text)))
    happened = [Text(line, overflow="ellipsis", no_wrap=True) for line in events]
    return Group(table, Text(), *happened, Text("\n" + _("Ctrl-C ends"), style="dim"))
