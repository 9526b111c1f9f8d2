"""The files of trials: the commissioning report, and that a report's text is not lost where the disk takes none."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk import __version__
from kiosk.cli.common import MISUSED, echo, fail, json_line, say
from kiosk.cli.files import whole, why_not, wrong_folder
from kiosk.cli.trial.results import Tried
from kiosk.foreign import visible
from kiosk.language import _
from kiosk.redaction import hidden
from kiosk.settings import Settings
from kiosk.wording.words import when

if TYPE_CHECKING:
    from kiosk.cli.doctor.check import Check
    from kiosk.cli.trial.trials import Trials


def try_place(folder: Path, command: str) -> None:
    """Exit code 2 where no report could be written: nobody goes through everything to be told so at the end."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        wrong_folder(folder)
    except OSError as error:
        elsewhere = f"{command} --out /tmp"
        fail(_cannot_write(folder, error, elsewhere), MISUSED)


def _cannot_write(folder: Path, error: OSError, command: str) -> str:
    return _("{file} cannot be written: {why}\nNext: {command}", file=folder, why=why_not(error), command=command)


def write_report(trials: Trials, tried: Tried, config: Path, out: Path, by: str) -> list[Path]:
    """The commissioning report, for people and for programs; the paths of both."""
    from kiosk.cli.doctor.doctor import examine  # noqa: PLC0415

    settings, checks, now = trials.settings, list(examine(config)), time.time()
    found = {
        "station": settings.station.code,
        "name": settings.station.name,
        "door": trials.door,
        "version": __version__,
        "at": now,
        "by": by,
        "passed": tried.passed,
        "tests": tried.results,
        "checks": checks,
    }
    head = [f"# {settings.station.code} {settings.station.name}", ""]
    head += [f"{when(now, settings)}, kiosk {__version__}, {trials.door}", "", _("Tried by {name}.", name=by), ""]
    text = "\n".join(hidden(visible(line)) for line in [*head, *_tables(tried, checks)])
    stem = f"commissioning-{settings.station.code}-{at_second(now, settings)}"
    return write_files(out, {f"{stem}.md": text, f"{stem}.json": json_line(found)})


def _tables(tried: Tried, checks: list[Check]) -> Iterator[str]:
    yield from ("| test | result |", "| --- | --- |")
    yield from (f"| {name} | {result} |" for name, result in tried.results.items())
    yield from ("", "| check | severity | evidence |", "| --- | --- | --- |")
    yield from (f"| `{each.id}` | {each.severity} | {each.evidence} |" for each in checks if each.severity != "fine")
    yield from ("", _("{count} checks are fine.", count=sum(each.severity == "fine" for each in checks)), "")


def at_second(now: float, settings: Settings) -> str:
    """The time in a file's name: trials that are ended early, and begun anew at once, write over nothing."""
    return when(now, settings, "%Y%m%d-%H%M%S")


def write_files(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    """A report's files, by their names. Where the disk takes them no more, the first is said instead, and none is there."""
    try:
        return [_written(folder / name, text) for name, text in texts.items()]
    except OSError as error:
        say(next(iter(texts.values())))
        echo(_("The report stands above, and in no file."), err=True)
        echo(_cannot_write(folder, error, "kiosk doctor"), err=True)
        return []


def _written(path: Path, text: str) -> Path:
    with whole(path) as beside:
        beside.write_text(text, encoding="utf-8")
    return path
