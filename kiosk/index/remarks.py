"""A remark beside a ballot: one that the poll has prepared, or some words of somebody's own, or none; always as long.

Whoever casts a ballot of a poll with remarks puts one of these into their urn, also where they say nothing: so nobody can tell
who has said something, nor at which ballot, by how many there are. A prepared one is its number in one byte, so that it does
not tell in which language it was read; words are their UTF-8.
"""

from __future__ import annotations

from typing import Final

MOST_PREPARED: Final = 4
"""Beside the choice to say nothing there are as many cards as that, and room for one choice more on a display."""

LONGEST: Final = 500
"""Bytes of a remark."""

NONE: Final = 0

Remark = int | str
"""The number of a prepared one, from 1 on, NONE, or words."""


def remark_bytes(remark: Remark) -> bytes:
    """A remark, padded; white space around it is no part of it. Raises ValueError for what is none, or too long."""
    said = remark.strip() or NONE if isinstance(remark, str) else remark
    padded = (said.encode() if isinstance(said, str) else bytes([said])).ljust(LONGEST, b"\0")
    if len(padded) > LONGEST or remark_in(padded) != said:
        raise ValueError(f"a remark is a number up to {MOST_PREPARED}, or words of {LONGEST} bytes at the most")
    return padded


def remark_in(data: bytes) -> Remark | None:
    """The remark in these bytes; None for what no desk of ours makes."""
    text = data.rstrip(b"\0")
    if len(text) <= 1 and text < b" ":
        number = int.from_bytes(text)
        return number if number <= MOST_PREPARED else None
    try:
        words = text.decode()
    except UnicodeDecodeError:
        return None
    return words if words.strip() and "\0" not in words else None
