"""Keeps the Chinese catalogue in step with the code: `make messages` adds what is new, drops what is gone, and compiles it.

Messages are what stands in `_("...")` in kiosk/cli and kiosk/settings, the help of every verb and option, the first line of
every table of the settings, and what few others are shown from tables.
"""

from __future__ import annotations

import ast
import importlib
import io
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Final, get_args

import click
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from kiosk.cli.doctor.faults import HELP
from kiosk.cli.look.room import LOOK_AT
from kiosk.cli.main import GROUPS, VERBS
from kiosk.cli.main import main as kiosk
from kiosk.core import entries
from kiosk.settings.words import BOUNDS, PLAIN, first_line, tables

ROOT: Final = Path(__file__).parents[1]
PO: Final = ROOT / "kiosk" / "locale" / "zh_CN" / "LC_MESSAGES" / "kiosk.po"
MO: Final = PO.with_suffix(".mo")

CLICKS: Final = (
    "Usage:",
    "Options",
    "Commands",
    "Show this message and exit.",
    "Show the version and exit.",
    "default: {default}",
    "[default: {default}]",
    "Error: {message}",
    "Try '{command} {option}' for help.",
    "No such command {name!r}.",
    "Aborted!",
    "Error",
)
"""What click itself says (click/core.py, click/exceptions.py)."""


def messages() -> set[str]:
    """Every message."""
    modules = [
        path for place in ("central", "cli", "settings") for path in sorted((ROOT / "kiosk" / place).rglob("*.py"))
    ]
    found = {message for path in modules for message in in_source(path)}
    found |= {*PLAIN.values(), *BOUNDS.values(), *map(first_line, tables())}
    found |= (
        {line for _, line in VERBS.values()} | set(CLICKS) | set(LOOK_AT.values()) | {advice for _, _, advice in HELP}
    )
    found |= {each.__struct_config__.tag.replace("_", " ") for each in get_args(entries.Entry)}
    found |= {*GROUPS, *_helps(kiosk)}
    for where, _ in VERBS.values():
        module, _, name = where.partition(":")
        found |= set(_helps(getattr(importlib.import_module(module), name)))
    return found - {""}


def in_source(path: Path) -> Iterator[str]:
    """What stands in `_("...")` in a module. babel's own extractor does not look into f-strings."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(ast.Name("_"), [ast.Constant(str(message)), *_]):
                yield message
            case _:
                continue


def _helps(command: click.Command) -> Iterator[str]:
    yield cleandoc(command.help or "")
    for each in command.params:
        if isinstance(each, click.Option):
            yield each.help or ""
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        yield from _helps(below)


def read() -> Catalog:
    """The catalogue as it is."""
    with PO.open("rb") as file:
        return read_po(file, locale="zh_CN")


def compiled(catalogue: Catalog) -> bytes:
    """As gettext reads it."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def main() -> None:
    """Bring the catalogue up to date."""
    old = read() if PO.exists() else Catalog(locale="zh_CN")
    new = Catalog(locale="zh_CN", project="yizhan-kiosk", header_comment="# Chinese messages of the command line.")
    for message in sorted(messages()):
        before = old.get(message)
        new.add(
            message, string=before.string if before else "", flags=("python-brace-format",) if "{" in message else ()
        )
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, new, width=120, omit_header=False, ignore_obsolete=True)
    MO.write_bytes(compiled(read()))
    missing = [str(each.id) for each in new if each.id and not each.string]
    print(f"{PO.relative_to(ROOT)}: {len(new)} messages, {len(missing)} untranslated")
    for untranslated in missing:
        print(repr(untranslated))


if __name__ == "__main__":
    main()
