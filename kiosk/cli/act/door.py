"""`kiosk door`: act on a door; who did it goes into the logbook, and every override ends by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import click

from kiosk.cli.common import answer, ask_or_exit, json_too, settings_or_exit
from kiosk.language import _
from kiosk.wire import Done, Operate
from kiosk.wording.names import Names
from kiosk.wording.sentences import act
from kiosk.wording.words import span

DAY: Final = 86_400.0
UNITS: Final[dict[str, float]] = {"s": 1, "m": 60, "h": 3600, "d": DAY}


class Duration(click.ParamType[float]):
    """`40s`, `15m`, `2h`, `3d`, or a number of seconds; `most` at the most."""

    name = "duration"

    def __init__(self, most: float = DAY) -> None:
        self._most = most

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        if isinstance(value, float):
            return value
        text = str(value)
        number, unit = (text[:-1], text[-1]) if text[-1:] in UNITS else (text, "s")
        try:
            seconds = float(number) * UNITS[unit]
        except ValueError:
            self.fail(_("{text} is no duration; write 40s, 15m or 2h", text=repr(text)), param, ctx)
        if not 0 <= seconds <= self._most:
            self.fail(_("at most {hours:.0f}h", hours=self._most / 3600), param, ctx)
        return seconds


@click.group()
def door() -> None:
    """Open, hold, evacuate, lock down or release a door."""


def _operate(
    config: Path, name: str | None, verb: Literal["open", "hold", "evacuate", "lockdown", "release"], seconds: float
) -> None:
    settings = settings_or_exit(config)
    name = name or next(iter(settings.entrances))
    ask_or_exit(settings, Operate(name, verb, seconds), Done)
    told_of = {"door": Names(settings).door(name), "act": act(verb)}
    words = _("{door}: {act} for {span}", **told_of, span=span(seconds)) if seconds else _("{door}: {act}", **told_of)
    answer(words, door=name, verb=verb, seconds=seconds)


@door.command("open")
@click.argument("name", required=False)
@json_too
@click.pass_obj
def open_(config: Path, name: str | None) -> None:
    """Unlock once, for a pulse."""
    _operate(config, name, "open", 0.0)


@door.command()
@click.argument("name", required=False)
@click.option("--for", "seconds", type=Duration(), default="15m", show_default=True)
@json_too
@click.pass_obj
def hold(config: Path, name: str | None, seconds: float) -> None:
    """Keep it unlocked for a while."""
    _operate(config, name, "hold", seconds)


@door.command()
@click.argument("name", required=False)
@click.option("--for", "seconds", type=Duration(), default="15m", show_default=True)
@json_too
@click.pass_obj
def lockdown(config: Path, name: str | None, seconds: float) -> None:
    """Refuse every pass for a while. The exit button and the fire release still free the door."""
    _operate(config, name, "lockdown", seconds)


@door.command()
@click.argument("name", required=False)
@click.option("--for", "seconds", type=Duration(), default="1h", show_default=True)
@json_too
@click.pass_obj
def evacuate(config: Path, name: str | None, seconds: float) -> None:
    """Free the door above a lock down, as in an emergency."""
    _operate(config, name, "evacuate", seconds)


@door.command()
@click.argument("name", required=False)
@json_too
@click.pass_obj
def release(config: Path, name: str | None) -> None:
    """End a hold, an evacuation or a lock down."""
    _operate(config, name, "release", 0.0)
