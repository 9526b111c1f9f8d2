"""What is meant by a file that is no TOML: where each statement that cannot be read goes wrong, and what to write.

Nothing here decides what a file says; that is tomllib's alone.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from kiosk.decoding import UNDECODABLE
from kiosk.language import _
from kiosk.settings.statements import DOTTED, begins

MOST_DOTS: Final = 200
"""In a line: tomllib takes minutes for a key of some thousand parts."""

MOST_LINES: Final = 100
"""Of one statement that goes on, such as a list."""

LONGEST: Final = 1_000
"""Characters of a line that is looked at closely."""

QUOTES: Final = {'"': "“”„‟«»＂「」『』〝〞″", "'": "‘’‚‛＇｀´`′"}
SIGNS: Final = {
    **{each: quote for quote, others in QUOTES.items() for each in others},
    **dict(zip("。、【】〔〕‐‑‒–—―−", ".,[][]-------", strict=True)),
}
"""What editors and input methods put in the place of a sign of TOML, beside the full-width forms."""

WORDS: Final = {
    **dict.fromkeys(("true", "yes", "on", "y", "是", "真", "开"), "true"),
    **dict.fromkeys(("false", "no", "off", "n", "否", "假", "关"), "false"),
}
NOTHING: Final = {"none", "null", "nil", "无"}
STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
BARE: Final = re.compile(r"[=,\[]\s*([^,=\[\]{}]+?)\s*(?=[,\]}]|$)")
"""A value, in a line whose texts are masked."""


class Slip(Struct, frozen=True):
    """Where something is wrong, both from 1, and what."""

    line: int
    column: int
    what: str


def loads(text: str) -> dict[str, Any]:
    """The tables. Raises UNDECODABLE."""
    if any(line.count(".") > MOST_DOTS for line in text.split("\n")):
        raise tomllib.TOMLDecodeError(_("a line with more than {count} dots", count=MOST_DOTS))
    return tomllib.loads(text)


def place(error: BaseException) -> tuple[int, int] | None:
    """The line and the column that tomllib names."""
    found = re.search(r"\(at line (\d+), column (\d+)\)", f"{error}")
    return (int(found[1]), int(found[2])) if found else None


def slips(lines: list[str]) -> Iterator[Slip]:
    """What is wrong, one thing a statement; nothing where each can be read by itself."""
    number = 0
    while number < len(lines):
        end = _end(lines, number)
        if end > number:
            number = end
            continue
        end = next((each for each in range(number + 1, len(lines)) if begins(lines[each])), len(lines))
        end = end if _may_go_on(lines[number]) else number + 1
        yield _slip(lines[number:end], number + 1)
        number = end


def _end(lines: list[str], begin: int) -> int:
    """The line after the statement that begins in this one; this one itself where it cannot be read."""
    last = min(len(lines), begin + MOST_LINES) if _may_go_on(lines[begin]) else begin + 1
    return next((end for end in range(begin + 1, last + 1) if _reads("\n".join(lines[begin:end]))), begin)


def _may_go_on(line: str) -> bool:
    """Whether more lines may belong to it; a list may have begun with another sign."""
    return any(sign in line for sign in ("[", "［", "【", '"""', "'''"))


def _reads(text: str) -> bool:
    try:
        loads(text)
    except UNDECODABLE:
        return False
    return True


def _slip(lines: list[str], number: int) -> Slip:
    for below, line in enumerate(lines):
        if found := _sign(line):
            return Slip(number + below, *found)
    line = lines[0]
    known = _statement(line, _masked(line)) if len(line) <= LONGEST else None
    column, what = known or _said("\n".join(lines))
    return Slip(number, column, what)


def _sign(line: str) -> tuple[int, str] | None:
    """A sign that is none of TOML's outside of a text, or a text without an end: where, and what is meant."""
    at = 0
    while at < len(line) and line[at] != "#":
        text = STRING.match(line, at)
        if line[at] in QUOTES and not text:
            return _unclosed(line, at)
        if not text and (line[at] in SIGNS or line[at] > "~" or (line[at] < " " and line[at] != "\t")):
            return at + 1, _odd(line, at)
        at = text.end() if text else at + 1
    return None


def _unclosed(line: str, at: int) -> tuple[int, str]:
    quote = line[at]
    before = re.search(r"(?:^|[=\[]|,\s)\s*(?=\S)((?:(?!,\s)[^=\[\]{}\"'])+)$", line[:at])
    if before and not line[at + 1 :].partition("#")[0].strip(" \t,]}"):
        return before.start(1) + 1, _("{quote} is missing in front of {text}", quote=quote, text=before[1])
    other = next((each for each in range(at + 1, len(line)) if line[each] in QUOTES[quote]), None)
    if other is None:
        return at + 1, _("the text that begins here has no {quote} at its end", quote=quote)
    words = _("the text that begins here has no {quote} at its end: {sign} in column {column} is another sign", quote=quote,
              sign=line[other], column=other + 1)  # fmt: skip
    return at + 1, words


def _odd(line: str, at: int) -> str:
    """A character that cannot stand outside of a text."""
    sign = line[at]
    meant = SIGNS.get(sign) or unicodedata.normalize("NFKC", sign)
    code = f"U+{ord(sign):04X}"
    if meant in QUOTES:
        return _("{sign} ({code}) is no straight quote; write {meant}", sign=sign, code=code, meant=meant)
    if unicodedata.category(sign) in {"Cc", "Cf", "Mn"}:
        return _("a character that cannot be seen ({code}); delete it", code=code)
    if sign.isspace():
        return _("a blank of another kind ({code}); write a space", code=code)
    if "!" <= meant <= "~" and len(meant) == 1:
        return _("{sign} ({code}) is not {meant}; write {meant}", sign=sign, code=code, meant=meant)
    word = re.match(r"[^\s=,.\[\]{}#\"']+", line[at:])
    begin = re.search(r"[\w-]*$", line[:at])
    whole = (begin[0] if begin else "") + (word[0] if word else sign)
    meant = WORDS.get(whole) or f'"{whole}"'
    return _("{text} stands here without quotes; write {meant}", text=whole, meant=meant)


def _masked(line: str) -> str:
    """The line without its comment, its texts as x."""
    shown = STRING.sub(lambda text: "x" * len(text[0]), line)
    return shown.partition("#")[0].rstrip()


def _statement(line: str, shown: str) -> tuple[int, str] | None:
    """What is wrong with a statement of plain signs, or nothing that is known."""
    key = re.match(rf"\s*({DOTTED}|x+)", shown)
    rest = shown[key.end() :].lstrip() if key else ""
    at = len(shown) - len(rest) + 1
    for opens, closes in ("[]", "{}"):
        if shown.count(opens) != shown.count(closes):
            sign, column = (closes, len(shown) + 1) if shown.count(opens) > shown.count(closes) else (opens, 1)
            return column, _("{sign} is missing", sign=sign)
    if key is None:
        return None
    name = line[key.start(1) : key.end(1)]
    if rest[:1] == ":":
        return at, _("write = in place of {sign}", sign=rest[:2].strip())
    if rest[:1] != "=":
        return at, _("{name} needs = and a value", name=name)
    if rest.strip(" \t=") == "":
        return at, _("{name} has no value", name=name)
    if comma := re.fullmatch(r"=\s*(\d+),(\d+)", rest):
        return at, _("{text} is no number; write {meant}", text=comma[0][1:].strip(), meant=f"{comma[1]}.{comma[2]}")
    return next((found for each in BARE.finditer(shown) if (found := _value(line, each.start(1), each.end(1)))), None)


def _value(line: str, begin: int, end: int) -> tuple[int, str] | None:
    """What is wrong with one value, if anything."""
    text = line[begin:end]
    if _reads(f"x = {text}"):
        return None
    if STRING.fullmatch(text):
        return begin + 1, _("a \\ in a text is written \\\\; or write {meant}", meant=f"'{text[1:-1]}'")
    if text.lower() in NOTHING:
        return begin + 1, _("{text} is no value; leave the line out", text=text)
    meant = WORDS.get(text.lower()) or next(filter(_reads_as_value, _guesses(text)), f'"{text}"')
    return begin + 1, _("{text} is no value; write {meant}", text=text, meant=meant)


def _guesses(text: str) -> Iterator[str]:
    yield text.rstrip("; ")
    if re.fullmatch(r"[+-]?\.\d+|[+-]?\d+\.", text):
        yield re.sub(r"\.$", ".0", re.sub(r"^([+-]?)\.", r"\g<1>0.", text))
    if re.fullmatch(r"\d+[.,\d]*\s*[a-zA-Z%]+", text):
        yield text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ% ")


def _reads_as_value(text: str) -> bool:
    return bool(text) and _reads(f"x = {text}")


def _said(text: str) -> tuple[int, str]:
    """What tomllib says of a statement, where nothing better is known."""
    try:
        loads(text)
    except UNDECODABLE as error:
        line, column = place(error) or (1, 1)
        return column if line == 1 else 1, _("not TOML: {what}", what=f"{error}".partition(" (at ")[0][:200])
    return 1, ""
