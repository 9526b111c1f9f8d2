"""The verbs that start the programs. Each logs to standard error, which systemd keeps."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli.common import MISUSED, NOT_REACHABLE, WRONG, fail, known_settings_or_exit, settings_or_exit, shown
from kiosk.foreign import visible
from kiosk.language import _

if TYPE_CHECKING:
    from kiosk.settings import DeskTable, ScreenTable, Settings

log = logging.getLogger("kiosk")

alive_option = click.option(
    "--alive",
    is_flag=True,
    help="Only ask whether a browser's page works, for whoever starts a hung one anew; else exit code 1.",
)


class Shown(logging.Formatter):
    """Lines as a terminal, and a journal that others read, may have them; a message of a stranger stays one line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's own name
        """The line."""
        return visible(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """The line, and what was raised."""
        return shown(super().format(record))


def _log_to_stderr(program: str) -> None:
    to_stderr = logging.StreamHandler(sys.stderr)
    to_stderr.setFormatter(Shown(f"%(asctime)s {program} %(levelname)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[to_stderr])
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)


def run_program(program: str, work: Callable[[], None], told: tuple[type[Exception], ...] = ()) -> None:
    """Run a program to its end; the one place where its death is reported. Errors in `told` say all in their text."""
    _log_to_stderr(program)
    from kiosk.decoding import learn_types  # noqa: PLC0415
    from kiosk.local import RestartAsked  # noqa: PLC0415
    from kiosk.loops import ENDS, LoopFailed, attempt  # noqa: PLC0415

    known: tuple[type[Exception], ...] = (LoopFailed, *told)
    died = None
    learn_types()
    try:
        died = attempt(program, work, (*ENDS, RestartAsked, *known))
    except RestartAsked:
        log.warning("%s ends because the central server asked for it", program)
    except known as error:
        fail(visible(f"kiosk {program}: {error}"), WRONG)
    if died:
        fail(visible(f"kiosk {program}: {died}"), WRONG)


@click.command()
@click.option(
    "--make-safe", is_flag=True, help="Only take the power from every lock; systemd does it when the program has died."
)
@click.pass_obj
def station(config: Path, *, make_safe: bool) -> None:
    """Run the program that holds the lock, the rules and the logbook."""
    if make_safe:
        _make_safe(config)
        return
    settings, origin = known_settings_or_exit(config)
    from hardware.kernel_pins import PinsUnavailable  # noqa: PLC0415
    from kiosk.settings.loading import warnings  # noqa: PLC0415
    from kiosk.station.files import AlreadyRunning  # noqa: PLC0415
    from kiosk.station.program import run  # noqa: PLC0415

    def work() -> None:
        for warning in warnings(settings):
            log.warning("%s: %s", config, warning)
        run(settings, origin)

    run_program("station", work, (PinsUnavailable, AlreadyRunning, OSError))


def _make_safe(config: Path) -> None:
    """It needs to know of the locks, and of nothing else."""
    from hardware.kernel_pins import PinsUnavailable  # noqa: PLC0415
    from kiosk.settings.locks import locks_of  # noqa: PLC0415
    from kiosk.station.safe import NotSafe, make_safe  # noqa: PLC0415

    run_program("station", lambda: make_safe(locks_of(config)), (PinsUnavailable, NotSafe))


@click.command()
@alive_option
@click.pass_obj
def screen(config: Path, *, alive: bool) -> None:
    """Run the program that tells a worker in words what to do: a page on loopback for the display at the door."""
    settings = settings_or_exit(config)
    table = _screen_of(settings, config)
    if alive:
        _ask_page("screen", table.port)
        return
    from kiosk.screen.program import run  # noqa: PLC0415

    _run_page("screen", table.port, config, lambda: run(settings, table))


@click.command()
@alive_option
@click.pass_obj
def desk(config: Path, *, alive: bool) -> None:
    """Run the program for the touch display inside, where people rate, say what is wrong and read: a page on loopback."""
    settings = settings_or_exit(config)
    table = _desk_of(settings, config)
    if alive:
        _ask_page("desk", table.port)
        return
    from kiosk.desk.program import run  # noqa: PLC0415

    _run_page("desk", table.port, config, lambda: run(settings, table))


def _run_page(program: str, port: int, config: Path, run: Callable[[], None]) -> None:
    from kiosk.cli.ports import port_named  # noqa: PLC0415
    from kiosk.loopback.presence import HOST  # noqa: PLC0415

    def work() -> None:
        with port_named(HOST, port, _("set another port in [{table}] of {file}", table=program, file=config)):
            run()

    run_program(program, work)


def _ask_page(program: str, port: int) -> None:
    """Exit code 0 while a page works, 1 when it is silent, 3 when the program that it would speak to is away."""
    from kiosk.loopback.presence import GONE_AFTER, page_is_there  # noqa: PLC0415

    try:
        there = page_is_there(port)
    except OSError as error:
        words = _("kiosk {program} does not answer at port {port}: {error}", program=program, port=port, error=error)
        fail(words, NOT_REACHABLE)
    if not there:
        fail(_("no page has been heard for {seconds:g} s: the browser hangs, or there is none", seconds=GONE_AFTER))


@click.command()
@click.option(
    "--start-within", default=90.0, show_default=True, help="Seconds that the browser has for its first page."
)
@click.option("--desk", is_flag=True, help="The page of `kiosk desk`, on a display inside that is touched.")
@click.pass_obj
def browser(config: Path, *, start_within: float, desk: bool) -> None:
    """Run a browser on the display, until its page falls silent; systemd then starts another."""
    from kiosk.screen.browser import BrowserEnded, installed, run  # noqa: PLC0415

    port, command = _port(config, desk=desk), installed()
    if not command:
        fail(_("cage or Chromium is missing.\nNext: sudo apt install cage xwayland chromium fonts-noto-cjk"), WRONG)
    run_program("browser", lambda: run(command, port, start_within), (BrowserEnded,))


def _port(config: Path, *, desk: bool) -> int:
    """Where the page is; where it mostly is with broken settings, since this account may not read the last good ones."""
    from kiosk.settings import DeskTable, ScreenTable  # noqa: PLC0415
    from kiosk.settings.kept import load_or_kept  # noqa: PLC0415
    from kiosk.settings.table import BadSettings  # noqa: PLC0415

    try:
        settings, _origin = load_or_kept(config)
    except BadSettings:
        log.warning("%s cannot be read: the page is looked for at the usual port", config)
        return (DeskTable() if desk else ScreenTable()).port
    return (_desk_of(settings, config) if desk else _screen_of(settings, config)).port


def _screen_of(settings: Settings, config: Path) -> ScreenTable:
    if settings.screen is None:
        fail(_("{file}: there is no [screen] to show", file=config), MISUSED)
    return settings.screen


def _desk_of(settings: Settings, config: Path) -> DeskTable:
    if settings.desk is None or not settings.desk.display:
        fail(_("{file}: there is no [desk] with display = true", file=config), MISUSED)
    return settings.desk


@click.command()
@click.pass_obj
def sync(config: Path) -> None:
    """Run the program that talks to the central server."""
    settings = settings_or_exit(config)
    if settings.central is None:
        fail(_("{file}: there is no [central] to talk to", file=config), MISUSED)
    from kiosk.sync.program import run  # noqa: PLC0415

    run_program("sync", lambda: run(settings))
