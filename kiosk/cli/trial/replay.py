"""`kiosk replay`: save the recent events of a running station, and run them through the rules again."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from kiosk import __version__
from kiosk.cli.common import MISUSED, WRONG, as_json, ask_or_exit, echo, fail, print_json, settings_or_exit
from kiosk.cli.files import why_not, wrong_place
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.settings import Settings
from kiosk.settings.loading import load
from kiosk.settings.table import BadSettings
from kiosk.settings.text import read_bounded
from kiosk.wire import GetRecording, Recorded
from kiosk.wording.names import Names
from kiosk.wording.sentences import sentence
from kiosk.wording.words import when

if TYPE_CHECKING:
    from kiosk.core.events import Command, Event
    from kiosk.core.replay import Recording, Replayed

MOST_BYTES: Final = 1 << 28
"""Of a recording: many times what a station keeps."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--save", is_flag=True, help="Ask the running station for its recent events, and write them to FILE.")
@as_json
@click.pass_obj
def replay(config: Path, file: Path, save: bool, as_json: bool) -> None:
    """Print each transition of a recorded FILE, and whether the rules still decide as the station did.

    Exit code 1 when a decision differs. A recording holds passes as they were shown: keep it private, and delete it afterwards.
    """
    if save:
        _save(config, file)
        return
    recording, names = _read(file), Names(_settings(config))
    outcome = _Outcome()
    from kiosk.core.replay import replay as run_again  # noqa: PLC0415

    for each in run_again(recording):
        outcome.add(each)
        if not as_json:
            _tell(each, names)
    if as_json:
        print_json(outcome.summary(recording))
    else:
        echo(outcome.sentence(recording))
    sys.exit(WRONG if outcome.differ else 0)


def _settings(config: Path) -> Settings | None:
    """The settings beside the recording, for labels and zone; it may come from another station, and this machine be none."""
    try:
        return load(config)
    except BadSettings:
        return None


def _save(config: Path, file: Path) -> None:
    if wrong := wrong_place(file, new=True):
        fail(_("{file}: {wrong}", file=file, wrong=wrong), MISUSED)
    data = ask_or_exit(settings_or_exit(config), GetRecording(), Recorded).data
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(data)
    except OSError as error:
        fail(_("{file} cannot be written: {why}", file=file, why=why_not(error)))
    echo(_("{file}: {size} bytes, readable by you alone\nNext: kiosk replay {file}", file=file, size=len(data)))


def _read(file: Path) -> Recording:
    from kiosk.core.replay import NotARecording, read_recording  # noqa: PLC0415

    try:
        return read_recording(read_bounded(file, MOST_BYTES))
    except OSError as error:
        fail(_("{file}: {why}\nNext: kiosk replay --save {file}", file=file, why=why_not(error)))
    except NotARecording as error:
        fail(_("{file}: no recording that kiosk {version} can read: {why}", file=file, version=__version__, why=error))


class _Outcome:
    """Counts while a recording is replayed."""

    def __init__(self) -> None:
        self.events = 0
        self.differ: list[int] = []
        self._kinds: Counter[str] = Counter()

    def add(self, each: Replayed) -> None:
        self.events += 1
        if not each.same:
            self.differ.append(self.events)
        for command in each.commands:
            self._kinds.update(entry["kind"] for entry in _entries(command))

    def summary(self, recording: Recording) -> dict[str, Any]:
        return {
            "ok": not self.differ,
            "version": recording.version,
            "events": self.events,
            "entries": dict(self._kinds),
            "differ": self.differ,
        }

    def sentence(self, recording: Recording) -> str:
        counts = {"events": self.events, "granted": self._kinds["granted"], "denied": self._kinds["denied"]}
        if not self.differ:
            return _("\n{events} events, {granted} granted, {denied} refused: all as the station decided.", **counts)
        words = _("\n{events} events, {granted} granted, {denied} refused: {count} differ, the first is event {first}.")
        words = words.format(**counts, count=len(self.differ), first=self.differ[0])
        if recording.version == __version__:
            return words
        return words + _(" It was recorded by version {old}; this is {new}.", old=recording.version, new=__version__)


def _tell(each: Replayed, names: Names) -> None:
    told = [part for command in each.commands for part in _parts(command, names)]
    if told or not each.same:
        mark = "" if each.same else "  " + _("DIFFERS")
        at = when(each.happened.wall, names.settings, "%H:%M:%S.%f")[:-3]
        echo(f"{at}  {_event(each.happened.event)}{mark}")
        for part in told:
            echo(f"              {part}")


def _event(event: Event) -> str:
    """The event in a line; a code is cut short, since it opens doors."""
    fields = msgspec.to_builtins(event, builtin_types=(bytes,))
    name = fields.pop("type")
    return " ".join([name, *(f"{key}={_short(value)}" for key, value in fields.items())])


def _short(value: object) -> str:
    text = f"{len(value)} bytes" if isinstance(value, bytes) else str(value)
    text = visible(text)
    return text if len(text) <= 24 else f"{text[:12]}..."


def _parts(command: Command, names: Names) -> list[str]:
    """What a command does, a line for each thing."""
    if entries := _entries(command):
        return [sentence(entry, names) for entry in entries]
    fields = msgspec.to_builtins(command, builtin_types=(bytes,))
    return [" ".join([f"-> {type(command).__name__}", *(f"{key}={_short(value)}" for key, value in fields.items())])]


def _entries(command: Command) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = msgspec.to_builtins(getattr(command, "entries", ()))
    return list(found)
