"""Writes the parts of docs/ that are made from the code; a test fails when they are out of date."""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

import click

from kiosk.central.feed import SCHEMAS, schema
from kiosk.cli.main import VERBS
from kiosk.contract import openapi, openapi_issuing
from kiosk.core.door.tables import ALARM, DOOR, LOCK, MODES, PRECEDENCE, Claim
from kiosk.settings.appliances import AlarmTable, Profile
from kiosk.settings.kinds import KINDS
from kiosk.settings.loading import load_as
from kiosk.settings.profiles import known

S = TypeVar("S", bound=StrEnum)
T = TypeVar("T", bound=StrEnum)

DOCS = Path(__file__).parents[1] / "docs"

HEAD = """\
# The door

Made from the tables in `kiosk/core/door/tables.py` by `make docs`; do not edit.

A door has four orthogonal values: **mode**, **lock**, **door** and **alarm**. Each can be unknown. Somebody who wants
something of the lock makes a *claim* that ends at a time; the highest active claim wins.
"""


def door_page() -> str:
    """docs/door.md."""
    axes = _axis("Lock", LOCK), _axis("Door", DOOR), _axis("Alarm", ALARM)
    return "\n".join([HEAD, "## Claims, highest first\n", _claims(), *axes])


def _axis(title: str, table: dict[tuple[S, T], S]) -> str:
    return "\n".join([f"## {title}\n", _diagram(table), _table(table)])


def _claims() -> str:
    rows = ["| claim | the lock | mode while it is the highest |", "| --- | --- | --- |"]
    for claim in PRECEDENCE:
        wants = "locked; exit and fire still free" if claim is Claim.LOCKDOWN else "released"
        rows.append(f"| {claim} | {wants} | {MODES.get(claim, 'unchanged')} |")
    return "\n".join(rows) + "\n"


def _diagram(table: dict[tuple[S, T], S]) -> str:
    """The transitions that change something, those between the same two states on one arrow."""
    arrows: dict[tuple[S, S], list[str]] = {}
    for (state, signal), after in table.items():
        if after != state:
            arrows.setdefault((state, after), []).append(str(signal))
    lines = [f"    {state} --> {after}: {', '.join(signals)}" for (state, after), signals in arrows.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> unknown", *lines, "```", ""])


def _table(table: dict[tuple[S, T], S]) -> str:
    states = list(dict.fromkeys(state for state, _ in table))
    signals = list(dict.fromkeys(signal for _, signal in table))
    rows = ["| | " + " | ".join(signals) + " |", "| --- " * (len(signals) + 1) + "|"]
    for state in states:
        cells = (str(table[state, signal]) if table[state, signal] != state else "·" for signal in signals)
        rows.append(f"| **{state}** | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def openapi_page() -> str:
    """docs/openapi.json."""
    return json.dumps(openapi.document(), indent=2) + "\n"


def issuing_page() -> str:
    """docs/openapi-issuing.json."""
    return json.dumps(openapi_issuing.document(), indent=2) + "\n"


def feed_page(name: str) -> str:
    """docs/feed/: what the files of the feed may hold."""
    return json.dumps(schema(name), indent=2) + "\n"


APPLIANCES = """\
# Appliances and their alarms

[中文](appliances.zh-CN.md)

Made from `kiosk/settings/kinds.py` and `config/modbus` by `make docs`; do not edit. How they are wired is in
[hardware.md](hardware.md).

An `[appliances.NAME]` table says what `kind` it is and which sensors watch it, by their roles. The kind brings the alarms
below, each where its sensor is there. Every part of one can be changed (`alarms.too_warm.above = 9.0`), an alarm switched off
(`alarms.too_warm.enabled = false`), and one of your own added.
"""


def appliances_page() -> str:
    """docs/appliances.md."""
    rows = ["| kind | alarm | raised when | for | cleared | |", "| --- | --- | --- | --- | --- | --- |"]
    for kind, alarms in KINDS.items():
        rows += [_alarm_row(kind, name, alarm) for name, alarm in alarms.items()]
    lines = [APPLIANCES, *rows, "", "## Profiles of Modbus devices", ""]
    for name, path in known(Path()).items():
        profile = load_as(path, Profile)
        lines += [f"### `{name}`: {profile.title}", "", f"{profile.source}. {profile.baud} baud.", ""]
        if profile.read:
            lines += ["| read | unit | register | from | to | dead band |", "| --- | --- | --- | --- | --- | --- |"]
            lines += [
                f"| `{key}` | {each.unit} | {each.address} | {each.lowest:g} | {each.highest:g} | {each.dead_band:g} |"
                for key, each in profile.read.items()
            ]
        if profile.write:
            lines.append(
                "Outputs: " + ", ".join(f"`{key}` (coil {each.coil})" for key, each in profile.write.items()) + "."
            )
        lines.append("")
    return "\n".join(lines)


def _alarm_row(kind: str, name: str, alarm: AlarmTable) -> str:
    when = f"{alarm.of} above {alarm.above:g}" if alarm.above is not None else f"{alarm.of} below {alarm.below:g}"
    only = "" if alarm.only in {None, "always"} else f"only while {str(alarm.only).replace('_', ' ')}"
    notes = ", ".join(filter(None, (only, "switches off" if alarm.switch_off else "")))
    back = f"back by {alarm.hysteresis or 0:g} for {alarm.clear_after or 0:g} s"
    return f"| {kind} | `{name}` | {when} | {alarm.after or 0:g} s | {back} | {notes} |"


COMMANDS = """\
# Every verb and option

Made from the code by `make docs`; do not edit. What a technician does with them is in [technician.md](technician.md), what
`--json` prints in [json.md](json.md). Exit codes: 0 fine, 1 something is wrong, 2 misused, 3 not reachable.
"""


def commands_page() -> str:
    """docs/commands.md."""
    lines = [COMMANDS]
    for name, (where, _) in VERBS.items():
        module, _, attribute = where.partition(":")
        lines += _command(f"kiosk {name}", getattr(importlib.import_module(module), attribute))
    return "\n".join(lines) + "\n"


def _command(name: str, command: click.Command) -> list[str]:
    arguments = [
        each.make_metavar(click.Context(command)) for each in command.params if isinstance(each, click.Argument)
    ]
    options = [each for each in command.params if isinstance(each, click.Option)]
    lines = [f"## `{' '.join([name, *arguments])}`", "", inspect.cleandoc(command.help or ""), ""]
    if options:
        lines += ["| option | |", "| --- | --- |", *(_option(each) for each in options), ""]
    for below, each in command.commands.items() if isinstance(command, click.Group) else ():
        lines += _command(f"{name} {below}", each)
    return lines


def _option(option: click.Option) -> str:
    choices = option.type.choices if isinstance(option.type, click.Choice) else ()
    kind = "" if option.is_flag else " " + ("\\|".join(map(str, choices)) or option.type.name.upper())
    told = isinstance(option.default, str | int | float) and not option.is_flag and option.default != ""
    default = f" Default: {option.default}." if told else ""
    return f"| `{', '.join(option.opts)}`{kind} | {option.help or ''}{default} |"


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "appliances.md": appliances_page,
    "door.md": door_page,
    "openapi.json": openapi_page,
    **{f"feed/{name}": partial(feed_page, name) for name in SCHEMAS},
    "openapi-issuing.json": issuing_page,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
        print(f"docs/{name}")
