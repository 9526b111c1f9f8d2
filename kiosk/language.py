"""The technician's language: messages in Chinese where the locale says so, in English otherwise (gettext)."""

from __future__ import annotations

import gettext
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Final

from kiosk.foreign import visible
from kiosk.heard import BETWEEN, recognised

DOMAIN: Final = "kiosk"
LOCALE: Final = Path(__file__).with_name("locale")
VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first of them that is set counts (POSIX, Environment Variables, 8.2)."""

SAID: Final = {"why", "error", "detail", "evidence"}
"""What is filled in under these names was said by a program, the system or a library, in English."""

PLACE: Final = re.compile(r"\S+:\d+: (?:[\w.]+: )?")
"""Where something is wrong in a file: its line and its key, which is a name and no word."""

REASON: Final = re.compile(r"[a-z]+(_[a-z]+)*")
"""Of a closed set, such as why a sensor is absent."""

MOST_BETWEEN: Final = 8
"""Signs in a text that is taken apart: each may double the work."""

LONGEST_TOLD: Final = 512
"""Characters of a text that is looked at closely: to find its form takes a time that grows with their third power."""

ERRNO: Final = re.compile(r"^\[Errno -?\d+\] ")

SPOKEN: Final[ContextVar[bool | None]] = ContextVar("spoken", default=None)
"""Whether whoever is answered just now reads Chinese; None: whoever sits at this machine."""

CONSOLE: Final = "linux"
"""TERM of the kernel's own text console, which has no Chinese characters."""

ENGLISH: Final = gettext.NullTranslations()


@contextmanager
def speaking(chinese: bool) -> Iterator[None]:
    """Within it this thread, or task, speaks Chinese or English, whatever the locale says: one program answers many people."""
    before = SPOKEN.set(chinese)
    try:
        yield
    finally:
        SPOKEN.reset(before)


def chinese() -> bool:
    """Whether who is spoken to reads Chinese: by the locale, if the terminal can show it."""
    if (spoken := SPOKEN.get()) is not None:
        return spoken
    wanted = next((value for name in VARIABLES if (value := os.environ.get(name))), "")
    return wanted.startswith("zh") and os.environ.get("TERM") != CONSOLE and _shows_chinese()


def _shows_chinese() -> bool:
    """Whether the standard output's encoding has Chinese characters: Latin 1 and ASCII have none."""
    try:
        "\u9a7f\u7ad9".encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _catalogue() -> gettext.NullTranslations:
    return _translations() if chinese() else ENGLISH


@cache
def _translations() -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE, languages=["zh_CN"], fallback=True)


def _(message: str, /, **values: object) -> str:
    """The message in the technician's language, its {names} filled in: what comes from outside is made visible, in one line."""
    text = _catalogue().gettext(message) if message else ""
    return text.format(**{name: _shown(name, value) for name, value in values.items()}) if values else text


def _shown(name: str, value: object) -> object:
    if isinstance(value, int | float):
        return value
    text = visible(str(value))
    return told(text) if name in SAID else text


def told(text: str) -> str:
    """What a program says in English, in the technician's language; of what nobody expected, the parts that are known."""
    if not chinese() or not 0 < len(text) <= LONGEST_TOLD:
        return text
    if place := PLACE.match(text):
        return place[0] + told(text[place.end() :])
    if found := recognised(text):
        form, values = found
        return _catalogue().gettext(form).format(**{name: told(value) for name, value in values.items()})
    if REASON.fullmatch(text):
        spaced = text.replace("_", " ")
        words = _catalogue().gettext(spaced)
        return text if words == spaced else words
    for sign in BETWEEN if sum(map(text.count, BETWEEN)) <= MOST_BETWEEN else ():
        first, between, last = text.partition(sign)
        ours = sign == BETWEEN[-1]  # a Chinese sentence: what stands first was typed, such as the key of a setting
        if between and (known := [first if ours else told(first), told(last)]) != [first, last]:
            return _catalogue().gettext(sign).join(known)
    return ERRNO.sub("", text)


def of_languages(texts: Mapping[str, str]) -> str:
    """Of a text that is there by language (`zh`, `en`) the one for whoever reads; the first where theirs is not among them."""
    return with_language(texts)[1]


def with_language(texts: Mapping[str, str]) -> tuple[str, str]:
    """The same, behind the language that it is in."""
    wanted = "zh" if chinese() else "en"
    return (wanted, texts[wanted]) if texts.get(wanted) else next(iter(texts.items()), ("", ""))


def language_of(text: str, otherwise: str = "en") -> str:
    """`zh` or `en` by its letters, of a text of which nobody says it; `otherwise` where they do not tell."""
    if any("\u3400" <= each <= "\u9fff" for each in text):
        return "zh"
    letters = [each for each in text if each.isalpha()]
    return "en" if letters and all(map(str.isascii, letters)) else otherwise


def chosen(words: tuple[str, str]) -> str:
    """Of a text that is there in Chinese and in English, the one for the technician."""
    return words[0] if chinese() else words[1]
