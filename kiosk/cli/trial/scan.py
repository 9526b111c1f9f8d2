"""`kiosk scan`: what the camera reads now, and why each code would open the door or not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from kiosk.cli.common import (
    MISUSED,
    NOT_REACHABLE,
    ask_station,
    echo,
    fail,
    print_json,
    settings_or_exit,
    style,
    until_interrupted,
)
from kiosk.foreign import visible
from kiosk.language import _, chinese, chosen, told
from kiosk.local import Line, NotGranted, NotReachable
from kiosk.settings import Settings
from kiosk.wire import Explain, Explained, Snapshot, TakeSnapshot

LOOK_EVERY: Final = 0.3
SHOWN: Final = 14
"""Characters of a code that are shown: enough to tell two apart, too few to be used."""


@click.command()
@click.argument("name", required=False)
@click.option("--why", is_flag=True, help="Say why each code would be refused, or that it would open the door.")
@click.option("--once", is_flag=True, help="End after the first code.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
@click.pass_obj
def scan(config: Path, name: str | None, *, why: bool, once: bool, as_json: bool) -> None:
    """Show what the camera of scanner NAME reads, until Ctrl-C. First: kiosk maintenance on."""
    settings = settings_or_exit(config)
    cameras = [each for each, table in settings.scanners.items() if table.camera]
    if not cameras or (name and name not in cameras):
        fail(_("There is no such camera; there are: {cameras}", cameras=", ".join(cameras) or "-"), MISUSED)
    with until_interrupted():
        for found in _readings(settings, name or cameras[0], why=why):
            if as_json:
                print_json(found)
            else:
                _tell(found)
            if once and found["code"]:
                return


def _readings(settings: Settings, name: str, *, why: bool) -> Iterator[dict[str, Any]]:
    """A reading for each code that comes into view, and for each change of what is wrong with the picture."""
    shown: set[str] = set()
    trouble: str | None = None
    while True:
        snapshot = _look(settings, name)
        if snapshot.trouble != trouble:
            trouble = snapshot.trouble
            yield {"code": "", "trouble": trouble}
        for text in snapshot.texts:
            if text not in shown:
                yield _judged(settings, name, text, why=why)
        shown = set(snapshot.texts)
        time.sleep(LOOK_EVERY)


def _judged(settings: Settings, name: str, text: str, *, why: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"code": text[:SHOWN], "length": len(text)}
    if why:
        from kiosk.trust.reasons import WORDS, Reason  # noqa: PLC0415

        explained = ask_station(settings, Explain(text, settings.scanners[name].door or ""), Explained)
        words = chosen(WORDS[Reason(explained.reason)]) if explained.reason else ""
        found |= {"opens": not explained.reason, "reason": explained.reason, "words": words, "claims": explained.claims}
    return found


def _look(settings: Settings, name: str) -> Snapshot:
    try:
        line = Line(settings.scanner_socket(name))
        try:
            return line.ask(TakeSnapshot(16), Snapshot)
        finally:
            line.close()
    except NotGranted as error:
        fail(_("Refused: {why}", why=error))
    except NotReachable as error:
        fail(_("The scanner does not answer ({why}).\nNext: kiosk doctor", why=error), NOT_REACHABLE)


def _tell(found: dict[str, Any]) -> None:
    if not found["code"]:
        echo(told(visible(found["trouble"])) or _("The picture is fine. Hold a code before the camera."))
        return
    echo(_("{code}… ({length} characters)", code=found["code"], length=found["length"]))
    if found.get("opens"):
        echo("  " + style(_("It would open this door now."), fg="green"))
    elif "opens" in found:
        refused = _("It would be refused.") if chinese() else _("It would be refused: {reason}", reason=found["reason"])
        echo("  " + style(refused, fg="red"))
        echo(f"  {found['words']}")
