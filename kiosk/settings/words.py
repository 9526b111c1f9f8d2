"""What a setting is, in words, from its type: for `kiosk config explain`."""

from __future__ import annotations

import inspect
import types
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from kiosk.language import _
from kiosk.settings import Settings
from kiosk.settings.boards import WORD
from kiosk.settings.table import did_you_mean

PLAIN: Final = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    datetime: "a date and time",
}
BOUNDS: Final = {
    "ge": "at least",
    "gt": "more than",
    "le": "at most",
    "lt": "less than",
    "min_length": "length at least",
    "max_length": "length at most",
}
PATTERNS: Final = {
    r"^[0-9A-Za-z]{4,12}\Z": "4 to 12 letters and digits",
    r"^[0-9A-Za-z]{0,12}\Z": "at most 12 letters and digits",
    r"^([0-9A-Fa-f]{2} ?)*\Z": 'bytes as pairs of hexadecimal digits, such as "16 54 0D"',
    r"^([0-9A-Fa-f]{2} ?)+\Z": 'bytes as pairs of hexadecimal digits, such as "16 54 0D"',
    r"^[0-9a-f]{2}-[0-9a-f]{12}\Z": 'the name of its folder in /sys/bus/w1/devices, such as "28-00000a1b2c3d"',
    r"\S": "not only spaces",
    rf"^{WORD}( {WORD})*\Z": 'bytes as pairs of hexadecimal digits, and words for what changes, such as "8A board slot 11"',
    r"^[0-9A-Fa-f]{2}\Z": "a byte as two hexadecimal digits",
}
"""What a regular expression means, for those who do not read them."""


class UnknownKey(Exception):
    """No setting is called so; the text suggests one that is, or is empty."""


def explained(key: str) -> list[tuple[str, str]]:
    """What the setting with this dotted name is: what is said, of what. Raises UnknownKey."""
    kinds: list[Any] = [Settings]
    owner, name = Settings, ""
    for name in key.split("."):
        owners = [kind for each in kinds for kind in _tables(each)]
        named = [kind for each in kinds if (kind := _named(each))]
        found = [(kind, hints[name]) for kind in owners if name in (hints := get_type_hints(kind, include_extras=True))]
        if found:
            owner, kinds = found[0][0], [kind for _, kind in found]
        elif named:
            kinds = named
        else:
            raise UnknownKey(did_you_mean(name, [known for kind in owners for known in get_type_hints(kind)]))
    lines = [(key, kind_in_words(kinds[0])), (_("default"), _default(owner, name))]
    below = [kind for each in kinds for kind in _tables(_named(each) or each)]
    lines += [(_("of"), _(first_line(kind))) for kind in below or [owner]]
    lines += [(_("keys"), ", ".join(get_type_hints(kind))) for kind in below]
    return lines


def first_line(kind: Any) -> str:
    """What a table says of itself."""
    return inspect.cleandoc(kind.__doc__ or "").splitlines()[0]


def tables() -> list[Any]:
    """The kinds of all tables of the file."""
    found: list[Any] = [Settings]
    for kind in found:  # it grows meanwhile
        hints = get_type_hints(kind, include_extras=True).values()
        found += [each for hint in hints for each in _tables(_named(hint) or hint) if each not in found]
    return found


def _default(owner: Any, name: str) -> str:
    for field in msgspec.structs.fields(owner):
        if field.name == name:
            if field.default is not msgspec.NODEFAULT:
                return _("none") if field.default is None else msgspec.json.encode(field.default).decode()
            return _("it must be there") if field.default_factory is msgspec.NODEFAULT else _("none")
    return _("none")


def _tables(kind: Any) -> list[Any]:
    """The tables that a value of this kind may be."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        return [kind]
    return [found for each in _parts(kind) for found in _tables(each)]


def _named(kind: Any) -> Any:
    """What stands below names that somebody chose, such as `doors`."""
    if get_origin(kind) is dict:
        return get_args(kind)[1]
    return next((found for each in _parts(kind) if (found := _named(each))), None)


def _parts(kind: Any) -> tuple[Any, ...]:
    if get_origin(kind) is Annotated:
        return (get_args(kind)[0],)
    return get_args(kind) if get_origin(kind) in {Union, types.UnionType} else ()


def kind_in_words(kind: Any) -> str:
    """A kind of value, and its bounds."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        bounds = (_bounds(meta) for meta in parts[1:] if isinstance(meta, Meta))
        return _(", ").join([kind_in_words(parts[0]), *filter(None, bounds)])
    if origin is Literal:
        return _("one of {names}", names=", ".join(map(str, parts)))
    if origin is tuple:
        return _("a list, each {words}", words=kind_in_words(parts[0]))
    if origin is dict:
        if _tables(parts[1]):
            return _("a table with a name of your own for each")
        return _("a table with a name of your own for each, {words}", words=kind_in_words(parts[1]))
    if origin in {Union, types.UnionType}:
        return _(" or ").join(dict.fromkeys(kind_in_words(each) for each in parts if each is not type(None)))
    return _(PLAIN.get(kind, "a table"))


def _bounds(meta: Meta) -> str:
    found = ((_(words), getattr(meta, name)) for name, words in BOUNDS.items())
    told = [f"{words} {int(value) if value == int(value) else value}" for words, value in found if value is not None]
    return _(", ").join([*told, *([_(PATTERNS[meta.pattern])] if meta.pattern else [])])


def type_in_words(name: str) -> str:
    """What msgspec calls a type of TOML's."""
    if words := {kind.__name__: words for kind, words in PLAIN.items()}.get(name):
        return _(words)
    return _("a list") if name == "array" else _("a table")
