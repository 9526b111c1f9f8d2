"""`kiosk central wrong`, `alarms`: what is wrong now, what the server found wrong, and whether anybody was told."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli.central.folder import SCOPE, folder_option, looked_into
from kiosk.cli.common import MISUSED, WRONG, as_json, echo, fail, print_json, style
from kiosk.foreign import visible
from kiosk.language import _, told
from kiosk.wording.words import when, word

if TYPE_CHECKING:
    from kiosk.central.alarms.settings import Receiver
    from kiosk.central.store.messages import Message
    from kiosk.central.wrong import Cause

COLOURS = {0: "red", 1: "red", 2: "yellow", 3: "yellow", 4: None}
"""By urgency."""


@click.command()
@click.argument("prefix", type=SCOPE, default="")
@folder_option
@as_json
def wrong(prefix: str, folder: Path, as_json: bool) -> None:
    """Say what is wrong now at the stations whose code begins with PREFIX, one line for one cause. Exit code 1 if anything."""
    from kiosk.central.looking import Wrong  # noqa: PLC0415
    from kiosk.central.scope import Scope  # noqa: PLC0415

    found = Wrong(looked_into(folder), time.time())
    causes = found.seen_by(Scope(prefix))
    if as_json:
        print_json(
            [
                {**_facts(each), "acts": found.incidents[each.key].notes if each.key in found.incidents else ()}
                for each in causes
            ]
        )
    for each in () if as_json else causes:
        name = found.lines[each.place].name if each.place in found.lines else ""
        echo(style(_line(each, name), fg=COLOURS[each.urgency]))
    if not causes and not as_json:
        echo(_("Nothing is wrong at {count} stations.", count=len(found.stations(Scope(prefix)))))
    sys.exit(WRONG if causes else 0)


def _facts(each: Cause) -> dict[str, object]:
    return {
        "what": each.what,
        "place": each.place,
        "whole": each.whole,
        "urgency": each.urgency.name.lower(),
        "stations": each.stations,
        "of": each.of,
        "since": each.since,
        "detail": each.detail,
    }


def _line(each: Cause, name: str) -> str:
    from kiosk.central.alarms.words import extent, trouble, where  # noqa: PLC0415

    parts = [where(each, name), extent(len(each.stations), each.of) if each.whole else "", trouble(each)]
    return f"{when(each.since)}  " + _(", ").join(filter(None, parts))


@click.group(invoke_without_command=True)
@click.option("--clear", is_flag=True, help="Forget them; what is still so comes again.")
@folder_option
@as_json
@click.pass_context
def alarms(ctx: click.Context, folder: Path, clear: bool, as_json: bool) -> None:
    """List what the server found wrong: stations with numbers that it has not, copied cards, its clock. Exit code 1 if any."""
    if ctx.invoked_subcommand is not None:
        return
    store = looked_into(folder)
    found = store.alarms()
    if clear:
        store.clear_alarms()
    if as_json:
        print_json(found)
    for each in () if as_json else found:
        who = each.station or _("the server")
        echo(
            f"{when(each.last)}  {visible(who):<12}  {word(each.what)} ×{each.times}{_(': ')}{told(visible(each.detail))}"
        )
    if not found and not as_json:
        echo(_("No alarms."))
    sys.exit(WRONG if found and not clear else 0)


@alarms.command()
@click.option("-n", "count", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@folder_option
@as_json
def sent(count: int, folder: Path, as_json: bool) -> None:
    """List the newest messages of what is wrong: to whom, what became of each, and what is still to be sent."""
    found = looked_into(folder).messages(count)
    if as_json:
        print_json(found)
        return
    for each in reversed(found):
        echo(_message(each))
    if not found:
        echo(_("Nobody was told anything yet. Next: [alarms] of central.toml, and kiosk central alarms test"))


def _message(each: Message) -> str:
    from kiosk.central.alarms.words import subject  # noqa: PLC0415

    became = told(visible(each.outcome)) if each.outcome else _("waits")
    if each.ended is None and each.tries:
        became = _("not sent yet, tried {count} times: {why}", count=each.tries, why=each.outcome)
    return f"{when(each.at)}  {each.receiver:<12}  {visible(subject(each))}{_(': ')}{became}"


@alarms.command()
@click.argument("receivers", nargs=-1)
@folder_option
@as_json
def test(receivers: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Send each receiver of [alarms], or those named, a test at once, and say what became of it. Exit code 1 if any failed."""
    became = {each.name: _tried(each, folder) for each in _named(folder, receivers)}
    if as_json:
        print_json([{"receiver": name, "sent": why is None, "why": why or ""} for name, why in became.items()])
    for name, why in () if as_json else became.items():
        echo(f"{name:<12}  " + (_("sent") if why is None else _("not sent: {why}", why=why)))
    sys.exit(WRONG if any(why is not None for why in became.values()) else 0)


def _named(folder: Path, names: tuple[str, ...]) -> list[Receiver]:
    from kiosk.central.store.place import settings_of  # noqa: PLC0415

    known = {each.name: each for each in settings_of(folder).alarms.receivers}
    if not known:
        fail(_("central.toml names nobody to be told. Next: [alarms] of config/central.toml"), MISUSED)
    for name in names:
        if name not in known:
            fail(_("There is no receiver {name}; there are {names}", name=name, names=", ".join(known)), MISUSED)
    return [known[name] for name in names or known]


def _tried(receiver: Receiver, folder: Path) -> str | None:
    """Why it was not told; None where it was."""
    from kiosk.central.alarms.sending import NotSent, send  # noqa: PLC0415
    from kiosk.central.alarms.words import letter  # noqa: PLC0415
    from kiosk.central.store.messages import Body, Message  # noqa: PLC0415
    from kiosk.central.store.place import settings_of  # noqa: PLC0415

    now = time.time()
    message = Message(0, now, receiver.name, "test", Body([]), 0, now, None, "")
    try:
        send(receiver, letter(message, settings_of(folder).alarm_rules), folder, now)
    except NotSent as why:
        return str(why)
    return None
