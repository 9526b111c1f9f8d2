"""`kiosk status`: the station on one screen, also when its programs are dead."""

from __future__ import annotations

import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len, set_cell_size

from kiosk.cli.common import NOT_REACHABLE, as_json, echo, print_json, settings_or_exit, style, view_or_none
from kiosk.cli.doctor.asking import model_of
from kiosk.cli.doctor.unready import SETUP, unready
from kiosk.cli.setup.steps import Stands, Step, title
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.settings import Settings
from kiosk.wire.views import DoorView, RoomView, View
from kiosk.wording.names import Names
from kiosk.wording.sentences import sentence
from kiosk.wording.words import FORM, alarm, clocked, legend, listed, quantity, rests, service_word, stamped, when, word

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
    if (steps := unready(config)) is not None:
        _show_unready(config, steps, as_json=as_json)
        sys.exit(NOT_REACHABLE)
    settings = settings_or_exit(config)
    view, last = view_or_none(settings), _last(settings)
    if as_json:
        units = {} if view else _units()
        print_json(
            {
                "running": view is not None,
                "view": view,
                "units": units,
                "board": model_of(),
                "last": [row.wire() for row in last],
                "setup": None,
            }
        )
    else:
        _show(settings, view, last)
    sys.exit(0 if view else NOT_REACHABLE)


def _show_unready(config: Path, steps: dict[Step, Stands], *, as_json: bool) -> None:
    """What comes next on a card that is not set up yet."""
    if as_json:
        print_json({"running": False, "view": None, "units": {}, "board": model_of(), "last": [], "setup": steps})
        return
    marks = {
        "done": style("✔", fg="green"),
        "skipped": style("!", fg="yellow"),
        "next": style("→", fg="red"),
        "later": " ",
    }
    echo(style(_("The station is not set up yet ({file}).", file=config), bold=True))
    for step, stands in steps.items():
        echo(f"  {marks[stands]} {title(step)}")
    echo(_("\nNext: {command}", command=SETUP))


def _units() -> dict[str, str]:
    from kiosk.cli.doctor.machine import states_of_units  # noqa: PLC0415  it is needed when the station is away

    return states_of_units()


def _told_units(settings: Settings) -> Iterator[tuple[str, str]]:
    """What systemd says of each, with its time, which is UTC on our images, in the station's zone."""
    for name, text in _units().items():
        found = re.fullmatch(r"(\S*) \((\S*)\) \w+ (\S+ \S+) UTC", text)
        if found is None:
            yield name, text
        else:
            since = datetime.strptime(found[3], FORM).replace(tzinfo=UTC).timestamp()
            yield name, f"{word(found[1])} ({word(found[2])}) {when(since, settings)}"


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
    if model := model_of():
        lines.insert(1, (_("board"), visible(model)))
    width = max(cell_len(name) for name, _text in lines)
    for name, text in lines:
        echo(f"{style(set_cell_size(name, width), bold=True)}  {text}")
    if last:
        echo()
        echo(style(_("last entries"), bold=True))
    for row in reversed(last):
        at = style(stamped(row.wall, row.quality, settings), dim=True)
        echo(f"  {at}  {sentence(row.wire(), Names(settings))}")
    for line in legend(row.quality for row in last):
        echo(f"  {style(line, dim=True)}")
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
        return [(_("station"), station), (_("program"), answers), *_told_units(settings)]
    names = Names(settings)
    drift = abs(view.wall - time.time())
    clock = clocked(view.wall, view.quality, settings)
    if drift > MOST_DRIFT:
        clock += _(", the system's is {seconds:.0f} s off", seconds=drift)
    lines = [
        (_("station"), _("{station}, version {version}", station=station, version=view.version)),
        (_("clock"), clock),
        (_("trust"), _trust(view, settings)),
    ]
    lines += [_door(names.door(name), each) for name, each in view.doors.items()]
    for name, sensor in view.sensors.items():
        absent = style(word(sensor.absent or "not heard yet"), fg="yellow")
        lines.append((names.sensor(name), absent if sensor.value is None else quantity(sensor.value, sensor.unit)))
    lines += _room(view.room, names)
    if view.services:
        held = (f"{service_word(kind)} {count}" for kind, count in view.services.items())
        lines.append(
            (_("services"), _("{services}; {count} notices hold now", services=listed(held), count=len(view.notices)))
        )
    told_of = (
        _("{stream} {count} waiting", stream=word(name), count=each.newest - each.acked) + rests(each.rests)
        for name, each in view.streams.items()
    )
    lines.append((_("queue"), listed(told_of)))
    programs = (
        f"{word(name)} {style(_('up'), fg='green') if up else style(_('away'), fg='red')}"
        for name, up in view.programs.items()
    )
    lines.append((_("programs"), listed(programs)))
    faults = (_("{what}: {detail}", what=names.fault(what), detail=why) for what, why in view.faults.items())
    lines += [(_("fault"), style(each, fg="red")) for each in faults]
    return lines


def _door(name: str, door: DoorView) -> tuple[str, str]:
    lock = style(word(door.lock), fg="green" if door.alarm in {"none", "unknown"} else "red")
    words = _("{door}, mode {mode}, alarm {alarm}", door=word(door.door), mode=word(door.mode), alarm=alarm(door.alarm))
    return name, f"{lock}{_(', ')}{words}"


def _room(room: RoomView, names: Names) -> list[tuple[str, str]]:
    lines = [
        (
            _("alarm"),
            style(names.alarm(name), fg="red") + ("" if value is None else " " + _("at {value:.4g}", value=value)),
        )
        for name, value in room.alarms.items()
    ]
    lines += [
        (names.relay(name), f"{style(_('off'), fg='yellow')}{_(': ')}{listed(map(names.why, why))}")
        for name, why in room.off.items()
    ]
    if room.saving != "on":
        lines.append((_("saving"), _("{phase}: the station is closed and empty", phase=word(room.saving))))
    if room.place:
        lines.append((_("place"), f"{room.place[0]:.5f}, {room.place[1]:.5f}"))
    if room.moving:
        lines.append((_("drives"), _("no pass opens until it stands")))
    if room.stops:
        lines.append((_("Stop"), listed(room.stops)))
    return lines


def _trust(view: View, settings: Settings) -> str:
    """How old the list of revoked passes is, until when there are keys, and the documents' versions."""
    trust = view.trust
    found = [
        _(
            "list {state}",
            state=style(word(trust.list), fg={"fresh": "green", "stale": "yellow"}.get(trust.list, "red")),
        )
    ]
    if trust.list_age is not None:
        found.append(_("{days:.1f} days old", days=trust.list_age / DAY))
    if trust.keys_until:
        found.append(_("keys until {day}", day=when(trust.keys_until, settings, "%Y-%m-%d")))
    else:
        found.append(style(_("no keys"), fg="red"))
    versions = listed(f"{word(kind)} {version or _('none')}" for kind, version in view.documents.items())
    return _("{trust} ({versions})").format(trust=listed(found), versions=versions)
