"""The technician's language: messages in Chinese where the locale says so, in English otherwise (gettext)."""

from __future__ import annotations

import gettext
import os
from functools import cache
from pathlib import Path
from typing import Final

from kiosk.foreign import visible

DOMAIN: Final = "kiosk"
LOCALE: Final = Path(__file__).with_name("locale")
VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first of them that is set counts (POSIX, Environment Variables, 8.2)."""

CONSOLE: Final = "linux"
"""TERM of the kernel's own text console, which has no Chinese characters."""


def chinese() -> bool:
    """Whether the technician's locale is Chinese, and the terminal can show it."""
    wanted = next((value for name in VARIABLES if (value := os.environ.get(name))), "")
    return wanted.startswith("zh") and os.environ.get("TERM") != CONSOLE


@cache
def _catalogue() -> gettext.NullTranslations:
    if not chinese():
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, LOCALE, languages=["zh_CN"], fallback=True)


def _(message: str, /, **values: object) -> str:
    """The message in the technician's language, its {names} filled in: what comes from outside is made visible, in one line."""
    text = _catalogue().gettext(message) if message else ""
    return text.format(**{name: _shown(value) for name, value in values.items()}) if values else text


def _shown(value: object) -> object:
    return value if isinstance(value, int | float) else visible(str(value))


def chosen(words: tuple[str, str]) -> str:
    """Of a text that is there in Chinese and in English, the one for the technician."""
    return words[0] if chinese() else words[1]
