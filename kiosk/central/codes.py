"""A station's code as people print, type and scan it: eight digits and a check digit. Only computes.

The digit is that of ISO 7064, MOD 11,10: it finds every digit that is wrong, and nearly every two that changed places.
"""

from __future__ import annotations

import re
from typing import Final

from kiosk.language import _

DIGITS: Final = 8
"""Of a public station's code; a station with another code has no poster and no page."""

BETWEEN: Final = re.compile(r"[\s-]+")
"""What people put between groups of digits."""


class WrongCode(ValueError):
    """It is no station's code; the text says why, for whoever typed it."""


def check_digit(digits: str) -> str:
    """The digit behind these (ISO 7064:2003, 9.2)."""
    product = 10
    for each in digits:
        product = ((product + int(each)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def is_public(code: str) -> bool:
    """Whether a station of this code has a page."""
    return re.fullmatch(rf"\d{{{DIGITS}}}", code, re.ASCII) is not None


def printed(code: str) -> str:
    """The code with its check digit, as a poster has it. The code is a public one."""
    return code + check_digit(code)


def grouped(code: str) -> str:
    """The same, as people read it aloud: `370 811 015`."""
    whole = printed(code)
    return " ".join(whole[at : at + 3] for at in range(0, len(whole), 3))


def parsed(text: str) -> str:
    """The code that somebody typed, with its check digit or without. Raises WrongCode."""
    digits = BETWEEN.sub("", text)
    if not re.fullmatch(rf"\d{{{DIGITS},{DIGITS + 1}}}", digits, re.ASCII):
        raise WrongCode(_("A station's code has 9 digits, as the poster has it, or the first 8 of them."))
    code, last = digits[:DIGITS], digits[DIGITS:]
    if last and last != check_digit(code):
        raise WrongCode(_("This code has a wrong digit somewhere: its last digit does not go with the others."))
    return code
