"""`kiosk status`: the station on one screen, also when its programs are dead."""

from __future__ import annotations

import sqlite3
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from rich.cells import cell_len, set_cell_size

from kiosk.cli.common import NOT_REACHABLE, as_json, echo, print_json, settings_or_exit, style, view_or_none
from kiosk.cli.look.words import quantity, sentence, when
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.settings import Settings
from kiosk.wire import RoomView, View

if TYPE_CHECKING:
    from kiosk.logbook.reader import Row

LAST = 6
DAY = 86_400
MOST_DRIFT = 60.0
"""Seconds between the station's clock and the system's that are not told."""


@click.command()
@as_json
@click.pass_obj
def status(config: Path, as_json: bool) -> None:
    """Show the station on one screen. Exit code 3 when its program does not answer; files are shown all the same."""
    settings = settings_or_exit(config)
    view, last = view_or_none(settings), _last(settings)
    if as_json:
        units = {} if view else _units()
        print_json({"running": view is not None, "view": view, "units": units, "last": [row.wire() for row in last]})
    else:
        _show(settings, view, last)
    sys.exit(0 if view else NOT_REACHABLE)


def _units() -> dict[str, str]:
    from kiosk.cli.doctor.machine import states_of_units  # noqa: PLC0415  it is needed when the station is away

    return states_of_units()


def _last(settings: Settings) -> list[Row]:
    """The newest entries of the access stream, from the file itself."""
    from kiosk.logbook.reader import Reader  # noqa: PLC0415

    try:
        reader = Reader(settings.kept)
    except sqlite3.Error:
        return []
    try:
        return reader.last("access", LAST)
    finally:
        reader.close()


def _show(settings: Settings, view: View | None, last: list[Row]) -> None:
    lines = lines_of(settings, view)
    width = max(cell_len(name) for name, _text in lines)
    for name, text in lines:
        echo(f"{style(set_cell_size(name, width), bold=True)}  {text}")
    if last:
        echo()
        echo(style(_("last entries"), bold=True))
    for row in reversed(last):
        kind, details = sentence(msgspec.json.decode(row.body))
        echo(f"  {style(when(row.wall), dim=not view)}  {kind}  {style(details, dim=True)}")
    if not view:
        echo(_("\nNext: kiosk doctor"))


def lines_of(settings: Settings, view: View | None) -> list[tuple[str, str]]:
    """What is said of the station: a name, and a text with its colours, for each line, which stays one.

    Of a station that is away: what systemd says of it.
    """
    return [(visible(name), visible(text)) for name, text in _lines(settings, view)]


def _lines(settings: Settings, view: View | None) -> list[tuple[str, str]]:
    station = f"{settings.station.code} {settings.station.name}"
    if view is None:
        answers = f"{style(_('does not answer'), fg='red')} {settings.run}/control.sock"
        return [(_("station"), station), (_("program"), answers), *_units().items()]
    drift = abs(view.wall - time.time())
    clock = f"{view.quality}: {when(view.wall)}"
    if drift > MOST_DRIFT:
        clock += _(", the system's is {seconds:.0f} s off", seconds=drift)
    lines = [
        (_("station"), _("{station}, version {version}", station=station, version=view.version)),
        (_("clock"), clock),
        (_("trust"), _trust(view)),
    ]
    for name, each in view.doors.items():
        lock = style(each.lock, fg="green" if each.alarm in {"none", "unknown"} else "red")
        words = _("{door}, mode {mode}, alarm {alarm}", door=each.door, mode=each.mode, alarm=each.alarm)
        lines.append((_("door {name}", name=name), f"{lock}, {words}"))
    for name, sensor in view.sensors.items():
        absent = style(sensor.absent or _("not heard yet"), fg="yellow")
        value = absent if sensor.value is None else quantity(sensor.value, sensor.unit)
        lines.append((name.replace("_", " "), value))
    lines += _room(view.room)
    waiting = {name: each.newest - each.acked for name, each in view.streams.items()}
    told = (_("{stream} {count} waiting", stream=name, count=count) for name, count in waiting.items())
    lines.append((_("queue"), ", ".join(told)))
    programs = (
        f"{name} {style(_('up'), fg='green') if up else style(_('away'), fg='red')}"
        for name, up in view.programs.items()
    )
    lines.append((_("programs"), ", ".join(programs)))
    lines += [(_("fault"), style(f"{what}: {detail}", fg="red")) for what, detail in view.faults.items()]
    return lines


def _room(room: RoomView) -> list[tuple[str, str]]:
    lines = [
        (_("alarm"), style(name, fg="red") + ("" if value is None else " " + _("at {value:.4g}", value=value)))
        for name, value in room.alarms.items()
    ]
    lines += [
        (_("relay {name}", name=name), f"{style(_('off'), fg='yellow')}: {', '.join(why)}")
        for name, why in room.off.items()
    ]
    if room.saving != "on":
        lines.append((_("saving"), _("{phase}: the station is closed and empty", phase=room.saving)))
    if room.place:
        lines.append((_("place"), f"{room.place[0]:.5f}, {room.place[1]:.5f}"))
    return lines


def _trust(view: View) -> str:
    """How old the list of revoked passes is, until when there are keys, and the documents' versions."""
    trust = view.trust
    found = [
        _("list {state}", state=style(trust.list, fg={"fresh": "green", "stale": "yellow"}.get(trust.list, "red")))
    ]
    if trust.list_age is not None:
        found.append(_("{days:.1f} days old", days=trust.list_age / DAY))
    if trust.keys_until:
        found.append(_("keys until {day}", day=when(trust.keys_until, "%Y-%m-%d")))
    else:
        found.append(style(_("no keys"), fg="red"))
    versions = ", ".join(f"{kind} {version or _('none')}" for kind, version in view.documents.items())
    return f"{', '.join(found)} ({versions})"
