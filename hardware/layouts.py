"""What the keys of a keyboard are in the layouts that readers type, by the place of the key (linux/input-event-codes.h)."""

from __future__ import annotations

from typing import Final, Literal

Layout = Literal["us", "de", "fr"]
Keys = dict[int, str]
Rows = tuple[tuple[int, str, str], ...]
"""The first key's code, the keys, and the keys with Shift; a blank stands for a key without a character."""

KEYPAD: Final[Keys] = {71: "7", 72: "8", 73: "9", 75: "4", 76: "5", 77: "6", 79: "1", 80: "2", 81: "3", 82: "0"}
BESIDE_IT: Final[Keys] = {55: "*", 74: "-", 78: "+", 83: ".", 98: "/", 117: "=", 121: ","}
"""The rest of the keypad; with Shift, too, and whether Num Lock is on or not: a reader means the number."""

BLANK: Final = 57
US: Final[Rows] = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
)
DE: Final[Rows] = (
    (2, "1234567890ß´", '!"§$%&/()=?`'),
    (16, "qwertzuiopü+", "QWERTZUIOPÜ*"),
    (30, "asdfghjklöä^", "ASDFGHJKLÖÄ°"),
    (43, "#yxcvbnm,.-", "'YXCVBNM;:_"),
    (86, "<", ">"),
)
FR: Final[Rows] = (
    (2, "&é\"'(-è_çà)=", "1234567890°+"),
    (16, "azertyuiop^$", "AZERTYUIOP¨£"),
    (30, "qsdfghjklmù²", "QSDFGHJKLM% "),
    (43, "*wxcvbn,;:!", "µWXCVBN?./§"),
    (86, "<", ">"),
)


def _keys(rows: Rows) -> tuple[Keys, Keys]:
    """The characters of the keys, and those with Shift."""
    plain = {first + place: key for first, keys, _ in rows for place, key in enumerate(keys)}
    shifted = {first + place: key for first, _, keys in rows for place, key in enumerate(keys) if key != " "}
    others = {BLANK: " "} | KEYPAD | BESIDE_IT
    return plain | others, shifted | others


LAYOUTS: Final[dict[Layout, tuple[Keys, Keys]]] = {"us": _keys(US), "de": _keys(DE), "fr": _keys(FR)}
LETTERS: Final = frozenset({*range(16, 28), *range(30, 41), *range(43, 54)})
"""The keys that make a control character with Control."""
