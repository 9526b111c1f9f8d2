"""What the narrator of the demo says, and how: in the technician's language, and no line longer than the terminal is wide."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from msgspec import Struct
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kiosk.demo.province import OPERATOR
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.settings import Settings
from kiosk.wire.views import SensorView

INDENT: Final = 11
LESS: Final = 4
ASIDE: Final = 70
"""Columns from which on there is room for what a thing is beside it; below that it stands under it."""


def tell(console: Console, second: float, text: str, style: str = "", mark: str = "") -> None:
    """A line of the story; what the terminal is too narrow for goes on below its own words."""
    line = Table.grid(padding=(0, 1))
    line.add_column(width=len(" 0.0 s") if console.width < ASIDE else len("   0.0 s"), justify="right", style="dim")
    line.add_column(width=1)
    line.add_column(overflow="fold")
    line.add_row(f"{second:.1f} s", Text(mark, style), Text(visible(text), style if not mark else ""))
    console.print(line, highlight=False)


def aside(console: Console, text: str) -> None:
    """What belongs to the line before: below its words, or further left where it would be too long there."""
    indent = INDENT if cell_len(text) + INDENT <= console.width else LESS
    console.print(Padding(Text(visible(text), "dim"), (0, 0, 0, indent)))


def appliances(sensors: dict[str, SensorView]) -> str:
    """What some of the appliances say."""
    names = {"fridge": _("fridge"), "room": _("room"), "humidity": _("humidity"), "water": _("hot water")}
    said = [
        f"{name} {_('no value') if each.value is None else f'{each.value:.3g} {each.unit}'}"
        for name, each in ((words, sensors[key]) for key, words in names.items() if key in sensors)
    ]
    return _(", ").join(said)


def document_name(kind: str) -> str:
    """A signed document, as people call it."""
    names = {
        "keyset": _("keyset"),
        "status": _("list of revoked passes"),
        "policy": _("policy"),
        "service": _("service"),
    }
    return names.get(kind, kind)


def reason_name(reason: str) -> str:
    """Why somebody was refused, in a word; in English it is the reason's own."""
    names = {
        "bad_signature": _("bad_signature"),
        "expired": _("expired"),
        "revoked": _("revoked"),
        "replayed": _("replayed"),
    }
    return names.get(reason, reason)


LONG: Final = 30
"""Characters of what is to be typed, beyond which it does not stand in line: 80 columns are few."""


class Pages(Struct, frozen=True):
    """What the central server shows in a browser: the office, a page with a pass that asks for a code, the station's page."""

    office: str
    password: str
    passes: str
    code: str
    station: str


def point_out(console: Console, settings: Settings, folder: Path, pages: Pages) -> None:
    """What there is to look at meanwhile, in another terminal, from within the demo's folder."""
    central, screen, desk = settings.central, settings.screen, settings.desk
    things = {
        "kiosk -c station.toml status": _("the station on one screen"),
        "kiosk -c station.toml doctor": _("what is wrong, and what mends it"),
        f"http://127.0.0.1:{screen.port if screen else ''}": _("the display at the door, in a browser"),
        f"http://127.0.0.1:{desk.port if desk else ''}/": _("the display inside: touch it"),
        pages.office: _("for operators: {name}, password {password}", name=OPERATOR, password=pages.password),
        pages.station: _("what everybody sees of the station"),
        pages.passes: _("a pass for your browser, code {code}", code=pages.code),
        central.url if central else "": _("the central server, as the station reaches it"),
        "station/logbook.db": _("what happened (SQLite)"),
        "central/central.db": _("what the central server holds"),
        "run/*.sock": _("how the programs speak"),
        "logs/*.log": _("what they say of themselves"),
    }
    console.print(_("Programs run: central server, station, sensors, sync, screen, scanner, desk."), style="dim")
    console.print(_("Look further, in another terminal:"), style="dim")
    console.print(Text(f"  cd {visible(str(folder))}", "dim"), soft_wrap=True)
    if shutil.which("kiosk") is None:  # a fresh clone has it in .venv/bin alone
        console.print(Text(f"  PATH=$PATH:{visible(str(Path(sys.executable).parent))}", "dim"), soft_wrap=True)
    width = min(max(map(len, things)), LONG)
    for name, words in things.items():
        beside = console.width >= ASIDE
        console.print(Text(f"  {name:<{width}}  {words}" if beside else f"  {name}", "dim"), soft_wrap=True)
        if not beside:
            aside(console, words)
    console.print()
