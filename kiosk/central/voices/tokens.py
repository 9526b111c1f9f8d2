"""What goes out to a stranger's browser and comes back: a form's word, and the cookie of who has rated today.

Neither says who somebody is: all browsers of a day that have rated hold the same cookie, and a form's word holds a time alone.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final, Literal

LEAST_AGE: Final = 2.0
"""Seconds that a person takes at least to read a form; a program that sends at once is told to wait."""

MOST_AGE: Final = 7200.0
MAC: Final = 16
"""Bytes."""

Age = Literal["right", "young", "old", "foreign"]


def form_word(key: bytes, what: str, now: float) -> str:
    """For a form of that kind that is made now."""
    at = f"{int(now)}"
    return f"{at}.{_mac(key, 'form', what, at)}"


def age_of(word: str, key: bytes, what: str, now: float) -> Age:
    """Whether a form that came with this word is one of ours, and neither too young nor too old."""
    at, _dot, mac = word.partition(".")
    if not re.fullmatch(r"\d{1,12}", at, re.ASCII) or not _same(mac, _mac(key, "form", what, at)):
        return "foreign"
    age = now - int(at)
    return "young" if age < LEAST_AGE else "old" if age > MOST_AGE else "right"


def rated_cookie(key: bytes, day: str) -> str:
    """For the browser of who has rated on that day."""
    return f"{day}.{_mac(key, 'rated', day)}"


def has_rated(cookie: str, key: bytes, day: str) -> bool:
    """Whether it says so of that day."""
    return _same(cookie, rated_cookie(key, day))


def _mac(key: bytes, *parts: str) -> str:
    return hmac.new(key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()[: 2 * MAC]


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
