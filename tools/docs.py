"""Writes the parts of docs/ that are made from the code; a test fails when they are out of date."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from kiosk.central.openapi import document
from kiosk.core.tables import ALARM, DOOR, LOCK, MODES, PRECEDENCE, Claim

S = TypeVar("S", bound=StrEnum)
T = TypeVar("T", bound=StrEnum)

DOCS = Path(__file__).parents[1] / "docs"

HEAD = """\
# The door

Made from the tables in `kiosk/core/tables.py` by `make docs`; do not edit.

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
    return json.dumps(document(), indent=2) + "\n"


PAGES = {"door.md": door_page, "openapi.json": openapi_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
        print(f"docs/{name}")
