"""What the verbs share: exit codes, the settings, the way to the station."""

from __future__ import annotations

import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import click
import msgspec

from kiosk.foreign import escaped, visible, visible_json, visible_lines
from kiosk.language import _, told
from kiosk.local import Line, NotGranted, NotReachable
from kiosk.redaction import everywhere, hidden
from kiosk.settings import Settings
from kiosk.settings.kept import Origin, load_or_kept
from kiosk.settings.loading import load
from kiosk.settings.table import BadSettings
from kiosk.wire import GetView
from kiosk.wire.base import Message
from kiosk.wire.views import View

if TYPE_CHECKING:
    from kiosk.logbook.reader import Reader

T = TypeVar("T")

WRONG: Final = 1
MISUSED: Final = 2
NOT_REACHABLE: Final = 3

LOOK_EVERY: Final = 0.2
"""Seconds between two looks at whether a station that starts answers."""

JSON_WANTED: Final = "kiosk.json"

_COLOUR: Final = f"\ue1b0{secrets.token_hex(8)}"
"""What a colour begins with until it is printed: nobody outside can know it."""


def _remember(ctx: click.Context, _option: click.Parameter, value: bool) -> bool:
    ctx.meta[JSON_WANTED] = value
    return value


as_json: Final = click.option("--json", "as_json", is_flag=True, callback=_remember, help="Print one JSON object.")
json_too: Final = click.option(
    "--json", is_flag=True, expose_value=False, callback=_remember, help="Print one JSON object."
)
"""For a verb that acts and ends with `answer`."""


def wants_json() -> bool:
    """Whether --json was given to the verb that runs."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(JSON_WANTED))


def shown(text: str) -> str:
    """A text as a terminal may have it: no secret, nothing that a stranger could steer it by, and the colours of `style`."""
    return hidden(visible_lines(text)).replace(_COLOUR, "\x1b")


def style(text: str, **looks: Any) -> str:
    """The text with colours, which :func:`shown` tells from those of a stranger."""
    return click.style(visible(text), **looks).replace("\x1b", _COLOUR)


def echo(text: str = "", *, err: bool = False) -> None:
    """Print lines: the one place, with :func:`print_json` and :func:`reveal`, where a verb's words come out."""
    click.echo(shown(text), file=sys.stderr if err else sys.stdout)


def reveal(secret: str) -> None:
    """Print a secret of our own making, which is what the verb was asked for."""
    click.echo(visible(secret), file=sys.stdout)


def say(text: str) -> None:
    """A line for whoever looks on; with --json it goes to the standard error."""
    echo(text, err=wants_json())


def sure(question: str, *, default: bool | None = False) -> bool:
    """Ask for yes or no, again and again where the Enter key means neither (None); with --json on the standard error."""
    return click.confirm(shown(question), default=default, err=wants_json(), prompt_suffix=_(": "))


def asked(question: str, default: str | None = None) -> str:
    """What somebody answers in their own words; the Enter key takes the default, where there is one."""
    given = click.prompt(
        shown(question), default=default, show_default=bool(default), err=wants_json(), prompt_suffix=_(": ")
    )
    return str(given)


def hidden_answer(question: str) -> str:
    """A secret, which is not shown while it is typed."""
    return str(click.prompt(shown(question), hide_input=True, err=wants_json(), prompt_suffix=_(": ")))


def answer(words: str, /, **facts: object) -> None:
    """What a verb has done: in words, or as one JSON object."""
    if wants_json():
        print_json({"ok": True, **facts})
    else:
        echo(words)


def settings_or_exit(path: Path) -> Settings:
    """The settings or, where the file is broken, the last good ones; every error and exit code 2 where there are none."""
    return known_settings_or_exit(path)[0]


def known_settings_or_exit(path: Path) -> tuple[Settings, Origin]:
    """As :func:`settings_or_exit`, and where they come from."""
    try:
        settings, origin = load_or_kept(path)
    except BadSettings as bad:
        _exit_with(bad)
    if origin.wrong:
        words = _("{count} wrong in the settings: the last good ones are used.", count=len(origin.wrong))
        echo("\n".join([*origin.wrong, words, _("Next: kiosk config check")]), err=True)
    return settings, origin


def good_settings_or_exit(path: Path) -> Settings:
    """The settings in the file itself, or every error and exit code 2."""
    try:
        return load(path)
    except BadSettings as bad:
        _exit_with(bad)


def _exit_with(bad: BadSettings) -> NoReturn:
    count = _("{count} wrong in the settings; nothing was started.", count=len(bad.errors))
    fail("\n".join([*bad.errors, count]), MISUSED, bad.errors)


def fail(message: str, code: int = WRONG, errors: list[str] | None = None) -> NoReturn:
    """Say what is wrong and exit; with --json also as an object, in which each of several `errors` stands for itself."""
    echo("\n".join(map(told, message.split("\n"))), err=True)
    if wants_json():
        print_json({"ok": False, "errors": errors or [message]})
    sys.exit(code)


def ask_station(settings: Settings, message: Message, answer: type[T]) -> T:
    """The running station's answer. Raises NotReachable."""
    line = Line(settings.run / "control.sock")
    try:
        return line.ask(message, answer)
    finally:
        line.close()


def view_or_none(settings: Settings) -> View | None:
    """The running station's view; None where none answers."""
    try:
        return ask_station(settings, GetView(), View)
    except NotReachable:
        return None


def answers_within(settings: Settings, seconds: float) -> bool:
    """Wait until a station that starts answers; whether it does."""
    deadline = time.monotonic() + seconds
    while view_or_none(settings) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_EVERY)
    return True


def ask_or_exit(settings: Settings, message: Message, answer: type[T]) -> T:
    """The running station's answer; exit code 1 when it refuses, or 3 when there is none, with the next command."""
    try:
        return ask_station(settings, message, answer)
    except NotGranted as error:
        fail(_("Refused: {why}", why=error))
    except NotReachable as error:
        fail(_("The station does not answer ({why}).\nNext: kiosk doctor", why=error), NOT_REACHABLE)


@contextmanager
def progress(length: int, label: str, *, hidden: bool = False) -> Iterator[Callable[[int], None]]:
    """A bar on the standard error, where that is a terminal; call what it gives with how much has been done meanwhile."""
    with click.progressbar(
        length=length, label=shown(label), file=sys.stderr, hidden=hidden or not sys.stderr.isatty()
    ) as bar:
        yield bar.update


def print_json(value: object) -> None:
    """One JSON object on one line, with what `shown` shows, and no secret."""
    click.echo(machine_line(value), file=sys.stdout)


def machine_line(value: object) -> str:
    """A value as JSON, in ASCII where the standard output has not all of Unicode: JSON is UTF-8 for whoever reads it."""
    line = json_line(value)
    return line if (sys.stdout.encoding or "").lower().startswith("utf") else escaped(line)


def json_line(value: object) -> str:
    """A value as JSON that steers no terminal."""
    plain = everywhere(msgspec.to_builtins(value, builtin_types=(bytes,)), _of_unicode)
    return visible_json(msgspec.json.encode(plain).decode())


def _of_unicode(text: str) -> str:
    """Without secrets; half a pair, which a name of a file that is no UTF-8 comes as, is shown as what it is."""
    return hidden(text).encode(errors="backslashreplace").decode()


@contextmanager
def reading(settings: Settings) -> Iterator[Reader]:
    """The logbook's file; exit code 1 where it cannot be read, with the next command."""
    import sqlite3  # noqa: PLC0415  most programs have no use for it

    from kiosk.logbook.reader import FILE, Reader  # noqa: PLC0415

    path = settings.kept / FILE
    try:
        reader = Reader(settings.kept)
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


@contextmanager
def ended_by(numbers: Iterable[int], how: Callable[[int], BaseException]) -> Iterator[None]:
    """The first of these signals raises that in the block, and those behind it nothing; what nohup ignores stays ignored.

    Who closes a terminal sends two of them, and who is impatient more, while what there is is put in order.
    """

    def end(number: int, _frame: object) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise how(number)

    wanted = [each for each in numbers if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, end) for each in wanted}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
