"""`kiosk queue`: what waits for the central server, since when, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kiosk.cli.common import as_json, echo, print_json, reading, settings_or_exit, view_or_none
from kiosk.cli.look.logbook import aside_of, stream_state
from kiosk.foreign import visible
from kiosk.language import _, told
from kiosk.settings import Settings
from kiosk.wire.views import View
from kiosk.wording.words import rests, when


@click.command()
@as_json
@click.pass_obj
def queue(config: Path, as_json: bool) -> None:
    """Show what waits for the central server, since when, and why."""
    settings = settings_or_exit(config)
    found = _queue(settings)
    if as_json:
        print_json(found)
        return
    url = visible(found["url"]) or _("none in the settings")
    echo(f"{aside_of('central')}{url}{_(': ')}{told(visible(found['central']))}")
    for name, each in found["streams"].items():
        if not each["waiting"]:
            echo(aside_of(name) + _("nothing waits; the server has all {newest}", **each))
            continue
        oldest = (
            _(", the oldest of {when}", when=when(each["oldest_waiting"], settings)) if each["oldest_waiting"] else ""
        )
        echo(
            aside_of(name)
            + _("{waiting} wait, numbers {first} to {newest}", first=each["acked"] + 1, **each)
            + oldest
            + rests(each["rests"])
        )
    if found["refused"]:
        echo(aside_of("refused") + _("{refused} were not taken: kiosk logbook refused", **found))
    for name in found["survivors"]:
        echo(aside_of("survivors") + _("{file}, out of a broken logbook", file=name))
    if found["next"]:
        echo(_("\nNext: {next}", **found))


def _queue(settings: Settings) -> dict[str, Any]:
    from kiosk.logbook.reader import survivors  # noqa: PLC0415

    with reading(settings) as reader:
        streams = {name: stream_state(reader, name) for name in reader.heads()}
        refused = len(reader.refused())
    view = view_or_none(settings)
    for name, each in streams.items():
        each["rests"] = view.streams[name].rests if view and name in view.streams else 0.0
    central, following = _central(settings, view)
    waits = any(each["waiting"] for each in streams.values())
    return {
        "url": settings.central.url if settings.central else "",
        "central": central,
        "streams": streams,
        "refused": refused,
        "survivors": [path.name for path in survivors(settings.kept)],
        "next": following if waits else "",
    }


def _central(settings: Settings, view: View | None) -> tuple[str, str]:
    """How it stands between sync and the server, and what to type next."""
    if view is None:
        return _("the station does not answer"), "kiosk doctor"
    if settings.central is None:
        return _("nothing is sent"), "kiosk config explain central.url"
    if not view.programs.get("sync"):
        return _("sync is not connected"), "sudo systemctl restart kiosk-sync"
    if "central" in view.faults:
        return view.faults["central"], "kiosk doctor"
    return _("reached"), ""
