"""What the verbs share: exit codes, the settings, the way to the station."""

from __future__ import annotations

import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

import click
import msgspec

from kiosk.cli.language import _
from kiosk.local import Line, NotGranted, NotReachable
from kiosk.settings import Settings
from kiosk.settings.loading import load
from kiosk.settings.table import BadSettings
from kiosk.wire import Message

if TYPE_CHECKING:
    from kiosk.logbook.reader import Reader

T = TypeVar("T")

WRONG: Final = 1
MISUSED: Final = 2
NOT_REACHABLE: Final = 3

as_json: Final = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def settings_or_exit(path: Path) -> Settings:
    """The settings, or every error and exit code 2."""
    try:
        return load(path)
    except BadSettings as bad:
        for error in bad.errors:
            click.echo(error, err=True)
        count = len(bad.errors)
        click.echo(_("{count} wrong in the settings; nothing was started.", count=count), err=True)
        sys.exit(MISUSED)


def fail(message: str, code: int = WRONG) -> NoReturn:
    """Say what is wrong and exit."""
    click.echo(message, err=True)
    sys.exit(code)


def ask_station(settings: Settings, message: Message, answer: type[T]) -> T:
    """The running station's answer. Raises NotReachable."""
    line = Line(settings.run / "control.sock")
    try:
        return line.ask(message, answer)
    finally:
        line.close()


def ask_or_exit(settings: Settings, message: Message, answer: type[T]) -> T:
    """The running station's answer; exit code 1 when it refuses, or 3 when there is none, with the next command."""
    try:
        return ask_station(settings, message, answer)
    except NotGranted as error:
        fail(_("Refused: {why}", why=error))
    except NotReachable as error:
        fail(_("The station does not answer ({why}).\nNext: kiosk doctor", why=error), NOT_REACHABLE)


def print_json(value: object) -> None:
    """One JSON object on one line."""
    click.echo(msgspec.json.encode(value))


@contextmanager
def reading(settings: Settings) -> Iterator[Reader]:
    """The logbook's file; exit code 1 where it cannot be read, with the next command."""
    from kiosk.logbook.reader import FILE, Reader  # noqa: PLC0415

    path = settings.data / FILE
    try:
        reader = Reader(settings.data)
    except sqlite3.Error as error:
        fail(_("{file}: {why}\nNext: kiosk doctor", file=path, why=error))
    try:
        yield reader
    except sqlite3.Error as error:
        fail(
            _(
                "{file} cannot be read to its end: {why}\nNext: sudo systemctl restart kiosk-station",
                file=path,
                why=error,
            )
        )
    finally:
        reader.close()


@contextmanager
def until_interrupted() -> Iterator[None]:
    """Ctrl-C ends the block in order, also where whoever started us had told us to ignore it (a shell's `&` does)."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        yield
