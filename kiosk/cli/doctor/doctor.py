"""`kiosk doctor`: checks with an id, a severity, the evidence, and the one command that mends it. It changes nothing.

Checks stand in groups, and a group is as bad as the worst check in it. `--fix` offers to type the commands, one by one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

import click
from rich.cells import cell_len, set_cell_size

from kiosk.cli.common import MISUSED, WRONG, as_json, echo, fail, print_json, style, sure, view_or_none
from kiosk.cli.doctor import checks as station
from kiosk.cli.doctor.check import Check, Severity, worst
from kiosk.cli.doctor.machine import check_machine, check_units
from kiosk.cli.doctor.network import check_network
from kiosk.cli.doctor.pins import check_pins
from kiosk.cli.doctor.readers import check_readers
from kiosk.cli.doctor.serials import check_serials, ports_of
from kiosk.cli.doctor.slots import check_slots
from kiosk.cli.doctor.titles import title
from kiosk.cli.doctor.touch import check_touch
from kiosk.cli.doctor.unready import check_left, check_setup, unready
from kiosk.cli.doctor.wheels import check_wheels
from kiosk.cli.look.room import check_room
from kiosk.foreign import visible
from kiosk.language import _, told
from kiosk.settings import Settings
from kiosk.settings.kept import load_or_kept
from kiosk.settings.loading import warnings
from kiosk.settings.table import BadSettings
from kiosk.wire.views import View
from kiosk.wording.names import Names
from kiosk.wording.words import word

MARKS: Final[dict[Severity, tuple[str, str]]] = {
    "fine": ("✔", "green"),
    "warning": ("!", "yellow"),
    "wrong": ("✘", "red"),
}


@click.command()
@click.option("-v", "--verbose", is_flag=True, help="Show what is fine, too.")
@click.option("--fix", is_flag=True, help="Offer to type the commands that mend what is wrong, one by one.")
@as_json
@click.pass_obj
def doctor(config: Path, *, verbose: bool, fix: bool, as_json: bool) -> None:
    """Check everything; say what is wrong and which command mends it. Exit code 1 when something is wrong."""
    if fix and not sys.stdin.isatty():
        fail(_("--fix asks before each command, and needs a terminal for it."), MISUSED)
    if as_json:
        found = list(examine(config))
        groups = {name: worst(list(each)) for name, each in groupby(found, key=lambda check: check.group)}
        print_json({"ok": worst(found) != "wrong", "groups": groups, "checks": found})
    else:
        names = names_of(config)
        found = _tell(examine(config), names, verbose=verbose)
        if fix and _mend(found):
            found = _tell(examine(config), names, verbose=verbose)
    sys.exit(WRONG if worst(found) == "wrong" else 0)


def names_of(config: Path) -> Names:
    """What people call the station's things; as they are where there are no settings."""
    try:
        return Names(load_or_kept(config)[0])
    except BadSettings:
        return Names(None)


def examine(config: Path) -> Iterator[Check]:
    """All checks, those of a group in a row; of broken settings only the errors, where no good ones are kept.

    Of a card that is not set up yet: what comes next, in order, since everything else would be a fault.
    """
    if (steps := unready(config)) is not None:
        yield from check_setup(steps)
        return
    yield from check_left(config)
    try:
        settings, origin = load_or_kept(config)
    except BadSettings as bad:
        yield from _broken(config, bad.errors)
        return
    yield from _broken(config, origin.wrong)
    if origin.wrong:
        evidence = _("the last settings that were good are used meanwhile")
        yield Check("settings.kept", "wrong", evidence, "kiosk config check && sudo systemctl restart 'kiosk-*'")
    else:
        yield Check("settings.file", "fine", _("{file} is good", file=config))
    for warning in warnings(settings):
        yield Check("settings.boot_level", "warning", warning, f"sudo nano {config}")
    yield from _examine(settings, view_or_none(settings), config)


def _broken(config: Path, errors: Iterable[str]) -> Iterator[Check]:
    for error in errors:
        yield Check("settings.file", "wrong", error, f"sudo nano {config}")


def _examine(settings: Settings, view: View | None, config: Path) -> Iterator[Check]:
    yield from station.check_libraries()
    yield from check_machine()
    yield from station.check_disk(settings, config)
    yield from check_pins(settings)
    yield from station.check_logbook(settings)
    yield from station.check_enrolment(settings, view)
    yield from check_units(units_of(settings))
    yield from station.check_programs(settings, view)
    yield from station.check_clock(view)
    yield from station.check_phone_code(settings, view)
    yield from station.check_doors(view)
    yield from station.check_cameras(settings, view)
    yield from check_readers(settings)
    yield from check_serials(ports_of(settings))
    yield from check_room(settings, view)
    yield from check_touch(settings)
    yield from check_slots(settings, view)
    yield from check_wheels(settings, view)
    yield from check_network(settings)


def units_of(settings: Settings) -> list[str]:
    """The units that these settings need."""
    browsers = _browsers(settings) if shutil.which("cage") else []
    others = {
        "kiosk-sensors": settings.has_buses,
        "kiosk-sync": settings.central is not None,
        "kiosk-screen": settings.screen is not None,
        "kiosk-desk": settings.has_display_inside,
        **dict.fromkeys(browsers, True),
    }
    scanners = [f"kiosk-scanner@{name}" for name in settings.scanners]
    return ["kiosk-station", *scanners, *(name for name, wanted in others.items() if wanted)]


def _browsers(settings: Settings) -> list[str]:
    """One a Pi, whose graphics have one master: that at the door first."""
    if settings.screen is not None:
        return ["kiosk-browser"]
    return ["kiosk-desk-browser"] if settings.has_display_inside else []


def _tell(checks: Iterable[Check], names: Names, *, verbose: bool) -> list[Check]:
    """A line for each group as soon as it is known, and one for each check that is not fine; the verdict last."""
    found: list[Check] = []
    for name, each in groupby(checks, key=lambda check: check.group):
        group = list(each)
        found += group
        mark, colour = MARKS[worst(group)]
        echo(f"{style(mark, fg=colour)} {style(word(name), bold=True)}  {_summary(group)}")
        for check in group:
            if verbose or check.severity != "fine":
                _tell_one(check, names)
    wrong = sum(check.severity == "wrong" for check in found)
    words = _("{wrong} wrong") if wrong else _("Nothing is wrong")
    counts = _(
        "{warnings} to look at, {checks} checks.",
        warnings=sum(check.severity == "warning" for check in found),
        checks=len(found),
    )
    echo()
    echo(style(f"{words.format(wrong=wrong)}{_(', ')}{counts}", bold=True, fg="red" if wrong else "green"))
    return found


def _summary(group: list[Check]) -> str:
    if len(group) == 1 and group[0].severity == "fine":
        return told(visible(group[0].evidence))
    fine = sum(check.severity == "fine" for check in group)
    return _("{fine} of {checks} fine", fine=fine, checks=len(group))


def _tell_one(check: Check, names: Names) -> None:
    mark, colour = MARKS[check.severity]
    name = visible(title(check.id, names))
    wide = set_cell_size(name, max(22, cell_len(name)))
    echo(f"    {style(mark, fg=colour)} {wide} {told(visible(check.evidence))}")
    for line in filter(None, (check.advice, check.remedy and f"→ {check.remedy}")):
        echo(f"      {'':<22} {visible(line)}")


def _mend(found: list[Check]) -> bool:
    """Offer each command once; whether one was typed."""
    typed = False
    for remedy in dict.fromkeys(check.remedy for check in found if check.remedy and check.severity != "fine"):
        if sure(_("\nType this?  {command}", command=remedy)):
            subprocess.run(remedy, shell=True, check=False)  # noqa: S602  what was shown, and agreed to
            typed = True
    return typed
