"""Reads the settings' file: checked whole before anything opens, every error at once as `file:line: key: what`."""

from __future__ import annotations

import json
import math
import re
import types
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from kiosk.decoding import UNDECODABLE
from kiosk.language import _
from kiosk.settings import Settings
from kiosk.settings.profiles import fill
from kiosk.settings.reading import read_toml
from kiosk.settings.sense import check_sense
from kiosk.settings.slips import WORDS, loads
from kiosk.settings.statements import first_lines, line_of
from kiosk.settings.table import BadSettings, Wrong, did_you_mean
from kiosk.settings.table import Path as Key
from kiosk.settings.words import kind_in_words, type_in_words

T = TypeVar("T", bound=Struct)

LAST_PULLED_UP: Final = 8
"""Pins 0 to 8 have a pull-up at power-on, 9 to 27 a pull-down (BCM2835 ARM Peripherals, table 6-31)."""


def load(path: Path) -> Settings:
    """Read and check the file. Raises BadSettings with everything that is wrong; nothing has been opened by then."""
    text, raw = read_toml(path)
    if wrong := wrong_in(raw, path.parent):
        raise BadSettings(told_lines(path, text, wrong))
    return msgspec.convert(raw, Settings)


def wrong_in(raw: dict[str, Any], folder: Path) -> list[Wrong]:
    """Everything that is wrong with a file's tables, which are completed from the profiles that they name in this folder."""
    try:
        return _wrong(raw, folder)
    except (*UNDECODABLE, OSError) as error:  # a value that nobody thought of is wrong, and no end
        return [((), f"{type(error).__name__}: {error}"[:200])]


def _wrong(raw: dict[str, Any], folder: Path) -> list[Wrong]:
    """Everything that is wrong with the tables."""
    wrong = list(fill(raw, folder, load_as))
    unfilled = {key[:2] for key, _ in wrong}
    wrong += [
        each for each in check_table(raw, Settings, ()) if each[1] != _("is missing") or each[0][:2] not in unfilled
    ]
    return wrong or list(check_sense(msgspec.convert(raw, Settings)))


def load_as(path: Path, kind: type[T]) -> T:
    """Read and check a file of another kind: what describes a device, say. Raises BadSettings."""
    text, raw = read_toml(path)
    if wrong := list(check_table(raw, kind, ())):
        raise BadSettings(told_lines(path, text, wrong))
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:  # of a table as a whole
        raise BadSettings(told_lines(path, text, [_as_a_whole(str(error))])) from error


def _as_a_whole(message: str) -> Wrong:
    """Where and what, of a message such as "a holiday, and worked - at `$.calendar`"; tables of a list are numbered from 1."""
    what, _at, where = message.partition(" - at `$")
    parts = re.findall(r"[^.\[\]`]+", where)
    if not parts and (
        named := re.fullmatch(r"(\w+): (.*)", what, re.DOTALL)
    ):  # of the file as a whole it names its key
        return (named[1],), named[2]
    return tuple(f"{int(each) + 1}" if each.isdecimal() else each for each in parts), what


def told_lines(path: Path, text: str, wrong: list[Wrong]) -> list[str]:
    """A line for each thing that is wrong; what is wrong with another file comes with its own place."""
    found = first_lines(text)
    lines = sorted((line_of(key, found), key, what) for key, what in wrong)
    return [": ".join([f"{path}:{line}", *([".".join(key)] if key else []), what]) for line, key, what in lines]


def warnings(settings: Settings) -> list[str]:
    """What is allowed and hardly meant: a lock whose relay has power from power-on until the station starts."""
    told = []
    for name, door in settings.doors.items():
        lock = door.lock
        if lock is None:
            continue
        boots_high = lock.pin <= LAST_PULLED_UP
        if boots_high is lock.active_high:
            released = lock.wiring == "fail_secure"
            told.append(
                _(
                    "doors.{name}.lock: pin {pin} boots {level} and the relay is on at that level: the lock {does} from "
                    "power-on until the station starts. Use a pin from {pins}, or set the boot level in config.txt: {line}",
                    name=name,
                    pin=lock.pin,
                    level=_("high") if boots_high else _("low"),
                    does=_("is released") if released else _("has power"),
                    pins="9-27" if lock.active_high else "0-8",
                    line=f"gpio={lock.pin}=op,d{'l' if lock.active_high else 'h'}",
                )
            )
    return told


def check_table(raw: Any, kind: type[Struct], at: Key) -> Iterator[Wrong]:
    """Everything that is wrong with one table, and with the tables in it."""
    if not isinstance(raw, dict):
        yield at, _("must be a table")
        return
    tag = kind.__struct_config__.tag_field
    hints = get_type_hints(kind, include_extras=True)
    for key in raw.keys() - hints.keys() - {tag}:
        yield (*at, key), _("no such setting") + did_you_mean(key, hints)
    for field in msgspec.structs.fields(kind):
        if field.name in raw:
            yield from _check_value(raw[field.name], hints[field.name], (*at, field.name))
        elif field.required:
            yield (*at, field.name), _("is missing")


def _check_value(raw: Any, hint: Any, at: Key) -> Iterator[Wrong]:
    parts = get_args(hint) if get_origin(hint) is types.UnionType else (hint,)
    tables = [part for part in parts if isinstance(part, type) and issubclass(part, Struct)]
    below = get_args(hint)[0] if get_origin(hint) is tuple else None
    if isinstance(below, type) and issubclass(below, Struct):
        if not isinstance(raw, list):
            yield at, _("must be a list of tables")
            return
        for number, each in enumerate(raw, 1):
            yield from check_table(each, below, (*at, str(number)))
    elif get_origin(hint) is dict:
        if not isinstance(raw, dict):
            yield at, _("must be a table of tables")
            return
        for name, each in raw.items():
            yield from _check_value(each, get_args(hint)[1], (*at, name))
    elif len(tables) == 1:
        yield from check_table(raw, tables[0], at)
    elif tables:
        yield from _check_tagged(raw, tables, at)
    else:
        try:
            msgspec.convert(raw, hint)
        except msgspec.ValidationError as error:
            yield at, _plain(str(error), hint) + _meant(raw, hint)
        else:
            if isinstance(raw, float) and not math.isfinite(raw):
                yield at, _("must be a number with an end")


def _check_tagged(raw: Any, tables: list[type[Struct]], at: Key) -> Iterator[Wrong]:
    known = {str(table.__struct_config__.tag): table for table in tables}
    field = str(tables[0].__struct_config__.tag_field)
    if not isinstance(raw, dict) or field not in raw:
        yield (*at, field), _("is missing: one of {names}", names=", ".join(known))
    elif not isinstance(raw[field], str) or raw[field] not in known:
        yield (*at, field), _("must be one of {names}", names=", ".join(known)) + did_you_mean(str(raw[field]), known)
    else:
        yield from check_table(raw, known[raw[field]], at)


def _plain(message: str, hint: Any) -> str:
    """What was wanted, and of msgspec's message, such as "Expected `int`, got `str` - at `$.pin`", what was found."""
    if message.startswith("Invalid enum value"):
        return _("must be one of {names}", names=", ".join(_choices(hint)))
    got = re.search(r", got `(\w+)`", message)
    wanted = kind_in_words(hint)
    if got is None:
        return _("expected {wanted}", wanted=wanted)
    return _("expected {wanted}; here is {got}", wanted=wanted, got=type_in_words(got[1]))


def _choices(hint: Any) -> list[str]:
    """The words of which a value, or each of a list, must be one."""
    if get_origin(hint) is Literal:
        return [str(each) for each in get_args(hint)]
    return [word for part in get_args(hint) for word in _choices(part)]


def _meant(raw: Any, hint: Any) -> str:
    """The value that was probably meant, written as it should be, as the end of a sentence; empty when none is near."""
    wrong = [each for each in (raw if isinstance(raw, list) else [raw]) if isinstance(each, str)]
    if words := _choices(hint):
        return next((near for each in wrong if each not in words and (near := did_you_mean(each, words))), "")
    return next((_(", did you mean {word}?", word=word) for word in _rewritten(raw) if _fits(word, hint)), "")


def _rewritten(raw: Any) -> Iterator[str]:
    """Other ways to write a value: without its quotes, in quotes, whole, as a list of one."""
    if isinstance(raw, str):
        word = unicodedata.normalize("NFKC", raw).strip()
        yield from (WORDS.get(word.casefold(), word), f"[{json.dumps(raw, ensure_ascii=False)}]")
        yield from (json.dumps(each, ensure_ascii=False) for each in (word, word.lower()))
    elif isinstance(raw, bool | int | float):
        yield from (json.dumps(str(raw)), f"{raw:g}", "true" if raw else "false", f"[{raw}]")


def _fits(word: str, hint: Any) -> bool:
    try:
        msgspec.convert(loads(f"x = {word}")["x"], hint)
    except UNDECODABLE:
        return False
    return True
