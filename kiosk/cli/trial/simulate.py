"""`kiosk simulate`: the rules of the settings on a day in virtual time, without hardware, network or station."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec
from msgspec import Struct

from kiosk.cli.common import MISUSED, as_json, echo, fail, good_settings_or_exit, print_json, progress
from kiosk.language import _
from kiosk.settings.table import BadSettings
from kiosk.settings.text import read_text
from kiosk.wording.names import Names
from kiosk.wording.sentences import sentence
from kiosk.wording.words import when

if TYPE_CHECKING:
    from kiosk.demo.virtual import Virtual
    from kiosk.settings import Settings

BEGINS: Final = datetime(2026, 8, 1, tzinfo=UTC).timestamp()
"""Of the simulated day, in the station's local time."""

MOST_LINES: Final = 100_000
HEARTBEAT: Final = 10.0
"""Seconds between two readings of a value that a scenario holds."""


class Line(Struct, frozen=True):
    """A line of a scenario: second of the day, what happens, and its value."""

    at: float
    what: str
    value: str


class BadScenario(Exception):
    """The file is no scenario; the text says where."""


@click.command()
@click.argument("scenario", required=False, type=click.Path(path_type=Path, dir_okay=False))
@as_json
@click.pass_obj
def simulate(config: Path, scenario: Path | None, as_json: bool) -> None:
    """Try the settings' rules on SCENARIO, or on a usual day: what is recorded, what is switched, how much is logged.

    A scenario has a line for each thing that happens, time,what,value: `08:30,fridge,9.5` (held until told otherwise),
    `08:40,fridge,no_answer` (no value, and why), `09:00,enter,main` (somebody comes in), `22:00,end,`.
    """
    settings = good_settings_or_exit(config)
    from kiosk.demo.virtual import Virtual  # noqa: PLC0415

    virtual = Virtual(settings, BEGINS - settings.station.utc_offset * 3600)
    if scenario is None:
        from kiosk.demo.model import DAY, Model  # noqa: PLC0415
        from kiosk.demo.virtual import live_a_day  # noqa: PLC0415

        with progress(round(DAY), _("a day")) as passed:
            live_a_day(virtual, Model(), passed=passed)
    else:
        try:
            play(virtual, lines_of(scenario, settings))
        except BadScenario as bad:
            fail(str(bad), MISUSED)
    virtual.stop()
    _tell(virtual, settings, as_json=as_json)


def lines_of(path: Path, settings: Settings) -> list[Line]:
    """The scenario in the file. Raises BadScenario."""
    try:
        rows = list(csv.reader(read_text(path).split("\n")[:MOST_LINES]))
    except BadSettings as error:
        raise BadScenario(str(error)) from error
    except csv.Error as error:
        raise BadScenario(f"{path}: {error}") from error
    found: list[Line] = []
    for number, row in enumerate(rows, 1):
        if not row or row[0].startswith("#"):
            continue
        if len(row) == 1 and (sign := re.search("[，、;\t]", row[0])):
            raise BadScenario(_("{place}: {sign} is not ,; write ,", place=f"{path}:{number}", sign=repr(sign[0])))
        time, what, value = (each.strip() for each in (*row, "", "")[:3])
        line = Line(_second(time, f"{path}:{number}"), what, value)
        _check(line, settings, f"{path}:{number}")
        if found and line.at < found[-1].at:
            raise BadScenario(_("{place}: {time} is before the line above it", place=f"{path}:{number}", time=time))
        found.append(line)
    return found


def _second(text: str, place: str) -> float:
    if not re.fullmatch(r"\d{1,2}:\d\d(:\d\d)?", text):
        raise BadScenario(_("{place}: {text} is no time of day, e.g. 08:30 or 08:30:15", place=place, text=repr(text)))
    hours, minutes, *seconds = map(int, text.split(":"))
    return hours * 3600.0 + minutes * 60 + sum(seconds)


def _check(line: Line, settings: Settings, place: str) -> None:
    from kiosk.settings.table import did_you_mean  # noqa: PLC0415

    known = {*settings.sensors, "enter", "end"}
    if line.what not in known:
        raise BadScenario(
            _("{place}: no such sensor or event: {name}", place=place, name=line.what) + did_you_mean(line.what, known)
        )
    if line.what == "enter" and line.value not in settings.entrances:
        raise BadScenario(
            _("{place}: no such door: {name}", place=place, name=line.value)
            + did_you_mean(line.value, settings.entrances)
        )
    if line.what in settings.sensors and not line.value:
        raise BadScenario(
            _("{place}: {name} needs a value, or a reason such as no_answer", place=place, name=line.what)
        )


def play(virtual: Virtual, lines: list[Line]) -> None:
    """Let it happen; what a sensor told last it goes on telling."""
    from kiosk.core.events import NoReading  # noqa: PLC0415

    held: dict[str, str] = {}
    for line in lines:
        while virtual.boot < line.at:
            virtual.wait(min(HEARTBEAT, line.at - virtual.boot))
            for sensor, text in held.items():
                value = _number(text)
                virtual.take(NoReading(sensor, text)) if value is None else virtual.sample(sensor, value)
        if line.what == "enter":
            virtual.enter(line.value)
        elif line.what != "end":
            held[line.what] = line.value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _tell(virtual: Virtual, settings: Settings, *, as_json: bool) -> None:
    from kiosk.core.entries import TELEMETRY  # noqa: PLC0415

    quiet = {each.__struct_config__.tag for each in TELEMETRY} - {"used", "absent"}
    told = sorted(virtual.told, key=lambda each: each[0].wall)
    entries: list[dict[str, Any]] = [{"at": at.wall, **msgspec.to_builtins(entry)} for at, entry in told]
    samples, rows = virtual.counted()
    if as_json:
        print_json({"entries": entries, "samples": samples, "rows": rows})
        return
    names = Names(settings)
    for entry in entries:
        if entry["kind"] not in quiet:
            echo(f"{when(entry.pop('at'), settings, '%H:%M:%S')}  {sentence(entry, names)}")
    fewer = _(", {times:.0f} times fewer", times=samples / rows) if rows else ""
    echo(_("\n{samples} samples, {rows} rows of telemetry{fewer}.", samples=samples, rows=rows, fewer=fewer))
