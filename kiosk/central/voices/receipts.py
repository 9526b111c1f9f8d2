"""A receipt: twelve random digits and a check digit, with which somebody asks by phone what became of what they said.

What is kept is a slow keyed hash of it, so that whoever has the database cannot try all. A mistyped one is told by its check
digit (ISO 7064, MOD 11,10), and nobody looks for it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final

from kiosk.central.codes import BETWEEN, check_digit

DIGITS: Final = 12
COST: Final = 2**12
"""Of scrypt (RFC 7914): some 10 ms and 4 MB, by which all of them take a core 300 years."""


class WrongReceipt(ValueError):
    """It cannot be one: it has not thirteen digits, or one of them is wrong."""


def new_receipt() -> str:
    """One that nobody has guessed, without its check digit."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def grouped(receipt: str) -> str:
    """As people read it: `1234 5678 9012 8`."""
    whole = receipt + check_digit(receipt)
    return " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))


def parsed(text: str) -> str:
    """The receipt that somebody typed, without its check digit. Raises WrongReceipt."""
    digits = BETWEEN.sub("", text)
    if not re.fullmatch(rf"\d{{{DIGITS + 1}}}", digits, re.ASCII) or check_digit(digits[:DIGITS]) != digits[DIGITS]:
        raise WrongReceipt
    return digits[:DIGITS]


def digest(receipt: str, key: bytes) -> bytes:
    """By which it is found again."""
    return hashlib.scrypt(receipt.encode(), salt=key, n=COST, r=8, p=1, dklen=32)
