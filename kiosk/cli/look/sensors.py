"""`kiosk sensors`: runs the program; `read` reads every bus once; `plot` draws a day."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.cells import set_cell_size

from kiosk.cli.act.programs import run_program
from kiosk.cli.common import MISUSED, WRONG, as_json, echo, fail, print_json, reading, say, settings_or_exit
from kiosk.cli.files import PICTURE, whole, why_not
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.settings import Settings

if TYPE_CHECKING:
    from kiosk.sensors.buses import Told


@click.group(invoke_without_command=True)
@click.pass_context
def sensors(ctx: click.Context) -> None:
    """Run the program that reads the appliances; or read them once, or draw a day of them."""
    if ctx.invoked_subcommand is None:
        settings = settings_or_exit(ctx.obj)
        from kiosk.sensors.program import run  # noqa: PLC0415

        run_program("sensors", lambda: run(settings))


@sensors.command()
@as_json
@click.pass_obj
def read(config: Path, as_json: bool) -> None:
    """Read every bus once, without the station. Exit code 1 when a sensor gives no value.

    Stop the program first (sudo systemctl stop kiosk-sensors): a serial port has one user.
    """
    settings = settings_or_exit(config)
    from kiosk.sensors.boards import MISSED, Wishes, board_lines  # noqa: PLC0415
    from kiosk.sensors.buses import buses  # noqa: PLC0415

    told: list[Told] = []
    for bus in buses(settings, dict.fromkeys(settings.relays, True)):
        bus.round(told.append)
        bus.close()
    for line in board_lines(settings, Wishes(settings.slots)):
        for _again in range(MISSED):
            line.round(told.append)
        line.close()
    if as_json:
        print_json(told)
    else:
        for message in told:
            echo(visible(_line(message, settings)))
    sys.exit(WRONG if any(_is_bad(each) for each in told) else 0)


def _is_bad(message: Told) -> bool:
    from kiosk.wire import NotSensed, Trouble  # noqa: PLC0415

    return isinstance(message, NotSensed) or (isinstance(message, Trouble) and message.detail is not None)


def _wide(name: str) -> str:
    return set_cell_size(visible(name), 20)


def _title(name: str, settings: Settings) -> str:
    """Of a curve: a sensor, an alarm, or the row of those who came in."""
    from kiosk.wording.names import Names  # noqa: PLC0415
    from kiosk.wording.words import word  # noqa: PLC0415

    names = Names(settings)
    if "." in name:
        return names.alarm(name)
    return names.sensor(name) if name in settings.sensors else word(name)


def _line(message: Told, settings: Settings) -> str:
    from kiosk.wire import Located, NotSensed, Sensed, SlotSeen, Trouble  # noqa: PLC0415
    from kiosk.wording.names import Names  # noqa: PLC0415
    from kiosk.wording.words import quantity, word  # noqa: PLC0415

    names = Names(settings)

    match message:
        case Sensed(name, value):
            return f"✔ {_wide(names.sensor(name))} {quantity(value, settings.sensors[name].unit)}"
        case NotSensed(name, reason):
            return f"✘ {_wide(names.sensor(name))} {word(reason)}"
        case Trouble(name, detail):
            return f"{'✘' if detail else '✔'} {_wide(names.fault(name))} {word(detail or 'fine')}"
        case SlotSeen(slot, is_open):
            return f"✔ {_wide(names.door(slot))} {word('open' if is_open else 'closed')}"
        case Located(latitude, longitude, speed):
            return f"✔ {_wide('gps')} {latitude:.5f}, {longitude:.5f}, {speed:.1f} m/s"


@sensors.command()
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), help="Which day, of the station's local time; today without it."
)
@click.option("--out", type=PICTURE, help="Write a picture (PNG, SVG or PDF) instead.")
@as_json
@click.pass_obj
def plot(config: Path, day: datetime | None, out: Path | None, *, as_json: bool) -> None:
    """Draw a day from the logbook: values with their limits, alarms, who came in. In the terminal, or as a picture."""
    from kiosk.cli.look.picture import DAY, draw, in_blocks  # noqa: PLC0415
    from kiosk.logbook.curves import day_of, readable  # noqa: PLC0415

    settings = settings_or_exit(config)
    zone = timezone(timedelta(hours=settings.station.utc_offset))
    date = (day or datetime.now(UTC).astimezone(zone)).date()
    begins = datetime(date.year, date.month, date.day, tzinfo=zone).timestamp()
    with reading(settings) as reader:
        found = day_of(readable(reader.between(begins, begins + DAY)))
    if not found.curves:
        fail(_("The logbook has no value of {date}.\nNext: kiosk status", date=date))
    if as_json:
        print_json(found)
    if out is None:
        for name, blocks, span in in_blocks(found, begins):
            say(visible(f"{_wide(_title(name, settings))} {blocks} {span}"))
        say(f"{_wide('h')} " + "".join(f"{hour:<8}" for hour in range(0, 24, 2)))
        return
    try:
        with whole(out) as file:
            draw(found, begins, settings, file)
    except ModuleNotFoundError:
        fail(_("A picture needs matplotlib.\nNext: pip install 'yizhan-kiosk[plot]'"), MISUSED)
    except OSError as error:
        fail(_("{file} cannot be written: {why}", file=out, why=why_not(error)))
    say(visible(str(out)))
