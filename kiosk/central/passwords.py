"""Passwords of accounts: argon2id (RFC 9106), and the same time for an account that is not there."""

from __future__ import annotations

import secrets
from functools import cache
from threading import Lock
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

SHORTEST: Final = 10
"""Characters: long beats odd (NIST SP 800-63B, 3.1.1), and guesses are throttled."""

LONGEST: Final = 200

HASHER: Final = PasswordHasher()
"""The library's own parameters: RFC 9106's second choice, 64 MiB."""

ONE_AT_A_TIME: Final = Lock()
"""A hash takes a core and 64 MiB for some 0.1 s, and stations are served by the same machine."""


def hashed(password: str) -> str:
    """As it is kept."""
    with ONE_AT_A_TIME:
        return HASHER.hash(password)


def fits(password: str, kept: str) -> bool:
    """Whether it is the one. Where none is kept it takes as long, and is not."""
    with ONE_AT_A_TIME:
        try:
            return HASHER.verify(kept or _nobodys(), password[:LONGEST]) and bool(kept)
        except (Argon2Error, InvalidHashError):
            return False


@cache
def _nobodys() -> str:
    return HASHER.hash(secrets.token_hex())
