"""`kiosk test`: a technician tries the station's parts one by one. Nothing moves before they agreed.

What a contact proves is not asked, and no question has an answer that the Enter key gives: a report that can be had by leaning
on the keyboard is worth nothing. What comes of it goes into the logbook, and so to the central server; `kiosk test all` writes
the commissioning report, too, with the name of whoever tried. Where it ends early, both have what was tried until then.
"""

from __future__ import annotations

import getpass
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn

import click
from rich.cells import set_cell_size

from kiosk.cli.common import (
    MISUSED,
    NOT_REACHABLE,
    WRONG,
    as_json,
    ask_station,
    asked,
    echo,
    ended_by,
    fail,
    print_json,
    say,
    settings_or_exit,
    style,
    sure,
)
from kiosk.cli.doctor.network import check_network
from kiosk.cli.trial.poster import try_poster
from kiosk.cli.trial.report import try_place, write_report
from kiosk.cli.trial.results import PASSED, SKIPPED, Tried, failed, go_through, why_early
from kiosk.foreign import visible
from kiosk.language import _, told
from kiosk.local import Line, NotGranted, NotReachable
from kiosk.settings import Settings
from kiosk.trust.reasons import Reason
from kiosk.wire import Commission, Done, GetView, Logged, Operate, Subscribe, TryLamp
from kiosk.wire.base import MAX_WHY
from kiosk.wire.views import View
from kiosk.wording.names import Names
from kiosk.wording.sentences import result_words
from kiosk.wording.words import listed, quantity, word

PATIENCE: Final = 30.0
ENDS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LAMPS: Final = ("ready", "granted", "denied", "warning", "alarm")


class Trials:
    """The station, and the technician before it. `door`: the one that is tried."""

    def __init__(self, settings: Settings, door: str) -> None:
        self.settings = settings
        self.door = door

    def agreed(self, text: str) -> bool:
        """Whether the technician agrees; asked before anything moves."""
        return sure(text, default=None)

    def saw(self, text: str) -> str:
        """What they saw: passed, or what they say in their own words."""
        if sure(text, default=None):
            return PASSED
        return failed(asked(_("What did happen"))[: MAX_WHY - 10])

    @property
    def has_contact(self) -> bool:
        """Whether the door itself says that it is open."""
        table = self.settings.doors[self.door]
        return table.contact is not None or table.board is not None

    @property
    def is_slot(self) -> bool:
        """Whether it is a cupboard's, with nothing to be tried but its lock."""
        return self.settings.doors[self.door].slot is not None

    def ask(self, message: Any) -> None:
        """Have the station do it. Raises NotGranted, NotReachable."""
        ask_station(self.settings, message, Done)

    @contextmanager
    def news(self) -> Iterator[News]:
        """What the station tells of this door from now on: begun before somebody is asked, who may be quick."""
        with closing(Line(self.settings.run / "control.sock")) as line:
            yield News(line, self.door, line.ask(Subscribe(), View))


class News:
    """What the station tells of a door, for half a minute."""

    def __init__(self, line: Line, door: str, view: View) -> None:
        """Raises NotGranted for a door that the station does not know: the settings were changed behind its back."""
        if door not in view.doors:
            raise NotGranted(f"no such door: {door}")
        self._line, self._door = line, door
        self._deadline = time.monotonic() + PATIENCE
        self._stands = view.doors[door].door

    def goes_on(self, seconds: float) -> None:
        """Half a minute more, from so many seconds on."""
        self._deadline = time.monotonic() + seconds + PATIENCE

    def entry(self, *kinds: str) -> dict[str, Any] | None:
        """The next entry of one of these kinds."""
        return next((each for each in self._told() if each.get("kind") in kinds), None)

    def opens(self) -> bool:
        """Whether the door's contact sees it open, after it was closed."""
        before = self._stands
        for _each in self._told():
            if before == "closed" and self._stands == "open":
                return True
            before = self._stands
        return False

    def _told(self) -> Iterator[dict[str, Any]]:
        """Entries of this door; an empty one where only its standing was told."""
        while (left := self._deadline - time.monotonic()) > 0:
            match self._line.receive(timeout=left):
                case Logged(entry) if entry.get("door", self._door) == self._door:
                    yield entry
                case View() as view:
                    self._stands = view.doors[self._door].door
                    yield {}
                case _:
                    continue


def try_lock(trials: Trials) -> str:
    """The lock is released for a pulse."""
    say(_("The lock will be released for {seconds:g} s and secured again.", seconds=_pulse(trials)))
    if not trials.agreed(_("Is nobody leaning on the door")):
        return SKIPPED
    with trials.news() as news:
        trials.ask(Operate(trials.door, "open"))
        if not trials.has_contact:
            return trials.saw(_("Did the lock click, let the door open, and hold it closed again"))
        say(_("Open the door while it is released, and close it again."))
        if not news.opens():
            return unopened()
    say(_("Its contact saw it open. Close it, and pull at it."))
    return trials.saw(_("Does the lock hold it closed now"))


def unopened() -> str:
    """What is said where the door's contact saw nothing."""
    return failed(_("the door's contact did not see it open: the lock, the contact, their cables"))


def _pulse(trials: Trials) -> float:
    return trials.settings.doors[trials.door].pulse


def try_exit(trials: Trials) -> str:
    """The exit button is seen, and frees the door by itself."""
    if trials.settings.doors[trials.door].exit is None:
        return SKIPPED
    with trials.news() as news:
        say(_("Press the exit button inside, within half a minute, and open the door."))
        if news.entry("exit_pressed") is None:
            return failed(_("the station did not see the button: its pin, its cable"))
        say(_("The station saw it."))
        if not trials.has_contact:
            return trials.saw(_("Did the lock let go at once, and does it also with the Pi unplugged"))
        if not news.opens():
            return unopened()
    say(_("Its contact saw it open."))
    return trials.saw(_("Does the button free the door also with the Pi unplugged"))


def try_camera(trials: Trials) -> str:
    """The pictures are good enough, and a card is read."""
    with trials.news() as news:
        say(_("Hold any QR code but a pass where workers will hold theirs, within half a minute."))
        found = news.entry("granted", "denied")
    trouble = {what: why for what, why in _view(trials).faults.items() if what.startswith("scanner")}
    if trouble:
        names = Names(trials.settings)
        return failed("; ".join(f"{names.fault(what)}: {told(why)}" for what, why in trouble.items()))
    if found is None:
        return failed(_("no code was read: light, distance, docs/camera.md"))
    say(_("It was read."))
    return PASSED


def try_code(trials: Trials) -> str:
    """A valid pass opens, by way of everything."""
    with trials.news() as news:
        say(_("Show a valid pass, within half a minute, and open the door."))
        found = _judged(trials, news)
        if found is None:
            return failed(_("no code was read: light, distance, docs/camera.md"))
        if found["kind"] == "denied":
            return failed(found["reason"])
        if not trials.has_contact:
            return trials.saw(_("Did the door open"))
        say(_("It was accepted."))
        return PASSED if news.opens() else unopened()


def _judged(trials: Trials, news: News) -> dict[str, Any] | None:
    """What became of the first pass that tells anything; one that has just opened this door is at rest, and says nothing."""
    rest = trials.settings.doors[trials.door].rest
    while (found := news.entry("granted", "denied")) and found.get("reason") == Reason.REPLAYED:
        say(
            _("This pass opened here a while ago. Show another one, or a card again after {seconds:g} s.", seconds=rest)
        )
        news.goes_on(rest)
    return found


def try_sensors(trials: Trials) -> str:
    """Every sensor gives a value that can be true."""
    sensors = _view(trials).sensors
    if not sensors:
        return SKIPPED
    names = Names(trials.settings)
    for name, each in sensors.items():
        value = quantity(each.value, each.unit) if each.value is not None else word(each.absent)
        say(visible(f"  {set_cell_size(names.sensor(name), 20)} {value}"))
    silent = [name for name, each in sensors.items() if each.value is None]
    if silent:
        return failed(_("no value: {names}", names=", ".join(silent)))
    return trials.saw(_("Can all these be true"))


def try_network(trials: Trials) -> str:
    """The road to the central server is free."""
    wrong = [check for check in check_network(trials.settings) if check.severity == "wrong"]
    return failed(f"{wrong[0].id}: {wrong[0].evidence}") if wrong else PASSED


def try_lamps(trials: Trials) -> str:
    """Each signal is shown for a moment."""
    lamps = trials.settings.doors[trials.door].lamps
    if not any((lamps.red, lamps.green, lamps.blue, lamps.buzzer)):
        return SKIPPED
    say(_("Look at the lamps: {signals}.", signals=listed(map(word, LAMPS))))
    if not trials.agreed(_("Can you see them")):
        return SKIPPED
    for lamp in LAMPS:
        say(f"  {word(lamp)}")
        trials.ask(TryLamp(trials.door, lamp))
        time.sleep(2.0)
    return trials.saw(_("Was it blue; green with a beep; red with three; red and green blinking; red blinking"))


TESTS: Final[dict[str, Callable[[Trials], str]]] = {
    "lock": try_lock,
    "exit": try_exit,
    "lamps": try_lamps,
    "camera": try_camera,
    "code": try_code,
    "poster": try_poster,
    "sensors": try_sensors,
    "network": try_network,
}
UNATTENDED: Final = ("network",)
"""What needs nobody to look."""


def _view(trials: Trials) -> View:
    return ask_station(trials.settings, GetView(), View)


@click.command("test")
@click.argument("what", type=click.Choice([*TESTS, "all"]), required=False)
@click.option(
    "--acceptance",
    is_flag=True,
    help="Try a board of a new kind instead, with a multimeter (docs/pi.md), and write what was measured.",
)
@click.option("--door", default="", help="The door to try; the first of the settings without it.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    help="The folder for the report of `all`, or of --acceptance.",
)
@click.option("--by", default="", help="Who tries it, for the report; asked for without it.")
@as_json
@click.pass_obj
def test(config: Path, what: str | None, door: str, out: Path, by: str, *, acceptance: bool, as_json: bool) -> None:
    """Try a part of the station: says what it will do, asks before it does it, and asks what no contact can prove.

    `all` tries every part and writes a commissioning report (Markdown and JSON) with the name of whoever tried. The results
    go to the central server. Whatever ends it early, what was tried until then is in both. Exit code 1 when something failed
    or was not tried, 3 when the station fell silent.
    """
    if (what is None) != acceptance:
        raise click.UsageError(_("Name one part, `all` or --acceptance."))
    trials, command = _trials(config, door, asks=what not in UNATTENDED), f"kiosk test {what or '--acceptance'}"
    if trials.is_slot and what != "lock":
        fail(_("{door} is a slot: only `lock` can be tried of it.", door=trials.door), MISUSED)
    reported = what in {"all", None}
    if reported:
        try_place(out, command)
        by = by.strip() or _who()
    with ended_by(ENDS, lambda _number: KeyboardInterrupt()):
        tried, files = _accept(trials, config, out, by) if acceptance else _try(trials, str(what), config, out, by)
        ok = tried.passed and bool(files or not reported)
        _tell_end(tried, files, command)
        if as_json:
            errors = {"errors": [why_early(tried.early)]} if tried.early else {}
            print_json({"ok": ok, "tests": tried.results, "files": [str(path) for path in files], **errors})
        _exit(tried.early, ok=ok)


def _trials(config: Path, door: str, *, asks: bool) -> Trials:
    settings = settings_or_exit(config)
    door = door or next(iter(settings.entrances))
    if door not in settings.doors:
        fail(_("There is no door {door}; there are: {doors}", door=door, doors=", ".join(settings.doors)), MISUSED)
    if asks and not sys.stdin.isatty():
        fail(_("These trials ask questions, and need a terminal for them."), MISUSED)
    return Trials(settings, door)


def _try(trials: Trials, what: str, config: Path, out: Path, by: str) -> tuple[Tried, list[Path]]:
    """Try this part, or all; what came of them, and the files of the report where all were tried."""
    names: Iterable[str] = TESTS if what == "all" else [what]
    tried = go_through({name: partial(_one, name, trials) for name in names})
    with suppress(OSError):  # the terminal may have gone
        _tell(tried.results)
    files = write_report(trials, tried, config, out, by) if tried.results and what == "all" else []
    if tried.results:
        _keep(trials.settings, tried.results)
    return tried, files


def _one(name: str, trials: Trials) -> str:
    say("\n" + style(word(name), bold=True))
    return TESTS[name](trials)


def _tell(results: dict[str, str]) -> None:
    for name, result in results.items():
        colour = "green" if result == PASSED else "yellow" if result == SKIPPED else "red"
        say(f"{set_cell_size(word(name), 10)} {style(result_words(result), fg=colour)}")


def _accept(trials: Trials, config: Path, out: Path, by: str) -> tuple[Tried, list[Path]]:
    from kiosk.cli.trial.acceptance import accepted, write_acceptance  # noqa: PLC0415

    tried = accepted(trials, config)
    return tried, write_acceptance(trials, tried, config, out, by) if tried.results else []


def _tell_end(tried: Tried, files: list[Path], command: str) -> None:
    for path in files:
        say(visible(str(path)))
    if isinstance(tried.early, NotReachable):
        echo(_("The station does not answer ({why}).\nNext: kiosk doctor", why=tried.early), err=True)
    elif tried.early and tried.results:
        echo(_("Ended early.\nNext: {command}", command=command), err=True)


def _exit(early: BaseException | None, *, ok: bool) -> NoReturn:
    if isinstance(early, NotReachable):
        sys.exit(NOT_REACHABLE)
    if early:
        raise early
    sys.exit(0 if ok else WRONG)


def _who() -> str:
    """The name of whoever tries; the account that they came from is proposed, but for root, which is nobody's name."""
    account = os.environ.get("SUDO_USER") or getpass.getuser()
    return asked(_("Your name, for the report"), None if account == "root" else account)


def _keep(settings: Settings, results: dict[str, str]) -> None:
    """Into the logbook; a station that is away is told as such and keeps nobody from the report."""
    try:
        ask_station(settings, Commission({name: result[:MAX_WHY] for name, result in results.items()}), Done)
    except NotReachable as error:
        echo(_("The results are not in the logbook: {why}", why=error), err=True)
