"""`kiosk setup`: from a fresh card to the first opened door, by questions or by a file of answers."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click

from kiosk.cli.common import MISUSED, WRONG, answer, echo, fail, json_too
from kiosk.cli.files import why_not
from kiosk.cli.setup.draft import Draft
from kiosk.cli.setup.steps import Step, title
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.settings.editing import CannotEdit
from kiosk.settings.table import BadSettings

if TYPE_CHECKING:
    from kiosk.cli.setup.answers import Answers
    from kiosk.cli.setup.desk import Desk

AGAIN: Final = "sudo kiosk setup"
WRITABLE: Final = "sudo mount -o remount,rw /"


@click.command()
@click.argument("step", required=False, type=click.Choice([step.value for step in Step]))
@click.option(
    "--answers",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Ask nothing: take the answers from this file (docs/technician.md).",
)
@json_too
@click.pass_obj
def setup(config: Path, step: str | None, answers: Path | None) -> None:
    """Lead a fresh card to the first opened door, step by step; STEP takes one step alone.

    Each step says what it will do, tries it, and says what it found. It writes the settings with comments, changes nothing
    that it was not told, and keeps the old file. Ctrl-C or q leaves it; the next call goes on where it was left.
    """
    click.get_current_context().with_resource(_alone(config))
    draft = _draft(config)
    if answers is not None:
        _take(draft, _read(answers))
        return
    if not sys.stdin.isatty():
        fail(_("kiosk setup asks questions, and needs a terminal for them. Without one: --answers FILE"), MISUSED)
    _lead(draft, [Step(step)] if step else None)


@contextmanager
def _alone(config: Path) -> Iterator[None]:
    """Nobody else sets this station up meanwhile: each would write over what the other was told."""
    with ExitStack() as stack:
        with suppress(OSError):  # a folder that is not there, which the draft will tell
            folder = os.open(config.parent, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, folder)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                fail(_("Somebody else is setting this station up already: {command}", command="ps -C kiosk -f"), WRONG)
        yield


def _draft(config: Path) -> Draft:
    """The settings to be. Exit code 2 where those that are there are broken, 1 where nothing can be written."""
    try:
        return Draft(config)
    except BadSettings as bad:
        words = _("Mend it, or move it away and begin anew: sudo mv {file} {file}.broken", file=config)
        fail("\n".join([*bad.errors, words]), MISUSED, bad.errors)
    except OSError as error:
        _cannot_write(config, error)


def _cannot_write(config: Path, error: OSError) -> NoReturn:
    command = WRITABLE if error.errno == errno.EROFS else AGAIN
    fail(_("{file} cannot be written: {why}\nNext: {command}", file=config, why=why_not(error), command=command), WRONG)


def _lead(draft: Draft, only: list[Step] | None) -> None:
    """One step after the other, from the first that is neither done nor skipped."""
    from kiosk.cli.setup.desk import Desk  # noqa: PLC0415
    from kiosk.cli.setup.talk import Left, Skipped  # noqa: PLC0415

    for number in (signal.SIGHUP, signal.SIGTERM):  # as Ctrl-C: a lock that is being tried is secured first
        signal.signal(number, signal.default_int_handler)
    desk, step = Desk(draft), Step.STATION
    try:
        for step in only or [each for each in Step if each not in {*draft.progress.done, *draft.progress.skipped}]:
            try:
                _asks(step)(desk)
            except Skipped:
                draft.passed(step, done=False)
            else:
                draft.passed(step, done=True)
    except (Left, click.Abort, KeyboardInterrupt):
        told = _("Left at: {step}. What was answered is kept; {command} goes on here.", step=title(step), command=AGAIN)
        echo("\n" + told)
        sys.exit(WRONG)
    except OSError as error:
        _cannot_write(draft.config, error)
    _tell_end(draft, only=bool(only))


def _tell_end(draft: Draft, *, only: bool) -> None:
    skipped = ", ".join(title(each) for each in draft.progress.skipped)
    if not only:
        draft.finish()
    echo()
    if skipped:
        echo(_("Skipped: {steps}. One step alone: sudo kiosk setup STEP", steps=skipped))
    echo(
        _("{file} is written.", file=draft.config)
        if draft.settings
        else _("Not set up yet. Next: {command}", command=AGAIN)
    )
    if draft.progress.kept:
        echo(_("What was there before: {file}", file=draft.progress.kept))
    echo(_("Next: kiosk doctor"))


def _asks(step: Step) -> Callable[[Desk], None]:
    """The questions of a step; each is imported when it is its turn."""
    from importlib import import_module  # noqa: PLC0415

    name = {Step.STATION: "place"}.get(step, str(step))
    found: Callable[[Desk], None] = getattr(import_module(f"kiosk.cli.setup.{name}"), f"ask_{name}")
    return found


def _read(path: Path) -> Answers:
    from kiosk.cli.setup.answers import read_answers  # noqa: PLC0415

    try:
        return read_answers(path)
    except BadSettings as bad:
        _refuse(bad.errors)


def _refuse(errors: list[str]) -> NoReturn:
    words = _("{count} wrong in the answers; nothing was changed.", count=len(errors))
    fail("\n".join([*errors, words]), MISUSED, errors)


def _take(draft: Draft, told: Answers) -> None:
    """Everything that the file says, in the order of the steps; what was done by an earlier call is not done again."""
    from kiosk.cli.setup.unasked import carry_out  # noqa: PLC0415

    if wrong := draft.wrong_whole(told.settings):
        _refuse(told.errors(wrong))
    try:
        draft.put(told.settings)
        words = carry_out(draft, told)
    except CannotEdit as error:
        fail(visible(f"{draft.config}: {error}"), WRONG)
    except OSError as error:
        _cannot_write(draft.config, error)
    steps = draft.progress.stands()
    draft.finish()
    lines = [_("{file} is written.", file=draft.config)]
    if draft.progress.kept:
        lines.append(_("What was there before: {file}", file=draft.progress.kept))
    if words:
        lines.append(
            _("Enrolled. The centre must see the same six words (kiosk central stations): {words}", words=words)
        )
    lines.append(_("Next: kiosk test all"))
    answer("\n".join(lines), file=str(draft.config), kept=draft.progress.kept, steps=steps, fingerprint=words)
