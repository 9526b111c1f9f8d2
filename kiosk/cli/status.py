"""`kiosk status`: the station on one screen, also when its programs are dead."""

from __future__ import annotations

import sqlite3
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from kiosk.cli.common import NOT_REACHABLE, as_json, ask_station, print_json, settings_or_exit
from kiosk.cli.words import quantity, sentence, when
from kiosk.language import _
from kiosk.local import NotReachable
from kiosk.settings import Settings
from kiosk.wire import GetView, RoomView, View

if TYPE_CHECKING:
    from rich.table import Table

    from kiosk.logbook.reader import Row

LAST = 6
DAY = 86_400


@click.command()
@as_json
@click.pass_obj
def status(config: Path, as_json: bool) -> None:
    """Show the station on one screen. Exit code 3 when its program does not answer; files are shown all the same."""
    settings = settings_or_exit(config)
    view, last = _view(settings), _last(settings)
    if as_json:
        units = {} if view else _units()
        print_json({"running": view is not None, "view": view, "units": units, "last": [row.wire() for row in last]})
    else:
        _show(settings, view, last)
    sys.exit(0 if view else NOT_REACHABLE)


def _view(settings: Settings) -> View | None:
    try:
        return ask_station(settings, GetView(), View)
    except NotReachable:
        return None


def _units() -> dict[str, str]:
    from kiosk.cli.machine import states_of_units  # noqa: PLC0415  it is needed when the station is away

    return states_of_units()


def _last(settings: Settings) -> list[Row]:
    """The newest entries of the access stream, from the file itself."""
    from kiosk.logbook.reader import Reader  # noqa: PLC0415

    try:
        reader = Reader(settings.data)
    except sqlite3.Error:
        return []
    try:
        return reader.last("access", LAST)
    finally:
        reader.close()


def _show(settings: Settings, view: View | None, last: list[Row]) -> None:
    from rich.console import Console  # noqa: PLC0415

    console = Console(highlight=False)
    console.print(table_of(lines_of(settings, view)))
    if last:
        console.print(f"\n[bold]{_('last entries')}[/]")
    for row in reversed(last):
        console.print(f"  {when(row.wall)}  {_sentence(row)}", style="dim" if not view else "")
    if not view:
        console.print(_("\nNext: kiosk doctor"))


def table_of(lines: list[tuple[str, str]]) -> Table:
    """Two columns without a frame."""
    from rich.table import Table  # noqa: PLC0415

    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, text in lines:
        table.add_row(f"[bold]{name}[/]", text)
    return table


def lines_of(settings: Settings, view: View | None) -> list[tuple[str, str]]:
    """What is said of the station: a name and rich text for each line. A station that is away: what systemd says of it."""
    from rich.markup import escape  # noqa: PLC0415

    station = f"{settings.station.code} {settings.station.name}"
    if view is None:
        answers = f"[red]{_('does not answer')}[/] {settings.run}/control.sock"
        units = [(name, escape(state)) for name, state in _units().items()]
        return [(_("station"), station), (_("program"), answers), *units]
    drift = abs(view.wall - time.time())
    lines = [
        (_("station"), _("{station}, version {version}", station=station, version=view.version)),
        (
            _("clock"),
            f"{view.quality}: {when(view.wall)}"
            + (_(", the system's is {seconds:.0f} s off", seconds=drift) if drift > 60 else ""),
        ),
        (_("trust"), _trust(view)),
    ]
    for name, each in view.doors.items():
        colour = "green" if each.alarm in {"none", "unknown"} else "red"
        words = _("{door}, mode {mode}, alarm {alarm}", door=each.door, mode=each.mode, alarm=each.alarm)
        lines.append((_("door {name}", name=name), f"[{colour}]{each.lock}[/], {words}"))
    for name, sensor in view.sensors.items():
        value = (
            f"[yellow]{sensor.absent or _('not heard yet')}[/]"
            if sensor.value is None
            else quantity(sensor.value, sensor.unit)
        )
        lines.append((name.replace("_", " "), value))
    lines += _room(view.room)
    waiting = {name: each.newest - each.acked for name, each in view.streams.items()}
    told = (_("{stream} {count} waiting", stream=name, count=count) for name, count in waiting.items())
    lines.append((_("queue"), ", ".join(told)))
    programs = (
        f"{name} [green]{_('up')}[/]" if up else f"{name} [red]{_('away')}[/]" for name, up in view.programs.items()
    )
    lines.append((_("programs"), ", ".join(programs)))
    lines += [(_("fault"), f"[red]{escape(f'{what}: {detail}')}[/]") for what, detail in view.faults.items()]
    return lines


def _room(room: RoomView) -> list[tuple[str, str]]:
    lines = [
        (_("alarm"), f"[red]{name}[/]" + ("" if value is None else " " + _("at {value:.4g}", value=value)))
        for name, value in room.alarms.items()
    ]
    lines += [
        (_("relay {name}", name=name), f"[yellow]{_('off')}[/]: {', '.join(why)}") for name, why in room.off.items()
    ]
    if room.saving != "on":
        lines.append((_("saving"), _("{phase}: the station is closed and empty", phase=room.saving)))
    if room.place:
        lines.append((_("place"), f"{room.place[0]:.5f}, {room.place[1]:.5f}"))
    return lines


def _trust(view: View) -> str:
    versions = ", ".join(f"{kind} {version or 'none'}" for kind, version in view.documents.items())
    colour = {"fresh": "green", "stale": "yellow"}.get(view.trust.list, "red")
    age = "" if view.trust.list_age is None else f", {view.trust.list_age / DAY:.1f} days old"
    keys = f"keys until {when(view.trust.keys_until, '%Y-%m-%d')}" if view.trust.keys_until else "[red]no keys[/]"
    return f"list [{colour}]{view.trust.list}[/]{age}, {keys} ({versions})"


def _sentence(row: Row) -> str:
    from rich.markup import escape  # noqa: PLC0415

    kind, details = sentence(msgspec.json.decode(row.body))
    return f"{kind}  [dim]{escape(details)}[/]"
