"""Keeps the Chinese catalogue in step with the code: `make messages` adds what is new, drops what is gone, and compiles it.

Messages are what stands in `_("...")` in the rooms of PLACES and in the centre's templates, the help of every verb and option,
the first line of every table of the settings, and what few others are shown from tables.
"""

from __future__ import annotations

import ast
import importlib
import io
from collections.abc import Iterator, Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Final, get_args

import click
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from kiosk.central.roles import ALL
from kiosk.central.voices.case import Event
from kiosk.central.voices.case import State as CaseState
from kiosk.cli.doctor.faults import HELP
from kiosk.cli.language import PLACEHOLDERS
from kiosk.cli.look.room import LOOK_AT
from kiosk.cli.main import GROUPS, VERBS
from kiosk.cli.main import main as kiosk
from kiosk.cli.trial.trials import TESTS
from kiosk.contract.conformance import CASES
from kiosk.contract.issuing import State as PassState
from kiosk.contract.strangers import CASES as FOR_STRANGERS
from kiosk.core.clock import Quality
from kiosk.core.desk.vocabulary import DID_NOT_OPEN, WHATS
from kiosk.core.door.tables import AlarmState, Claim, DoorMode, DoorState, LockState
from kiosk.core.events import Lamp
from kiosk.core.freshness import Freshness
from kiosk.core.room.room import Phase
from kiosk.heard import BETWEEN, FORMS
from kiosk.settings.kinds import KINDS
from kiosk.settings.words import BOUNDS, PATTERNS, PLAIN, first_line, tables
from kiosk.trust.documents import CommandVerb
from kiosk.trust.outcomes import Outcome
from kiosk.trust.passes import Kind, PassClass
from kiosk.trust.status import Status

ROOT: Final = Path(__file__).parents[1]
PO: Final = ROOT / "kiosk" / "locale" / "zh_CN" / "LC_MESSAGES" / "kiosk.po"
MO: Final = PO.with_suffix(".mo")

PLACES: Final = ("board", "central", "cli", "demo", "index", "settings", "wording")
"""Rooms of the house that speak to people."""

PLAIN_WORDS: Final = (
    "station", "scanner", "sensors", "sync", "screen", "desk", "central", "access", "telemetry", "services",
    "keyset", "status", "policy", "command", "service", "time", "issuer", "document",
    "sheet", "notice", "question", "event", "poll", "campaign", "ledger", "answers", "checklist", "doctor",
    "passed", "skipped", "failed", "done", "interrupted", "not tried", "no such door", "ended",
    "active", "inactive", "activating", "deactivating", "running", "dead", "exited", "auto-restart", "start", "stop",
    "display",
    "fire", "tamper", "urn", "gps", "logbook", "logbook replaced", "logbook damaged", "kept files", "cloned", "data folder",
    "settings", "two stations", "aside is full", "cannot sign", "policy too large", "clock ahead", "clock behind",
    "clock doubted", "client ends", "pass codes guessed", "ledger too large", "ledger id taken", "too many ballots",
    "too many handed out",
    "keys end", "root key here", "kept", "went back", "silent", "faults", "quota",
    "release published", "release stopped", "release withdrawn", "ring opened", "ring set",
    "keyset ahead", "status ahead", "policy ahead", "command ahead", "service ahead",
    "keyset beyond", "status beyond", "policy beyond", "command beyond", "service beyond",
    "entries", "refused", "survivors", "fine", "not heard yet", "file",
    "added", "enrolled", "retired", "stolen", "heard", "words", "documents", "history", "claim", "fault", "alarm",
    "sent", "taken", "expired",
    "faulty", "silent",
    "viewer", "steward", "technician", "issuer", "administrator",
    "pass issued", "pass renewed", "pass replaced", "pass revoked", "pass restored", "pass suspended", "index looked up",
    "round looked up",
    "pass code made", "phone bound", "phone displaced", "phone left", "pass shortened", "card signed",
    "holders taken in", "proposed", "confirmed", "declined", "revoke passes", "open a ring", "publish a policy",
    "publish a service", "client added", "client secret", "client removed",
    "withdraw a policy", "publish a poll", "policy published", "policy withdrawn",
    "notice published", "notice withdrawn", "service published", "service withdrawn", "campaign closed", "sheet published",
    "in force", "claim made", "claims withdrawn",
    "cards printed", "card printed", "poster",
    "mon", "tue", "wed", "thu", "fri", "sat", "sun",
    "sheet changed", "sheets taken in", "photograph changed",
    "login", "logout", "account added", "account password", "account enabled", "account disabled",
    "acknowledged", "assigned", "muted", "unmuted", "noted", "test of alarms", "alarm forgotten",
    "second factor", "no second factor", "login bound", "account unbound", "holder login bound", "holder login let go",
    "voice published", "voice hidden", "owner set", "owner dropped", "public", "urgent", "yes", "no",
    "very satisfied", "satisfied", "fairly satisfied", "dissatisfied", "abstained",
    "arrived", "left", "over", "missed", "cabinet", "supplies", "battery",
    "connecting", "disconnected", "unavailable", "unmanaged",
)  # fmt: skip
"""What is shown by :func:`kiosk.wording.words.word` and is in no enumeration."""

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
    "required",
    "Missing argument",
    "Missing option",
    "Missing command.",
    "Missing parameter: {param_name}",
    "Invalid value: {message}",
    "Invalid value for {param_hint}: {message}",
    "No such option {name!r}.",
    "Option {name!r} does not take a value.",
    "Argument {name!r} takes {nargs} values.",
    "Could not open file {filename!r}: {message}",
    "{name} {filename!r} does not exist.",
    "{name} {filename!r} is a directory.",
    "{name} {filename!r} is a file.",
    "{name} {filename!r} is not readable.",
    "{name} {filename!r} is not writable.",
    "{value!r} is not a valid {number_type}.",
    "{value} is not in the range {range}.",
    "Choose from:\n\t{choices}",
    "directory",
    "file",
    "path",
    "env var: {var}",
    "(dynamic)",
    "%(prog)s, version %(version)s",
    "Error: invalid input",
)
"""What click itself says (click/core.py, click/exceptions.py)."""


CLICKS_TWOFOLD: Final = (
    ("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    ("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    ("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    ("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    ("{value!r} does not match the format {format}.", "{value!r} does not match the formats {formats}."),
)
"""What click says of one thing and of several; Chinese has one form for both, so its words hold both."""


def messages() -> set[str]:
    """Every message."""
    modules = [path for place in PLACES for path in sorted((ROOT / "kiosk" / place).rglob("*.py"))]
    found = {message for path in modules for message in in_source(path)} | {*in_templates()}
    found |= {one for one, _many in CLICKS_TWOFOLD}
    found |= {*PLAIN.values(), *BOUNDS.values(), *PATTERNS.values(), *map(first_line, tables())}
    found |= (
        {line for _, line in VERBS.values()} | set(CLICKS) | set(LOOK_AT.values()) | {advice for _, _, advice in HELP}
    )
    found |= {f"account is {each}" for each in ALL}
    found |= {value.replace("_", " ") for value in values()} | checks() | promises()
    found |= {*FORMS, *BETWEEN[:2], *PLACEHOLDERS.values()}
    found |= {*GROUPS, *_helps(kiosk)}
    for where, _ in VERBS.values():
        module, _, name = where.partition(":")
        found |= set(_helps(getattr(importlib.import_module(module), name)))
    return found - {""}


def values() -> set[str]:
    """Every value of a closed set that somebody is shown."""
    enums = (DoorMode, LockState, DoorState, AlarmState, Claim, Freshness, Quality, Phase, Lamp, Outcome)
    found = {str(each) for kind in enums for each in kind}
    found |= {each.name.lower() for kind in (Kind, PassClass, Status) for each in kind}
    found |= {*get_args(CommandVerb), *get_args(PassState)}
    found |= {*WHATS, *(what for each in WHATS.values() for what in each), DID_NOT_OPEN}
    found |= {each.value for kind in (CaseState, Event) for each in kind} | {
        f"voice {each.value}" for each in CaseState
    }
    found |= (
        {name for alarms in KINDS.values() for name in alarms} | set(KINDS) | {*LOOK_AT} | {*TESTS} | {*PLAIN_WORDS}
    )
    return found


def promises() -> set[str]:
    """What `kiosk central check` asks for."""
    return {(case.__doc__ or "").strip() for case in (*CASES, *FOR_STRANGERS)}


def checks() -> set[str]:
    """The ids of the doctor's checks, but for those that have a thing's name in them, and their groups."""
    ids = set()
    for path in sorted((ROOT / "kiosk" / "cli").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(ast.Name("Check"), [first, *_]):
                    ids.add(ast.unparse(first).removeprefix("f").strip("'\""))
                case _:
                    continue
    return {each for each in ids if "{" not in each} | {each.partition(".")[0] for each in ids}


def in_source(path: Path) -> Iterator[str]:
    """What stands in `_("...")` in a module. babel's own extractor does not look into f-strings."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(ast.Name("_"), [ast.Constant(str(message)), *_]):
                yield message
            case _:
                continue


def in_templates() -> Iterator[str]:
    """What stands in `{{ _("...") }}` in the pages of the centre."""
    environment = Environment(autoescape=True)
    for path in sorted((ROOT / "kiosk" / "central").glob("*/templates/*.html")):
        page = environment.parse(path.read_text(encoding="utf-8"))
        for _line, _function, message in extract_from_ast(page, ("_",)):
            yield next(filter(None, message)) if isinstance(message, tuple) else str(message)


def _helps(command: click.Command) -> Iterator[str]:
    yield cleandoc(command.help or "")
    for each in command.params:
        if isinstance(each, click.Option):
            yield each.help or ""
        elif not isinstance(each.type, click.Choice):
            yield str(each.name).upper()
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


def one_of(texts: str | Sequence[str] | None) -> str:
    """A text; of those for one thing and for several the first, since Chinese has one form for both."""
    return texts if isinstance(texts, str) else (texts or ("",))[0]


def main() -> None:
    """Bring the catalogue up to date."""
    old = read() if PO.exists() else Catalog(locale="zh_CN")
    new = Catalog(
        locale="zh_CN",
        project="yizhan-kiosk",
        header_comment="# Chinese messages of the command line.",
        creation_date=old.creation_date,  # with today's, any two branches would conflict
    )
    twofold = {one: (one, many) for one, many in CLICKS_TWOFOLD}
    for message in sorted(messages()):
        before = old.get(message)
        flags = ("python-brace-format",) if "{" in message else ()
        new.add(twofold.get(message, message), string=before.string if before else "", flags=flags)
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, new, width=120, omit_header=False, ignore_obsolete=True)
    MO.write_bytes(compiled(read()))
    missing = [str(each.id) for each in new if each.id and not one_of(each.string)]
    print(f"{PO.relative_to(ROOT)}: {len(new)} messages, {len(missing)} untranslated")
    for untranslated in missing:
        print(repr(untranslated))


if __name__ == "__main__":
    main()
